import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { benchmark, command, endpointAt, lastRun, runPrompt, saveKey, withEnvironment, words } from './acts.ts';
import { chatAnswer, json, type Recorder, startRecorder } from './recorder.ts';
import { closeEditors, tierwise, until, withSetting, workspaceFolder } from './tierwise.ts';

const key = 'sk-canary-planted-4Wq8Zt';

/** Where a workspace can plant settings, and files that tools would read. */
const settingsFiles = ['.vscode/settings.json', 'second/.vscode/settings.json', 'planted.code-workspace'];
const otherFiles = ['.databrickscfg', '.env'];

/** What only the person may set. */
const personal = [
  'endpoints',
  'discovery.ports',
  'benchmark.maxCostUsd',
  'benchmark.maxTotalTokens',
  'benchmark.judge',
  'benchmark.embeddingModel',
  'benchmark.keepAnswers',
];

describe('Attacks 1 to 4, what a workspace plants:', () => {
  /** The stranger's server: endpoint, proxy, workspace and local server at once. */
  let evil: Recorder;
  let mine: Recorder;
  let programs: string;
  let trace: string;
  const originals = new Map<string, string>();
  const read = (name: string) => readFileSync(join(workspaceFolder(), name), 'utf8');
  const write = (name: string, text: string) => writeFileSync(join(workspaceFolder(), name), text);

  before(async () => {
    evil = await startRecorder();
    mine = await startRecorder();
    programs = mkdtempSync(join(tmpdir(), 'tierwise-programs-'));
    trace = join(programs, 'trace');
    for (const name of ['databricks', 'az']) {
      const token = JSON.stringify({
        access_token: 'eyJcanary-cli',
        accessToken: 'eyJcanary-cli',
        token_type: 'Bearer',
      });
      const script = `#!/bin/sh\necho "${name} $*" >> "${trace}"\necho '${token}'\n`;
      writeFileSync(join(programs, name), script, { mode: 0o755 });
    }
    for (const name of [...settingsFiles, ...otherFiles]) {
      originals.set(name, read(name));
      write(name, read(name).replaceAll('http://evil.example', evil.origin).replaceAll('65000', String(evil.port)));
    }
    // Settings that a workspace may have show that the files are in force.
    for (const name of settingsFiles) {
      const file = JSON.parse(read(name));
      const settings = file.settings ?? file;
      settings['editor.rulers'] = [71];
      settings['tierwise.preference'] = 'quality';
      write(name, JSON.stringify(file));
    }
    await until('the planted settings', () => inForce(71, 'quality'));
  });
  after(async () => {
    for (const [name, text] of originals) write(name, text);
    await until('the settings without markers', () => inForce(undefined, 'balanced'));
    evil.stop();
    mine.stop();
    rmSync(programs, { recursive: true });
  });
  afterEach(async () => {
    await closeEditors();
    mine.forget();
    mine.answer = chatAnswer();
    rmSync(trace, { force: true });
  });

  function inForce(ruler: number | undefined, preference: string): boolean {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const rulers = folders.map(
      ({ uri }) => vscode.workspace.getConfiguration('editor', uri).get<number[]>('rulers')?.[0],
    );
    return (
      folders.length === 2 &&
      rulers.every((one) => one === ruler) &&
      vscode.workspace.getConfiguration('tierwise').get('preference') === preference
    );
  }

  function untouched(): void {
    assert.deepEqual(evil.requests, []);
    assert.equal(evil.connections, 0, 'somebody connected to the stranger');
    assert.equal(existsSync(`${trace}.planted`), false, 'a program of the folder was started');
  }

  /** With these variables, and the workspace as the folder that relative paths begin at: nothing of it is to be taken. */
  async function inTheFolder(variables: Record<string, string>, action: () => Promise<void>): Promise<void> {
    const folder = process.cwd();
    process.chdir(workspaceFolder());
    try {
      await withEnvironment(variables, action);
    } finally {
      process.chdir(folder);
    }
  }

  /** With the person's own endpoint, whose id the workspace tries to take, and its saved key. */
  const withMine = (action: () => Promise<void>) =>
    withSetting('tierwise.endpoints', [endpointAt('mine', 'openai', `${mine.origin}/v1`, ['first', 'second'])], () =>
      withSetting('tierwise.discovery.ports', [mine.port], async () => {
        await saveKey('mine', key);
        await action();
        await command('removeApiKey', {}, 'mine');
      }),
    );

  it('is read by a VS Code in which the workspace is trusted, and asks nobody by being opened', async () => {
    assert.equal(vscode.workspace.isTrusted, true);
    for (const name of settingsFiles) assert.ok(read(name).includes(evil.origin), name);
    await tierwise();
    untouched();
  });

  it('no setting that is only the person’s has a value of the workspace, by dotted key, as an object or per folder', async () => {
    const places = [undefined, ...(vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri)];
    for (const place of places) {
      const settings = vscode.workspace.getConfiguration('tierwise', place);
      for (const name of personal) {
        const found = settings.inspect(name);
        assert.equal(found?.workspaceValue, undefined, `${name} in the workspace`);
        assert.equal(found?.workspaceFolderValue, undefined, `${name} in a folder`);
        assert.deepEqual(settings.get(name), found?.globalValue ?? found?.defaultValue, name);
      }
    }
    for (const name of personal) {
      const settings = vscode.workspace.getConfiguration('tierwise');
      await assert.rejects(async () => settings.update(name, [], vscode.ConfigurationTarget.Workspace), name);
    }
    const { testing } = await tierwise();
    assert.deepEqual(await testing.endpointIds(), []);
    assert.deepEqual(await testing.network(), { strictSsl: true });
  });

  it('an id that maps to a saved key is not swapped: prompts and key go where the person said', () =>
    withMine(async () => {
      assert.deepEqual(await (await tierwise()).testing.endpointIds(), ['mine']);
      assert.deepEqual(await runPrompt(), []);
      await benchmark(['mine/first']);
      assert.ok(mine.requests.length > 10, `${mine.requests.length} requests`);
      for (const { headers } of mine.requests) assert.equal(headers.authorization, `Bearer ${key}`);
      const { plan } = (await lastRun()).manifest;
      assert.equal(plan.maxCostUsd, 1);
      assert.equal(plan.maxTotalTokens, undefined);
      assert.equal(plan.evaluation, undefined, 'nobody judges for the workspace’s sake');
      untouched();
    })).timeout(90_000);

  it('a second endpoint with the id of one that has a key is left out', () =>
    withSetting(
      'tierwise.endpoints',
      [
        endpointAt('mine', 'openai', `${mine.origin}/v1`),
        endpointAt('mine', 'openai', `${evil.origin}/v1`, ['dear', 'second']),
      ],
      async () => {
        await saveKey('mine', key);
        assert.deepEqual(await (await tierwise()).testing.endpointIds(), ['mine']);
        await runPrompt();
        assert.equal(mine.requests[0]?.headers.authorization, `Bearer ${key}`);
        await command('removeApiKey', {}, 'mine');
        untouched();
      },
    ));

  it('a tier may name a model of the person’s endpoint by its id, and moves nothing else', () =>
    withMine(async () => {
      const file = JSON.parse(read('planted.code-workspace'));
      const tier = { model: 'mine/second' };
      file.settings['tierwise.tiers'] = { simple: tier, medium: tier, complex: tier };
      write('planted.code-workspace', JSON.stringify(file));
      const tiers = () => vscode.workspace.getConfiguration('tierwise').get<Record<string, object>>('tiers');
      await until('the planted tiers', () => tiers()?.simple);
      await runPrompt();
      assert.equal(JSON.parse(mine.requests[0]?.body ?? '').model, 'second');
      assert.equal(mine.requests[0]?.headers.authorization, `Bearer ${key}`);
      delete file.settings['tierwise.tiers'];
      write('planted.code-workspace', JSON.stringify(file));
      await until('no tiers', () => tiers()?.simple === undefined);
      untouched();
    }));

  it('a proxy of the workspace gets nothing: neither the host’s requests nor the measuring process’s', () =>
    withSetting('tierwise.endpoints', [endpointAt('far', 'openai', 'http://tierwise-far.invalid/v1')], async () => {
      const agree = { showWarningMessage: () => 'Use This Address' };
      const asked = await runPrompt(agree);
      assert.match(asked[0]?.text ?? '', /Use http:\/\/tierwise-far\.invalid\?/);
      assert.equal(asked.at(-1)?.kind, 'showErrorMessage', 'nothing is there, and no proxy');
      await withSetting('tierwise.benchmark.requests', 1, async () => {
        await benchmark(['far/first'], agree);
      });
      const { records } = await lastRun();
      assert.ok(records.length > 0 && records.every(({ status }) => status === 'error'), JSON.stringify(records[0]));
      untouched();
    })).timeout(90_000);

  it('local servers are looked for on the person’s ports only', () =>
    withMine(async () => {
      await command('discoverLocal');
      assert.ok(mine.requests.length > 0);
      for (const { headers } of mine.requests) assert.equal(headers.authorization, undefined);
      untouched();
    }));

  it('no profile, variable or file of the workspace signs in anywhere, and no program is started', () =>
    inTheFolder({ PATH: [programs, process.env.PATH].join(delimiter) }, async () => {
      await command('connectWorkspace');
      await command('refreshWorkspace');
      // Even for the stranger's very address, profile and variables of the folder are not among the sign-ins.
      const asked = await command('addEndpoint', {
        showQuickPick: ({ text }) => (text.startsWith('What do you') ? 'Databricks workspace' : undefined),
        showInputBox: () => evil.origin,
      });
      const signIns = asked.find(({ text }) => text.startsWith('How do you sign in'))?.offered ?? [];
      assert.ok(signIns.length > 1);
      assert.doesNotMatch(signIns.join(), /planted|Profile|set in this window/);
      const lake = endpointAt('lake', 'databricks', mine.origin, ['first'], { auth: { profile: 'planted' } });
      await withSetting('tierwise.endpoints', [lake], async () => {
        assert.match(words(await runPrompt()), /planted/);
      });
      assert.deepEqual(mine.requests, []);
      assert.equal(existsSync(trace), false, 'a sign-in was started');
      untouched();
    }));

  it('the person’s own sign-in is for the person’s address, by the person’s program: not by one that lies in the folder', () =>
    inTheFolder({ PATH: ['', '.', programs, process.env.PATH].join(delimiter), TIERWISE_TRACE: trace }, () =>
      withSetting('tierwise.endpoints', [endpointAt('lake', 'databricks', mine.origin)], async () => {
        mine.answer = (request, response) =>
          request.method === 'GET' ? json({ endpoints: [] })(response) : chatAnswer()(request, response);
        assert.deepEqual(await runPrompt(), []);
        await command('connectWorkspace');
        assert.equal(readFileSync(trace, 'utf8'), `databricks auth token --host ${mine.origin}\n`);
        assert.ok(mine.requests.length > 1);
        for (const { headers } of mine.requests) assert.equal(headers.authorization, 'Bearer eyJcanary-cli');
        untouched();
      }),
    ));
});
