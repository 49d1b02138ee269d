import { describe, expect, it } from 'vitest';
import { searchedRun, sweptRun } from '../../../test/sample-loads.ts';
import { sampleRun } from '../../../test/sample-run.ts';
import { distribution } from '../stats/quantiles.ts';
import type { Manifest } from './manifest.ts';
import { meetsSlo } from './slo.ts';
import { summarise } from './summarise.ts';

describe('stages', () => {
  const { manifest, prompts, records, summary } = sweptRun();

  it('has figures of each stage for the models in it, which add up to those of all', () => {
    expect(summary.stages).toHaveLength(6);
    for (const [model, all] of summary.models.entries()) {
      const requests = summary.stages!.map(({ summaries }) => summaries[model]!.counts.requests);
      expect(requests.reduce((sum, count) => sum + count, 0)).toBe(all.counts.requests);
    }
    const [first, last] = [summary.stages![0]!.summaries[1]!, summary.stages![5]!.summaries[1]!];
    expect(last.ttftMs!.p50).toBeGreaterThan(2 * first.ttftMs!.p50);
    expect(last.good!.share).toBeLessThan(first.good!.share);
  });

  it('measures a rate in the time of its own stage, and over all stages without the time between them', () => {
    const own = [...records].filter(({ model, stage }) => model === 'fast-8b' && stage === 2);
    const begin = Math.min(...own.map(({ scheduledAt, times }) => Date.parse(scheduledAt) + times.sent));
    const end = Math.max(...own.map(({ scheduledAt, times }) => Date.parse(scheduledAt) + times.end));
    expect(summary.stages![2]!.summaries[0]!.requestsPerSecond).toBeCloseTo(own.length / ((end - begin) / 1_000), 6);
    expect(summary.models[0]!.requestsPerSecond).toBeGreaterThan(1);
  });

  it('counts good requests from schedule, as they arrive by the clock', () => {
    const slow = [...records].filter(({ model, stage }) => model === 'slow-70b' && stage === 2);
    const good = slow.filter((record) => meetsSlo(record, manifest.plan.slo!, true)).length;
    expect(summary.stages![2]!.summaries[1]!.good!.share).toBeCloseTo(good / slow.length, 12);
    expect(slow.filter((record) => meetsSlo(record, manifest.plan.slo!, false)).length).toBeGreaterThan(good);
  });

  it('shows waiting in the client and connections that were opened', () => {
    const [fast] = summary.models;
    expect(fast!.queueMs!.n).toBe(360);
    expect(fast!.e2eFromScheduleMs!.p95).toBeGreaterThan(fast!.e2eMs!.p95);
    expect(fast!.connections).toMatchObject({ opened: 6, tcpMs: { p50: 0.4 }, tlsMs: { p50: 2.1 } });
    expect(fast!.connections).toHaveProperty('dnsMs', undefined);
  });

  it('counts errors against what is good', () => {
    const failing = [...records].map((record, index) =>
      index % 2 === 0
        ? { ...record, status: 'error' as const, error: { code: 'server' as const, message: 'no' } }
        : record,
    );
    const [fast] = summarise(manifest, prompts, failing).stages![0]!.summaries;
    expect(fast!.good!.share).toBe(0.5);
  });
});

describe('capacity', () => {
  it('is the highest rate that held below the lowest that failed', () => {
    const { summary } = searchedRun();
    expect(summary.capacity).toEqual([
      { model: 0, perSecond: 11.3, failedAt: 16 },
      { model: 1, perSecond: 4, failedAt: 5.66 },
    ]);
    expect(summary.definitions.capacity).toContain('90 %');
  });

  it('has no rate for a model that held at none', () => {
    const run = searchedRun();
    const strict = { ...run.manifest, plan: { ...run.manifest.plan, slo: { ttftMs: 1 } } };
    expect(summarise(strict, run.prompts, run.records).capacity).toEqual([
      { model: 0, failedAt: 2 },
      { model: 1, failedAt: 2 },
    ]);
  });
});

describe('validity', () => {
  const { manifest, prompts, records } = sampleRun({ models: ['a'], requests: 200, errorShare: 0 });
  const of = (fields: Partial<Manifest>) => summarise({ ...manifest, ...fields }, prompts, records);
  const errors = (ms: number) => distribution([ms, ms, ms])!;

  it('is lost when the instrument errs by more than 5 % of the median', () => {
    const median = of({}).models[0]!.ttftMs!.p50;
    const calibrated = (ms: number) => ({ requests: 64, ttftErrorMs: errors(ms), e2eErrorMs: errors(0.1) });
    expect(of({ calibration: calibrated(median * 0.049) }).invalid).toBeUndefined();
    const late = of({ calibration: calibrated(median * 0.051) });
    expect(late.invalid).toContain("the instrument's own error in the time to first token");
    expect(late.warnings[0]).toBe(`Not valid: ${late.invalid}`);
  });

  it('is not lost by a rate near what this machine can send, but said', () => {
    const rate = of({}).models[0]!.requestsPerSecond!;
    const calibration = { requests: 64, e2eErrorMs: errors(0.1), bareLoopPerSecond: rate / 0.61 };
    expect(of({ calibration }).warnings.join()).toContain('the client may be the bottleneck');
    expect(of({ calibration: { ...calibration, bareLoopPerSecond: rate / 0.59 } }).warnings.join()).not.toContain(
      'bottleneck',
    );
    expect(of({ calibration }).invalid).toBeUndefined();
  });
});
