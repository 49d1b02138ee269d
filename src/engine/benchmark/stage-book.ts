import type { Stage } from '../../core/benchmark/load.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { StageResults } from '../../core/benchmark/stage-results.ts';
import { mostRequests, nextStage } from '../../core/benchmark/stages.ts';

/** Which stages a run goes through, and how many requests are left. */
export class StageBook {
  readonly #plan: Plan;
  readonly #results: StageResults;
  #most: number;
  #done: number;

  /** Goes on counting in `earlier.stages`. */
  constructor(
    plan: Plan,
    earlier: { readonly stages?: StageResults | undefined; readonly finished: ReadonlySet<string> },
  ) {
    this.#plan = plan;
    this.#results = earlier.stages ?? new StageResults(plan);
    this.#most = mostRequests(plan, this.#results.all);
    this.#done = earlier.finished.size;
  }

  /** The stage at this place: one that had begun, or the next; undefined: there is no more. */
  at(index: number): Stage | undefined {
    const begun = this.#results.all;
    // What the stages before it gave can have ruled out others.
    this.#most = mostRequests(this.#plan, begun);
    return this.isNew(index) ? nextStage(this.#plan, begun) : begun[index]?.stage;
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
  note(record: RunRecord): void {
    this.#done++;
    this.#results.note(record);
  }

  /** Requests over all stages, warm-up included: at most, as far as is known. */
  get most(): number {
    return this.#most;
  }

  get left(): number {
    return this.#most - this.#done;
  }
}
