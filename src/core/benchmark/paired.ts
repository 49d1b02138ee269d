import { bootstrapMean } from '../stats/bootstrap.ts';
import { deviationOf, mostGroups } from '../stats/groups.ts';
import { holm } from '../stats/multiple.ts';
import { signFlipTest } from '../stats/permutation.ts';
import { pairsToTell, pairsToTie } from '../stats/power.ts';
import type { UnitMeans, Units } from './compared-values.ts';
import type { ComparedMetric, MetricVerdict } from './verdict.ts';

/** Effects within it are of no matter to anyone; which is why "tied" can be said at all. */
export const margins: Readonly<Record<ComparedMetric, number>> = {
  /** Ratio. People notice changes in waiting from a fifth upwards; endpoints drift by a few percent within the hour. */
  ttft: 1.05,
  e2e: 1.05,
  /** Share of a's mean. Costs are exact but for what the model chooses to say; two percent are below any discount. */
  cost: 0.02,
  /** Difference of scores: one answer in fifty. */
  quality: 0.02,
  /** Difference of shares: one person in twenty. */
  satisfaction: 0.05,
  /** Difference of shares: one request in a hundred. */
  errors: 0.01,
};

/** With fewer prompts no pattern of signs is rarer than 5 %: nothing can be told apart. */
export const fewestPrompts = 6;

const alpha = 0.05;
/** Sign patterns that are tried in all for one family of comparisons, times groups: keeps the work bounded. */
const mostWork = 4e8;

const lowerIsBetter: Readonly<Record<ComparedMetric, boolean>> = {
  ttft: true,
  e2e: true,
  cost: true,
  quality: false,
  satisfaction: false,
  errors: true,
};

/** Two sides' means by prompt, on the scale on which they are compared. */
export interface Pairing {
  readonly metric: ComparedMetric;
  readonly scale: MetricVerdict['scale'];
  /** By prompt, b − a; of logarithms where the scale is `ratio`. */
  readonly differences: Float64Array;
  /** The prompt of each of them. */
  readonly prompts: Uint32Array;
  /** Means over the prompts; of logarithms where the scale is `ratio`. */
  readonly a: number;
  readonly b: number;
}

/**
 * Pairs two sides by prompt. Within a prompt only stages count in which both have a value, each with the mean of its
 * requests, so that neither repeats nor stages pass for further prompts.
 */
export function pairUp(metric: ComparedMetric, a: UnitMeans, b: UnitMeans, units: Units): Pairing {
  // Not of costs: a bill is a sum, which a few dear requests can make, and a mean of logarithms does not see them.
  const ratio = metric === 'ttft' || metric === 'e2e';
  const differences: number[] = [];
  const prompts: number[] = [];
  let [totalA, totalB] = [0, 0];
  for (let prompt = 0; prompt < units.prompts; prompt++) {
    let [sumA, sumB, stages] = [0, 0, 0];
    for (let unit = prompt; unit < a.counts.length; unit += units.prompts) {
      if (!a.counts[unit] || !b.counts[unit]) continue;
      sumA += a.mean(unit, ratio);
      sumB += b.mean(unit, ratio);
      stages++;
    }
    if (stages === 0) continue;
    differences.push((sumB - sumA) / stages);
    prompts.push(prompt);
    totalA += sumA / stages;
    totalB += sumB / stages;
  }
  const n = differences.length;
  return {
    metric,
    scale: ratio ? 'ratio' : 'difference',
    differences: Float64Array.from(differences),
    prompts: Uint32Array.from(prompts),
    a: totalA / n,
    b: totalB / n,
  };
}

/**
 * The verdicts on all pairings of a run, in their order. They are one family: p is corrected for all of them. Each pairing needs at least
 * two prompts.
 *
 * Better is a side where the corrected p is below 0.05 and the interval leaves out "no difference"; tied are two whose whole
 * interval lies within the margin, however small p is; all else is too few prompts.
 */
export function judgePairings(pairings: readonly Pairing[], seed: number): MetricVerdict[] {
  // The smallest p of a Monte Carlo test must stay below 0.05 after the correction.
  const flips = Math.max(9_999, 40 * pairings.length - 1);
  const groups = Math.min(mostGroups, Math.max(128, Math.floor(mostWork / flips / Math.max(1, pairings.length))));
  const p = pairings.map(({ differences }) => signFlipTest(differences, { seed, flips, groups }));
  const adjusted = holm(p);
  return pairings.map((pairing, index) => {
    const { metric, scale, differences } = pairing;
    const n = differences.length;
    const ratio = scale === 'ratio';
    const bounded = metric === 'quality' || metric === 'satisfaction' || metric === 'errors';
    const interval = bootstrapMean(differences, { seed, groups, bounds: bounded ? [-1, 1] : undefined });
    const back = (value: number) => (ratio ? Math.exp(value) : value);
    const [a, b] = [back(pairing.a), back(pairing.b)];
    const margin = metric === 'cost' ? margins.cost * a : margins[metric];
    const room = ratio ? Math.log(margin) : margin;
    const pAdjusted = adjusted[index] ?? 1;
    const { low, high, mean } = interval;
    let outcome: MetricVerdict['outcome'] = 'too-few';
    if (n >= fewestPrompts) {
      if (low >= -room && high <= room) outcome = 'tied';
      else if (pAdjusted < alpha && (low > 0 || high < 0)) outcome = mean < 0 === lowerIsBetter[metric] ? 'b' : 'a';
    }
    const needed = outcome === 'too-few' ? neededPrompts(differences, mean, room, bounded, pairings.length) : undefined;
    return {
      metric,
      n,
      a,
      b,
      scale,
      effect: back(mean),
      low: back(low),
      high: back(high),
      p: p[index] ?? 1,
      pAdjusted,
      margin,
      outcome,
      ...(needed === undefined ? {} : { needed }),
    };
  });
}

/** How many prompts would show a difference or a tie, whichever comes first; more than there are. */
function neededPrompts(
  differences: Float64Array,
  effect: number,
  margin: number,
  bounded: boolean,
  family: number,
): number | undefined {
  const n = differences.length;
  const deviation = deviationOf(differences);
  // As if every other comparison were decided already, the strictest that Holm's correction can be.
  const strict = alpha / family;
  const tell = pairsToTell({ effect, deviation, alpha: strict });
  // No pattern of signs is rarer than 2 in 2^n.
  const told = tell === undefined ? undefined : Math.max(tell, Math.ceil(Math.log2(2 / strict)));
  const seen = deviation > 0 || !bounded;
  const tied = seen ? pairsToTie({ effect, deviation }, margin) : unseenToTie(effect, margin);
  const first = Math.min(told ?? Number.POSITIVE_INFINITY, tied ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(first) ? Math.max(first, fewestPrompts, Math.ceil(n * 1.2)) : undefined;
}

/** Of scores that never differ: how many make a share of others that would leave the margin unlikely; see `bootstrapMean`. */
function unseenToTie(effect: number, margin: number): number | undefined {
  const share = (margin - Math.abs(effect)) / (1 + Math.abs(effect));
  return share > 0 ? Math.ceil(Math.log(alpha / 2) / Math.log(1 - share)) : undefined;
}
