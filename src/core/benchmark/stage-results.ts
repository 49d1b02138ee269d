import { latencyCounts } from './attempts.ts';
import type { Stage } from './load.ts';
import type { Plan } from './plan.ts';
import type { RunRecord } from './record.ts';
import { meetsSlo, sloFromSchedule } from './slo.ts';
import type { StageResult } from './stages.ts';
import { WaitGrowth } from './wait-growth.ts';

interface Counting {
  readonly stage: Stage;
  measured: number;
  good: number;
  readonly growth: WaitGrowth;
}

/** Counts what the stages of a run gave, record by record in any order; what a search does next depends on it, and what it found. */
export class StageResults {
  readonly #slo: Plan['slo'];
  readonly #results: Counting[] = [];

  constructor({ slo }: Pick<Plan, 'slo'>, begun: readonly Stage[] = []) {
    this.#slo = slo;
    for (const stage of begun) this.begin(stage);
  }

  get all(): readonly StageResult[] {
    return this.#results.map(({ stage, measured, good, growth }) => ({
      stage,
      measured,
      good,
      growth: growth.atLeast(),
    }));
  }

  begin(stage: Stage): void {
    this.#results.push({ stage, measured: 0, good: 0, growth: new WaitGrowth() });
  }

  note(record: RunRecord): void {
    const result = this.#results[record.stage ?? 0];
    if (record.warmup || record.coldStart || !result) return;
    result.measured++;
    if (this.#slo && meetsSlo(record, this.#slo, sloFromSchedule(result.stage.load))) result.good++;
    const { lastToken } = record.times;
    if (lastToken !== undefined && latencyCounts(record)) {
      result.growth.add(record.session ?? 0, Date.parse(record.scheduledAt), lastToken);
    }
  }
}
