// The two pictures of the README, from the real thing. Only `scripts/pictures.ts` takes them: what they show is tested elsewhere.
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';
import { shownText } from './shown-text.ts';

it.runIf(process.env.TIERWISE_PICTURES)('takes the pictures of the README', async () => {
  const editor = await openEditor({
    vsixPath: await packageExtension(),
    folder: join(import.meta.dirname, '..', '..', 'samples'),
    size: { width: 1000, height: 600 },
    pixelRatio: 1.25,
    settings: {
      'breadcrumbs.enabled': false,
      'editor.occurrencesHighlight': 'off',
      'editor.hover.above': false,
      // The machine that draws the window is to measure well beside it.
      'tierwise.benchmark.concurrency': 2,
    },
  });
  onTestFinished(() => editor.close());

  await editor.runCommand('View: Toggle Primary Side Bar Visibility');
  await editor.runCommand('Tierwise: Start Simulated Endpoint');
  await editor.openFile('review.prompt.md');
  await editor.textEditor.codeLens(/simulated\/medium/).waitFor();
  const hover = await editor.hoverAt(7, 'careful colleague');
  expect(await shownText(hover)).toMatch(/Send it to simulated\/medium/);
  await editor.screenshot('readme-hover');

  await editor.page.setViewportSize({ width: 1280, height: 780 });
  await editor.openView('Tierwise');
  await editor.openFile('dataset.yaml');
  await editor.runCommand('Tierwise: Benchmark Data Set');
  await editor.quickInput.rows.filter({ hasText: 'simulated/large' }).waitFor();
  await editor.quickInput.field.press('Enter');
  await editor.dialog.getByRole('button', { name: 'Start Benchmark' }).click();
  const title = 'dataset.yaml';
  const frame = await editor.webview(async (page) => (await page.locator('h1').allTextContents()).join() === title);
  await frame.locator('.tw-grid-table').waitFor();
  await editor.runCommand('View: Close Other Editors in Group');
  await editor.page.mouse.move(0, 0);
  const charts = frame.getByRole('heading', { name: 'Latency and cost' });
  await charts.evaluate((heading: any) => heading.scrollIntoView());
  await editor.screenshot('readme-report');
});
