import type { Plan } from '../../core/benchmark/plan.ts';
import type { RecordError, RunRecord } from '../../core/benchmark/record.ts';
import { type EndpointFailureCode, endpointFailureCodes, type FailureDetail } from '../../core/failure.ts';
import { type CheckTools, checkName, needsAnswer, runCheck } from '../../core/quality/checks.ts';
import { readScore, readWinner, scaledScore, sideOf, winnerOfOrders } from '../../core/quality/judge-answer.ts';
import { judgePrompt, pairPrompt } from '../../core/quality/judge-prompt.ts';
import type { Called, Outcome } from '../../core/quality/outcome.ts';
import { speaksToJudge } from '../../core/quality/speaks-to-judge.ts';
import { NotAsked } from './check-tools.ts';
import type { Evaluation } from './evaluations.ts';
import { fenceFor } from './fence.ts';
import type { Asked, ModelCaller } from './model-caller.ts';

export interface VerdictOptions {
  readonly plan: Pick<Plan, 'evaluation' | 'keepAnswers'>;
  readonly caller: Pick<ModelCaller, 'ask'>;
  readonly tools: CheckTools;
  /** What makes fences unguessable. */
  readonly secret: Uint8Array;
}

type Of<Kind extends Evaluation['kind']> = Extract<Evaluation, { kind: Kind }>;
type Judge = NonNullable<NonNullable<Plan['evaluation']>['judge']>;

/** Reaches a verdict. Rejects with `NotAsked` where a model was not asked, so that the verdict is still open. */
export async function verdictOn(evaluation: Evaluation, options: VerdictOptions): Promise<Outcome> {
  if (evaluation.kind === 'check') return checked(evaluation, options);
  const judge = options.plan.evaluation?.judge;
  if (!judge) throw new Error('There is no judge.');
  return evaluation.kind === 'judge' ? judged(evaluation, judge, options) : compared(evaluation, judge, options);
}

/** The whole answer, or why it cannot be judged. An answer without visible text is stored as none. */
function storedAnswer(
  { answer, answerCut }: RunRecord,
  { keepAnswers }: VerdictOptions['plan'],
): { readonly text: string } | { readonly why: string } {
  if (!keepAnswers) return { why: 'Undecided: the run stored no answers.' };
  if (answerCut) return { why: 'Undecided: only the beginning of the answer was stored.' };
  return { text: answer ?? '' };
}

async function checked(evaluation: Of<'check'>, { plan, tools }: VerdictOptions): Promise<Outcome> {
  const { record, prompt, check, index } = evaluation;
  const stored = needsAnswer(check) ? storedAnswer(record, plan) : { text: '' };
  const result =
    'why' in stored
      ? stored
      : await runCheck(check, { answer: stored.text, reference: prompt.reference, tokens: record.tokens }, tools);
  return {
    kind: 'check',
    record: record.id,
    check: index,
    name: checkName(check),
    weight: check.weight,
    ...result,
    at: now(),
  };
}

async function judged(
  evaluation: Of<'judge'>,
  judge: Judge,
  { plan, caller, secret }: VerdictOptions,
): Promise<Outcome> {
  const { record, prompt, repeat } = evaluation;
  const { model, rubric, scale, maxTokens } = judge;
  const about = { kind: 'judge', record: record.id, repeat } as const;
  const stored = storedAnswer(record, plan);
  if ('why' in stored) {
    return { ...about, why: stored.why, called: { endpoint: model.endpoint, model: model.model }, at: now() };
  }
  const { text: question, reference } = prompt;
  const answer = stored.text;
  const id = `${record.id}.j${repeat + 1}`;
  const fence = fenceFor(secret, id, [question, reference ?? '', answer]);
  const asked = await caller.ask(
    model,
    judgePrompt({ rubric, scale, question, reference, answer, fence }),
    maxTokens,
    id,
  );
  if (typeof asked === 'string') throw new NotAsked(asked);
  const suspicious = speaksToJudge(answer) ? true : undefined;
  if (asked.value === undefined) {
    return { ...about, suspicious, error: asked.failure && errorOf(asked.failure), called: asked.called, at: now() };
  }
  const { verdict: raw, why } = readScore(asked.value, scale);
  const score = raw === undefined ? undefined : scaledScore(raw, scale);
  return { ...about, score, raw, why, suspicious, called: asked.called, at: now() };
}

async function compared(evaluation: Of<'pair'>, judge: Judge, { caller, secret }: VerdictOptions): Promise<Outcome> {
  const { pair, prompt, records } = evaluation;
  const about = { kind: 'pair', by: 'judge', a: pair.a, b: pair.b } as const;
  if (pair.identical) return { ...about, winner: 'tie', why: 'Both answers are the same.', at: now() };
  const { model, rubric, maxTokens } = judge;
  const { text: question, reference } = prompt;
  const texts = { a: records[0].answer ?? '', b: records[1].answer ?? '' };
  const suspicious = speaksToJudge(texts.a) || speaksToJudge(texts.b) ? true : undefined;
  const asked: Asked<string>[] = [];
  const orders: { first: 'a' | 'b'; winner?: 'a' | 'b' | 'tie' | undefined }[] = [];
  const verdicts: ReturnType<typeof readWinner>[] = [];
  for (const [first, second] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const id = `${pair.a}.vs.${pair.b}.${first}`;
    const fence = fenceFor(secret, id, [question, reference ?? '', texts.a, texts.b]);
    const shown = { rubric, question, reference, first: texts[first], second: texts[second], fence };
    const said = await caller.ask(model, pairPrompt(shown), maxTokens, id);
    if (typeof said === 'string') throw new NotAsked(said);
    asked.push(said);
    const read =
      said.value === undefined ? { why: said.failure?.message ?? 'The judge did not answer.' } : readWinner(said.value);
    verdicts.push(read);
    orders.push({ first, winner: read.verdict && sideOf(read.verdict, first) });
  }
  const winner = winnerOfOrders(verdicts[0]?.verdict, verdicts[1]?.verdict);
  const contradicts = winner === 'tie' && orders[0]?.winner !== orders[1]?.winner;
  const reasons = verdicts.map(({ why }) => why).join(' / ');
  return {
    ...about,
    winner,
    orders,
    why: contradicts ? `The judge contradicts itself when the order changes. ${reasons}` : reasons,
    suspicious,
    called: together(asked.map(({ called }) => called)),
    at: now(),
  };
}

/** Both calls of a pair as one; what is not known of one is not known of both. */
function together([first, second]: readonly Called[]): Called | undefined {
  if (!first || !second) return first;
  const { tokens: a } = first;
  const { tokens: b } = second;
  const source = a?.source === b?.source ? (a?.source ?? 'estimate') : 'estimate';
  return {
    endpoint: first.endpoint,
    model: first.model,
    e2eMs: sum(first.e2eMs, second.e2eMs),
    tokens: a && b && { input: a.input + b.input, output: a.output + b.output, source },
    costUsd: sum(first.costUsd, second.costUsd),
    // Tokens that are dropped here are no longer told.
    uncertain: sum(first.uncertain, sum(second.uncertain, (a === undefined) === (b === undefined) ? 0 : 1)),
  };
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

const codes: ReadonlySet<string> = new Set(endpointFailureCodes);

function errorOf({ code, message, status, retryAfterMs }: FailureDetail): RecordError {
  return { code: codes.has(code) ? (code as EndpointFailureCode) : 'connect', message, status, retryAfterMs };
}

function now(): string {
  return new Date().toISOString();
}
