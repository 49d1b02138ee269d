import { inGroups } from '../stats/groups.ts';
import { quantile } from '../stats/quantiles.ts';
import { seededRandom } from '../stats/random.ts';
import type { Preference, RunValues, UnitMeans, Units } from './compared-values.ts';
import type { ComparedMetric, Ranking } from './verdict.ts';

const resamples = 2_000;
/** Of groups of prompts, times models: a rank is coarse and needs no more. */
const mostGroups = 500;

/**
 * The order of more than two models in each of `metrics`, on the prompts for which all of them have a value; models without any are left out.
 * `low` to `high`: 95 % of the ranks when the prompts are drawn anew, the same ones for every model. Equal models share the better
 * rank.
 */
export function rankingsOf(
  { models, preferences }: RunValues,
  units: Units,
  metrics: readonly ComparedMetric[],
  seed: number,
): Ranking[] {
  if (models.length < 3) return [];
  return metrics.flatMap((metric) => {
    const means = models.map((model, index) =>
      metric === 'satisfaction' ? withPreferences(model.means.satisfaction, index, preferences) : model.means[metric],
    );
    const ranking = rankingOf(metric, means, units, seed);
    return ranking ? [ranking] : [];
  });
}

/** Thumbs, and what the model made of its pairs; `other`: of those with this model only. */
export function withPreferences(
  thumbs: UnitMeans,
  model: number,
  preferences: readonly Preference[],
  other?: number,
): UnitMeans {
  const own = preferences.filter(
    ({ a, b }) => (a === model || b === model) && (other === undefined || a === other || b === other),
  );
  if (own.length === 0) return thumbs;
  const all = thumbs.copy();
  for (const { a, unit, value } of own) all.add(unit, a === model ? value : 1 - value);
  return all;
}

function rankingOf(metric: ComparedMetric, all: readonly UnitMeans[], units: Units, seed: number): Ranking | undefined {
  const ranked = all.flatMap((means, model) => (means.counts.some((count) => count > 0) ? [{ model, means }] : []));
  const { length } = ranked;
  if (length < 2) return undefined;
  const logs = metric === 'ttft' || metric === 'e2e';
  const columns: number[][] = ranked.map(() => []);
  for (let prompt = 0; prompt < units.prompts; prompt++) {
    const sums = new Float64Array(length);
    let stages = 0;
    for (let unit = prompt; unit < units.prompts * units.stages; unit += units.prompts) {
      if (ranked.some(({ means }) => !means.counts[unit])) continue;
      stages++;
      for (const [index, { means }] of ranked.entries()) sums[index] = (sums[index] ?? 0) + means.mean(unit, logs);
    }
    if (stages > 0) for (const [index, column] of columns.entries()) column.push((sums[index] ?? 0) / stages);
  }
  if ((columns[0]?.length ?? 0) < 2) return undefined;
  // Grouped with one seed, the same prompts are together for every model.
  const values = columns.map((column) => inGroups(Float64Array.from(column), seed, mostGroups));
  const sign = metric === 'quality' || metric === 'satisfaction' ? -1 : 1;
  const n = values[0]?.length ?? 0;
  const whole = values.map((column) => column.reduce((sum, value) => sum + value, 0));
  const ranks = ranked.map(() => new Float64Array(resamples));
  const random = seededRandom(seed);
  const drawn = new Uint32Array(n);
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < n; j++) drawn[j] = Math.floor(random() * n);
    const sums = values.map((column) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += column[drawn[j] ?? 0] ?? 0;
      return sum;
    });
    for (const [index, own] of ranks.entries()) own[i] = rankIn(sums, index, sign);
  }
  const models = ranked.map(({ model }, index) => {
    const own = ranks[index]?.sort() ?? [];
    const mean = (whole[index] ?? 0) / n;
    return {
      model,
      value: logs ? Math.exp(mean) : mean,
      rank: rankIn(whole, index, sign),
      low: Math.floor(quantile(own, 0.025)),
      high: Math.ceil(quantile(own, 0.975)),
    };
  });
  return { metric, models: models.sort((a, b) => a.rank - b.rank || a.model - b.model) };
}

/** 1 and the number of those that are better; sums that differ in the last bits only are equal. */
function rankIn(sums: readonly number[], index: number, sign: number): number {
  const own = (sums[index] ?? 0) * sign;
  const tolerance = 1e-9 * Math.abs(own);
  return 1 + sums.filter((sum) => sum * sign < own - tolerance).length;
}
