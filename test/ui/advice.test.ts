// What a person sees of a prompt while reading and writing: hover, CodeLens, status bar, explanation, recommendation, answer.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/engine/simulator/server.ts';
import { type Editor, openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';
import { shownText } from './shown-text.ts';
import { until } from './until.ts';
import { makeWorkspace } from './workspace.ts';

const allowed = ['tierwise.explain', 'tierwise.runPrompt', 'tierwise.benchmarkSelection', 'tierwise.addEndpoint'];

let editor: Editor;
let workspace: Awaited<ReturnType<typeof makeWorkspace>>;
const simulators: Simulator[] = [];
/** Addresses that the window asked for. */
const requested: string[] = [];

beforeAll(async () => {
  workspace = await makeWorkspace();
  editor = await openEditor({ vsixPath: await packageExtension(), folder: workspace.folder });
  editor.page.context().on('request', (request) => requested.push(request.url()));
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await editor?.screenshot(`failed-${task.name.slice(0, 40).replace(/\W+/g, '-')}`);
});
afterAll(async () => {
  await editor?.close();
  for (const simulator of simulators) await simulator.close();
  await workspace?.remove();
});

/** The explanation in the rendered preview. */
const explanation = () =>
  editor.webview(async (frame) => (await frame.locator('h1').allTextContents())[0]?.startsWith('Complexity') === true);

const closeAll = () => editor.runCommand('View: Close All Editors');

describe('without any model', () => {
  it('scores the prompt under the mouse, and says what is missing for a model', async () => {
    await editor.openFile('review.prompt.md');
    const hover = await editor.hoverAt(7, 'careful colleague');

    const text = await shownText(hover);
    expect(text).toMatch(/(simple|medium|complex) tier · complexity 0\.\d+/);
    expect(text).toMatch(/~\d+ tokens/);
    expect(text).toMatch(/No model is configured/);
    await hover.getByRole('link', { name: 'Add Endpoint' }).waitFor();
    await editor.screenshot('hover-no-model-dark');
  });

  it('names the tier above each prompt', async () => {
    await editor.textEditor.codeLens(/(simple|medium|complex) · 0\.\d+ · no model configured/).waitFor();
  });

  it('shows nothing a prompt asks for: no command, no link, no picture, no script, no icon', async () => {
    await editor.openFile('hostile.prompt.md');
    const hover = await editor.hoverAt(4, 'Please analyze');

    expect(await shownText(hover)).toMatch(/tier · complexity/);
    const links = await hover.locator('a').evaluateAll((all) => all.map((a: any) => a.dataset.href ?? a.href));
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(allowed).toContain(/^command:([^?]*)/.exec(link)?.[1]);
    expect(await hover.locator('img, svg, script, .codicon-flame').count()).toBe(0);
  });

  it('keeps a hostile prompt inert in its explanation too', async () => {
    await editor.textEditor.codeLens(/no model configured/).click();
    const frame = await explanation();

    expect(await shownText(frame.locator('blockquote'))).toContain('[this link](command:workbench.action.closeWindow)');
    expect(await frame.locator('blockquote').locator('img, svg, a, .codicon').count()).toBe(0);
    expect(await editor.page.title()).not.toContain('pwned');
    expect(requested.filter((url) => url.includes('evil.example'))).toEqual([]);
    await closeAll();
  });

  it('offers the two ways to a model when one is needed', async () => {
    await editor.openFile('review.prompt.md');
    await editor.textEditor.goToLine(8);
    await editor.runCommand('Tierwise: Recommend Model');
    const notification = editor.notification('No model is configured yet');
    await notification.getByRole('button', { name: 'Add Endpoint' }).waitFor();
    await notification.getByRole('button', { name: 'Start Simulated Endpoint' }).click();
    await editor.textEditor.codeLens(/simulated\/\w+/).waitFor();
    await editor.screenshot('codelens-dark');
  });
});

describe('with the simulated endpoint', () => {
  it('adds the model and its cost to the hover', async () => {
    await editor.openFile('review.prompt.md');
    const hover = await editor.hoverAt(7, 'careful colleague');

    const text = await shownText(hover);
    expect(text).toMatch(/Send it to simulated\/\w+ \(simulated\)/);
    expect(text).toMatch(/~\d+ tokens \(\d+–\d+\) · \$0\.\d+ to \$0\.\d+ with an answer of/);
    expect(await hover.locator('li').count()).toBe(3);
    for (const name of ['Explain', 'Run', 'Benchmark']) {
      expect(await hover.getByRole('link', { name, exact: true }).count()).toBe(1);
    }
    await editor.screenshot('hover-dark');
  });

  it('explains when Explain in the hover is clicked', async () => {
    const hover = await editor.hoverAt(7, 'careful colleague');
    await hover.getByRole('link', { name: 'Explain', exact: true }).click();
    const frame = await explanation();

    expect(await shownText(frame.locator('table').first())).toMatch(/Length[\s\S]*Code[\s\S]*Score/);
    await editor.screenshot('explain-dark');
    await closeAll();
  });

  it('follows the selection in the status bar, and hides where there is no prompt', async () => {
    await editor.openFile('summarize.py');
    await editor.textEditor.goToLine(2);
    const item = editor.statusBarItem(/(simple|medium|complex) · \d\.\d+/);
    await item.waitFor({ state: 'hidden' });

    await editor.textEditor.select(1, 'Say hello.');
    await item.and(editor.statusBarItem('simple · 0.00')).waitFor();
    await editor.textEditor.select(3, 'compare their figures and explain');
    await until('another score', async () => !(await shownText(item)).includes('0.00'));
    await editor.screenshot('status-bar-dark');
  });

  it('scores the selection of a source file under the mouse', async () => {
    const text = 'compare their figures and explain';
    await editor.textEditor.select(3, text);
    const hover = await until('the hover of the selection', async () => {
      const box = await editor.textEditor.root.locator('.selected-text').first().boundingBox();
      if (!box) return undefined;
      await editor.page.mouse.move(0, 0);
      await editor.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
      await editor.textEditor.hover.getByText('complexity').waitFor({ timeout: 3_000 });
      return editor.textEditor.hover;
    });

    expect(await shownText(hover)).toMatch(/simple tier · complexity 0\.\d+[\s\S]*reasoning words/);
  });

  it('explains the selection from the palette', async () => {
    await editor.textEditor.select(3, 'compare their figures');
    await editor.runCommand('Tierwise: Explain Complexity of Selection');
    const frame = await explanation();
    expect(await shownText(frame.locator('blockquote'))).toBe('compare their figures');
    await closeAll();
  });

  it('says what to do when there is nothing to explain', async () => {
    await editor.openFile('summarize.py');
    await editor.textEditor.goToLine(2);
    await editor.runCommand('Tierwise: Explain Complexity of Selection');
    await editor.notification('Select the text of a prompt, or put the cursor into one').waitFor();
    await editor.runCommand('Notifications: Clear All Notifications');
  });

  it('recommends a model with reasons, and shows the others with their cost', async () => {
    await editor.openFile('review.prompt.md');
    await editor.textEditor.goToLine(8);
    await editor.runCommand('Tierwise: Recommend Model');
    await until('a list of models', async () => (await editor.quickInput.question()).includes('Choose a model'));

    expect(await editor.quickInput.question()).toMatch(/(simple|medium|complex) · 0\.\d+, ~\d+ tokens/);
    const rows = await editor.quickInput.rows.allInnerTexts();
    expect(rows.filter((row) => /simulated\/(small|medium|large)/.test(row))).toHaveLength(3);
    for (const row of rows) expect(row).toMatch(/\$0\.\d+/);
    await editor.screenshot('recommend-dark');
    await editor.quickInput.cancel();
  });

  it('streams the answer of the recommended model into an editor', async () => {
    await editor.runCommand('Tierwise: Run Prompt with Recommended Model');
    await editor.linesWith(/\[simulated \w+\]/).waitFor();
    await editor.linesWith(/tokens in, \d+ out · \$0\.\d+ · first token after/).waitFor();
    await editor.screenshot('run-dark');
  });

  it('stops an answer when it is cancelled, and keeps what has come', async () => {
    // Slow enough for any machine to press Cancel in time.
    const slow = await startSimulator({ speed: 0.05 });
    simulators.push(slow);
    const models = [{ id: 'large', inputPrice: 3, outputPrice: 15 }];
    await editor.changeSettings({
      'tierwise.endpoints': [{ id: 'slow', protocol: 'openai', baseUrl: slow.baseUrl, models }],
    });
    await editor.openFile('review.prompt.md');
    await editor.textEditor.goToLine(8);
    await editor.runCommand('Tierwise: Recommend Model');
    await editor.quickInput.rows.filter({ hasText: 'slow/large' }).click();
    await editor.quickInput.rows.filter({ hasText: 'Run the prompt with this model' }).click();
    const notification = editor.notification('asking slow/large');
    await editor.linesWith('[simulated large]').waitFor();
    await notification.getByRole('button', { name: 'Cancel' }).click();
    await editor.linesWith(/slow\/large · cancelled/).waitFor();
    await notification.waitFor({ state: 'detached' });
  });

  it('takes the lenses away when the setting is switched off, and brings them back', async () => {
    await editor.openFile('questions.jsonl');
    const lens = editor.textEditor.codeLens(/simulated\/\w+/);
    await lens.waitFor();
    expect(
      await editor.textEditor.root.locator('.codelens-decoration a').filter({ hasText: 'simulated/' }).count(),
    ).toBe(4);
    await editor.changeSettings({ 'tierwise.codeLens.enabled': false });
    await editor.openFile('questions.jsonl');
    await lens.waitFor({ state: 'detached' });
    await editor.changeSettings({ 'tierwise.codeLens.enabled': true });
    await editor.openFile('questions.jsonl');
    await lens.waitFor();
  });

  it('asked for nothing but itself, and reported no error', () => {
    for (const url of requested)
      expect(url).toMatch(/^(https?:\/\/(127\.0\.0\.1|localhost|[\w.+-]+\.vscode-cdn\.net)[:/]|data:|blob:|vscode)/);
    expect(editor.consoleErrors()).toEqual([]);
  });
});
