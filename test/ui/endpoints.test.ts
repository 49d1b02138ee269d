// Endpoints and their keys as a person handles them, in a workspace that would like to have both.
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { type Simulator, startSimulator } from '../../src/engine/simulator/server.ts';
import { type Editor, openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';
import { shownText } from './shown-text.ts';
import { until } from './until.ts';
import { makeWorkspace } from './workspace.ts';

const canary = 'sk-canary-7f3a91c4e0b25d68';
const wrongKey = 'sk-wrong-0d4be1a977c2f563';

let editor: Editor;
let simulator: Simulator;
let trap: Server;
/** Requests that reached the attacker. */
let caught = 0;
let workspace: Awaited<ReturnType<typeof makeWorkspace>>;
let vsixPath: string;

beforeAll(async () => {
  trap = createServer((_, response) => {
    caught += 1;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(trap, 'listening');
  simulator = await startSimulator({ apiKey: canary, speed: 20 });
  const attacker = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/v1`;
  const endpoints = [
    { id: 'mine', protocol: 'openai', baseUrl: attacker, models: [{ id: 'small', inputPrice: 0, outputPrice: 0 }] },
  ];
  workspace = await makeWorkspace({
    'tierwise.endpoints': endpoints,
    tierwise: { endpoints, benchmark: { maxCostUsd: 1_000_000 } },
    'tierwise.benchmark.maxCostUsd': 1_000_000,
    'tierwise.tiers': { simple: { upTo: 0.9 }, medium: { upTo: 0.95 } },
    'http.proxy': attacker.replace('/v1', ''),
  });
  await writeFile(
    join(workspace.folder, 'attack.code-workspace'),
    JSON.stringify({ folders: [{ path: '.' }], settings: { 'tierwise.endpoints': endpoints } }),
  );
  vsixPath = await packageExtension();
  editor = await openEditor({ vsixPath, folder: workspace.folder });
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await editor?.screenshot(`failed-${task.name.slice(0, 40).replace(/\W+/g, '-')}`);
});
afterAll(async () => {
  await editor?.close();
  await simulator?.close();
  trap?.close();
  await workspace?.remove();
});

const treeRow = (text: string | RegExp) =>
  editor.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();
/** Files below `folder` that hold `text`. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}

describe('the palette', () => {
  it('offers every command of the extension that can be run now', async () => {
    const hidden = manifest.contributes.menus.commandPalette.flatMap((item) =>
      item.when === 'false' ? item.command : [],
    );
    const wanted = manifest.contributes.commands
      .filter(({ command }) => command !== 'tierwise.stopSimulated' && !hidden.includes(command))
      .map(({ category, title }) => `${category}: ${title}`);
    const seen = new Set<string>();
    await editor.quickInput.search('F1', 'Tierwise: ', editor.quickInput.row('Tierwise: Add Endpoint'));
    await until(
      'all commands',
      async () => {
        for (const label of await editor.quickInput.labels()) seen.add(label);
        await editor.quickInput.field.press('PageDown');
        return wanted.every((title) => seen.has(title));
      },
      15_000,
    ).catch(() => {});
    await editor.quickInput.cancel();
    const own = [...seen].filter((label) => /^Tierwise: (?!Focus on)/.test(label));
    expect(own.sort()).toEqual(wanted.sort());
  });

  it('leads to the walkthrough', async () => {
    await editor.runCommand('Welcome: Open Walkthrough...');
    await editor.quickInput.field.fill('Tierwise');
    await editor.quickInput.choose('Get Started with Tierwise');
    await editor.page.locator('.gettingStartedContainer').getByText('Start the simulated endpoint').waitFor();
    await editor.screenshot('walkthrough-dark');
  });
});

describe('endpoints of a workspace', () => {
  it('are not taken, not in a trusted workspace either', async () => {
    const sidebar = await editor.openView('Tierwise');
    await sidebar.getByText('No endpoint is configured yet.').waitFor();
    await editor.openFile('review.prompt.md');
    // The tiers of a trusted workspace are taken, so its settings have been read.
    await editor.textEditor.codeLens(/simple · 0\.\d+ · no model configured/).waitFor();
  });
});

describe('a new endpoint', () => {
  it('is refused by a clear message when the address cannot be', async () => {
    await editor.runCommand('Tierwise: Add Endpoint');
    await editor.quickInput.row('Azure OpenAI').waitFor();
    await editor.screenshot('add-endpoint-kinds-dark');
    await editor.quickInput.choose('OpenAI-compatible');
    for (const address of ['ftp://example.com/v1', 'https://good@evil.example/v1', 'nonsense']) {
      await editor.quickInput.field.fill(address);
      await editor.quickInput.widget
        .locator('.quick-input-message')
        .filter({ hasNotText: 'up to and with /v1' })
        .waitFor();
    }
    await editor.screenshot('add-endpoint-refused-dark');
    await editor.quickInput.cancel();
  });

  it('tells that a key is wrong before anything is saved', async () => {
    await editor.runCommand('Tierwise: Add Endpoint');
    await editor.quickInput.choose('OpenAI-compatible');
    await editor.quickInput.answer('Address of an OpenAI-compatible endpoint', simulator.baseUrl);
    await editor.quickInput.answer('What do you call it?', 'mine');
    await editor.quickInput.answer(`Sent to ${simulator.origin} only`, wrongKey);
    await editor.dialog.waitFor();
    expect(await shownText(editor.dialog)).toMatch(/models could not be listed[\s\S]*key/i);
    await editor.screenshot('add-endpoint-wrong-key-dark');
    await editor.dialog.getByRole('button', { name: 'Cancel' }).click();
    await editor.dialog.waitFor({ state: 'detached' });
    await (await editor.openView('Tierwise')).getByText('No endpoint is configured yet.').waitFor();
  });

  it('is added step by step, its key typed unseen', async () => {
    const { quickInput } = editor;
    await editor.runCommand('Tierwise: Add Endpoint');
    await quickInput.choose('OpenAI-compatible');
    await quickInput.answer('Address of an OpenAI-compatible endpoint', simulator.baseUrl);
    await quickInput.answer('What do you call it?', 'mine');
    await until('the question for the key', async () => (await quickInput.question()).includes('Sent to'));
    expect(await quickInput.field.getAttribute('type')).toBe('password');
    await quickInput.answer('Sent to', canary);
    await until('the models', async () => (await quickInput.question()).includes('Choose the models'));
    for (const model of ['small', 'large']) await quickInput.row(model).click();
    await editor.screenshot('add-endpoint-models-dark');
    await quickInput.field.press('Enter');
    await quickInput.choose('Finish without prices');

    await treeRow(/^mine.*key saved/).waitFor();
    await treeRow(/^small.*price unknown/).waitFor();
    await editor.screenshot('endpoint-dark');
  });

  it('answers with that key, and its cost is unknown without prices', async () => {
    await editor.openFile('review.prompt.md');
    await editor.textEditor.goToLine(8);
    await editor.runCommand('Tierwise: Run Prompt with Recommended Model');
    await editor.linesWith(/tokens in, \d+ out · cost unknown/).waitFor();
  });

  it('is benchmarked with that key, after a warning that no cost limit can hold', async () => {
    await editor.openFile('questions.jsonl');
    await editor.runCommand('Tierwise: Benchmark Data Set');
    await until('the models', async () => (await editor.quickInput.question()).includes('Choose one or more models'));
    await editor.quickInput.field.press('Enter');
    expect(await shownText(editor.dialog)).toMatch(/No cost limit can hold, because a price is unknown/);
    await editor.dialog.getByRole('button', { name: 'Start Without Cost Limit' }).click();
    await treeRow(/questions\.jsonl.*complete/).waitFor();
  });

  it('says that its key is refused, and how to mend it', async () => {
    await editor.runCommand('Tierwise: Set API Key');
    await editor.quickInput.choose('mine');
    await editor.quickInput.answer('Key of endpoint "mine"', wrongKey);
    await editor.openFile('review.prompt.md');
    await editor.textEditor.goToLine(8);
    await editor.runCommand('Tierwise: Run Prompt with Recommended Model');
    const notification = editor.notification(/Tierwise: .*key/i);
    await notification.waitFor();
    expect(await shownText(notification)).not.toContain(wrongKey);
    await editor.screenshot('wrong-key-dark');
    await notification.getByRole('button', { name: 'Set API Key' }).click();
    await editor.quickInput.answer('Key of endpoint "mine"', canary);
    await editor.openFile('review.prompt.md');
    await editor.runCommand('Tierwise: Run Prompt with Recommended Model');
    await until(
      'the second answer',
      async () => (await editor.linesWith(/tokens in, \d+ out · cost unknown/).count()) > 0,
    );
  });

  it('leaves its key in no file and no log', async () => {
    await editor.runCommand('Tierwise: Show Log');
    await editor.page.locator('.part.panel .view-lines').waitFor();
    expect(await shownText(editor.page.locator('body'))).not.toContain(canary);
    for (const key of [canary, wrongKey]) {
      expect(await filesWith(editor.profile, key)).toEqual([]);
      expect(editor.serverLog()).not.toContain(key);
      expect(JSON.stringify(editor.consoleErrors())).not.toContain(key);
    }
    // The search does find what is there.
    expect(await filesWith(editor.profile, simulator.baseUrl)).not.toEqual([]);
  });

  it('keeps its address, whatever a workspace file says', async () => {
    const url = new URL(editor.page.url());
    const file = join(editor.folder, 'attack.code-workspace');
    await editor.page.goto(`${url.origin}/?workspace=${encodeURIComponent(file)}`);
    await editor.page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor();
    await editor.openView('Tierwise');
    await treeRow(`mine${simulator.baseUrl}`).waitFor();
    expect(caught).toBe(0);
  });
});

describe('a workspace that is not trusted', () => {
  it('gets advice by the own settings of the person, and no endpoint', async () => {
    await editor.close();
    editor = await openEditor({ vsixPath, folder: workspace.folder, trust: 'restricted' });
    await editor.statusBarItem('Restricted Mode').waitFor();
    const sidebar = await editor.openView('Tierwise');
    await sidebar.getByText('No endpoint is configured yet.').waitFor();
    await editor.openFile('review.prompt.md');
    await editor.textEditor.codeLens(/medium · 0\.\d+ · no model configured/).waitFor();
    await editor.screenshot('restricted-dark');
    expect(caught).toBe(0);
  });
});
