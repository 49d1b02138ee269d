import { describe, expect, it } from 'vitest';
import type { Outcome } from '../quality/outcome.ts';
import { normalQuantile } from '../stats/normal.ts';
import { seededRandom } from '../stats/random.ts';
import { verdictOf } from './compare-models.ts';
import { type Made, madeRun, recordId } from './testing/compared-run.ts';
import { type ComparedMetric, verdictSchema } from './verdict.ts';

/** Log-normal noise around 1. */
function noise(seed: number, spread: number): () => number {
  const draw = seededRandom(seed);
  return () => Math.exp(spread * normalQuantile(draw() || 0.5));
}

const verdict = (made: Made) => verdictOf(madeRun(made));
const only = (made: Made) => {
  const [comparison] = verdict(made).comparisons;
  if (!comparison) throw new Error('no comparison');
  return comparison;
};
const metric = (made: Made, name: ComparedMetric) => only(made).metrics.find((one) => one.metric === name);

function preference(prompt: number, winner: 'a' | 'b' | 'tie', by: 'person' | 'judge' = 'person'): Outcome {
  return { kind: 'pair', a: recordId(0, prompt), b: recordId(1, prompt), by, winner, at: '' };
}

describe('verdictOf', () => {
  it('says quality, latency, cost and satisfaction in one sentence, the conclusion first', () => {
    const draw = seededRandom(1);
    const made: Made = {
      prompts: 300,
      came: (model) => ({ score: draw() < (model ? 0.95 : 0.7) ? 1 : 0, cost: model ? 0.0081 : 0.001 }),
    };
    const run = madeRun(made);
    const { comparisons, rankings } = verdictOf(run);
    expect(comparisons[0]?.words[0]).toMatch(
      /^Compared with sim\/small, sim\/large answers better \(0\.9\d against 0\.[67]\d\) and costs 8\.1 times as much; latency is tied; satisfaction was not rated\.$/,
    );
    expect(rankings).toEqual([]);
    expect(verdictSchema.parse({ comparisons, rankings })).toEqual({ comparisons, rankings });
    expect(verdictOf(run)).toEqual({ comparisons, rankings });
  });

  it('takes latency as the ratio of geometric means, paired by prompt', () => {
    // Prompts differ a hundredfold, the models by a fifth: only pairs can show it.
    const wobble = noise(2, 0.05);
    const length = noise(3, 1.5);
    const lengths = Array.from({ length: 40 }, length);
    const ttft = metric(
      { came: (model, prompt) => ({ ttft: (lengths[prompt] ?? 1) * (model ? 120 : 100) * wobble() }) },
      'ttft',
    );
    expect(ttft).toMatchObject({ scale: 'ratio', n: 40, outcome: 'a' });
    expect(Math.abs((ttft?.effect ?? 0) - 1.2)).toBeLessThan(0.03);
    expect(ttft?.effect).toBeCloseTo((ttft?.b ?? 0) / (ttft?.a ?? 1), 10);
    expect(ttft?.low).toBeGreaterThan(1.15);
    expect(ttft?.high).toBeLessThan(1.25);
    expect(ttft?.pAdjusted).toBeLessThan(0.01);
  });

  it('does not take repeats for further prompts', () => {
    // Eight prompts, each with a difference of its own, repeated a hundred times: a test of requests would be sure.
    const own = [30, 20, -10, 25, -5, 15, -20, 35];
    const made = (repeats: number): Made => ({
      prompts: 8,
      repeats,
      came: (model, prompt) => ({ e2e: 200 + (model ? (own[prompt] ?? 0) : 0) }),
    });
    const once = metric(made(1), 'e2e');
    const often = metric(made(100), 'e2e');
    for (const key of ['n', 'p', 'outcome', 'needed'] as const) expect(often?.[key]).toBe(once?.[key]);
    for (const key of ['effect', 'low', 'high'] as const) expect(often?.[key]).toBeCloseTo(once?.[key] ?? 0, 9);
    expect(once).toMatchObject({ n: 8, outcome: 'too-few' });
    expect(once?.needed).toBeGreaterThan(8);
  });

  it('counts a prompt once over all stages, and compares within a stage only', () => {
    const stages = [1, 8].map((concurrency) => ({ load: { kind: 'closed' as const, concurrency }, models: [0, 1] }));
    // Under load all is ten times slower; one model has no requests for some prompts there.
    const made: Made = {
      prompts: 12,
      manifest: { stages },
      came: (model, prompt, _, stage) =>
        model === 1 && stage === 0 && prompt > 5 ? undefined : { ttft: (stage ? 1_000 : 100) * (model ? 1.5 : 1) },
    };
    expect(metric(made, 'ttft')).toMatchObject({ n: 12, outcome: 'a' });
    expect(metric(made, 'ttft')?.effect).toBeCloseTo(1.5, 6);
  });

  it('says so when two models never met under the same load, as in a search', () => {
    const stages = [0, 1].map((model) => ({
      load: { kind: 'closed' as const, concurrency: 1 + model },
      models: [model],
    }));
    const comparison = only({
      manifest: { stages },
      came: (model, _, __, stage) => (model === stage ? {} : undefined),
    });
    expect(comparison.metrics).toEqual([]);
    expect(comparison.words.join(' ')).toContain('never asked the same prompt under the same load');
  });

  it('leaves warm-up, cold starts, retries and failures out of latency, and counts failures as 0 in quality', () => {
    const comparison = only({
      came: (model, prompt) => {
        if (model === 0) return { score: 1 };
        if (prompt < 10) return { fails: true };
        if (prompt < 20) return { ttft: 9_000, score: 1, fields: { warmup: true } };
        const { sent, end } = { sent: 1, end: 5 };
        return prompt < 30
          ? { ttft: 9_000, score: 1, fields: { attempts: [{ times: { sent, end } }, { times: { sent, end } }] } }
          : { score: 1 };
      },
    });
    const [ttft, quality] = ['ttft', 'quality'].map((name) => comparison.metrics.find((one) => one.metric === name));
    expect(ttft).toMatchObject({ n: 10, effect: 1, outcome: 'tied' });
    expect(quality).toMatchObject({ n: 30, a: 1, outcome: 'a' });
    expect(quality?.b).toBeCloseTo(20 / 30, 12);
    expect(comparison.words.join(' ')).toContain('sim/large failed 10 of 30 requests');
  });

  it('compares costs as they are paid, by the difference of means, and says the ratio of what was paid', () => {
    // Most prompts are a little dearer with a, and a few far dearer with b, which pays more in all.
    const wobble = noise(7, 0.02);
    const made: Made = {
      prompts: 60,
      came: (model, prompt) => ({ cost: (model === 0 ? 0.0012 : prompt % 4 ? 0.001 : 0.006) * wobble() }),
    };
    const cost = metric(made, 'cost');
    expect(cost).toMatchObject({ scale: 'difference', outcome: 'a' });
    expect(cost?.effect).toBeCloseTo((cost?.b ?? 0) - (cost?.a ?? 0), 12);
    expect((cost?.b ?? 0) / (cost?.a ?? 1)).toBeCloseTo(2.25 / 1.2, 1);
    expect(cost?.margin).toBeCloseTo(0.02 * (cost?.a ?? 0), 12);
    // The interval of the difference is of the same sums as the totals.
    expect(cost?.low).toBeGreaterThan(0);
    expect(only(made).words[0]).toMatch(/sim\/small costs 4\d % less/);
    const free = metric({ came: (model) => ({ cost: model ? 0.002 : 0 }) }, 'cost');
    expect(free).toMatchObject({ scale: 'difference', a: 0, effect: 0.002, outcome: 'a' });
    expect(only({ came: (model) => ({ cost: model ? 0.002 : 0 }) }).words[0]).toContain('costs $0.002 a request less');
    expect(metric({ came: () => ({ cost: 0 }) }, 'cost')?.outcome).toBe('tied');
  });

  it('says that cost is unknown rather than 0', () => {
    const comparison = only({ came: () => ({ cost: undefined }) });
    expect(comparison.metrics.map((one) => one.metric)).toEqual(['ttft', 'e2e']);
    expect(comparison.words[0]).toContain('cost is unknown');
  });

  it('calls equal latencies tied, though a tiny difference is certain', () => {
    const wobble = noise(5, 0.01);
    const ttft = metric({ prompts: 200, came: (model) => ({ ttft: (model ? 102 : 100) * wobble() }) }, 'ttft');
    expect(ttft?.p).toBeLessThan(0.001);
    expect(ttft?.outcome).toBe('tied');
  });

  it('does not call answers equal because 40 checks agree, and says how many would do', () => {
    const quality = metric({ came: () => ({ score: 1 }) }, 'quality');
    expect(quality).toMatchObject({ effect: 0, outcome: 'too-few', needed: 183 });
    expect(metric({ prompts: 184, came: () => ({ score: 1 }) }, 'quality')?.outcome).toBe('tied');
  });

  it('needs about as many prompts as it says', () => {
    const made = (prompts: number, seed: number): Made => {
      const wobble = noise(seed, 0.3);
      return { prompts, came: (model) => ({ e2e: (model ? 600 : 500) * wobble() }) };
    };
    // 0.182 apart with a spread of 0.424, three figures in the family: (2.39 + 0.84)² · 5.42 is about 57.
    const few = Array.from({ length: 20 }, (_, seed) => metric(made(12, seed), 'e2e'));
    const needed = few.flatMap((one) => (one?.outcome === 'too-few' && one.needed ? [one.needed] : []));
    expect(needed.length).toBeGreaterThanOrEqual(12);
    expect(needed.sort((a, b) => a - b)[needed.length >> 1]).toBeGreaterThan(25);
    expect(needed[needed.length >> 1]).toBeLessThan(140);
    let told = 0;
    for (let seed = 100; seed < 130; seed++) if (metric(made(57, seed), 'e2e')?.outcome === 'a') told++;
    expect(told).toBeGreaterThanOrEqual(20);
  });

  it('tells nothing apart with fewer than six prompts, and a person why', () => {
    const comparison = only({ prompts: 5, repeats: 20, came: (model) => ({ ttft: model ? 900 : 100 }) });
    expect(comparison.metrics.every(({ outcome }) => outcome === 'too-few')).toBe(true);
    expect(comparison.words.join(' ')).toContain('fewer than 6 can show no difference');
    const single = only({ prompts: 1, repeats: 20, came: () => ({}) });
    expect(single.metrics).toEqual([]);
    expect(single.words[0]).toContain('cost rests on a single prompt');
  });

  it('corrects for everything that was looked at', () => {
    const wobble = noise(3, 0.2);
    const { comparisons } = verdict({
      models: ['a', 'b', 'c', 'd'],
      came: (model) => ({ ttft: (100 + 8 * model) * wobble() }),
    });
    const all = comparisons.flatMap(({ metrics }) => metrics);
    expect(all).toHaveLength(6 * 3);
    for (const { p, pAdjusted } of all) expect(pAdjusted).toBeGreaterThanOrEqual(p);
    const smallest = Math.min(...all.map(({ p }) => p));
    expect(all.find(({ p }) => p === smallest)?.pAdjusted).toBeCloseTo(Math.min(1, smallest * 18), 12);
  });

  it('raises a false alarm in few of 60 runs without any difference', () => {
    let alarms = 0;
    for (let seed = 0; seed < 60; seed++) {
      const wobble = noise(1_000 + seed, 0.3);
      const draw = seededRandom(seed);
      const { comparisons } = verdict({
        models: ['a', 'b', 'c'],
        prompts: 30,
        came: () => ({ ttft: 100 * wobble(), e2e: 500 * wobble(), cost: wobble(), score: draw() < 0.8 ? 1 : 0 }),
      });
      if (comparisons.some(({ metrics }) => metrics.some(({ outcome }) => outcome === 'a' || outcome === 'b')))
        alarms++;
    }
    // 3 are expected at 5 %; more than 7 come about in 1 of 50 such tests.
    expect(alarms).toBeLessThanOrEqual(7);
  });

  it('takes satisfaction from people only: pairs and thumbs, the last word of each', () => {
    const outcomes = Array.from({ length: 20 }, (_, prompt) => preference(prompt, prompt < 18 ? 'b' : 'tie'));
    const judged = Array.from({ length: 20 }, (_, prompt) => preference(prompt, 'a', 'judge'));
    const taken: Outcome = { kind: 'rating', record: recordId(1, 30), value: 0, at: '' };
    const made: Made = {
      outcomes: [...judged, preference(0, 'a'), ...outcomes, taken],
      came: (model, prompt) =>
        prompt === 30 && model === 1 ? { thumb: -1 } : prompt === 31 ? { thumb: model ? 1 : -1 } : {},
    };
    const satisfaction = metric(made, 'satisfaction');
    expect(satisfaction).toMatchObject({ n: 21, outcome: 'b' });
    expect(satisfaction?.b).toBeCloseTo((18 + 1 + 1) / 21, 12);
    expect(satisfaction?.a).toBeCloseTo((0 + 1 + 0) / 21, 12);
    expect(only(made).words[0]).toContain('sim/large is liked better (0.95 against 0.05)');
  });

  it('says nothing of the latency of a run that is not valid', () => {
    const comparison = only({
      manifest: { lag: { p50: 1, p99: 80, max: 90 } },
      came: (model) => ({ ttft: model ? 900 : 100, cost: model ? 0.004 : 0.001 }),
    });
    expect(comparison.words[0]).toBe(
      'Compared with sim/large, sim/small costs 75 % less; quality was not evaluated; latency cannot be relied on, as the run is not valid; satisfaction was not rated.',
    );
    expect(comparison.words[1]).toMatch(/^The run is not valid: the measuring process/);
    // Neither in numbers nor in what the others are corrected for.
    expect(comparison.metrics.map((one) => one.metric)).toEqual(['cost']);
    expect(comparison.metrics[0]?.pAdjusted).toBe(comparison.metrics[0]?.p);
    const { rankings } = verdict({
      models: ['a', 'b', 'c'],
      manifest: { lag: { p50: 1, p99: 80, max: 90 } },
      came: () => ({}),
    });
    expect(rankings.map((one) => one.metric)).toEqual(['cost']);
  });

  it('counts latency from the schedule where requests come by the clock, so that waiting for a slot shows', () => {
    const waited: Made['came'] = (model, prompt) => {
      const sent = model ? 5_000 + prompt : 1;
      return { fields: { times: { sent, firstToken: sent + 100, lastToken: sent + 500, end: sent + 501 } } };
    };
    const open = { kind: 'open' as const, arrivals: 'constant' as const, perSecond: 1 };
    const byClock = only({ plan: { load: { pattern: 'steady', load: open } }, came: waited });
    expect(byClock.metrics.filter(({ outcome }) => outcome === 'a').map((one) => one.metric)).toEqual(['ttft', 'e2e']);
    expect(byClock.words.join(' ')).toContain('latency counts from the schedule');
    const closed = only({ came: waited });
    expect(closed.metrics[0]).toMatchObject({ metric: 'ttft', outcome: 'tied', effect: 1 });
    expect(closed.words.join(' ')).not.toContain('schedule');
  });

  it('has no time to first token where nothing was streamed', () => {
    const comparison = only({ plan: { stream: false }, came: (model) => ({ e2e: model ? 900 : 500 }) });
    expect(comparison.metrics.map((one) => one.metric)).toEqual(['e2e', 'cost']);
    expect(comparison.words[0]).toContain('sim/small finishes sooner (500 ms against 900 ms)');
  });

  it('survives a time of 0 ms and a name that would deceive', () => {
    const comparison = only({ models: ['a\u202eb', 'c'], came: () => ({ ttft: 0 }) });
    for (const { effect, low, high } of comparison.metrics)
      for (const value of [effect, low, high]) expect(value).toBeGreaterThanOrEqual(0);
    expect(comparison.words[0]).not.toContain('\u202e');
  });
});

