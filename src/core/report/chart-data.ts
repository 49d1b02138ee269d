import type { Summary } from '../benchmark/summary.ts';
import { type TierName, tierNames } from '../routing/tier.ts';
import { distribution } from '../stats/quantiles.ts';
import type { Compromise, Histogram, ModelRow, RequestRow, TierRow } from './view.ts';

const BINS = 60;
/** From this spread on, a linear axis would press the fast models against zero. */
const LOG_FROM = 40;

/**
 * Bins one latency figure of the measured ok requests, with the same bins for every model: linear from 0, or logarithmic when the
 * largest value is 40 times the smallest. Undefined when no request has the figure. The marks are the summary's own quantiles.
 */
export function histogramOf(
  key: 'ttftMs' | 'e2eMs',
  requests: readonly RequestRow[],
  summary: Summary,
): Histogram | undefined {
  const values = summary.models.map((): number[] => []);
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const request of requests) {
    const value = request[key];
    if (request.warmup || request.status !== 'ok' || value === undefined || !(value >= 0)) continue;
    values[request.model]?.push(value);
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return undefined;
  const log = low > 0 && high / low >= LOG_FROM;
  const start = log ? low : 0;
  const end = high > start ? high : start + 1;
  const edges = Array.from({ length: BINS + 1 }, (_, index) =>
    log ? start * (end / start) ** (index / BINS) : start + ((end - start) * index) / BINS,
  );
  const binOf = (value: number) => {
    const share = log ? Math.log(value / start) / Math.log(end / start) : (value - start) / (end - start);
    return Math.max(0, Math.min(BINS - 1, Math.floor(share * BINS)));
  };
  return {
    scale: log ? 'log' : 'linear',
    edges,
    series: values.map((list, model) => {
      const counts = new Array<number>(BINS).fill(0);
      for (const value of list) {
        const bin = binOf(value);
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      const marks = summary.models[model]?.[key];
      return { model, counts, n: list.length, p50: marks?.p50, p95: marks?.p95, p99: marks?.p99 };
    }),
  };
}

/** The models that have a latency, with their cost where it is known. */
export function compromiseOf(models: readonly ModelRow[]): Compromise {
  return models.flatMap((row, model) =>
    row.e2eMs?.p50 === undefined
      ? []
      : [{ model, p50: row.e2eMs.p50, p95: row.e2eMs.p95, per1kUsd: row.per1kUsd, errorShare: row.errorShare }],
  );
}

/** Each model on the prompts of each tier, simple first; pairs without a measured request are left out. */
export function tierRowsOf(
  requests: readonly RequestRow[],
  prompts: readonly { readonly tier: TierName }[],
  models: number,
): TierRow[] {
  const cells = tierNames.map(() => Array.from({ length: models }, () => [] as RequestRow[]));
  for (const request of requests) {
    const tier = prompts[request.prompt]?.tier;
    if (!request.warmup && tier !== undefined) cells[tierNames.indexOf(tier)]?.[request.model]?.push(request);
  }
  return tierNames.flatMap((tier, row) =>
    (cells[row] ?? []).flatMap((list, model) => {
      if (list.length === 0) return [];
      const ok = list.filter((request) => request.status === 'ok');
      const e2e = distribution(present(ok.map((request) => request.e2eMs)));
      const cost = distribution(present(list.map((request) => request.costUsd)));
      return [
        {
          tier,
          model,
          requests: list.length,
          error: list.length - ok.length,
          ttftP50: distribution(present(ok.map((request) => request.ttftMs)))?.p50,
          e2eP50: e2e?.p50,
          e2eP95: e2e?.p95,
          per1kUsd: cost && cost.mean * 1_000,
        },
      ];
    }),
  );
}

function present(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined);
}
