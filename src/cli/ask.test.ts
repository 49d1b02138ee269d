import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildCli, type Cli, jsonLines } from '../../test/spawned-cli.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.stop());

interface Asked {
  readonly url: string;
  /** What was asked: the prompt, or the prompts of a batch. */
  readonly prompts: string[];
  readonly body: Record<string, unknown>;
}

/** An endpoint that answers as a test wants, and a configuration for it. */
async function endpoint(
  answer: (asked: Asked, response: ServerResponse, count: number) => void | Promise<void>,
  more: object = {},
): Promise<{ config: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await textOf(request));
    const prompts = body.messages ? [body.messages[0].content] : [body.prompt].flat();
    asked.push({ url: request.url ?? '', prompts, body });
    await answer({ url: request.url ?? '', prompts, body }, response, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const model = { id: 'm', inputPrice: 1, outputPrice: 2, ...more };
  const config = cli.file(`config-${port}.json`, {
    endpoints: [{ id: 'e', protocol: 'openai', baseUrl: `http://127.0.0.1:${port}/v1`, models: [model] }],
  });
  return { config, asked };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function echo({ prompts }: Asked, response: ServerResponse): void {
  json(response, 200, {
    choices: [{ message: { content: `Answer to ${prompts[0]}` }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
  });
}

let files = 0;
function dataset(count: number): string {
  const rows = Array.from({ length: count }, (_, at) => JSON.stringify({ id: `p${at}`, prompt: `Question ${at}` }));
  return cli.file(`data-${files++}.jsonl`, `${rows.join('\n')}\n`);
}

const out = () => join(cli.folder, `answers-${files++}.jsonl`);
const rowsOf = (path: string) => jsonLines(readFileSync(path, 'utf8'));
const ids = (count: number) => Array.from({ length: count }, (_, at) => `p${at}`);

describe('tierwise ask', () => {
  it('logs what would have been advised beside the model that answered, for what was answered', async () => {
    const { config } = await endpoint((asked, response) => {
      if (asked.prompts[0] === 'Question 1') json(response, 400, { error: { message: 'no' } });
      else echo(asked, response);
    });
    const log = join(cli.folder, 'asked.jsonl');
    await cli.run(['ask', dataset(3), '--config', config, '--model', 'm', '--log', log]);
    const lines = jsonLines(readFileSync(log, 'utf8'));
    expect(lines.map(({ tier, advised, used }) => [tier, advised, used])).toEqual([
      ['simple', 'e/m', 'e/m'],
      ['simple', 'e/m', 'e/m'],
    ]);
    const { stdout } = await cli.run(['decisions', log]);
    expect(stdout).toMatch(/Advice was followed: 2 of 2 \(100 %\)\./);
  });

  it('prints a row for each prompt, in the order of the data set, whatever is answered first', async () => {
    const { config } = await endpoint(async (asked, response) => {
      const at = Number(asked.prompts[0]?.split(' ')[1]);
      await new Promise((resolve) => setTimeout(resolve, at % 3 === 0 ? 60 : 1));
      echo(asked, response);
    });
    const args = ['ask', dataset(12), '--config', config, '--model', 'e/m', '--concurrency', '4', '--prompts'];
    const { code, stdout, stderr } = await cli.run(args);
    expect(code).toBe(0);
    const rows = jsonLines(stdout);
    expect(rows.map(({ id }) => id)).toEqual(ids(12));
    expect(rows[5]).toEqual({
      id: 'p5',
      key: expect.stringMatching(/^[0-9a-f]{24}$/),
      model: 'e/m',
      prompt: 'Question 5',
      answer: 'Answer to Question 5',
      finishReason: 'stop',
      tokens: { input: 10, output: 20, source: 'server' },
      costUsd: 0.00005,
      attempts: [{ ms: expect.any(Number), timeout: { ms: expect.any(Number), basis: 'complexity' }, status: 200 }],
    });
    expect(stderr).toContain('12 of 12 prompts answered');
  });

  it('tries again what was turned away, and tells each try; --max-retries 0 does not', async () => {
    const busy = (asked: Asked, response: ServerResponse, count: number) =>
      count === 1
        ? json(response, 503, { error: { message: 'warming up' } }, { 'retry-after': '0' })
        : echo(asked, response);
    const first = await endpoint(busy);
    const retried = await cli.run(['ask', dataset(1), '--config', first.config, '--model', 'm']);
    expect(retried.code).toBe(0);
    expect(jsonLines(retried.stdout)[0].attempts).toMatchObject([{ status: 503, error: 'server' }, { status: 200 }]);
    const second = await endpoint(busy);
    const once = await cli.run(['ask', dataset(1), '--config', second.config, '--model', 'm', '--max-retries', '0']);
    expect(once.code).toBe(3);
    expect(second.asked).toHaveLength(1);
    expect(jsonLines(once.stdout)[0]).toMatchObject({ error: { code: 'server', status: 503 } });
  });

  it('continues a file: what has an answer is not asked again, what failed or changed is', async () => {
    let broken = true;
    const { config, asked } = await endpoint((ask, response) =>
      ask.prompts[0] === 'Question 2' && broken ? json(response, 500, {}) : echo(ask, response),
    );
    const path = out();
    const data = dataset(4);
    const args = ['ask', data, '--config', config, '--model', 'm', '--out', path];
    const first = await cli.run(args);
    expect(first.code).toBe(3);
    // Nobody knows what the server charges for a 500.
    expect(first.stdout).toContain('at least $0.00015');
    expect(rowsOf(path).map(({ answer, error }) => answer ?? error.code)).toMatchObject([
      'Answer to Question 0',
      'Answer to Question 1',
      'server',
      'Answer to Question 3',
    ]);
    writeFileSync(data, readFileSync(data, 'utf8').replace('Question 1', 'Another question'));
    broken = false;
    const second = await cli.run([...args, '--json']);
    expect(second.code).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ state: 'complete', prompts: 2, answered: 2, failed: 0 });
    expect(
      asked
        .slice(4)
        .flatMap(({ prompts }) => prompts)
        .sort(),
    ).toEqual(['Another question', 'Question 2']);
    expect(rowsOf(path).map(({ id }) => id)).toEqual(ids(4));
    expect(existsSync(`${path}.part`)).toBe(false);
    expect((await cli.run(args)).code).toBe(0);
    expect(asked).toHaveLength(6);
    // A data set without some of them takes no answer away.
    expect((await cli.run([...args.with(1, dataset(2)), '--yes'])).code).toBe(0);
    expect(rowsOf(path).map(({ id }) => id)).toEqual(ids(4));
  });

  it('exits 130 when it is interrupted, keeps what is answered, and goes on from there', async () => {
    let hold = true;
    const { config, asked } = await endpoint((ask, response, count) => {
      if (hold && count > 5) return;
      echo(ask, response);
    });
    const path = out();
    const args = ['ask', dataset(20), '--config', config, '--model', 'm', '--out', path, '--concurrency', '2'];
    const running = cli.start(args);
    await expect.poll(() => asked.length, { timeout: 10_000 }).toBe(7);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    // Two requests on two connections may arrive in any order.
    expect(rowsOf(path)).toHaveLength(5);
    hold = false;
    expect((await cli.run(args)).code).toBe(0);
    expect(asked).toHaveLength(7 + 15);
    expect(rowsOf(path).map(({ id }) => id)).toEqual(ids(20));
  });

  it.skipIf(process.platform === 'win32')('ends at once when it is interrupted while a program signs in', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'tierwise-bin-'));
    writeFileSync(join(bin, 'databricks'), '#!/bin/sh\necho here > "$MARK"\nexec sleep 40\n', { mode: 0o755 });
    const env = { PATH: `${bin}:/bin:/usr/bin`, MARK: join(bin, 'mark') };
    const endpoints = [
      {
        id: 'ws',
        protocol: 'databricks',
        baseUrl: 'http://127.0.0.1:9',
        auth: { type: 'databricks-cli' },
        models: [{ id: 'm' }],
      },
    ];
    const config = join(bin, 'config.json');
    writeFileSync(config, JSON.stringify({ endpoints }));
    const running = cli.start(['ask', dataset(2), '--config', config, '--model', 'm', '--yes'], { env });
    await expect.poll(() => existsSync(env.MARK), { timeout: 10_000 }).toBe(true);
    running.child.kill('SIGINT');
    // The program would go on for 40 s, which is longer than a test may take.
    expect((await running.ended).code).toBe(130);
  });

  it('loses nothing that was answered when it is killed', async () => {
    let hold = true;
    const { config, asked } = await endpoint((ask, response, count) => {
      // The first is never answered, so that nothing after it could be written in order.
      if (hold && (ask.prompts[0] === 'Question 0' || count > 6)) return;
      echo(ask, response);
    });
    const path = out();
    const args = ['ask', dataset(8), '--config', config, '--model', 'm', '--out', path, '--concurrency', '2'];
    const running = cli.start(args);
    await expect.poll(() => asked.length, { timeout: 10_000 }).toBe(7);
    running.child.kill('SIGKILL');
    await running.ended;
    writeFileSync(`${path}.part`, `${readFileSync(`${path}.part`, 'utf8')}{"id":"p6","half`);
    hold = false;
    expect((await cli.run(args)).code).toBe(0);
    expect(
      asked
        .slice(7)
        .flatMap(({ prompts }) => prompts)
        .sort(),
    ).toEqual(['Question 0', 'Question 6', 'Question 7']);
    expect(rowsOf(path).map(({ answer }) => answer)).toEqual(ids(8).map((_, at) => `Answer to Question ${at}`));
  });

  it('stops before the ceiling, whatever is in flight, and says what is left', async () => {
    const { config, asked } = await endpoint(echo);
    // Each may cost up to (10 + 64) · $1 + 100 · $2 per million, and costs $0.00005.
    const ceiling = ['--max-tokens', '100', '--max-cost', '0.0006', '--concurrency', '8'];
    const path = out();
    const { code, stderr } = await cli.run([
      'ask',
      dataset(50),
      '--config',
      config,
      '--model',
      'm',
      '--out',
      path,
      ...ceiling,
    ]);
    expect(code).toBe(0);
    expect(asked.length * 0.00005).toBeLessThanOrEqual(0.0006);
    expect(asked.length).toBeGreaterThan(5);
    expect(rowsOf(path)).toHaveLength(asked.length);
    expect(stderr).toMatch(/of the ceiling of \$0\.0006/);
  });

  it('counts below the ceiling what earlier calls may have cost in vain', async () => {
    const { config, asked } = await endpoint((_asked, response) => json(response, 500, {}));
    // 74 tokens in and 100 out at most: $0.000274 a request.
    const limits = ['--max-tokens', '100', '--max-cost', '0.0006'];
    const args = ['ask', dataset(1), '--config', config, '--model', 'm', '--out', out(), ...limits];
    for (const sent of [1, 2]) {
      await cli.run(args);
      expect(asked).toHaveLength(sent);
    }
    const { stderr } = await cli.run(args);
    expect(stderr).toContain('up to $0.000548 of the ceiling of $0.0006 is spent');
    expect(asked).toHaveLength(2);
  });

  it('sends nothing more when the first answer is that the key is wrong', async () => {
    const { config, asked } = await endpoint((_asked, response) => json(response, 401, { error: { message: 'no' } }));
    const { code, stderr } = await cli.run([
      'ask',
      dataset(100),
      '--config',
      config,
      '--model',
      'm',
      '--concurrency',
      '1',
    ]);
    expect(code).toBe(3);
    expect(asked).toHaveLength(1);
    expect(stderr).toMatch(/tierwise: .*answered 401.*Check the API key/);
  });

  it('signs in to a workspace anew when its token is about to expire, and not for every prompt', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer(async (request, response) => {
      await textOf(request);
      asked.push(request.url);
      if (request.url === '/oidc/v1/token') {
        return json(response, 200, { access_token: `token-${asked.length}`, expires_in: 30 });
      }
      if (request.method === 'GET') return json(response, 404, {});
      json(response, 200, { choices: [{ message: { content: 'Yes' }, finish_reason: 'stop' }] });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = cli.file('workspace.json', {
      endpoints: [
        { id: 'w', protocol: 'databricks', baseUrl, auth: { type: 'oauth-m2m' }, models: [{ id: 'm', inputPrice: 0 }] },
      ],
    });
    const { code, stdout } = await cli.run(['ask', dataset(10), '--config', config, '--model', 'm', '--yes'], {
      env: { DATABRICKS_HOST: baseUrl, DATABRICKS_CLIENT_ID: 'id', DATABRICKS_CLIENT_SECRET: 'a-secret-of-a-test-1' },
    });
    expect(code).toBe(0);
    expect(jsonLines(stdout).map(({ answer }) => answer)).toEqual(Array(10).fill('Yes'));
    expect(asked.filter((url) => url === '/oidc/v1/token')).toHaveLength(2);
  });

  it('sends batches, and one bad prompt takes no other with it', async () => {
    const { config, asked } = await endpoint(
      ({ prompts }, response) => {
        if (prompts.includes('Question 5')) return json(response, 400, { error: { message: 'cannot read it' } });
        const choices = prompts.map((prompt, index) => ({ index, text: `Answer to ${prompt}`, finish_reason: 'stop' }));
        json(response, 200, { choices: choices.reverse(), usage: { prompt_tokens: 80, completion_tokens: 40 } });
      },
      { task: 'completions' },
    );
    const { code, stdout } = await cli.run([
      'ask',
      dataset(20),
      '--config',
      config,
      '--model',
      'm',
      '--batch-size',
      '8',
      '--concurrency',
      '1',
    ]);
    expect(code).toBe(3);
    const rows = jsonLines(stdout);
    expect(rows.map(({ id }) => id)).toEqual(ids(20));
    for (const [at, row] of rows.entries()) {
      if (at === 5) expect(row).toMatchObject({ error: { code: 'bad-request' } });
      else expect(row.answer).toBe(`Answer to Question ${at}`);
    }
    expect(asked.map(({ prompts }) => prompts.length)).toEqual([8, 4, 4, 2, 1, 1, 2, 8, 4]);
    // The tokens of a request are divided among its prompts.
    const last = rows.slice(16);
    expect(last.map(({ sentWith }) => sentWith)).toEqual([4, 4, 4, 4]);
    expect(last.reduce((sum, { tokens }) => sum + tokens.input, 0)).toBe(80);
    expect(last.reduce((sum, { costUsd }) => sum + costUsd, 0)).toBeCloseTo((80 + 2 * 40) / 1e6, 12);
  });

  it('asks offline: nothing is sent twice when it is interrupted, and the file is as of any other call', async () => {
    const files: string[] = [];
    let looks = 0;
    let begun = 0;
    const server = createServer(async (request, response) => {
      const text = await textOf(request);
      if (request.method === 'POST' && request.url === '/v1/files') {
        files.push(text);
        return json(response, 200, { id: 'file-in' });
      }
      if (request.method === 'POST') begun++;
      if (request.url?.startsWith('/v1/batches')) {
        const status = ++looks > 2 ? 'completed' : 'in_progress';
        return json(response, 200, { id: 'batch-1', status, output_file_id: 'file-out' });
      }
      const lines = [...(files[0] ?? '').matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line));
      const answers = lines.map(({ custom_id, body }) => {
        const choices = [{ message: { content: `Re: ${body.messages[0].content}` }, finish_reason: 'stop' }];
        const answer = { choices, usage: { prompt_tokens: 3, completion_tokens: 4 } };
        return JSON.stringify({ custom_id, response: { status_code: 200, body: answer }, error: null });
      });
      response.end(answers.reverse().join('\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const config = cli.file('offline.json', {
      endpoints: [{ id: 'e', protocol: 'openai', baseUrl: `http://127.0.0.1:${port}/v1`, models: [{ id: 'm' }] }],
    });
    const path = out();
    const args = ['ask', dataset(3), '--config', config, '--model', 'm', '--offline', '--out', path];
    const running = cli.start(args);
    await expect.poll(() => looks, { timeout: 10_000 }).toBe(2);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('The batch goes on at the endpoint');
    const again = await cli.run([...args, '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ state: 'complete', answered: 3, retries: 0 });
    expect([files.length, begun]).toEqual([1, 1]);
    expect(rowsOf(path).map(({ id, answer }) => [id, answer])).toEqual(
      ids(3).map((id, at) => [id, `Re: Question ${at}`]),
    );
    expect(existsSync(`${path}.batch.json`)).toBe(false);
    expect((await cli.run([...args, '--cancel'])).code).toBe(2);
  });

  it.each<[string[], RegExp]>([
    [['--offline'], /--offline needs --out/],
    [['--batch-size', '4'], /--batch-size: the protocol openai asks one prompt of e\/m in a request/],
    [['--timeout', 'soon'], /--timeout must be a number above 0, not "soon"/],
    [['--max-cost', '0.000001'], /leaves no room for a single request/],
    [['--model', 'other'], /There is no model "other"/],
  ])('%j exits 2 and says what to do', async (args, message) => {
    const { config, asked } = await endpoint(echo);
    const { code, stderr } = await cli.run(['ask', dataset(2), '--config', config, '--model', 'm', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(asked).toEqual([]);
  });
});
