import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../core/stats/random.ts';
import { isLocked } from './lock.ts';
import { startMeasuring } from './measuring.ts';
import { readManifest, readRun } from './run-folder.ts';
import { Bench, until } from './testing/bench.ts';
import { makePlan, makePrompts, recordedIds, resumeMessage, startMessage } from './testing/run.ts';

const bench = new Bench();

describe('an interrupted run', { timeout: 120_000 }, () => {
  it('has each request exactly once after kills at any moment, and sends none again that was recorded', async () => {
    const random = seededRandom(20_261_123);
    const moments = [1, 2, 3, 4, 5].map((kill) => kill * 40 + Math.floor(random() * 40));
    const delays = moments.map(() => random() * 6);
    const endpoint = await bench.serve({
      delayMs: 3,
      onRequest() {
        if (endpoint.received.length !== moments[0]) return false;
        moments.shift();
        const pid = bench.measuringPid();
        setTimeout(() => process.kill(pid, 'SIGKILL'), delays.shift());
        return false;
      },
    });
    const models = ['alpha', 'beta'].map((model) => ({ endpoint: 'lab', model, inputPrice: 1, outputPrice: 2 }));
    const plan = makePlan(endpoint.baseUrl, { models, concurrency: 8, requests: 200, warmup: 2 });

    /** After each kill: what stood in the file, and how many requests had been sent. */
    const snapshots: { ids: string[]; sent: number }[] = [];
    let message: ReturnType<typeof startMessage> | ReturnType<typeof resumeMessage> = startMessage(
      bench.runDir,
      plan,
      makePrompts(50),
    );
    for (;;) {
      const ended = await startMeasuring({ entry: bench.entry, message }).done.catch((error: unknown) => error);
      if (!(ended instanceof Error)) break;
      expect(ended.message).toContain('resume the run');
      expect(readManifest(bench.runDir).state).toBe('running');
      expect(isLocked(bench.runDir)).toBe(false);
      snapshots.push({ ids: recordedIds(bench.runDir), sent: endpoint.received.length });
      message = resumeMessage(bench.runDir);
    }

    expect(snapshots).toHaveLength(5);
    for (const { ids, sent } of snapshots) {
      expect(ids.length).toBeGreaterThan(0);
      // Whatever was sent and not recorded was in flight: no more than there are slots, and one that was being written.
      const again = new Set(endpoint.received.slice(sent).map(({ id }) => id));
      expect(ids.filter((id) => again.has(id))).toEqual([]);
    }
    const run = await readRun(bench.runDir);
    expect(run.manifest).toMatchObject({ state: 'complete', resumed: 5 });
    expect(run.manifest.unrecordedUsd).toBeGreaterThan(0);
    expect(run.notes).toEqual([]);
    expect(run.records).toHaveLength(2 * 202);
    expect(new Set(run.records.map(({ id }) => id)).size).toBe(2 * 202);
    expect(new Set(run.records.map(({ session }) => session ?? 0))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    expect(endpoint.received.length - 2 * 202).toBeLessThanOrEqual(5 * 2 * 8);
  });

  it('keeps what is done when it is cancelled, blames no endpoint for it, and can be resumed', async () => {
    const endpoint = await bench.serve({ delayMs: 20 });
    const plan = makePlan(endpoint.baseUrl, { concurrency: 4, requests: 100 });
    const measuring = startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(100)),
    });
    await until(() => endpoint.received.length >= 30);
    measuring.cancel();
    const { manifest, summary } = await measuring.done;
    expect(manifest.state).toBe('cancelled');
    // At most four were in flight, each of up to 94 tokens in and 16 out.
    const boundUsd = (94 * 1 + 16 * 2) / 1e6;
    expect(manifest.unrecordedUsd).toBeGreaterThanOrEqual(boundUsd * 0.99);
    expect(manifest.unrecordedUsd).toBeLessThanOrEqual(4 * boundUsd * 1.01);
    expect(summary.totals.error).toBe(0);
    expect(summary.totals.ok).toBeGreaterThanOrEqual(20);
    expect(summary.totals.ok).toBeLessThan(100);
    expect(summary.warnings.join()).toContain('it was cancelled');

    const before = new Set(recordedIds(bench.runDir));
    const sent = endpoint.received.length;
    const resumed = await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    expect(resumed.manifest).toMatchObject({ state: 'complete', resumed: 1 });
    expect(resumed.manifest.durationMs).toBeGreaterThan(manifest.durationMs ?? 0);
    expect(resumed.summary.totals.ok).toBe(100);
    expect(endpoint.received.slice(sent).filter(({ id }) => before.has(id))).toEqual([]);
  });

  it('sends nothing when it is cancelled before it began', async () => {
    const endpoint = await bench.serve({ delayMs: 1_000 });
    const plan = makePlan(endpoint.baseUrl, { requests: 100 });
    const measuring = startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(100)),
    });
    measuring.cancel();
    const { manifest, summary } = await measuring.done;
    expect(manifest.state).toBe('cancelled');
    expect(summary.totals.requests).toBe(0);
  });

  it('is settled when the program that began it goes away', async () => {
    const endpoint = await bench.serve({ delayMs: 20 });
    const child = fork(bench.entry, [], { execArgv: [], stdio: 'ignore' });
    child.send(startMessage(bench.runDir, makePlan(endpoint.baseUrl, { requests: 500 }), makePrompts(50)));
    await until(() => endpoint.received.length >= 20);
    child.disconnect();
    await once(child, 'exit');
    expect(readManifest(bench.runDir).state).toBe('cancelled');
    expect((await readRun(bench.runDir)).records.length).toBeGreaterThanOrEqual(10);
    expect(existsSync(join(bench.runDir, 'lock'))).toBe(false);
  });

  it('does not heed Ctrl-C, which reaches all processes of a terminal', async () => {
    const endpoint = await bench.serve({
      delayMs: 5,
      onRequest() {
        if (endpoint.received.length === 20) process.kill(bench.measuringPid(), 'SIGINT');
        return false;
      },
    });
    const plan = makePlan(endpoint.baseUrl, { requests: 100 });
    const { manifest } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(100)),
    }).done;
    expect(manifest.state).toBe('complete');
  });

  it('is not taken up by two processes at once', async () => {
    const endpoint = await bench.serve({ delayMs: 20 });
    const plan = makePlan(endpoint.baseUrl, { requests: 100 });
    const first = startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(100)) });
    await until(() => endpoint.received.length >= 8);
    await expect(
      startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done,
    ).rejects.toMatchObject({
      code: 'local',
      message: expect.stringContaining('is being worked on by process'),
    });
    first.cancel();
    const { manifest } = await first.done;
    expect(manifest.state).toBe('cancelled');
  });

  it('is not resumed when the prompts were changed', async () => {
    const endpoint = await bench.serve();
    const plan = makePlan(endpoint.baseUrl, { requests: 1_000, timeLimitMs: 100 });
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(10)) }).done;
    const sent = endpoint.received.length;
    appendFileSync(
      join(bench.runDir, 'prompts.jsonl'),
      `${JSON.stringify({ id: 'new', text: 'More', tokens: 1, score: 0, tier: 'simple' })}\n`,
    );
    await expect(
      startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done,
    ).rejects.toMatchObject({
      code: 'input',
      message: expect.stringContaining('were changed since the run began'),
    });
    expect(endpoint.received).toHaveLength(sent);
  });

  it.skipIf(process.platform === 'win32')(
    'stops when the disk takes no more, and everything before is readable',
    async () => {
      // A limit on the size of files stands in for a full disk: the system refuses the write in the same way.
      const limited = join(bench.folder, 'limited');
      writeFileSync(limited, `#!/bin/sh\nulimit -f 256\nexec "${process.execPath}" "$@"\n`);
      chmodSync(limited, 0o755);
      const endpoint = await bench.serve({ answer: 'x'.repeat(3_000) });
      const plan = makePlan(endpoint.baseUrl, { requests: 500 });
      const message = startMessage(bench.runDir, plan, makePrompts(50));
      const { manifest, summary } = await startMeasuring({ entry: bench.entry, message, execPath: limited }).done;
      expect(manifest).toMatchObject({ state: 'stopped', stopReason: 'disk' });
      expect(manifest.stopMessage).toContain('records.jsonl');
      const run = await readRun(bench.runDir);
      expect(run.notes).toEqual([]);
      expect(run.records.length).toBeGreaterThan(20);
      expect(run.records.length).toBe(summary.totals.ok);
      expect(readFileSync(join(bench.runDir, 'records.jsonl'), 'utf8').endsWith('}\n')).toBe(true);

      const resumed = await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
      expect(resumed.manifest.state).toBe('complete');
      expect(resumed.summary.totals.ok).toBe(500);
    },
  );
});
