import { Failure } from '../failure.ts';
import { counted } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import { type ComparedRun, isByClock, type Units, unitsOf, valuesOf } from './compared-values.ts';
import { driftWithin } from './drift.ts';
import { fewestPrompts, judgePairings, type Pairing, pairUp } from './paired.ts';
import { planChanges } from './plan-changes.ts';
import {
  type ComparedMetric,
  comparedMetrics,
  type MetricVerdict,
  type RunComparison,
  timedMetrics,
} from './verdict.ts';
import { aboutPrompts, metricNames, pWords, times, valueWords } from './verdict-words.ts';

interface Match {
  /** Positions in the plans of the first run and of the other. */
  readonly a: number;
  readonly b: number;
  readonly name: string;
}

/**
 * What changed from the first run to each of the others, and whether it is more than noise: the same models on the prompts
 * that both have, paired by prompt, in stages of the same load. All comparisons of all runs are one family. Satisfaction is of thumbs: who wins a pair depends on
 * whom it meets. Pure; seeded by the first run's plan. Throws a `usage` failure for fewer than two runs.
 */
export function compareRuns(runs: readonly ComparedRun[]): RunComparison {
  const [first, ...others] = runs;
  if (!first || others.length === 0)
    throw new Failure({ code: 'usage', message: 'To compare runs, name two or more of them.' });
  const own = unitsOf(first);
  // A load that is held twice, for one model and another, is one.
  const units = unitsFrom(first, first, own);
  const changes: string[] = [];
  const compared: { run: number; match: Match; pairings: Pairing[]; lost: ComparedMetric[] }[] = [];
  const gone: RunComparison['gone'] = [];
  for (const [index, other] of others.entries()) {
    const label = others.length > 1 ? `Run ${index + 2}: ` : '';
    changes.push(...planChanges(first, other, label));
    const matched = matchModels(first, other);
    changes.push(...matched.words.map((one) => `${label}${one}`));
    gone.push(...matched.gone.map((name) => ({ name: plainText(name, 120), run: index + 1 })));
    const valid = first.summary.invalid === undefined && other.summary.invalid === undefined;
    const byClock = isByClock(first) && isByClock(other);
    const before = valuesOf(first, units, byClock);
    const after = valuesOf(other, unitsFrom(first, other, units), byClock);
    for (const match of matched.matches) {
      const [a, b] = [before.models[match.a], after.models[match.b]];
      if (!a || !b) continue;
      const metrics = comparedMetrics.filter((metric) => metric !== 'errors' || a.failed + b.failed > 0);
      const pairings = metrics
        .filter((metric) => valid || !timedMetrics.has(metric))
        .map((metric) => pairUp(metric, a.means[metric], b.means[metric], units))
        .filter(({ differences }) => differences.length > 1);
      const told = pairings.filter(({ differences }) => differences.length >= fewestPrompts);
      const lost = metrics.filter(
        (metric) =>
          a.means[metric].counts.some((count) => count > 0) && !told.some((pairing) => pairing.metric === metric),
      );
      compared.push({ run: index + 1, match, pairings, lost });
    }
  }
  const judged = judgePairings(
    compared.flatMap(({ pairings }) => pairings),
    first.manifest.plan.seed,
  );
  const models = compared.map(({ run, match, pairings, lost }) => {
    const metrics = judged.splice(0, pairings.length);
    const other = runs[run];
    return { name: match.name, run, metrics, lost, words: other ? wordsOf(first, other, match, metrics, lost) : [] };
  });
  return {
    runs: runs.map(({ manifest: { runId, title, startedAt } }) => ({ runId, title: plainText(title, 120), startedAt })),
    changes,
    warnings: warningsOf(runs, compared.length > 0),
    models,
    gone,
  };
}

/**
 * Where a run's prompts and stages stand in the first: same id and text; same load, of which the first such stage stands for all, or
 * the only stage of both.
 */
