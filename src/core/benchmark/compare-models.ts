import { counted, grouped } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import {
  type ComparedRun,
  isByClock,
  type ModelValues,
  type RunValues,
  type UnitMeans,
  type Units,
  unitsOf,
  valuesOf,
} from './compared-values.ts';
import { fewestPrompts, judgePairings, type Pairing, pairUp } from './paired.ts';
import { rankingsOf, withPreferences } from './rankings.ts';
import { type ComparedMetric, type MetricVerdict, modelMetrics, timedMetrics, type Verdict } from './verdict.ts';
import { headline } from './verdict-words.ts';

/** Of a model's requests; from it on, failures are said beside every comparison. */
const noticedFailures = 0.01;

/**
 * What a run concludes: every pair of its models on the same prompts under the same load, in latency, cost, quality and
 * satisfaction, and their order where there are more than two. A prompt is one observation, however often and in however
 * many stages it was sent. A run that is not valid has no latency to compare. Pure and seeded by the plan: the same run gives the same verdict. Work is linear in the records and bounded in
 * resampling.
 */
export function verdictOf(run: ComparedRun): Verdict {
  const units = unitsOf(run);
  const values = valuesOf(run, units, isByClock(run));
  const { seed } = run.manifest.plan;
  const metrics = modelMetrics.filter((metric) => run.summary.invalid === undefined || !timedMetrics.has(metric));
  const pairs: { a: number; b: number; pairings: Pairing[] }[] = [];
  for (let a = 0; a < values.models.length; a++)
    for (let b = a + 1; b < values.models.length; b++)
      pairs.push({ a, b, pairings: pairingsOf(values, a, b, units, metrics) });
  // All that is looked at together is corrected together.
  const judged = judgePairings(
    pairs.flatMap(({ pairings }) => pairings.filter(enough)),
    seed,
  );
  const comparisons = pairs.map(({ a, b, pairings }) => {
    const verdicts = judged.splice(0, pairings.filter(enough).length);
    return { a, b, metrics: verdicts, words: wordsOf(run, values, a, b, pairings, verdicts) };
  });
  return { comparisons, rankings: rankingsOf(values, units, metrics, seed) };
}

function pairingsOf(
  { models, preferences }: RunValues,
  a: number,
  b: number,
  units: Units,
  metrics: readonly ComparedMetric[],
): Pairing[] {
  const [one, other] = [models[a], models[b]];
  if (!one || !other) return [];
  return metrics.map((metric) => {
    const side = (model: ModelValues, own: number, against: number): UnitMeans =>
      metric === 'satisfaction'
        ? withPreferences(model.means.satisfaction, own, preferences, against)
        : model.means[metric];
    return pairUp(metric, side(one, a, b), side(other, b, a), units);
  });
}

/** One prompt has no spread: nothing at all can be said about others. */
function enough({ differences }: Pairing): boolean {
  return differences.length > 1;
}

function wordsOf(
  run: ComparedRun,
  { models }: RunValues,
  a: number,
  b: number,
  pairings: readonly Pairing[],
  metrics: readonly MetricVerdict[],
): string[] {
  const sides = [models[a], models[b]].filter((model) => model !== undefined);
  const [nameA = '', nameB = ''] = sides.map(({ name }) => plainText(name, 100));
  const { invalid } = run.summary;
  const single = pairings.filter(({ differences }) => differences.length === 1).map(({ metric }) => metric);
  const evaluated = pairings.some(({ metric, differences }) => metric === 'quality' && differences.length > 0);
  const remarks: (string | undefined)[] = [
    headline({ a: nameA, b: nameB, metrics, single, invalid: invalid !== undefined }),
    invalid === undefined ? undefined : `The run is not valid: ${plainText(invalid, 400)}`,
    pairings.some(({ metric }) => timedMetrics.has(metric)) && isByClock(run)
      ? 'Requests came by the clock, so latency counts from the schedule: waiting for a slot is in it.'
      : undefined,
    nothingShared(run, pairings),
    tooFewPrompts(pairings),
    ...sides.map((side) => failureWords(side, evaluated)),
  ];
  return remarks.filter((words) => words !== undefined);
}

function nothingShared({ manifest }: ComparedRun, pairings: readonly Pairing[]): string | undefined {
  if (pairings.some(({ differences }) => differences.length > 0)) return undefined;
  return (manifest.stages?.length ?? 1) > 1
    ? 'The two were never asked the same prompt under the same load, so nothing is compared.'
    : 'There is no prompt that both have answered, so nothing is compared.';
}

/** A person who repeats few prompts often wonders why nothing is decided. */
function tooFewPrompts(pairings: readonly Pairing[]): string | undefined {
  const most = Math.max(0, ...pairings.map(({ differences }) => differences.length));
  if (most === 0 || most >= fewestPrompts) return undefined;
  return `The run has ${counted(most, 'prompt')} to compare on; fewer than ${fewestPrompts} can show no difference, however often each is sent.`;
}

function failureWords({ name, requests, failed }: ModelValues, evaluated: boolean): string | undefined {
  if (requests === 0 || failed < requests * noticedFailures) return undefined;
  return `${plainText(name, 100)} failed ${grouped(failed)} of ${counted(requests, 'request')}: they ${evaluated ? 'count as 0 in quality, and ' : ''}are in neither latency nor cost.`;
}
