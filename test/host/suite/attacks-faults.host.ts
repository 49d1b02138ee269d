import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import {
  answerPage,
  benchmark,
  command,
  endpointAt,
  lastRun,
  runFolders,
  runPrompt,
  selectPrompt,
  words,
} from './acts.ts';
import { event, type Recorder, startRecorder } from './recorder.ts';
import { type Simulator, startSimulator } from './simulator.ts';
import { closeEditors, until, withSetting, workspaceFolder } from './tierwise.ts';

/** What a record says of each fault of the simulated endpoint, and what the person reads; both the same for every protocol. */
const faults: Readonly<Record<string, readonly [code: string, words: RegExp]>> = {
  '429': ['rate-limited', /answered 429/],
  '429-databricks': ['rate-limited', /answered 429/],
  '429-date': ['rate-limited', /answered 429/],
  '500': ['server', /answered 500/],
  '503': ['server', /answered 5(03|29)/],
  reset: ['truncated-stream', /closed the connection in the middle/],
  drip: ['timeout', /did not finish its answer within 1 s/],
  'malformed-sse': ['malformed', /not JSON/],
  'mid-stream-error': ['stream-error', /reported an error in the middle/],
  hang: ['timeout', /did not (finish its )?answer within 1 s/],
  html: ['malformed', /web page/],
  empty: ['empty', /without a single token/],
  truncated: ['truncated-stream', /ended after \d+ chunks/],
  redirect: ['redirect', /a redirect to http:\/\/localhost/],
  endless: ['timeout', /did not finish its answer within 1 s/],
  'length-lie': ['truncated-stream', /Content-Length|closed the connection/],
  'gzip-bomb': ['malformed', /compressed its answer/],
  'echo-key': ['auth', /answered 401/],
};
const names = Object.keys(faults);
const protocols = ['openai', 'anthropic', 'ollama'] as const;

/** The extension host does something else for the person: it scores a prompt for a hover. */
async function hostAnswers(): Promise<void> {
  const document = await vscode.workspace.openTextDocument(join(workspaceFolder(), 'prompts/blocks.md'));
  const place = document.positionAt(document.getText().indexOf('capital'));
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    place,
  );
  assert.ok(hovers.length > 0, 'no hover');
}

