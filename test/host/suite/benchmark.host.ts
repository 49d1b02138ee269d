import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type Asked, answering } from './person.ts';
import { type Simulator, startSimulator } from './simulator.ts';
import { closeEditors, open, select, tierwise, until, withSetting, workspaceFolder } from './tierwise.ts';

/** The run whose report was opened last, with its folder. */
async function lastRun(): Promise<{ id: string; folder: string; manifest: any; records: any[] }> {
  const { testing } = await tierwise();
  const id = (await testing.openReports()).at(-1);
  assert.ok(id, 'no report is open');
  const folder = join(testing.folders[0] ?? '', 'runs', id);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const records = read('records.jsonl').trim().split('\n').filter(Boolean);
  return { id, folder, manifest: JSON.parse(read('manifest.json')), records: records.map((line) => JSON.parse(line)) };
}

function runFolders(storage: string): string[] {
  return existsSync(join(storage, 'runs')) ? readdirSync(join(storage, 'runs')) : [];
}

const start = ({ offered }: Asked) => offered.find((button) => button.startsWith('Start'));

describe('A benchmark', () => {
  let slow: Simulator;
  before(async () => {
    await vscode.commands.executeCommand('tierwise.startSimulated');
    slow = await startSimulator('slow', ['--speed', '2']);
  });
  after(async () => {
    slow.stop();
    await vscode.commands.executeCommand('tierwise.stopSimulated');
    assert.deepEqual(await (await tierwise()).testing.endpointIds(), []);
  });
  afterEach(closeEditors);

  it('runs on the simulated endpoint, which is in no settings', async () => {
    const { testing } = await tierwise();
    assert.deepEqual(await testing.endpointIds(), ['simulated']);
    assert.deepEqual(vscode.workspace.getConfiguration('tierwise').get('endpoints'), []);
  });

  it('says what it will send and cost, measures, and opens the report', async () => {
    const editor = await open('prompts/questions.jsonl');
    const asked = await answering(
      { showQuickPick: () => ['simulated/small', 'simulated/medium'], showInformationMessage: start },
      () => vscode.commands.executeCommand('tierwise.benchmarkDataset', editor.document.uri),
    );
    const question = asked.find(({ kind }) => kind === 'showInformationMessage');
    assert.match(question?.text ?? '', /Send 24 requests to 2 models\?/);
    assert.match(question?.detail ?? '', /nothing is charged[\s\S]*\$[\s\S]*stops before it costs more than \$1/);
    const { manifest, records } = await lastRun();
    assert.equal(manifest.state, 'complete');
    assert.equal(manifest.simulated, true);
    assert.equal(manifest.title, 'questions.jsonl');
    assert.equal(records.length, 24);
    await until(
      'report tab',
      () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === 'Report: questions.jsonl',
    );
  });

  it('sends nothing before the person has agreed', async () => {
    const { testing } = await tierwise();
    const editor = await open('prompts/questions.jsonl');
    const before = runFolders(testing.folders[0] ?? '');
    for (const showQuickPick of [() => undefined, () => ['simulated/small']]) {
      await answering({ showQuickPick }, () =>
        vscode.commands.executeCommand('tierwise.benchmarkDataset', editor.document.uri),
      );
    }
    assert.deepEqual(runFolders(testing.folders[0] ?? ''), before);
  });

  it('measures the selection', async () => {
    const editor = await open('prompts/blocks.md');
    select(editor, 'What is the capital of Mongolia?');
    const asked = await answering({ showQuickPick: () => ['simulated/small'], showInformationMessage: start }, () =>
      vscode.commands.executeCommand('tierwise.benchmarkSelection'),
    );
    assert.match(asked[1]?.text ?? '', /Send 14 requests to 1 model\?/);
    const { records } = await lastRun();
    assert.equal(records.length, 14);
    assert.match(records[0].answer, /simulated/i);
  });

  it('is cancelled with what is done kept, resumed where it stopped, exported and deleted', () =>
    withSetting('tierwise.endpoints', [slow.endpoint], async () => {
      const editor = await open('prompts/questions.jsonl');
      const { testing } = await tierwise();
      const before = new Set(runFolders(testing.folders[0] ?? ''));
      const measuring = answering({ showQuickPick: () => ['slow/large'], showInformationMessage: start }, () =>
        vscode.commands.executeCommand('tierwise.benchmarkDataset', editor.document.uri),
      );
      const storage = testing.folders[0] ?? '';
      const id = await until('a first record', () =>
        runFolders(storage).find((name) => {
          const records = join(storage, 'runs', name, 'records.jsonl');
          return !before.has(name) && existsSync(records) && readFileSync(records, 'utf8').includes('\n');
        }),
      );
      await vscode.commands.executeCommand('tierwise.cancelRun', id);
      await measuring;
      const cancelled = await lastRun();
      assert.equal(cancelled.id, id);
      assert.equal(cancelled.manifest.state, 'cancelled');
      const kept = cancelled.records.filter(({ status }) => status === 'ok').map((record) => record.id);
      assert.ok(kept.length >= 1 && cancelled.records.length < 14, `${cancelled.records.length} records`);

      await answering({}, () => vscode.commands.executeCommand('tierwise.resumeRun', id));
      const resumed = await lastRun();
      assert.equal(resumed.manifest.state, 'complete');
      const ids = resumed.records.map((record) => record.id);
      assert.equal(new Set(ids).size, 14);
      for (const one of kept) assert.equal(ids.filter((other) => other === one).length, 1, 'not sent a second time');

      for (const format of ['html', 'md', 'csv', 'json']) {
        const target = join(workspaceFolder(), `report.${format}`);
        await answering({ showSaveDialog: () => vscode.Uri.file(target) }, () =>
          vscode.commands.executeCommand('tierwise.exportReport', id, format),
        );
        const text = readFileSync(target, 'utf8');
        assert.match(text, /slow/);
        if (format === 'html') assert.doesNotMatch(text, /<script/i);
        rmSync(target);
      }
      const remove = () =>
        answering({ showWarningMessage: () => 'Delete' }, () =>
          vscode.commands.executeCommand('tierwise.deleteRun', id),
        );
      const lock = join(resumed.folder, 'lock');
      writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), lockedAt: Date.now() }));
      assert.match((await remove()).at(-1)?.text ?? '', /Another window measures this run/);
      assert.equal(existsSync(resumed.folder), true);
      rmSync(lock);
      await remove();
      assert.equal(existsSync(resumed.folder), false);
    })).timeout(120_000);

  it('stops before it costs more than its ceiling, and asks for a higher one when it is resumed', () =>
    withSetting('tierwise.endpoints', [slow.endpoint], () =>
      withSetting('tierwise.benchmark.maxCostUsd', 0.01, async () => {
        const editor = await open('prompts/questions.jsonl');
        await answering({ showQuickPick: () => ['slow/large'], showInformationMessage: start }, () =>
          vscode.commands.executeCommand('tierwise.benchmarkDataset', editor.document.uri),
        );
        const stopped = await lastRun();
        assert.equal(stopped.manifest.stopReason, 'cost-ceiling');
        const spent = stopped.records.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0);
        assert.ok(spent > 0 && spent <= 0.01, `${spent} USD`);

        const asked = await answering({ showInputBox: () => '5' }, () =>
          vscode.commands.executeCommand('tierwise.resumeRun', stopped.id),
        );
        assert.match(asked[0]?.text ?? '', /stopped at its ceiling of \$0\.01/);
        assert.equal((await lastRun()).manifest.state, 'complete');
      }),
    )).timeout(120_000);

  it('is not needed to see an answer arrive; closing its editor ends the request', () =>
    withSetting('tierwise.endpoints', [{ ...slow.endpoint, models: [{ id: 'large' }] }], async () => {
      const editor = await open('prompts/blocks.md');
      select(editor, 'What is the capital of Mongolia?');
      let ended = false;
      const running = answering({}, () => vscode.commands.executeCommand('tierwise.runPrompt')).then((asked) => {
        ended = true;
        return asked;
      });
      const page = await until('the first words', () =>
        vscode.workspace.textDocuments.find(({ isUntitled, lineCount }) => isUntitled && lineCount > 2),
      );
      const early = await until('some text', () => (page.getText().length > 60 ? page.getText() : undefined));
      assert.equal(ended, false);
      await closeEditors();
      assert.deepEqual(await running, [], 'a request that was ended by the person is no error');
      assert.doesNotMatch(early, /in all/);
    }));

  it('refuses what is no data set, and says why', async () => {
    const uri = (name: string) => vscode.Uri.file(join(workspaceFolder(), name));
    await vscode.workspace.fs.writeFile(uri('binary.jsonl'), new Uint8Array([0, 1, 2, 255]));
    await vscode.workspace.fs.writeFile(uri('latin1.jsonl'), new Uint8Array([0x7b, 0xe9, 0x7d]));
    const refused = async (file: vscode.Uri) => {
      const asked = await answering({}, () => vscode.commands.executeCommand('tierwise.benchmarkDataset', file));
      return asked.map(({ text }) => text).join();
    };
    assert.match(await refused(uri('prompts/broken.jsonl')), /holds no prompt\. Line 1/);
    assert.match(await refused(uri('binary.jsonl')), /binary/);
    assert.match(await refused(uri('latin1.jsonl')), /not UTF-8/);
    assert.match(await refused(uri('missing.jsonl')), /Cannot read missing\.jsonl/);
    assert.match(await refused(uri('second')), /second holds no prompt/);
  });

  it('does not take a run’s name that leads out of the runs’ folder', async () => {
    for (const id of ['../../..', '..', '/etc', 'a/b', 'a\\b']) {
      const asked = await answering({ showWarningMessage: () => 'Delete' }, () =>
        vscode.commands.executeCommand('tierwise.deleteRun', id),
      );
      assert.match(asked.at(-1)?.text ?? '', /not the name of a run/, id);
    }
  });

  it('says when a run cannot be opened', async () => {
    const asked = await answering({}, () => vscode.commands.executeCommand('tierwise.openReport', 'no-such-run'));
    assert.match(asked[0]?.text ?? '', /no-such-run/);
  });
});
