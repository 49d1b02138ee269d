import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type Asked, answering } from './person.ts';
import { closeEditors, select, until, untitled, withSetting } from './tierwise.ts';

/** Runs a prompt. @returns what the person was asked or told, and the line that closes the answer. */
async function run(): Promise<{ asked: Asked[]; line: string }> {
  select(await untitled('Name a planet.'), 'Name a planet.');
  const asked = await answering({}, () => vscode.commands.executeCommand('tierwise.runPrompt'));
  const page = await until('an answer', () =>
    vscode.workspace.textDocuments.find((document) => /\n---\n[\s\S]*in all/.test(document.getText())),
  );
  return { asked, line: page.getText().split('---').at(-1) ?? '' };
}

describe('A prompt for an endpoint that is overloaded', () => {
  let server: Server;
  let endpoint: object;
  let requests = 0;
  before(async () => {
    server = createServer((_, response) => {
      requests += 1;
      if (requests === 1) {
        response.writeHead(503, { 'retry-after': '0' }).end('{"error":{"message":"overloaded"}}');
        return;
      }
      const chunk = {
        choices: [{ delta: { content: 'Mars' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 4, completion_tokens: 1 },
      };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    endpoint = { id: 'busy', protocol: 'openai', baseUrl, models: [{ id: 'one' }] };
  });
  beforeEach(() => {
    requests = 0;
  });
  afterEach(closeEditors);
  after(() => server.close());

  it('is not sent again unless the person has said so', () =>
    withSetting('tierwise.endpoints', [endpoint], async () => {
      const { asked, line } = await run();
      assert.equal(requests, 1);
      assert.match(line, /failed/);
      assert.doesNotMatch(line, /attempts|time limit/);
      assert.equal(asked[0]?.kind, 'showErrorMessage');
    }));

  it('is sent again as often as the setting allows, and the line below the answer says so', () =>
    withSetting('tierwise.endpoints', [endpoint], () =>
      withSetting('tierwise.benchmark.maxRetries', 2, async () => {
        const { asked, line } = await run();
        assert.equal(requests, 2);
        assert.deepEqual(asked, []);
        assert.match(line, /4 tokens in, 1 out[\s\S]+2 attempts, [\d,]+ ms of waiting between them/);
      }),
    ));

  it('says which time limit applied when that follows the prompt', () =>
    withSetting('tierwise.endpoints', [endpoint], () =>
      withSetting('tierwise.benchmark.adaptiveTimeout', true, async () => {
        requests = 1;
        const { line } = await run();
        assert.match(line, /time limit 1\d(\.\d)? s \(by the prompt’s complexity\)/);
      }),
    ));
});
