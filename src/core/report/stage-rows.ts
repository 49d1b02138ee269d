import * as z from 'zod/mini';
import type { Slo, Stage } from '../benchmark/load.ts';
import type { Summary } from '../benchmark/summary.ts';
import { grouped } from '../numbers.ts';

/** One model in one stage of the load. Times in ms, rates per second. */
const stageModelSchema = z.object({
  model: z.number(),
  requests: z.number(),
  error: z.number(),
  ttftP50: z.optional(z.number()),
  ttftP95: z.optional(z.number()),
  e2eP50: z.optional(z.number()),
  e2eP95: z.optional(z.number()),
  /** End to end from the moment a request was due: in it is the wait for a slot. */
  fromScheduleP50: z.optional(z.number()),
  fromScheduleP95: z.optional(z.number()),
  queueP95: z.optional(z.number()),
  requestsPerSecond: z.optional(z.number()),
  outputTokensPerSecond: z.optional(z.number()),
  goodShare: z.optional(z.number()),
  goodPerSecond: z.optional(z.number()),
});

export const stageRowSchema = z.object({
  /** The load in words. */
  load: z.string(),
  kind: z.enum(['closed', 'open', 'trace']),
  /** What the stages of a sweep differ in: requests in flight, or requests per second; absent where there is no one number. */
  level: z.optional(z.number()),
  /** Of a search's finished trial. */
  held: z.optional(z.boolean()),
  models: z.array(stageModelSchema),
});

export type StageRow = z.infer<typeof stageRowSchema>;

/** A run's stages, in their order; none for a run of one load. */
export function stageRows({ stages = [] }: Summary): StageRow[] {
  return stages.map(({ load, models, held, summaries }) => ({
    load: stageLoadWords(load),
    kind: load.kind,
    level: load.kind === 'closed' ? load.concurrency : load.kind === 'open' ? load.perSecond : undefined,
    held,
    models: summaries.map((summary, index) => ({
      model: models[index] ?? 0,
      requests: summary.counts.requests,
      error: summary.counts.error,
      ttftP50: summary.ttftMs?.p50,
      ttftP95: summary.ttftMs?.p95,
      e2eP50: summary.e2eMs?.p50,
      e2eP95: summary.e2eMs?.p95,
      fromScheduleP50: summary.e2eFromScheduleMs?.p50,
      fromScheduleP95: summary.e2eFromScheduleMs?.p95,
      queueP95: summary.queueMs?.p95,
      requestsPerSecond: summary.requestsPerSecond,
      outputTokensPerSecond: summary.outputTokensPerSecond,
      goodShare: summary.good?.share,
      goodPerSecond: summary.good?.perSecond,
    })),
  }));
}

/** Whether requests came by the clock: then what a user waits counts from the schedule, and from sending it would hide a queue. */
export function byTheClock(stages: readonly StageRow[]): boolean {
  return stages.some(({ kind }) => kind !== 'closed');
}

/** A stage's load in a few words. */
export function stageLoadWords(load: Stage['load']): string {
  if (load.kind === 'trace') return 'recorded trace';
  if (load.kind === 'closed') return `${grouped(load.concurrency)} in flight`;
  const to = load.toPerSecond === undefined ? '' : ` to ${rate(load.toPerSecond)}`;
  return `${rate(load.perSecond)}${to}/s, ${load.arrivals === 'poisson' ? 'Poisson' : 'constant'}`;
}

/** As it was asked for: `8`, not `8.00`. */
function rate(perSecond: number): string {
  return String(Number(perSecond.toPrecision(3)));
}

/** The limits of an SLO, for example `TTFT ≤ 500 ms, E2E ≤ 4,000 ms`. */
export function sloWords({ ttftMs, tpotMs, e2eMs }: Slo): string {
  return [
    ...(ttftMs === undefined ? [] : [`TTFT ≤ ${limit(ttftMs)}`]),
    ...(tpotMs === undefined ? [] : [`TPOT ≤ ${limit(tpotMs)}`]),
    ...(e2eMs === undefined ? [] : [`E2E ≤ ${limit(e2eMs)}`]),
  ].join(', ');
}

function limit(ms: number): string {
  return `${ms >= 1_000 ? grouped(ms) : rate(ms)} ms`;
}
