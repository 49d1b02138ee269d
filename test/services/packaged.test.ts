import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeSchema } from '../../src/core/quality/outcome.ts';
import { startMeasuring } from '../../src/engine/benchmark/measuring.ts';
import { grammarFiles } from '../../src/engine/quality/parse-code.ts';
import type { MeasureTask } from '../../src/protocol/measure.ts';
import { jsonLines } from '../spawned-cli.ts';
import { packageExtension } from '../ui/package-extension.ts';
import { unpack } from './unpack.ts';

// What is in the package has all that it needs: nothing of this project stands beside it.

const folder = mkdtempSync(join(tmpdir(), 'tierwise-packaged-'));
const dist = join(folder, 'extension', 'dist');
let paths: string[];
let server: Server;
const usage = { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 };

/** Code by language: what can be parsed, and what cannot. */
const code: Readonly<Record<string, readonly [right: string, wrong: string]>> = {
  python: ['def add(a, b):\n    return a + b', 'def add(a, b:\n    return a +'],
  javascript: ['const add = (a, b) => a + b;', 'const add = (a, b => {'],
  typescript: ['const add = (a: number, b: number): number => a + b;', 'const add = (a: number, : =>'],
  tsx: ['const view = <p>{1 + 1}</p>;', 'const view = <p>{1 + }</p'],
  java: ['class A { int add(int a, int b) { return a + b; } }', 'class A { int add(int a, { return }'],
  go: ['package a\n\nfunc add(a, b int) int {\n\treturn a + b\n}', 'package a\n\nfunc add(a, b int { return'],
  json: ['{"a": [1, 2]}', '{"a": [1, 2}'],
};

beforeAll(async () => {
  paths = unpack(await packageExtension(), folder);
  // Answers with the prompt.
  server = createServer(async (asking, answering) => {
    const { messages } = (await json(asking)) as any;
    const message = { role: 'assistant', content: messages.at(-1).content };
    answering.setHeader('content-type', 'application/json');
    answering.end(JSON.stringify({ choices: [{ message, finish_reason: 'stop' }], usage }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
}, 120_000);
afterAll(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the packaged extension', () => {
  it('has the grammars by which code is checked, with their licence, and no source', () => {
    for (const file of [...grammarFiles, 'LICENSE']) expect(paths).toContain(`extension/dist/grammars/${file}`);
    for (const file of ['extension.js', 'measure.js', 'cli.js', 'webview.js'])
      expect(paths).toContain(`extension/dist/${file}`);
    expect(paths.filter((path) => /\.(ts|map)$|node_modules|(^|\/)test\//.test(path))).toEqual([]);
  });

  it('checks code of every language with what is in it', async () => {
    const rows = Object.entries(code).flatMap(([language, both]) =>
      both.map((source, index) => ({
        id: `${language}-${index === 0 ? 'right' : 'wrong'}`,
        prompt: `\`\`\`${language}\n${source}\n\`\`\``,
        checks: [{ type: 'code', language }],
      })),
    );
    rows.push({ id: 'rust', prompt: '```rust\nfn main() {}\n```', checks: [{ type: 'code', language: 'rust' }] });
    writeFileSync(join(folder, 'code.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const endpoints = [{ id: 'echo', protocol: 'openai', baseUrl, models: [{ id: 'echo' }] }];
    writeFileSync(join(folder, 'tierwise.json'), JSON.stringify({ endpoints }));
    const args = ['bench', '--config', 'tierwise.json', '--prompts', 'code.jsonl', '--out', 'run'];
    const child = spawn(
      process.execPath,
      [join(dist, 'cli.js'), ...args, '--yes', '--no-stream', '--no-calibrate', '--warmup', '0'],
      { cwd: folder, env: { PATH: '', HOME: folder } },
    );
    const [printed, [exit]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect({ exit, printed }).toEqual({ exit: 0, printed: expect.any(String) });
    expect(scores()).toEqual({
      ...Object.fromEntries(
        Object.keys(code).flatMap((language) => [
          [`${language}-right`, 1],
          [`${language}-wrong`, 0],
        ]),
      ),
      rust: undefined,
    });
  });

  it('and so does its measuring process alone, as the editor starts it', async () => {
    rmSync(join(folder, 'run', 'outcomes.jsonl'));
    const checks = [{ prompt: 'go-wrong', checks: [{ type: 'code' as const, language: 'go', not: true }] }];
    const message: MeasureTask = {
      type: 'evaluate',
      runDir: join(folder, 'run'),
      checks,
      keys: [],
      network: { strictSsl: true },
      version: '0.0.0',
    };
    await startMeasuring({ entry: join(dist, 'measure.js'), message }).done;
    expect(scores()).toMatchObject({ 'go-right': 1, 'go-wrong': 1, 'python-right': 1, 'python-wrong': 0 });
  });

  /** By prompt. */
  function scores(): Record<string, number | undefined> {
    const lines = (file: string) => jsonLines(readFileSync(join(folder, 'run', file), 'utf8'));
    const prompts = new Map(lines('records.jsonl').map(({ id, promptId }) => [id, promptId]));
    const outcomes = lines('outcomes.jsonl').map((line) => outcomeSchema.parse(line));
    return Object.fromEntries(
      outcomes.flatMap((outcome) => (outcome.kind === 'check' ? [[prompts.get(outcome.record), outcome.score]] : [])),
    );
  }
});
