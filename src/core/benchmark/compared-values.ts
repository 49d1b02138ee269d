import type { Outcome } from '../quality/outcome.ts';
import { outcomeKey } from '../quality/outcome.ts';
import { qualityReader } from '../quality/quality-of.ts';
import { latencyCounts } from './attempts.ts';
import type { Manifest, RunPrompt } from './manifest.ts';
import { isStreamed } from './plan.ts';
import type { RunRecord } from './record.ts';
import type { Summary } from './summary.ts';
import type { ComparedMetric } from './verdict.ts';

/** What a comparison needs of a run. */
export interface ComparedRun {
  readonly manifest: Manifest;
  readonly prompts: readonly RunPrompt[];
  readonly records: Iterable<RunRecord>;
  readonly outcomes?: readonly Outcome[] | undefined;
  readonly summary: Pick<Summary, 'invalid'>;
}

/**
 * Whether all of a run's requests came by the clock. Its latency then counts from the schedule: from sending, an endpoint that
 * makes the client wait would look fast.
 */
export function isByClock({ manifest: { plan, stages } }: Pick<ComparedRun, 'manifest'>): boolean {
  if (stages !== undefined && stages.length > 0) return stages.every(({ load }) => load.kind !== 'closed');
  const { load } = plan;
  switch (load?.pattern) {
    case undefined:
      return false;
    case 'steady':
      return load.load.kind === 'open';
    case 'sweep':
      return load.stages.every(({ kind }) => kind === 'open');
    default:
      return true;
  }
}

/** Where figures are set against each other: a prompt in a stage. Both positions are those of the side that others are compared with. */
export interface Units {
  readonly prompts: number;
  readonly stages: number;
  /** Undefined: the other side has no such prompt, or stage. */
  readonly promptAt: (id: string) => number | undefined;
  readonly stageAt: (stage: number) => number | undefined;
}

/** Below it is no latency but the clock's own resolution, ms; keeps logarithms finite. */
const leastMs = 0.001;

/** Means of one figure of one model by unit: plain, and of logarithms. */
export class UnitMeans {
  readonly counts: Uint32Array;
  readonly #sums: Float64Array;
  readonly #logs: Float64Array;

  constructor(units: number) {
    this.counts = new Uint32Array(units);
    this.#sums = new Float64Array(units);
    this.#logs = new Float64Array(units);
  }

  add(unit: number, value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    this.counts[unit] = (this.counts[unit] ?? 0) + 1;
    this.#sums[unit] = (this.#sums[unit] ?? 0) + value;
    this.#logs[unit] = (this.#logs[unit] ?? 0) + Math.log(value);
  }

  copy(): UnitMeans {
    const copy = new UnitMeans(this.counts.length);
    copy.counts.set(this.counts);
    copy.#sums.set(this.#sums);
    copy.#logs.set(this.#logs);
    return copy;
  }

