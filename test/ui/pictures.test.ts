// The two pictures of the README, taken from the real thing: `npm run pictures` copies them to media/.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Editor, openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';
import { shownText } from './shown-text.ts';

let editor: Editor;

beforeAll(async () => {
  editor = await openEditor({
    vsixPath: await packageExtension(),
    folder: join(import.meta.dirname, '..', '..', 'samples'),
    size: { width: 1000, height: 600 },
    pixelRatio: 1.25,
    settings: {
      'breadcrumbs.enabled': false,
      // The machine that draws the window is to measure well beside it.
      'tierwise.benchmark.concurrency': 2,
      'editor.occurrencesHighlight': 'off',
      'editor.lineNumbersMinChars': 3,
      'editor.hover.above': false,
    },
  });
});
afterAll(async () => {
  await editor?.close();
});

it('takes a picture of the hover over a prompt', async () => {
  await editor.runCommand('View: Toggle Primary Side Bar Visibility');
  await editor.runCommand('Tierwise: Start Simulated Endpoint');
  await editor.openFile('review.prompt.md');
  await editor.textEditor.codeLens(/simulated\/medium/).waitFor();
  const hover = await editor.hoverAt(7, 'careful colleague');
  expect(await shownText(hover)).toMatch(/Send it to simulated\/medium/);
  await editor.screenshot('readme-hover');
});

it('takes a picture of a report beside its data set', async () => {
  await editor.page.setViewportSize({ width: 1280, height: 960 });
  await editor.openView('Tierwise');
  await editor.openFile('dataset.yaml');
  await editor.runCommand('Tierwise: Benchmark Data Set');
  await editor.quickInput.rows.filter({ hasText: 'simulated/large' }).waitFor();
  await editor.quickInput.field.press('Enter');
  await editor.dialog.getByRole('button', { name: 'Start Benchmark' }).click();
  const frame = await editor.webview(
    async (page) => (await page.locator('h1').allTextContents()).join() === 'dataset.yaml',
  );
  await frame.locator('.tw-grid-table').waitFor();
  await editor.runCommand('View: Close Other Editors in Group');
  // The summary first, then the charts.
  await frame.getByRole('heading', { name: 'Summary' }).evaluate((heading: any) => heading.scrollIntoView());
  await editor.page.mouse.move(0, 0);
  await editor.screenshot('readme-report');
});
