// Local servers and a Databricks workspace as a person adds and sees them.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startWorkspace, type Workspace } from '../services/databricks/workspace.ts';
import { type Editor, openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';
import { shownText } from './shown-text.ts';
import { until } from './until.ts';
import { makeWorkspace } from './workspace.ts';

let editor: Editor;
let databricks: Workspace;
let ollama: Server;
let workspace: Awaited<ReturnType<typeof makeWorkspace>>;

beforeAll(async () => {
  databricks = await startWorkspace();
  ollama = createServer((request, response) => {
    const answers: Record<string, object> = {
      '/api/version': { version: '0.12.6' },
      '/api/tags': { models: [{ name: 'llama3.2:3b' }, { name: 'qwen3:8b' }] },
    };
    const answer = answers[request.url ?? ''];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  }).listen(0, '127.0.0.1');
  await once(ollama, 'listening');
  workspace = await makeWorkspace();
  editor = await openEditor({
    vsixPath: await packageExtension(),
    folder: workspace.folder,
    // High enough for every row of the view.
    size: { width: 1280, height: 1300 },
    settings: { 'tierwise.discovery.ports': [(ollama.address() as AddressInfo).port] },
  });
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await editor?.screenshot(`failed-${task.name.slice(0, 40).replace(/\W+/g, '-')}`);
});
afterAll(async () => {
  await editor?.close();
  await databricks?.stop();
  ollama?.close();
  await workspace?.remove();
});

const treeRow = (text: string | RegExp) =>
  editor.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();
/** A row of the view of this name. */
const rowOf = (view: string, text: string | RegExp) =>
  editor.page
    .locator('.part.sidebar .pane', { has: editor.page.locator(`.pane-header[aria-label^="${view}"]`) })
    .locator('.monaco-list-row')
    .filter({ hasText: text })
    .first();
/** The button at the end of a row of the view. */
async function press(row: string | RegExp, action: string): Promise<void> {
  await rowOf('Databricks', row).hover();
  await rowOf('Databricks', row).locator(`.action-label[aria-label^="${action}"]`).click();
}

describe('local servers', () => {
  it('are found when a person asks, and added by a tick', async () => {
    await editor.openView('Tierwise');
    await editor.runCommand('Tierwise: Discover Local Servers');
    await editor.quickInput.row('llama3.2:3b').waitFor();
    await editor.screenshot('discover-dark');
    await editor.quickInput.field.press('Enter');
    await treeRow(/^ollama.*no key/).waitFor();
    await treeRow(/^llama3\.2:3b.*price unknown/).waitFor();
  });

  it('are known when they were added already', async () => {
    await editor.runCommand('Tierwise: Discover Local Servers');
    await editor.notification(/found nothing to add\. Ollama at .* is already added as ollama/).waitFor();
  });
});

describe('a Databricks workspace', () => {
  it('is welcomed with a button, and not asked before it is pressed', async () => {
    const sidebar = await editor.openView('Tierwise');
    await sidebar.getByText('Tierwise signs in when you say so').waitFor();
    expect(databricks.requests).toEqual([]);
    await sidebar.getByRole('button', { name: 'Connect Workspace' }).click();
    const { quickInput } = editor;
    await quickInput.answer('Address of the workspace', `${databricks.host}/?o=1`);
    await quickInput.row('Personal access token').waitFor();
    await editor.screenshot('databricks-sign-in-dark');
    await quickInput.choose('Personal access token');
    await until('the token', async () => (await quickInput.question()).includes('Personal access token, sent to'));
    expect(await quickInput.field.getAttribute('type')).toBe('password');
    await quickInput.answer('Personal access token, sent to', databricks.token);
    await quickInput.answer('What do you call it?', 'lakehouse');
    await until('the models', async () => (await quickInput.question()).includes('Choose the models to use now'));
    await quickInput.row('databricks-gpt-oss-20b').click();
    await editor.screenshot('databricks-models-dark');
    await quickInput.field.press('Enter');
    await treeRow(/^databricks-gpt-oss-20b.*added · chat · ready · \$/).waitFor();
  });

  it('shows what it serves, with price and readiness, and why in a hover', async () => {
    await treeRow(/^databricks-gpt-oss-120b.*chat · ready · \$/).waitFor();
    await editor.screenshot('databricks-view-dark');
    const hover = editor.page.locator('.workbench-hover:visible').filter({ hasText: 'Serves' });
    await until('the hover', async () => {
      // A row that is drawn anew meanwhile takes its hover along.
      await editor.page.mouse.move(0, 0);
      await rowOf('Databricks', /^databricks-gpt-oss-120b/).hover();
      await hover.waitFor({ timeout: 3_000 });
      return true;
    });
    expect(await shownText(hover)).toMatch(
      /Foundation model, chat, ready[\s\S]*Serves system\.ai\.gpt-oss-120b[\s\S]*Price in USD: \$[\s\S]*as the workspace says/,
    );
    await editor.screenshot('databricks-hover-dark');
  });

  it('adds a serving endpoint from its row, and all that are ready from the workspace’s', async () => {
    await press(/^databricks-gpt-oss-120b/, 'Add Serving Endpoint to Models');
    await treeRow(/^databricks-gpt-oss-120b.*added · chat/).waitFor();
    await press(/^lakehouse.*127\.0\.0\.1/, 'Add All Ready Chat Endpoints');
    await treeRow(/^databricks-claude-opus-4-8.*added · chat/).waitFor();
  });

  it('answers with one of them', async () => {
    await editor.openFile('review.prompt.md');
    await editor.textEditor.goToLine(8);
    await editor.runCommand('Tierwise: Recommend Model');
    await editor.quickInput.rows.filter({ hasText: 'lakehouse/databricks-gpt-oss-20b' }).first().click();
    await editor.quickInput.rows.filter({ hasText: 'Run the prompt' }).click();
    await editor.linesWith(/tokens in, \d+ out · \$0\.0/).waitFor();
  });

  it('marks what it does not serve any more, and says what to use instead', async () => {
    databricks.serving.remove('databricks-gpt-oss-20b');
    databricks.serving.sleep('my-sleepy-llm');
    await editor.runCommand('Tierwise: Refresh Databricks Workspace');
    for (const view of ['Endpoints', 'Databricks']) {
      await rowOf(view, /^databricks-gpt-oss-20b.*not served · use databricks-/).waitFor();
    }
    await editor.screenshot('databricks-gone-dark');
    await press(/^databricks-gpt-oss-20b/, 'Replace Model');
    expect(await shownText(editor.dialog)).toMatch(/Use databricks-\S+ instead of databricks-gpt-oss-20b/);
    await editor.screenshot('databricks-replace-dark');
    await editor.dialog.getByRole('button', { name: 'Replace' }).click();
    await rowOf('Databricks', /not served/).waitFor({ state: 'detached' });
    await rowOf('Databricks', /^my-sleepy-llm.*scaled to zero/).waitFor();
  });

  it('reads as well in light', async () => {
    // By VS Code's own command, which leaves the endpoints in the settings.
    await editor.runCommand('Preferences: Toggle between Light/Dark Themes');
    await editor.page.locator('.monaco-workbench.vs').waitFor();
    await rowOf('Databricks', /^databricks-gpt-oss-120b/).waitFor();
    await editor.screenshot('databricks-view-light');
    // This VS Code cannot keep a secret beyond the session, and says so.
    const own = editor
      .consoleErrors()
      .filter(({ text, url }) => !/mint-key|getServerKeyPart|Method Not Allowed/.test(text + url));
    expect(own).toEqual([]);
  });
});
