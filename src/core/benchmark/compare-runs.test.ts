import { expect, it } from 'vitest';
import { Failure } from '../failure.ts';
import { normalQuantile } from '../stats/normal.ts';
import { seededRandom } from '../stats/random.ts';
import { compareRuns } from './compare-runs.ts';
import { driftWithin } from './drift.ts';
import { type Made, madeRun } from './testing/compared-run.ts';
import { runComparisonSchema } from './verdict.ts';

/** One model; each prompt has a length of its own, the same in every run. */
function run(made: Partial<Made> & { readonly seed: number; readonly factor?: number }) {
  const draw = seededRandom(made.seed);
  const came: Made['came'] = (_, prompt) => {
    const wobble = Math.exp(0.05 * normalQuantile(draw() || 0.5));
    const factor = made.factor ?? 1;
    return { ttft: 100 * (1 + (prompt % 7)) * factor * wobble, e2e: 1_000 * (1 + (prompt % 7)) * wobble };
  };
  return madeRun({ models: ['m'], came, ...made });
}

it('tells a change from noise by pairing the prompts of both runs', () => {
  const comparison = compareRuns([run({ seed: 1 }), run({ seed: 2, factor: 1.3 })]);
  expect(runComparisonSchema.parse(comparison)).toEqual(comparison);
  const [model] = comparison.models;
  const ttft = model?.metrics.find(({ metric }) => metric === 'ttft');
  expect(ttft).toMatchObject({ n: 40, outcome: 'a', scale: 'ratio' });
  expect(Math.abs((ttft?.effect ?? 0) - 1.3)).toBeLessThan(0.04);
  expect(model?.metrics.find(({ metric }) => metric === 'e2e')?.outcome).toBe('tied');
  expect(model?.words[0]).toMatch(
    /^Time to first token: 1\.3 times as long \(1\.[23]\d? to 1\.[34]\d?\), \d+ ms after \d+ ms: not noise \(p < 0\.001\)\.$/,
  );
  expect(model?.words[1]).toMatch(/^End-to-end time: the same within 5 %/);
  expect(model?.words.join(' ')).not.toContain('drift');
  expect(comparison.changes).toEqual([]);
  expect(comparison.warnings.join(' ')).toContain('at different times');
});

it('calls it noise when nothing changed, and says how many prompts would tell', () => {
  const loud = (seed: number) => {
    const draw = seededRandom(seed);
    return madeRun({
      models: ['m'],
      prompts: 12,
      came: () => ({ ttft: 100 * Math.exp(normalQuantile(draw() || 0.5)) }),
    });
  };
  const [model] = compareRuns([loud(1), loud(2)]).models;
  expect(model?.metrics.find(({ metric }) => metric === 'ttft')?.outcome).toBe('too-few');
  expect(model?.words[0]).toMatch(/which may be noise \(p = .*\); about [\d,]+ prompts would tell, 12 were compared/);
});

it('says that it may be drift where the halves of one run differ as much as the runs do', () => {
  const drifting = (seed: number, from: number, to: number) => {
    const draw = seededRandom(seed);
    return madeRun({
      models: ['m'],
      repeats: 2,
      came: (_, prompt, repeat) => ({
        ttft: (repeat === 0 ? from : to) * (1 + prompt) * Math.exp(0.05 * normalQuantile(draw() || 0.5)),
      }),
    });
  };
  const words = compareRuns([drifting(1, 100, 100), drifting(2, 110, 160)]).models[0]?.words.join(' ');
  expect(words).toContain('not noise');
  expect(words).toMatch(/within the other run alone, the second half took 1\.5 times as long as the first/);
  const steady = compareRuns([drifting(1, 100, 100), drifting(2, 130, 130)]).models[0]?.words.join(' ');
  expect(steady).toContain('not noise');
  expect(steady).not.toContain('alone');
});

it('does not take a half with the long prompts for drift where prompts were repeated', () => {
  // Short prompts are sent twice at first, long ones twice at the end.
  const { records } = madeRun({
    models: ['m'],
    prompts: 40,
    came: (_, prompt) => ({ ttft: prompt < 20 ? 100 : 1_000 }),
  });
  const twice = records.flatMap((record) => [record, { ...record, id: `${record.id}b` }]);
  const model = { endpoint: 'sim', model: 'm' };
  expect(driftWithin(twice, model, 'firstToken')).toBeUndefined();
  expect(driftWithin(records, model, 'firstToken')).toBeCloseTo(10, 6);
  expect(driftWithin(records.slice(0, 19), model, 'firstToken')).toBeUndefined();
});

