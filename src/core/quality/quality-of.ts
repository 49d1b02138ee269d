import type { RunPrompt } from '../benchmark/manifest.ts';
import type { Plan } from '../benchmark/plan.ts';
import type { RunRecord } from '../benchmark/record.ts';
import type { Check } from './check.ts';
import { type Outcome, outcomeKey } from './outcome.ts';

/** Undecided of what was asked of the answers: above it, quality rests on too little. */
export const highUndecidedShare = 0.05;

/** How good one request's answer is. Scores in [0,1]; absent: nothing was asked of it, or nothing could be decided. */
export interface Quality {
  /** Weighted mean of all decided checks, and of the judge as one more of weight 1. */
  readonly score?: number | undefined;
  /**
   * Whether every check passes; absent also where one could not be decided, even if another failed: else a share of answers that
   * pass would leave out the good ones only.
   */
  readonly passed?: boolean | undefined;
  /** Weighted mean of the decided checks. */
  readonly checks?: number | undefined;
  /** Mean of the judge's repeats. */
  readonly judge?: number | undefined;
  /** Checks and judgements that were asked for and not decided. */
  readonly undecided: number;
  /** The same by who was asked, with how many were. */
  readonly ofChecks: Decided;
  readonly ofJudge: Decided;
}

/** Of checks, or of judgements. */
export interface Decided {
  readonly asked: number;
  readonly undecided: number;
}

/** What is asked of an answer. */
export interface Asked {
  readonly checks?: readonly Check[] | undefined;
  /** True: the plan has a judge for all answers. */
  readonly judged: boolean;
}

const NONE: Decided = { asked: 0, undecided: 0 };
const NOTHING: Quality = { undecided: 0, ofChecks: NONE, ofJudge: NONE };

/**
 * The quality of one request from its outcomes, the last of each key. A check of weight 0 is for information: it counts in
 * neither score nor `passed`. The judge has the weight of one plain check, so that weights say all of how much it counts. A
 * request that failed has score 0 and did not pass, as nobody was served: a model is not better for answering
 * the easy prompts only.
 */
export function qualityOf(
  record: Pick<RunRecord, 'status'>,
  { checks = [], judged }: Asked,
  outcomes: readonly Outcome[],
): Quality {
  if (record.status === 'error') return failed(checks, judged);
  let weights = 0;
  let weighted = 0;
  const ofChecks = { asked: 0, undecided: 0 };
  const ofJudge = { asked: 0, undecided: 0 };
  let fails = false;
  let open = false;
  const judgements: number[] = [];
  const seen = new Set<number>();
  for (const outcome of outcomes) {
    if (outcome.kind === 'check') {
      seen.add(outcome.check);
      ofChecks.asked++;
      const weight = weightOf(outcome.weight ?? checks[outcome.check]?.weight);
      if (outcome.score === undefined) {
        ofChecks.undecided++;
        open ||= weight > 0;
      } else {
        weights += weight;
        weighted += weight * outcome.score;
        fails ||= weight > 0 && outcome.score < 1;
      }
    } else if (outcome.kind === 'judge') {
      ofJudge.asked++;
      if (outcome.score === undefined) ofJudge.undecided++;
      else judgements.push(outcome.score);
    }
  }
  for (const [index, { weight }] of checks.entries())
    if (!seen.has(index)) {
      ofChecks.asked++;
      ofChecks.undecided++;
      open ||= weightOf(weight) > 0;
    }
  if (judged && ofJudge.asked === 0) {
    ofJudge.asked++;
    ofJudge.undecided++;
  }
  const judge =
    judgements.length > 0 ? judgements.reduce((sum, score) => sum + score, 0) / judgements.length : undefined;
  const all = weights + (judge === undefined ? 0 : 1);
  return {
    score: all > 0 ? (weighted + (judge ?? 0)) / all : undefined,
    passed: open || weights === 0 ? undefined : !fails,
    checks: weights > 0 ? weighted / weights : undefined,
    judge,
    undecided: ofChecks.undecided + ofJudge.undecided,
    ofChecks,
    ofJudge,
  };
}

/**
 * Reads the quality of a run's records, in any order. In a run of which no answer has been evaluated, every request has none: the failed
 * ones alone would make a score of 0.
 */
export function qualityReader(run: {
  readonly manifest: { readonly plan: Pick<Plan, 'evaluation'> };
  readonly prompts: readonly RunPrompt[];
  readonly outcomes?: readonly Outcome[] | undefined;
}): (record: Pick<RunRecord, 'id' | 'promptId' | 'status'>) => Quality {
  const ofRecord = new Map<string, Map<string, Outcome>>();
  let decided = false;
  for (const outcome of run.outcomes ?? []) {
    if (outcome.kind !== 'check' && outcome.kind !== 'judge') continue;
    decided ||= outcome.score !== undefined;
    const own = ofRecord.get(outcome.record);
    if (own) own.set(outcomeKey(outcome), outcome);
    else ofRecord.set(outcome.record, new Map([[outcomeKey(outcome), outcome]]));
  }
  const judged = run.manifest.plan.evaluation?.judge !== undefined;
  const asked = new Map(run.prompts.map(({ id, checks }) => [id, { checks, judged }]));
  return (record) => {
    if (!decided && record.status === 'error') return NOTHING;
    return qualityOf(record, asked.get(record.promptId) ?? { judged }, [...(ofRecord.get(record.id)?.values() ?? [])]);
  };
}

function failed(checks: readonly Check[], judged: boolean): Quality {
  const counts = checks.some(({ weight }) => weightOf(weight) > 0);
  return {
    score: counts || judged ? 0 : undefined,
    passed: counts ? false : undefined,
    checks: counts ? 0 : undefined,
    judge: judged ? 0 : undefined,
    undecided: 0,
    ofChecks: { asked: checks.length, undecided: 0 },
    ofJudge: { asked: judged ? 1 : 0, undecided: 0 },
  };
}

function weightOf(weight: number | undefined): number {
  return Math.max(0, weight ?? 1);
}