function unitsFrom(first: ComparedRun, other: ComparedRun, units: Units): Units {
  const texts = new Map(other.prompts.map(({ id, text }) => [id, text]));
  const same = new Map(
    first.prompts.flatMap(({ id, text }, index) => (texts.get(id) === text ? [[id, index] as const] : [])),
  );
  const single = [first, other].every(({ manifest }) => (manifest.stages?.length ?? 1) === 1);
  const loads = ({ manifest }: ComparedRun) => (manifest.stages ?? []).map(({ load }) => JSON.stringify(load));
  const ours = loads(first);
  const places = loads(other).map((load) => ours.indexOf(load));
  const stageAt = (stage: number) => {
    if (single) return stage;
    const found = places[stage] ?? -1;
    return found < 0 ? undefined : found;
  };
  return { ...units, promptAt: (id) => same.get(id), stageAt };
}

function matchModels(first: ComparedRun, other: ComparedRun): { matches: Match[]; gone: string[]; words: string[] } {
  const name = ({ endpoint, model }: { endpoint: string; model: string }) => `${endpoint}/${model}`;
  const ours = first.manifest.plan.models.map(name);
  const theirs = other.manifest.plan.models.map(name);
  const matches = ours.flatMap((one, a) => {
    const b = theirs.indexOf(one);
    return b < 0 ? [] : [{ a, b, name: plainText(one, 120) }];
  });
  const gone = ours.filter((one) => !theirs.includes(one));
  const added = theirs.filter((one) => !ours.includes(one));
  const [from, to] = [gone[0], added[0]];
  if (gone.length === 1 && added.length === 1 && from !== undefined && to !== undefined) {
    const pair = `${plainText(from, 120)} → ${plainText(to, 120)}`;
    matches.push({ a: ours.indexOf(from), b: theirs.indexOf(to), name: pair });
    return {
      matches,
      gone: [],
      words: [`Model: ${plainText(from, 120)} before, ${plainText(to, 120)} after; they are compared.`],
    };
  }
  return {
    matches,
    gone,
    words: [
      ...gone.map((one) => `Model ${plainText(one, 120)} is in the first run only.`),
      ...added.map((one) => `Model ${plainText(one, 120)} is new.`),
    ],
  };
}

function warningsOf(runs: readonly ComparedRun[], compared: boolean): string[] {
  const warnings: string[] = [];
  if (!compared) warnings.push('The runs have no model in common, so nothing is compared.');
  for (const { manifest, summary } of runs) {
    const title = `${plainText(manifest.title, 80)} (${plainText(manifest.runId, 60)})`;
    if (summary.invalid !== undefined)
      warnings.push(`${title} is not valid, so its latency is not compared: ${plainText(summary.invalid, 400)}`);
    if (manifest.state !== 'complete')
      warnings.push(`${title} is not complete: it may cover models and prompts unevenly.`);
  }
  if (runs.some(({ manifest }) => manifest.simulated) && runs.some(({ manifest }) => !manifest.simulated))
    warnings.push('Simulated answers are compared with real ones: the difference says nothing of a model.');
  warnings.push(
    'The runs were made at different times. What the endpoint did otherwise at that time (other load, another machine) is in the difference, and no test of the runs can take it out. To be sure, repeat each run, or measure both sides in one run.',
  );
  return warnings;
}