describe('rankings', () => {
  it('order more than two models, with the ranks that other prompts might have given', () => {
    const wobble = noise(4, 0.2);
    const { rankings } = verdict({
      models: ['slow', 'one', 'same', 'gone'],
      came: (model) => (model === 3 ? undefined : { ttft: ([300, 100, 101][model] ?? 0) * wobble() }),
    });
    const ttft = rankings.find((one) => one.metric === 'ttft');
    expect(ttft?.models.map(({ model }) => model).at(-1)).toBe(0);
    expect(ttft?.models.find(({ model }) => model === 0)).toMatchObject({ rank: 3, low: 3, high: 3 });
    for (const model of [1, 2])
      expect(ttft?.models.find((one) => one.model === model)).toMatchObject({ low: 1, high: 2 });
    expect(ttft?.models.find(({ model }) => model === 0)?.value).toBeGreaterThan(270);
    expect(rankings.map((one) => one.metric)).toEqual(['ttft', 'e2e', 'cost']);
  });

  it('give equal models the same rank, and put higher quality first', () => {
    const { rankings } = verdict({ models: ['a', 'b', 'c'], came: (model) => ({ score: model === 2 ? 1 : 0 }) });
    expect(rankings.find((one) => one.metric === 'quality')?.models.map(({ model, rank }) => [model, rank])).toEqual([
      [2, 1],
      [0, 2],
      [1, 2],
    ]);
    expect(rankings.find((one) => one.metric === 'cost')?.models.map(({ rank }) => rank)).toEqual([1, 1, 1]);
  });
});