describe('Attack 19, an endpoint that misbehaves:', () => {
  let simulator: Simulator;
  let server: Recorder;
  before(async () => {
    simulator = await startSimulator('any');
    server = await startRecorder();
  });
  after(() => {
    simulator.stop();
    server.stop();
  });
  afterEach(closeEditors);

  /** The simulated endpoint by one of its protocols, with these models. */
  const at = (protocol: string, models: readonly string[]) => {
    const { origin } = new URL(simulator.endpoint.baseUrl);
    return endpointAt(protocol, protocol, protocol === 'openai' ? `${origin}/v1` : origin, models);
  };

  for (const protocol of protocols) {
    it(`${protocol}: each fault ends a prompt within its time limit, and its message says which it was`, () =>
      withSetting('tierwise.benchmark.timeoutSeconds', 1, async () => {
        await selectPrompt();
        for (const fault of names) {
          await withSetting('tierwise.endpoints', [at(protocol, [`instant+${fault}`])], async () => {
            const running = command('runPrompt');
            await hostAnswers();
            const asked = await running;
            const [, said] = faults[fault]!;
            assert.equal(asked.length, 1, fault);
            assert.equal(asked[0]?.kind, 'showErrorMessage', fault);
            assert.match(asked[0]?.text ?? '', said, fault);
            assert.match(await answerPage(`instant+${fault}`), /failed: /, fault);
          });
        }
      })).timeout(120_000);
  }

  it('a benchmark over all faults and protocols records the class of each, and a good model beside them is measured', () =>
    withSetting('tierwise.benchmark.timeoutSeconds', 1, () =>
      withSetting('tierwise.benchmark.requests', 1, () =>
        withSetting('tierwise.benchmark.warmup', 0, () =>
          withSetting('tierwise.benchmark.concurrency', 16, async () => {
            const models = ['instant', ...names.map((fault) => `instant+${fault}`)];
            const endpoints = protocols.map((protocol) => at(protocol, models));
            await withSetting('tierwise.endpoints', endpoints, async () => {
              const chosen = protocols.flatMap((protocol) => models.map((model) => `${protocol}/${model}`));
              await benchmark(chosen, { showQuickPick: ({ offered }) => offered.map((one) => one.split(' | ')[0]) });
              await hostAnswers();
              const { manifest, records } = await lastRun();
              assert.equal(manifest.state, 'complete');
              const found = new Map(
                records.map((one) => [`${one.endpoint}/${one.model}`, one.error?.code ?? one.status]),
              );
              const expected = new Map(
                chosen.map((ref) => [ref, faults[/\+(.+)/.exec(ref)?.[1] ?? '']?.[0] ?? 'ok'] as const),
              );
              assert.equal(records.length, expected.size, 'every request has its record');
              assert.deepEqual(Object.fromEntries([...found].sort()), Object.fromEntries([...expected].sort()));
            });
          }),
        ),
      ),
    )).timeout(120_000);

  for (const fault of ['endless', 'drip', 'hang']) {
    it(`${fault}: closing the page ends a prompt, cancelling ends a benchmark, and the host answers meanwhile`, async () => {
      for (const protocol of protocols) {
        await withSetting('tierwise.endpoints', [at(protocol, [`instant+${fault}`])], async () => {
          let ended = false;
          const running = runPrompt().finally(() => {
            ended = true;
          });
          await until('a page', () =>
            vscode.workspace.textDocuments.some(
              ({ languageId, isUntitled }) => isUntitled && languageId === 'markdown',
            ),
          );
          await hostAnswers();
          assert.equal(ended, false, 'the time limit of two minutes has not come');
          await closeEditors();
          assert.deepEqual(await running, [], 'cancelling is no error');
        });
      }
      await withSetting('tierwise.endpoints', [at('openai', [`instant+${fault}`])], async () => {
        const before = new Set(await runFolders());
        const running = benchmark([`openai/instant+${fault}`]);
        const id = await until('a run', async () => (await runFolders()).find((one) => !before.has(one)));
        await hostAnswers();
        // The run can be cancelled as soon as it is measured, a moment after its folder is there.
        await until('the end of the run', async () => {
          await command('cancelRun', {}, id);
          return Promise.race([
            running.then(() => true),
            new Promise((resolve) => setTimeout(() => resolve(false), 200)),
          ]);
        });
        await running;
        assert.equal((await lastRun()).manifest.state, 'cancelled');
      });
    }).timeout(60_000);
  }

  it('more than a model could say is cut off at a cap, long before the time limit', () =>
    withSetting('tierwise.endpoints', [endpointAt('large', 'openai', `${server.origin}/v1`)], async () => {
      const mebibyte = 'x'.repeat(1024 * 1024);
      const pour = (response: ServerResponse, piece: string, times: number) => {
        if (response.destroyed) return;
        if (times === 0) response.end();
        else response.write(piece, () => pour(response, piece, times - 1));
      };
      const floods: [string, RegExp, (response: ServerResponse) => void][] = [
        [
          'an event without end',
          /event of more than [\d,]+ bytes/,
          (response) => {
            response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"x":"');
            pour(response, mebibyte, 200);
          },
        ],
        [
          'events without end',
          /grew over [\d,]+ bytes/,
          (response) => {
            response.writeHead(200, { 'content-type': 'text/event-stream' });
            event(response, { choices: [{ delta: { content: 'It is' } }] });
            pour(response, `: ${mebibyte}\n\n`, 200);
          },
        ],
        [
          'a body without end',
          /grew over [\d,]+ bytes/,
          (response) => {
            response.writeHead(200, { 'content-type': 'application/json' }).write('{"choices":["');
            pour(response, mebibyte, 200);
          },
        ],
      ];
      for (const [what, said, flood] of floods) {
        server.answer = (_, response) => flood(response);
        const asked = await runPrompt();
        assert.match(words(asked), said, what);
        await closeEditors();
      }
    })).timeout(90_000);
});