it('compares the prompts that are the same in both, and says what became of the others', () => {
  const before = run({ seed: 1, prompts: 20 });
  const after = run({ seed: 2, prompts: 24 });
  const changed = {
    ...after,
    prompts: after.prompts.map((prompt, index) => (index < 5 ? { ...prompt, text: 'Another' } : prompt)),
  };
  const comparison = compareRuns([before, changed]);
  expect(comparison.models[0]?.metrics[0]?.n).toBe(15);
  expect(comparison.changes).toEqual([
    'Requests per model: 20 before, 24 after.',
    'Prompts: 5 have another text, 4 are new; only the 15 prompts with the same id and text are compared.',
  ]);
});

it('says what is not the same in the plans, prices and addresses without their passwords', () => {
  const before = run({ seed: 1 });
  const { plan } = before.manifest;
  const after = {
    ...before,
    manifest: {
      ...before.manifest,
      plan: {
        ...plan,
        load: {
          pattern: 'steady' as const,
          load: { kind: 'open' as const, arrivals: 'poisson' as const, perSecond: 5 },
        },
        temperature: 0,
        endpoints: [{ id: 'sim', protocol: 'openai' as const, baseUrl: 'http://me:secret@host/v1' }],
        models: [{ endpoint: 'sim', model: 'm', inputPrice: 1, outputPrice: 2 }],
      },
    },
  };
  const { changes } = compareRuns([before, after]);
  expect(changes).toEqual([
    'Load: 1 in flight before, Poisson arrivals at 5 requests/s after.',
    "Temperature: the server's own before, 0 after.",
    'Address of sim: http://127.0.0.1/v1 before, http://host/v1 after.',
    'Price of sim/m: input unknown, output unknown before, input $1.00, output $2.00 after.',
  ]);
});

it('says that quality is not measured alike where checks changed', () => {
  const before = run({ seed: 1 });
  const after = { ...before, prompts: before.prompts.map((prompt) => ({ ...prompt, checks: [] })) };
  expect(compareRuns([before, after]).changes.join(' ')).toContain(
    'Checks or references of 40 prompts are not the same',
  );
});

it('matches the one model that is new with the one that is gone, and says so', () => {
  const before = madeRun({ models: ['stays', 'old'], came: () => ({}) });
  const after = madeRun({ models: ['new', 'stays'], came: (model) => ({ ttft: model === 0 ? 50 : 100 }) });
  const comparison = compareRuns([before, after]);
  expect(comparison.models.map(({ name }) => name)).toEqual(['sim/stays', 'sim/old → sim/new']);
  expect(comparison.models[1]?.metrics[0]).toMatchObject({ metric: 'ttft', outcome: 'b' });
  expect(comparison.models[0]?.metrics[0]).toMatchObject({ metric: 'ttft', outcome: 'tied' });
  expect(comparison.changes).toContain('Model: sim/old before, sim/new after; they are compared.');
});

it('compares nothing where several models are others', () => {
  const before = madeRun({ models: ['a', 'b'], came: () => ({}) });
  const after = madeRun({ models: ['c', 'd'], came: () => ({}) });
  const comparison = compareRuns([before, after]);
  expect(comparison.models).toEqual([]);
  expect(comparison.changes).toContain('Model sim/a is in the first run only.');
  expect(comparison.warnings[0]).toContain('no model in common');
});

it('compares stages of the same load, wherever they stand', () => {
  const stage = (concurrency: number) => ({ load: { kind: 'closed' as const, concurrency }, models: [0] });
  const came: Made['came'] = (_, __, ___, at) => ({ ttft: [100, 200, 300][at] ?? 0 });
  const before = madeRun({ models: ['m'], manifest: { stages: [stage(1), stage(2), stage(4)] }, came });
  const after = madeRun({ models: ['m'], manifest: { stages: [stage(4), stage(8)] }, came: () => ({ ttft: 300 }) });
  const ttft = compareRuns([before, after]).models[0]?.metrics[0];
  expect(ttft).toMatchObject({ metric: 'ttft', n: 40, effect: 1 });
});

it('sets every further run against the first, and corrects for all of them together', () => {
  const runs = [run({ seed: 1 }), run({ seed: 2 }), run({ seed: 3, factor: 1.2 })];
  const comparison = compareRuns(runs);
  expect(comparison.models.map((model) => model.run)).toEqual([1, 2]);
  const all = comparison.models.flatMap(({ metrics }) => metrics);
  const smallest = Math.min(...all.map(({ p }) => p));
  expect(all.find(({ p }) => p === smallest)?.pAdjusted).toBeCloseTo(smallest * all.length, 12);
});

