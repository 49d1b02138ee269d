import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Ask, ask, contents, readAll, settled, start, stopAll } from './testing/asking.ts';
import { truthLogWriter } from './truth.ts';

afterEach(stopAll);

describe('one seed', () => {
  const run = async (seed: number, order: (asks: Ask[]) => Ask[], concurrency: number) => {
    const { simulator, truth } = await start({ seed, speed: 1000, faults: { '429': 0.1, truncated: 0.1 } });
    const asks = order(
      Array.from({ length: 120 }, (_, index) => ({
        model: ['small', 'medium', 'large'][index % 3] ?? '',
        prompt: `Explain and prove number ${Math.floor(index / 6)}.`,
        stream: true,
      })),
    );
    const answers: string[] = [];
    const worker = async () => {
      for (let next = asks.pop(); next !== undefined; next = asks.pop()) {
        const response = await ask(simulator, next);
        answers.push(`${next.model} ${response.status} ${contents((await readAll(response)).text).join('')}`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    await settled(truth, 120);
    const drawn = truth.map(({ model, plannedTtftMs, wrong, fault }) => [model, plannedTtftMs, wrong, fault].join(' '));
    return { answers: answers.sort(), drawn: drawn.sort(), truth };
  };

  it('gives the same texts, delays and errors in any order and at any concurrency', async () => {
    const one = await run(5, (asks) => asks, 1);
    const other = await run(5, (asks) => asks.reverse(), 40);
    expect(other.answers).toEqual(one.answers);
    expect(other.drawn).toEqual(one.drawn);
    expect(new Set(one.drawn).size).toBe(120);
  });

  it('differs from another seed', async () => {
    const one = await run(5, (asks) => asks, 20);
    const other = await run(6, (asks) => asks, 20);
    expect(other.drawn).not.toEqual(one.drawn);
    expect(other.answers).not.toEqual(one.answers);
  });

  it('makes small models wrong more often than large ones, and says so in the truth only', async () => {
    const { truth, answers } = await run(5, (asks) => asks, 20);
    const wrong = (model: string) => truth.filter((entry) => entry.model === model && entry.wrong).length;
    expect(wrong('small')).toBeGreaterThan(wrong('large'));
    expect(answers.join('')).not.toContain('wrong');
  });
});

describe('the truth', () => {
  it('joins by request id, and its moments are in order', async () => {
    const { simulator, truth } = await start({ speed: 20 });
    const ids = Array.from({ length: 30 }, (_, index) => `id-${index}`);
    const answers = await Promise.all(
      ids.map(async (id) => {
        const response = await ask(simulator, { model: 'paced', stream: true, headers: { 'x-request-id': id } });
        expect(response.headers.get('x-request-id')).toBe(id);
        return contents(await response.text()).length;
      }),
    );
    await settled(truth, 30);
    expect(truth.map((entry) => entry.requestId).sort()).toEqual([...ids].sort());
    for (const entry of truth) {
      expect(entry).toMatchObject({ model: 'paced', status: 200, stream: true, plannedTtftMs: 10, inputTokens: 3 });
      expect(entry.outputTokens).toBe(answers[0]);
      expect(entry.headersMs).toBeGreaterThanOrEqual(5);
      expect(entry.firstTokenMs).toBeGreaterThanOrEqual(10);
      expect(entry.lastTokenMs).toBeGreaterThanOrEqual(10 + 63 * 0.5);
      expect(entry.endMs).toBeGreaterThanOrEqual(entry.lastTokenMs!);
      expect(entry.firstTokenMs).toBeGreaterThanOrEqual(entry.headersMs!);
      expect(entry.lateMs).toBeGreaterThanOrEqual(0);
    }
    expect(simulator.lateness().count).toBe(30 * 64);
  });

  it('makes an id where the client gave none, and tells it', async () => {
    const { simulator, truth } = await start();
    const response = await ask(simulator);
    await response.text();
    expect(response.headers.get('x-request-id')).toBe((await settled(truth))[0]?.requestId);
  });

  it('is written as JSON lines, and a file that cannot be written is a clear failure', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'truth-')), 'truth.jsonl');
    const log = await truthLogWriter(path);
    const { simulator } = await start({ truth: log.write });
    for (let index = 0; index < 3; index += 1) await (await ask(simulator, { prompt: `${index}` })).text();
    await simulator.close();
    await log.close();
    await log.close();
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).status)).toEqual([200, 200, 200]);
    const refused = truthLogWriter(join(path, 'below-a-file'));
    await expect(refused).rejects.toMatchObject({ code: 'local', message: expect.stringContaining('below-a-file') });
  });
});
