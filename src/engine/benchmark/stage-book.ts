import type { Stage } from '../../core/benchmark/load.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import type { PlannedRequest } from '../../core/benchmark/schedule.ts';
import { meetsSlo, sloFromSchedule } from '../../core/benchmark/slo.ts';
import { mostRequests, nextStage, type StageResult } from '../../core/benchmark/stages.ts';

/** Counts what the stages of a run gave, record by record; what comes next depends on it. */
export class StageResults {
  readonly #plan: Plan;
  readonly #results: { stage: Stage; measured: number; good: number }[];

  constructor(plan: Plan, results: readonly StageResult[]) {
    this.#plan = plan;
    this.#results = results.map((result) => ({ ...result }));
  }

  get all(): readonly StageResult[] {
    return this.#results;
  }

  begin(stage: Stage): void {
    this.#results.push({ stage, measured: 0, good: 0 });
  }

  note({ warmup, stage }: Pick<PlannedRequest, 'warmup' | 'stage'>, record: RunRecord): void {
    const result = this.#results[stage];
    if (warmup || !result) return;
    const { slo } = this.#plan;
    result.measured++;
    if (slo && meetsSlo(record, slo, sloFromSchedule(result.stage.load))) result.good++;
  }
}

/** Which stages a run goes through, and how many requests are left. */
export class StageBook {
  readonly #plan: Plan;
  readonly #results: StageResults;
  #most: number;
  #done: number;

  constructor(
    plan: Plan,
    earlier: { readonly stages: readonly StageResult[]; readonly finished: ReadonlySet<string> },
  ) {
    this.#plan = plan;
    this.#results = new StageResults(plan, earlier.stages);
    this.#most = mostRequests(plan, earlier.stages);
    this.#done = earlier.finished.size;
  }

  /** The stage at this place: one that had begun, or the next; undefined: there is no more. */
  at(index: number): Stage | undefined {
    // What the stages before it gave can have ruled out others.
    this.#most = mostRequests(this.#plan, this.#results.all);
    return this.isNew(index) ? nextStage(this.#plan, this.#results.all) : this.#results.all[index]?.stage;
  }

  isNew(index: number): boolean {
    return index >= this.#results.all.length;
  }

  /** Gives all that have begun. */
  begin(stage: Stage): readonly Stage[] {
    this.#results.begin(stage);
    return this.#results.all.map((result) => result.stage);
  }

  /** A request has its record. */
  note(request: PlannedRequest, record: RunRecord): void {
    this.#done++;
    this.#results.note(request, record);
  }

  /** Requests over all stages, warm-up included: at most, as far as is known. */
  get most(): number {
    return this.#most;
  }

  get left(): number {
    return this.#most - this.#done;
  }
}