function wordsOf(
  first: ComparedRun,
  other: ComparedRun,
  match: Match,
  metrics: readonly MetricVerdict[],
  lost: readonly ComparedMetric[],
): string[] {
  const words = metrics.map(sentence);
  for (const verdict of metrics) {
    const { metric, outcome } = verdict;
    if ((metric !== 'ttft' && metric !== 'e2e') || outcome === 'tied' || outcome === 'too-few') continue;
    const drift = driftWords(first, other, match, verdict);
    if (drift !== undefined) words.push(drift);
  }
  const valid = first.summary.invalid === undefined && other.summary.invalid === undefined;
  const most = Math.max(0, ...metrics.map(({ n }) => n));
  if (most === 0) {
    const staged = [first, other].some(({ manifest }) => (manifest.stages?.length ?? 1) > 1);
    const common = staged ? 'prompts at the same load' : 'prompts';
    words.push(`The runs have fewer than two ${common} in common for it, so nothing is compared.`);
  } else if (most < fewestPrompts)
    words.push(
      `${counted(most, 'prompt')} to compare on: fewer than ${fewestPrompts} can show no difference, however often each is sent.`,
    );
  else {
    const few = lost.filter((metric) => valid || !timedMetrics.has(metric));
    if (few.length > 0)
      words.push(
        `Fewer than ${fewestPrompts} prompts have it in both runs, so no verdict is possible: ${few.map((metric) => metricNames[metric]).join(', ')}.`,
      );
  }
  if (valid && isByClock(first) && isByClock(other))
    words.push('Requests came by the clock in both, so latency counts from the schedule.');
  if (!valid) words.push('Latency is not compared, as a run is not valid.');
  return words;
}

/** `Time to first token: 1.3 times as long (1.2 to 1.5), 240 ms after 180 ms: not noise (p = 0.002).` */
function sentence(verdict: MetricVerdict): string {
  const { metric, a, b, outcome, needed, pAdjusted, margin, scale, n } = verdict;
  const name = metricNames[metric];
  const values = `${valueWords(metric, b)} after ${valueWords(metric, a)}`;
  const subject = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  switch (outcome) {
    case 'tied': {
      const within =
        scale === 'ratio'
          ? `within ${Number(((margin - 1) * 100).toFixed(1))} %`
          : `within ${valueWords(metric, margin)}`;
      return `${subject}: the same ${within} (${values}).`;
    }
    case 'too-few': {
      const more = needed === undefined ? '' : `; about ${aboutPrompts(needed)} would tell, ${n} were compared`;
      return `${subject}: ${values}, which may be noise (${pWords(pAdjusted)})${more}.`;
    }
    default:
      return `${subject}: ${changeWords(verdict)}, ${values}: not noise (${pWords(pAdjusted)}).`;
  }
}

/** Of a difference above and below 0, where these are not `better` and `worse`. */
const directions: Partial<Record<ComparedMetric, readonly [up: string, down: string]>> = {
  cost: ['dearer', 'cheaper'],
  errors: ['higher', 'lower'],
};

function changeWords({ metric, scale, a, b, effect, low, high }: MetricVerdict): string {
  if (scale === 'ratio') return `${times(effect)} times as long (${times(low)} to ${times(high)})`;
  const size = (value: number) => valueWords(metric, Math.abs(value));
  const [near, far] = effect < 0 ? [high, low] : [low, high];
  const [up, down] = directions[metric] ?? ['better', 'worse'];
  const words = `${effect > 0 ? up : down} by ${size(effect)}`;
  if (metric !== 'cost') return `${words} (${size(near)} to ${size(far)})`;
  return `${a > 0 && b > 0 ? `${times(b / a)} times as much, ` : ''}${words} a request (${size(near)} to ${size(far)})`;
}

/** Where a run's own halves differ as much as the runs do, the difference may be of the hour rather than of the change. */
function driftWords(
  first: ComparedRun,
  other: ComparedRun,
  { a, b }: Match,
  { metric, effect }: MetricVerdict,
): string | undefined {
  const time = metric === 'ttft' ? 'firstToken' : 'lastToken';
  for (const [run, position, which] of [
    [first, a, 'first'],
    [other, b, 'other'],
  ] as const) {
    const planned = run.manifest.plan.models[position];
    // Halves of a run with several loads differ by their load.
    if (!planned || (run.manifest.stages?.length ?? 1) > 1) continue;
    const drift = driftWithin(run.records, planned, time);
    if (drift !== undefined && Math.abs(Math.log(drift)) >= Math.abs(Math.log(effect)))
      return `But within the ${which} run alone, the second half took ${times(drift)} times as long as the first: the endpoint drifts as much as the runs differ, so the change in ${metricNames[metric]} may be drift.`;
  }
  return undefined;
}