it('warns of runs that are not valid or not complete, and refuses a single one', () => {
  const late = run({ seed: 1, manifest: { lag: { p50: 1, p99: 200, max: 300 }, state: 'cancelled' } });
  const { warnings, models } = compareRuns([run({ seed: 2 }), late]);
  expect(models[0]?.metrics.map(({ metric }) => metric)).toEqual(['cost']);
  expect(models[0]?.lost).toEqual(['ttft', 'e2e']);
  expect(models[0]?.words.at(-1)).toBe('Latency is not compared, as a run is not valid.');
  expect(warnings.join(' ')).toMatch(/made \(run\) is not valid, so its latency is not compared.*is not complete/);
  expect(() => compareRuns([late])).toThrow(Failure);
});

it('compares the share of requests that failed, and names the figures that were lost with them', () => {
  const before = madeRun({ models: ['m'], prompts: 12, came: () => ({ score: 1 }) });
  const failing = madeRun({ models: ['m'], prompts: 12, came: () => ({ fails: true }) });
  const [model] = compareRuns([before, failing]).models;
  expect(model?.metrics.find(({ metric }) => metric === 'errors')).toMatchObject({ n: 12, a: 0, b: 1, outcome: 'a' });
  expect(model?.lost).toEqual(['ttft', 'e2e', 'cost', 'quality']);
  expect(model?.words.join(' ')).toMatch(/Share of failed requests: higher by 100 %.*100 % after 0 %: not noise/);
  expect(model?.words.join(' ')).toContain(
    'no verdict is possible: time to first token, end-to-end time, cost, quality',
  );
  // Where nothing failed there is nothing to compare, nor to correct for.
  const same = compareRuns([before, before]).models[0];
  expect(same?.metrics.map(({ metric }) => metric)).toEqual(['ttft', 'e2e', 'cost', 'quality']);
  expect(same?.lost).toEqual([]);
});

it('names what no verdict is possible on: too few prompts in common, none, or a model that is gone', () => {
  const few = madeRun({ models: ['m'], prompts: 5, came: () => ({}) });
  expect(compareRuns([few, few]).models[0]?.lost).toEqual(['ttft', 'e2e', 'cost']);
  const other = { ...few, prompts: few.prompts.map((prompt) => ({ ...prompt, text: 'Another' })) };
  expect(compareRuns([few, other]).models[0]).toMatchObject({ metrics: [], lost: ['ttft', 'e2e', 'cost'] });
  const two = madeRun({ models: ['m', 'n'], came: () => ({}) });
  expect(compareRuns([two, few]).gone).toEqual([{ name: 'sim/n', run: 1 }]);
});

it('says of costs the ratio of what was paid and the difference for each request', () => {
  const paid = (cost: number) => madeRun({ models: ['m'], came: () => ({ cost }) });
  expect(compareRuns([paid(0.001), paid(0.003)]).models[0]?.words.join(' ')).toContain(
    'Cost: 3 times as much, dearer by $0.002 a request ($0.002 to $0.002), $0.003 after $0.001: not noise',
  );
  expect(compareRuns([paid(0), paid(0.003)]).models[0]?.words.join(' ')).toContain('Cost: dearer by $0.003 a request');
});

it('never pairs stages of different loads, nor takes one model for another in a search of the same rates', () => {
  const stage = (perSecond: number, model: number) => ({
    load: { kind: 'open' as const, arrivals: 'constant' as const, perSecond },
    models: [model],
  });
  const searched = (...stages: ReturnType<typeof stage>[]) =>
    madeRun({
      models: ['m', 'n'],
      manifest: { stages },
      came: (model, _, __, at) =>
        stages[at]?.models[0] === model ? { e2e: 100 * (stages[at]?.load.perSecond ?? 0) } : undefined,
    });
  const before = searched(stage(1, 0), stage(2, 0), stage(2, 1), stage(4, 1));
  const after = searched(stage(1, 0), stage(4, 0), stage(8, 1), stage(2, 1));
  const e2e = compareRuns([before, after]).models.map(({ metrics }) => metrics.find(({ metric }) => metric === 'e2e'));
  for (const one of e2e) expect(one).toMatchObject({ n: 40, effect: 1 });
});
