// How a person chooses load and judge, and finds, selects, compares and evaluates runs; with pictures in dark and light.
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/engine/simulator/server.ts';
import { type Editor, openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';
import { shownText } from './shown-text.ts';
import { until } from './until.ts';
import { makeWorkspace } from './workspace.ts';

let editor: Editor;
let simulator: Simulator;
let vsixPath: string;
let workspace: Awaited<ReturnType<typeof makeWorkspace>>;
let settings: Record<string, unknown>;

/** What a project says of benchmarks: not while it is not trusted. */
const planted = {
  'tierwise.benchmark.load': { sweep: { rate: [100, 200] } },
  'tierwise.benchmark.template': 'Planted {{prompt}}',
  'tierwise.benchmark.maxTotalTokens': 900_000_000,
  'tierwise.benchmark.judge': { model: 'sim/large+judge', rubric: 'Planted' },
};

beforeAll(async () => {
  simulator = await startSimulator({ speed: 2 });
  const models = [
    { id: 'small', inputPrice: 0.1, outputPrice: 0.4 },
    { id: 'large+judge', inputPrice: 3, outputPrice: 15 },
  ];
  settings = {
    'tierwise.endpoints': [{ id: 'sim', protocol: 'openai', baseUrl: simulator.baseUrl, models }],
    // The machine that draws the window measures beside it.
    'tierwise.benchmark.calibrate': false,
  };
  vsixPath = await packageExtension();
  workspace = await makeWorkspace(planted);
  editor = await openEditor({ vsixPath, folder: workspace.folder, trust: 'restricted', settings });
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await editor?.screenshot(`failed-${task.name.slice(0, 40).replace(/\W+/g, '-')}`);
});
afterAll(async () => {
  await editor?.close();
  await simulator?.close();
  await workspace?.remove();
});

const runRows = (text: string | RegExp): Locator =>
  editor.page
    .locator('.part.sidebar .pane', { has: editor.page.locator('.pane-header[aria-label^="Runs"]') })
    .locator('.monaco-list-row')
    .filter({ hasText: text });
const asked = (words: string) => until(`"${words}"`, async () => (await editor.quickInput.question()).includes(words));
const report = (title: string) =>
  editor.webview(async (frame) => (await frame.locator('h1').allTextContents()).join().includes(title));

/** Asks for a benchmark of one model, up to the question whether to start. */
async function offer(): Promise<string> {
  // Reports have the file's name, too.
  await editor.runCommand('View: Close All Editors');
  await editor.openFile('checked.yaml');
  await editor.runCommand('Tierwise: Benchmark Data Set');
  await asked('Choose one or more models');
  await editor.quickInput.rows
    .filter({ hasText: 'large+judge' })
    .locator('.monaco-checkbox, input[type=checkbox]')
    .first()
    .click();
  await editor.quickInput.field.press('Enter');
  await editor.dialog.waitFor();
  return shownText(editor.dialog);
}
const press = (name: RegExp) => editor.dialog.getByRole('button', { name }).click();

describe('a workspace that is not trusted', () => {
  it('has no say in load, template, ceilings and judge', async () => {
    await editor.statusBarItem('Restricted Mode').waitFor();
    const question = await offer();
    expect(question).toMatch(/Send \d+ requests to 1 model\?/);
    expect(question).toMatch(/Load: 4 in flight/);
    expect(question).not.toMatch(/planted|judges|900,000,000/i);
    await press(/^Cancel/);
    await editor.close();
    await workspace.remove();
    workspace = await makeWorkspace();
    editor = await openEditor({
      vsixPath,
      folder: workspace.folder,
      settings,
      size: { width: 1280, height: 900 },
    });
    await editor.openView('Tierwise');
  });
});

describe('before a benchmark, a person', () => {
  it('reads what will be sent, and changes load and judge', async () => {
    await offer();
    await editor.screenshot('load-offer-dark');
    await press(/^Change Load/);
    const { quickInput } = editor;
    await asked('What do you want to change?');
    await editor.screenshot('load-menu-dark');
    await quickInput.choose('Load');
    await asked('How do requests arrive?');
    await editor.screenshot('load-patterns-dark');
    await quickInput.choose('Sweep over numbers in flight');
    await asked('a number for each stage');
    await quickInput.field.fill('1, two');
    await quickInput.widget.getByText('Type whole numbers from 1 to 1,024, for example').waitFor();
    await editor.screenshot('load-input-dark');
    await quickInput.field.fill('1');
    await quickInput.answer('a number for each stage', '1, 4, 16');
    await asked('What do you want to change?');
    await quickInput.choose('Judge');
    await asked('Which model judges');
    await editor.screenshot('load-judge-dark');
    await quickInput.choose('sim/large+judge');
    await quickInput.answer('What is a good answer?', 'The answer is right and short.');
    await asked('What do you want to change?');
    await editor.screenshot('load-menu-changed-dark');
    await quickInput.choose('That is all');
    await editor.dialog.waitFor();
    expect(await shownText(editor.dialog)).toMatch(/up to \d+ judgements[\s\S]*1 in flight; 4 in flight; 16 in flight/);
    await editor.screenshot('load-offer-changed-dark');
    await press(/^Start/);
  });

  it('sees in which stage a run is, and that it is judged', async () => {
    const notification = editor.notification('Tierwise: checked.yaml');
    await notification.getByText(/stage \d of 3 at \d+ in flight/).waitFor();
    await editor.screenshot('load-progress-dark');
    await notification.getByText(/judging · \d+ of \d+/).waitFor();
    await editor.screenshot('load-judging-dark');
    await report('checked.yaml');
    await runRows(/checked\.yaml.*complete.*quality \d/)
      .first()
      .waitFor();
  });
});

describe('the view of runs', () => {
  it('shows gates, and compares what is selected', async () => {
    await offer();
    await press(/^Start/);
    await until('a second run', async () => (await runRows(/checked\.yaml.*complete/).count()) === 2);
    await editor.changeSettings({ 'tierwise.benchmark.gates': ['error_share<=0.9', 'quality>=0.99'] });
    const failed = runRows(/checked\.yaml.*1 of 2 gates failed/);
    await failed.first().waitFor();
    await editor.screenshot('runs-dark');
    await failed.first().hover();
    const hover = editor.page.locator('.workbench-hover:visible').filter({ hasText: 'error_share' });
    await hover.waitFor();
    expect(await shownText(hover)).toMatch(/✓ error_share<=0\.9[\s\S]*✗ quality>=0\.99/);
    await editor.screenshot('runs-hover-dark');
    await editor.page.mouse.move(0, 0);

    const menu = editor.page.locator('.monaco-menu:visible');
    await failed.first().click({ button: 'right' });
    for (const one of ['Compare Run with…', 'Evaluate Run', 'Delete Run']) await menu.getByText(one).waitFor();
    await editor.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });

    await failed.first().click();
    await failed.nth(1).click({ modifiers: ['ControlOrMeta'] });
    await failed.nth(1).click({ button: 'right' });
    await menu.getByText('Compare Runs').waitFor();
    // It fades in.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await editor.screenshot('runs-menu-dark');
    expect(await shownText(menu)).not.toMatch(/Delete Run|Evaluate Run/);
    await menu.getByText('Compare Runs').click();
    await editor.page.locator('.tab.active', { hasText: 'Comparison: checked.yaml' }).waitFor();
    await report('checked.yaml');
    await editor.screenshot('runs-compared-dark');
  });

  it('evaluates a run after a question', async () => {
    await editor.runCommand('Tierwise: Evaluate Run');
    await asked('Evaluate the answers of which run?');
    await editor.quickInput.rows.filter({ hasText: 'checked.yaml' }).first().click();
    await asked('By what are the answers evaluated?');
    await editor.screenshot('evaluate-dark');
    await editor.quickInput.choose('A judge');
    await asked('Which model judges');
    await editor.quickInput.choose('sim/large+judge');
    await asked('What is a good answer?');
    expect(await editor.quickInput.field.inputValue()).toBe('The answer is right and short.');
    await editor.quickInput.field.press('Enter');
    await editor.dialog.waitFor();
    expect(await shownText(editor.dialog)).toMatch(/Ask for up to \d+ judgements on checked\.yaml\?/);
    await editor.screenshot('evaluate-offer-dark');
    await press(/^Cancel/);
  });

  it('reads as well in light', async () => {
    await editor.runCommand('View: Close All Editors');
    await editor.changeColorTheme('light');
    await runRows(/gates failed/)
      .first()
      .hover();
    await editor.page.locator('.workbench-hover:visible').filter({ hasText: 'error_share' }).waitFor();
    await editor.screenshot('runs-hover-light');
    await editor.page.mouse.move(0, 0);
    await offer();
    await editor.screenshot('load-offer-light');
    await press(/^Change Load/);
    await asked('What do you want to change?');
    await editor.screenshot('load-menu-light');
    await editor.quickInput.choose('Load');
    await asked('How do requests arrive?');
    await editor.screenshot('load-patterns-light');
    await editor.quickInput.cancel();
    await asked('What do you want to change?');
    await editor.quickInput.cancel();
  });
});
