import * as z from 'zod/mini';
import type { RunPrompt } from '../benchmark/manifest.ts';
import type { Summary } from '../benchmark/summary.ts';
import { tierNames } from '../routing/tier.ts';
import { distribution } from '../stats/quantiles.ts';
import { Values } from '../stats/values.ts';
import type { ModelRow } from './model-row.ts';
import type { RequestRow } from './request-row.ts';

const BINS = 60;
/** From this spread on, a linear axis would press the fast models against zero. */
const LOG_FROM = 40;

/** Requests per bin of one latency figure, the same bins for every model. */
export const histogramSchema = z.object({
  scale: z.enum(['linear', 'log']),
  /** Bounds of the bins in ms, one more than bins. */
  edges: z.array(z.number()),
  series: z.array(
    z.object({
      model: z.number(),
      counts: z.array(z.number()),
      n: z.number(),
      p50: z.optional(z.number()),
      p95: z.optional(z.number()),
      p99: z.optional(z.number()),
    }),
  ),
});

/** Cost against latency, one point a model. */
export const compromiseSchema = z.array(
  z.object({
    model: z.number(),
    p50: z.number(),
    p95: z.optional(z.number()),
    per1kUsd: z.optional(z.number()),
    errorShare: z.optional(z.number()),
  }),
);

/** One model on the prompts of one tier. Times in ms. Only pairs that were measured. */
export const tierRowSchema = z.object({
  tier: z.enum(tierNames),
  model: z.number(),
  requests: z.number(),
  error: z.number(),
  ttftP50: z.optional(z.number()),
  e2eP50: z.optional(z.number()),
  e2eP95: z.optional(z.number()),
  /** Mean over the requests of known cost, times 1,000. */
  per1kUsd: z.optional(z.number()),
  /** Mean over the requests that have one. */
  quality: z.optional(z.number()),
});

export type Histogram = z.infer<typeof histogramSchema>;
export type Compromise = z.infer<typeof compromiseSchema>;
export type TierRow = z.infer<typeof tierRowSchema>;

/** Collects one latency figure of the measured ok requests while they pass by. */
export class HistogramData {
  readonly #key: 'ttftMs' | 'e2eMs';
  readonly #values: readonly Values[];
  #low = Number.POSITIVE_INFINITY;
  #high = 0;

  constructor(key: 'ttftMs' | 'e2eMs', models: number) {
    this.#key = key;
    this.#values = Array.from({ length: models }, () => new Values());
  }

  add(request: RequestRow): void {
    const value = request[this.#key];
    if (request.warmup || request.status !== 'ok' || value === undefined || !(value >= 0)) return;
    this.#values[request.model]?.push(value);
    if (value < this.#low) this.#low = value;
    if (value > this.#high) this.#high = value;
  }

  /**
   * The same bins for every model: linear from 0, or logarithmic when the largest value is 40 times the smallest. Undefined
   * when no request has the figure. The marks are the summary's own quantiles.
   */
  histogram(summary: Summary): Histogram | undefined {
    const [low, high] = [this.#low, this.#high];
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
    const series = this.#values.map((values, model) => {
      const counts = new Array<number>(BINS).fill(0);
      for (const value of values.all()) {
        const bin = binOf(value);
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      const marks = summary.models[model]?.[this.#key];
      return { model, counts, n: values.length, p50: marks?.p50, p95: marks?.p95, p99: marks?.p99 };
    });
    return { scale: log ? 'log' : 'linear', edges, series };
  }
}

/** The models that have a latency, with their cost where it is known. */
export function compromiseOf(models: readonly ModelRow[]): Compromise {
  return models.flatMap((row, model) =>
    row.e2eMs?.p50 === undefined
      ? []
      : [{ model, p50: row.e2eMs.p50, p95: row.e2eMs.p95, per1kUsd: row.per1kUsd, errorShare: row.errorShare }],
  );
}

/** Collects what each model did on the prompts of each tier while the measured requests pass by. */
export class TierData {
  readonly #prompts: readonly RunPrompt[];
  readonly #cells: readonly (readonly TierCell[])[];

  constructor(prompts: readonly RunPrompt[], models: number) {
    this.#prompts = prompts;
    this.#cells = tierNames.map(() => Array.from({ length: models }, () => new TierCell()));
  }

  add(request: RequestRow): void {
    const tier = this.#prompts[request.prompt]?.tier;
    if (!request.warmup && tier !== undefined) this.#cells[tierNames.indexOf(tier)]?.[request.model]?.add(request);
  }

  /** Simple tiers first; pairs without a measured request are left out. */
  rows(): TierRow[] {
    return tierNames.flatMap((tier, index) =>
      (this.#cells[index] ?? []).flatMap((cell, model) => (cell.requests > 0 ? [{ tier, model, ...cell.row() }] : [])),
    );
  }
}

class TierCell {
  requests = 0;
  #error = 0;
  readonly #ttft = new Values();
  readonly #e2e = new Values();
  readonly #sums = { usd: 0, priced: 0, quality: 0, judged: 0 };

  add({ status, ttftMs, e2eMs, costUsd, quality }: RequestRow): void {
    this.requests++;
    if (costUsd !== undefined) {
      this.#sums.usd += costUsd;
      this.#sums.priced++;
    }
    if (quality !== undefined) {
      this.#sums.quality += quality;
      this.#sums.judged++;
    }
    if (status === 'error') {
      this.#error++;
      return;
    }
    if (ttftMs !== undefined) this.#ttft.push(ttftMs);
    if (e2eMs !== undefined) this.#e2e.push(e2eMs);
  }

  row(): Omit<TierRow, 'tier' | 'model'> {
    const { usd, priced, quality, judged } = this.#sums;
    const e2e = distribution(this.#e2e.all());
    return {
      requests: this.requests,
      error: this.#error,
      ttftP50: distribution(this.#ttft.all())?.p50,
      e2eP50: e2e?.p50,
      e2eP95: e2e?.p95,
      per1kUsd: priced > 0 ? (usd / priced) * 1_000 : undefined,
      quality: judged > 0 ? quality / judged : undefined,
    };
  }
}