  /** Mean over the requests of a unit, of which there must be some; with `log` that of their logarithms, where all are above 0. */
  mean(unit: number, log: boolean): number {
    return ((log ? this.#logs[unit] : this.#sums[unit]) ?? 0) / (this.counts[unit] ?? 0);
  }
}

/** A person's choice between answers of two models to one prompt: what `a` made of it, 1, ½ or 0; `b` made the rest. */
export interface Preference {
  readonly a: number;
  readonly b: number;
  readonly unit: number;
  readonly value: number;
}

/** One model's measured figures, by unit. Satisfaction: thumbs alone, as preferences are of pairs. */
export interface ModelValues {
  readonly name: string;
  readonly means: Readonly<Record<ComparedMetric, UnitMeans>>;
  requests: number;
  failed: number;
}

export interface RunValues {
  /** In the order of the plan. */
  readonly models: readonly ModelValues[];
  readonly preferences: readonly Preference[];
}

/** The units of a run by itself. */
export function unitsOf({ manifest, prompts }: Pick<ComparedRun, 'manifest' | 'prompts'>): Units {
  const positions = new Map(prompts.map(({ id }, index) => [id, index]));
  return {
    prompts: prompts.length,
    stages: manifest.stages?.length ?? 1,
    promptAt: (id) => positions.get(id),
    stageAt: (stage) => stage,
  };
}

/**
 * The measured figures of a run: without warm-up and cold starts; latency of requests whose first attempt succeeded, from
 * the schedule where `byClock`, else from sending; cost of
 * those that succeeded, retries included, as a model is not cheap for failing; quality of all, failed ones with 0.
 */
export function valuesOf(run: ComparedRun, units: Units, byClock: boolean): RunValues {
  const { plan } = run.manifest;
  const size = units.prompts * units.stages;
  const models = plan.models.map(({ endpoint, model }): ModelValues => {
    const means = {
      ttft: new UnitMeans(size),
      e2e: new UnitMeans(size),
      cost: new UnitMeans(size),
      quality: new UnitMeans(size),
      satisfaction: new UnitMeans(size),
      errors: new UnitMeans(size),
    };
    return { name: `${endpoint}/${model}`, means, requests: 0, failed: 0 };
  });
  const streamed = plan.models.map((model) => isStreamed(plan, model));
  const modelAt = new Map(models.map(({ name }, index) => [name, index]));
  const { thumbs, pairs } = opinionsOf(run.outcomes ?? []);
  const paired = new Map<string, { model: number; unit: number }>();
  const quality = qualityReader(run);
  for (const record of run.records) {
    if (record.warmup || record.coldStart) continue;
    const at = modelAt.get(`${record.endpoint}/${record.model}`);
    const model = at === undefined ? undefined : models[at];
    if (at === undefined || model === undefined) continue;
    model.requests++;
    if (record.status === 'error') model.failed++;
    const prompt = units.promptAt(record.promptId);
    const stage = units.stageAt(record.stage ?? 0);
    if (prompt === undefined || stage === undefined) continue;
    const unit = stage * units.prompts + prompt;
    model.means.errors.add(unit, record.status === 'error' ? 1 : 0);
    if (latencyCounts(record)) {
      const { sent, firstToken, lastToken } = record.times;
      // Times are from the schedule.
      const start = byClock ? 0 : sent;
      if (streamed[at]) model.means.ttft.add(unit, since(start, firstToken));
      model.means.e2e.add(unit, since(start, lastToken));
    }
    if (record.status === 'ok') model.means.cost.add(unit, record.costUsd);
    model.means.quality.add(unit, quality(record).score);
    const thumb = thumbs.get(record.id);
    if (thumb !== undefined) model.means.satisfaction.add(unit, thumb);
    if (pairs.size > 0) paired.set(record.id, { model: at, unit });
  }
  const preferences: Preference[] = [];
  for (const { a, b, winner } of pairs.values()) {
    const [one, other] = [paired.get(a), paired.get(b)];
    if (winner === undefined || !one || !other || one.unit !== other.unit || one.model === other.model) continue;
    preferences.push({
      a: one.model,
      b: other.model,
      unit: one.unit,
      value: winner === 'tie' ? 0.5 : winner === 'a' ? 1 : 0,
    });
  }
  return { models, preferences };
}

/** What people said of answers, the last of each key: thumbs by record (1 up, 0 down), and pairs. Judges are not satisfied. */
function opinionsOf(outcomes: readonly Outcome[]) {
  const thumbs = new Map<string, number>();
  const pairs = new Map<string, Extract<Outcome, { kind: 'pair' }>>();
  for (const outcome of outcomes) {
    if (outcome.kind === 'rating') {
      if (outcome.value === 0) thumbs.delete(outcome.record);
      else thumbs.set(outcome.record, outcome.value > 0 ? 1 : 0);
    } else if (outcome.kind === 'pair' && outcome.by === 'person') pairs.set(outcomeKey(outcome), outcome);
  }
  return { thumbs, pairs };
}

function since(sent: number, time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.max(leastMs, time - sent);
}
