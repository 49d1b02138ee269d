import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../core/benchmark/manifest.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { configHash } from './config-hash.ts';
import { writeAtomically } from './disk.ts';
import { openJournal } from './journal.ts';
import { lockRun } from './lock.ts';
import { listRuns, openRun, readRun, runPaths, wholeRecords } from './run-folder.ts';
import { makeFolder, makePlan, makePrompts } from './testing/run.ts';

let folder: ReturnType<typeof makeFolder>;
let dir = '';
beforeEach(() => {
  folder = makeFolder();
  dir = join(folder.dir, 'run');
  writeRun(dir, 3);
});
afterEach(() => folder.remove());

function writeRun(into: string, records: number, fields: Partial<Manifest> = {}): void {
  mkdirSync(into, { recursive: true });
  const prompts = makePrompts(3);
  const plan = makePlan('http://127.0.0.1:8080/v1');
  const manifest: Manifest = {
    schema: 1,
    runId: 'run',
    title: 'test',
    state: 'complete',
    startedAt: '2026-11-23T09:00:00.000Z',
    resumed: 0,
    plan,
    configHash: configHash(plan, prompts),
    versions: { tierwise: '0', node: '24', undici: '7' },
    machine: { platform: 'linux', arch: 'x64', cpus: 2, cpuModel: 'x', memoryMb: 1 },
    simulated: false,
    ...fields,
  };
  const paths = runPaths(into);
  writeAtomically(paths.manifest, JSON.stringify(manifest));
  writeAtomically(paths.prompts, prompts.map((prompt) => `${JSON.stringify(prompt)}\n`).join(''));
  const journal = openJournal(paths.records, (failure) => expect.unreachable(failure.message));
  for (let index = 1; index <= records; index++) journal.append(record(index));
  journal.close();
}

function record(index: number): RunRecord {
  const times = { sent: 0, headers: 1, firstToken: 2, firstVisible: 2, lastToken: 4, end: 5 };
  return {
    id: `r${index}`,
    promptId: `p${index}`,
    endpoint: 'lab',
    model: 'alpha',
    status: 'ok',
    scheduledAt: '2026-11-23T09:00:00.000Z',
    attempts: [{ times, status: 200 }],
    times,
    tokens: { input: 1, output: 3, source: 'server' },
    answer: 'Antwort: äöü 日本 🙂\u2028',
  };
}

