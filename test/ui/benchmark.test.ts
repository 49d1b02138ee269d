// From nothing configured to a report: welcome view, simulated endpoint, benchmark, report panel, export.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/engine/simulator/server.ts';
import { type ColorTheme, type Editor, openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';
import { axeFindings } from './report-page.ts';
import { shownText } from './shown-text.ts';
import { until } from './until.ts';
import { makeWorkspace } from './workspace.ts';

/** The component library sets an empty `style` attribute once; the policy refuses it, and nothing is lost. */
const HARMLESS = /Applying inline style.*sha256-47DEQpj8HBSa/;

let editor: Editor;
let slow: Simulator;
let workspace: Awaited<ReturnType<typeof makeWorkspace>>;

beforeAll(async () => {
  workspace = await makeWorkspace();
  slow = await startSimulator({ speed: 0.05 });
  editor = await openEditor({ vsixPath: await packageExtension(), folder: workspace.folder });
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await editor?.screenshot(`failed-${task.name.slice(0, 40).replace(/\W+/g, '-')}`);
});
afterAll(async () => {
  await editor?.close();
  await slow?.close();
  await workspace?.remove();
});

/** The report panel's document, once it shows the report of `title`. */
const report = (title: string) =>
  editor.webview(async (frame) => (await frame.locator('h1').allTextContents()).join().includes(title));
const treeRow = (text: string | RegExp): Locator =>
  editor.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();

/** Answers the two questions before a benchmark. @returns what was to be agreed to. */
async function startBenchmark(only?: string): Promise<string> {
  await until('the models', async () => (await editor.quickInput.question()).includes('Choose one or more models'));
  if (only !== undefined) {
    for (const row of await editor.quickInput.rows.all()) {
      if (!(await shownText(row)).includes(only))
        await row.locator('.monaco-checkbox, input[type=checkbox]').first().click();
    }
  }
  await editor.quickInput.field.press('Enter');
  await editor.dialog.waitFor();
  const question = await shownText(editor.dialog);
  await editor.screenshot('benchmark-confirm-dark');
  await editor.dialog.getByRole('button', { name: /^Start/ }).click();
  return question;
}

describe('the views', () => {
  it('welcome a person who has configured nothing', async () => {
    const sidebar = await editor.openView('Tierwise');
    await sidebar.getByText('No endpoint is configured yet.').waitFor();
    await sidebar.getByText('No benchmark has been run yet.').waitFor();
    await sidebar.getByRole('button', { name: 'Add Endpoint' }).first().waitFor();
    await editor.screenshot('views-welcome-dark');
  });

  it('list the models of the simulated endpoint that the welcome view starts', async () => {
    await editor.page
      .locator('.part.sidebar')
      .locator('.monaco-button', { hasText: 'Start Simulated Endpoint' })
      .click();
    await treeRow(/simulated.*running on this machine/).waitFor();
    for (const model of ['small', 'medium', 'large']) await treeRow(new RegExp(`^${model}\\$\\d`)).waitFor();
  });
});

describe('a benchmark', () => {
  it('says what it will send and cost, measures the data set, and opens the report', async () => {
    await editor.openFile('questions.jsonl');
    await editor.runCommand('Tierwise: Benchmark Data Set');
    const question = await startBenchmark();

    expect(question).toMatch(/Send 36 requests to 3 models\?/);
    expect(question).toMatch(/nothing is charged/);
    expect(question).toMatch(/stops before it costs more than \$1/);
    const notification = editor.notification('Tierwise: questions.jsonl');
    await notification.getByText(/\d+ of 36 · /).waitFor();
    await editor.screenshot('progress-dark');
    const frame = await report('questions.jsonl');
    await frame.locator('.tw-grid-table').waitFor();
    await treeRow(/questions\.jsonl.*complete/).waitFor();
    await notification.waitFor({ state: 'detached' });
    await editor.screenshot('report-dark');
  });

  it('shows the selection measured, on the models that were chosen', async () => {
    await editor.openFile('summarize.py');
    await editor.textEditor.select(1, 'Say hello.');
    await editor.runCommand('Tierwise: Benchmark Selection');
    expect(await startBenchmark('simulated/small')).toMatch(/Send 14 requests to 1 model\?/);
    const frame = await report('Selection in summarize.py');
    expect(await shownText(frame.locator('body'))).toMatch(/simulated\/small/);
    await editor.runCommand('View: Close Editor');
  });

  it('keeps what is done when it is cancelled', async () => {
    const models = [{ id: 'small', inputPrice: 0.1, outputPrice: 0.4 }];
    await editor.changeSettings({
      'tierwise.endpoints': [{ id: 'slow', protocol: 'openai', baseUrl: slow.baseUrl, models }],
    });
    await editor.openFile('prompts.jsonl');
    await editor.runCommand('Tierwise: Benchmark Data Set');
    await startBenchmark('slow/small');
    const notification = editor.notification('Tierwise: prompts.jsonl');
    // The first are warm-up, which the table leaves out at first.
    await notification.getByText(/(?:[6-9]|\d\d) of \d+ · /).waitFor();
    await notification.getByRole('button', { name: 'Cancel' }).click();
    const frame = await report('prompts.jsonl');
    expect(await shownText(frame.locator('body'))).toMatch(/cancelled/i);
    await frame.locator('.tw-grid-table tbody tr').nth(1).waitFor();
    await treeRow(/prompts\.jsonl.*cancelled/).waitFor();
    await editor.screenshot('cancelled-dark');
    await editor.runCommand('View: Close Editor');
  });
});

describe('the report panel', () => {
  let frame: Frame;

  it('opens again from the view of runs', async () => {
    await editor.runCommand('View: Close All Editors');
    await treeRow(/questions\.jsonl.*complete/).click();
    frame = await report('questions.jsonl');
    const table = frame.getByRole('table', { name: 'Latency by model' });
    expect(await table.getByRole('rowheader').count()).toBe(3);
    expect(await frame.getByRole('img').count()).toBeGreaterThan(1);
    expect(await shownText(frame.locator('body'))).toMatch(/simulated/i);
  });

  it('filters, sorts and shows a request', async () => {
    const count = frame.getByRole('status').filter({ hasText: 'requests' });
    expect(await count.textContent()).toBe('30 of 36 requests');
    await frame.getByRole('textbox', { name: /Filter by prompt/ }).fill('capital');
    await until('a filtered table', async () => /^[1-9] of 36 requests$/.test((await count.textContent()) ?? ''));

    await frame.getByRole('button', { name: 'E2E ms' }).click();
    const header = frame.getByRole('columnheader', { name: 'E2E ms' });
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    await frame.locator('.tw-grid-table tbody tr:not(.tw-spacer)').first().click();
    await until('the details of a request', async () =>
      (await shownText(frame.locator('body'))).includes('What is the capital of Mongolia?'),
    );
    await editor.screenshot('report-details-dark');
  });

  for (const theme of ['dark', 'light', 'highContrast', 'highContrastLight'] as const satisfies readonly ColorTheme[]) {
    it(`has no serious accessibility fault in VS Code's ${theme} theme`, async () => {
      if (theme !== 'dark') await editor.changeColorTheme(theme);
      frame = await report('questions.jsonl');
      await frame.locator('.tw-grid-table').waitFor();
      await editor.screenshot(`report-${theme}`);
      expect(await axeFindings(frame)).toEqual([]);
    });
  }

  it('breaks no rule of its content policy, and nothing else fails in the window', () => {
    expect(editor.consoleErrors().filter(({ text }) => !HARMLESS.test(text))).toEqual([]);
  });
});

describe('other themes', () => {
  it('show hover and lenses in high contrast and in light', async () => {
    for (const theme of ['highContrast', 'light', 'dark'] as const) {
      await editor.changeColorTheme(theme);
      await editor.openFile('review.prompt.md');
      const hover = await editor.hoverAt(7, 'careful colleague');
      expect(await shownText(hover)).toMatch(/Send it to/);
      await editor.screenshot(`hover-${theme}`);
    }
  });
});

describe('an exported report', () => {
  it('is one file without scripts, where the person wants it', async () => {
    await editor.runCommand('Tierwise: Export Report');
    await editor.quickInput.rows.filter({ hasText: 'questions.jsonl' }).first().click();
    await editor.quickInput.choose('HTML');
    const field = editor.quickInput.field;
    await until('the name of the file', async () => (await field.inputValue()).endsWith('questions.jsonl-report.html'));
    await editor.screenshot('export-dark');
    await field.press('Enter');
    await editor.notification('the report is in').waitFor();

    const file = join(editor.folder, 'questions.jsonl-report.html');
    const html = await readFile(file, 'utf8');
    expect((await stat(file)).size).toBeGreaterThan(10_000);
    expect(html).toMatch(/simulated\/large/);
    expect(html).not.toMatch(/<script|<link|src="http|@import|url\(http/i);
  });
});