describe('readRun', () => {
  it('gives back what was written', async () => {
    const { records, prompts, notes, summary } = await readRun(dir);
    expect(records).toEqual([1, 2, 3].map(record));
    expect(prompts).toEqual(makePrompts(3));
    expect(notes).toEqual([]);
    expect(summary.totals.ok).toBe(3);
  });

  it('reads a run up to any byte at which a killed process or a full disk may have ended it', async () => {
    const { records: path } = runPaths(dir);
    const whole = readFileSync(path);
    for (let bytes = whole.length; bytes >= 0; bytes -= 7) {
      truncateSync(path, bytes);
      const { records, notes } = await readRun(dir);
      const kept = whole.subarray(0, bytes);
      const lines = kept.toString('latin1').split('\n').length - 1;
      // The last line may lack nothing but its line feed.
      expect([lines, lines + 1]).toContain(records.length);
      expect(notes.length).toBe(bytes > wholeRecords(dir).bytes ? 1 : 0);
    }
  });

  it('leaves out zeros at the end, which a machine without power may leave', async () => {
    appendFileSync(runPaths(dir).records, Buffer.alloc(4_096));
    const { records, notes } = await readRun(dir);
    expect(records).toHaveLength(3);
    expect(notes).toEqual(['Line 4 of records.jsonl, the last, is incomplete and was left out.']);
  });

  it('takes the first of two records of one request', async () => {
    appendFileSync(runPaths(dir).records, `${JSON.stringify({ ...record(2), answer: 'second' })}\n`);
    const { records, notes } = await readRun(dir);
    expect(records).toEqual([1, 2, 3].map(record));
    expect(notes.join()).toContain('1 record');
  });

  it('reads lines longer than a piece', async () => {
    appendFileSync(runPaths(dir).records, `${JSON.stringify({ ...record(4), answer: '日'.repeat(300_000) })}\n`);
    const { records } = await readRun(dir);
    expect(records[3]?.answer).toHaveLength(300_000);
  });

  it('is not fooled by line separators inside answers', async () => {
    expect((await readRun(dir)).records[0]?.answer).toContain('\u2028');
  });

  it.each([
    ['a broken line in the middle', 'records.jsonl', '{"id": \n{}\n', /records\.jsonl:1 is damaged: it is not JSON/],
    ['a record without times', 'records.jsonl', '{"id":"x"}\n', /records\.jsonl:1 is damaged: "/],
    ['a manifest that is no JSON', 'manifest.json', '{', /manifest\.json is damaged: it is not JSON/],
    ['a manifest of another kind', 'manifest.json', '{"schema":2}', /manifest\.json is damaged: "schema"/],
    ['a broken prompt', 'prompts.jsonl', '{"id":1}\n', /prompts\.jsonl:1 is damaged: "id"/],
  ])('refuses %s, and says where it is', async (_what, name, text, message) => {
    writeFileSync(join(dir, name), text);
    await expect(readRun(dir)).rejects.toMatchObject({ code: 'input', message: expect.stringMatching(message) });
  });

  it('says when a folder holds no run', async () => {
    await expect(readRun(folder.dir)).rejects.toMatchObject({
      code: 'input',
      message: expect.stringContaining('holds no run'),
    });
    await expect(readRun(join(folder.dir, 'nowhere'))).rejects.toMatchObject({ code: 'input' });
  });

  it('reads a run that has no records yet', async () => {
    rmSync(runPaths(dir).records);
    expect((await readRun(dir)).records).toEqual([]);
  });
});

describe('openRun', () => {
  it('reads the same run, its records anew each time', async () => {
    const [whole, opened] = [await readRun(dir), await openRun(dir)];
    expect([...opened.records]).toEqual(whole.records);
    expect(opened.summary).toEqual(whole.summary);
    appendFileSync(runPaths(dir).records, `${JSON.stringify(record(4))}\n`);
    expect([...opened.records]).toHaveLength(4);
  });

  it('reads what was said of answers, and means it into the summary', async () => {
    const rating = { kind: 'rating', record: 'r1', value: 1, at: '2026-11-23T09:00:00.000Z' };
    appendFileSync(runPaths(dir).outcomes, `${JSON.stringify(rating)}\n`);
    const { outcomes, summary } = await openRun(dir);
    expect(outcomes).toEqual([rating]);
    expect(summary.models[0]?.satisfaction).toMatchObject({ up: 1, down: 0 });
    expect((await readRun(dir)).summary).toEqual(summary);
  });

  it('refuses a damaged record while it is summarised', async () => {
    appendFileSync(runPaths(dir).records, `${JSON.stringify({ ...record(4), status: 'fine' })}\n`);
    await expect(openRun(dir)).rejects.toMatchObject({ code: 'input', message: expect.stringContaining('"status"') });
  });
});

describe('listRuns', () => {
  it('lists runs newest first, says which one lives, and passes over all else', async () => {
    const parent = join(folder.dir, 'runs');
    writeRun(join(parent, 'old'), 1, { startedAt: '2026-01-01T00:00:00.000Z' });
    writeRun(join(parent, 'new'), 1, { startedAt: '2026-02-01T00:00:00.000Z', state: 'running' });
    writeRun(join(parent, 'broken'), 1);
    writeFileSync(join(parent, 'broken', 'manifest.json'), 'junk');
    mkdirSync(join(parent, 'empty'));
    writeFileSync(join(parent, 'file'), '');
    symlinkSync(join(parent, 'nowhere'), join(parent, 'link'));
    const lock = lockRun(join(parent, 'new'));
    const runs = await listRuns(parent);
    expect(runs.map((run) => [run.dir, run.live])).toEqual([
      [join(parent, 'new'), true],
      [join(parent, 'old'), false],
    ]);
    lock.release();
    expect((await listRuns(parent))[0]?.live).toBe(false);
  });

  it('lists nothing where there is nothing', async () => {
    expect(await listRuns(join(folder.dir, 'nowhere'))).toEqual([]);
  });
});

it('hashes what a run does, not the order in which it is written down', () => {
  const plan = makePlan('http://127.0.0.1:8080/v1');
  const turned = Object.fromEntries(Object.entries(plan).reverse()) as typeof plan;
  expect(configHash(turned, makePrompts(2))).toBe(configHash(plan, makePrompts(2)));
  expect(configHash(plan, makePrompts(3))).not.toBe(configHash(plan, makePrompts(2)));
  expect(configHash({ ...plan, seed: 2 }, makePrompts(2))).not.toBe(configHash(plan, makePrompts(2)));
});
