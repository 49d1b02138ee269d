import { mayHaveCost } from '../../core/benchmark/billing.ts';
import type { Plan, PlannedModel } from '../../core/benchmark/plan.ts';
import type { RecordTokens } from '../../core/benchmark/record.ts';
import { tokenCost } from '../../core/catalog/cost.ts';
import { Failure, type FailureDetail } from '../../core/failure.ts';
import { estimateTokens } from '../../core/prompts/tokens.ts';
import type { Called } from '../../core/quality/outcome.ts';
import {
  addUse,
  type Ceilings,
  type CertainUse,
  certainUse,
  noUse,
  Spending,
  type Use,
  useBound,
} from '../benchmark/budget.ts';
import { makeCallOnce } from '../benchmark/call-once.ts';
import { Health } from '../benchmark/health.ts';
import type { Parent } from '../benchmark/parent.ts';
import type { Targets } from '../benchmark/targets.ts';
import { systemClock } from '../calling/clock.ts';
import { Limiter } from '../calling/limiter.ts';
import {
  type AttemptOutcome,
  type CallAttempt,
  callWithRetries,
  lastAttempt,
  RetryBudget,
  wasCancelled,
} from '../calling/retry.ts';
import { fixedTimeouts } from '../calling/timeout.ts';
import { callEmbeddings } from '../endpoints/embeddings.ts';
import { refusesKey } from '../endpoints/refused-key.ts';
import type { Transport } from '../http/transport.ts';

/** Answers are judged this many at a time, at most, however many requests the run had in flight. */
const mostAtOnce = 16;
/** Judges are not measured, so that they are asked again also where the run itself never retries. */
const fewestRetries = 3;

export interface ModelCallerOptions {
  readonly plan: Plan;
  readonly targets: Targets;
  readonly transport: Transport;
  readonly parent: Parent | undefined;
  readonly ceilings: Ceilings;
  readonly signal: AbortSignal;
}

/** What asking a model came to. */
export interface Asked<T> {
  readonly value?: T | undefined;
  /** Absent where there is a value. */
  readonly failure?: FailureDetail | undefined;
  readonly called: Called;
}

/** Why a model was not asked, or what it said is not known: nothing is to be written down. */
export type Unasked = 'cancelled' | 'refused' | 'dead';

/** Verdicts that are reached at once. */
export function judgedAtOnce({ concurrency }: Pick<Plan, 'concurrency'>): number {
  return Math.max(1, Math.min(concurrency, mostAtOnce));
}

/** Attempts that a call can take at most. */
export function mostAttempts({ maxRetries = 0 }: Pick<Plan, 'maxRetries'>): number {
  return 1 + Math.max(maxRetries, fewestRetries);
}

/**
 * Asks judges and embedding models: at most as many at once as the plan and each endpoint allow, again after what turned it away,
 * under the run's ceilings, and no more where nothing ever answers.
 */
export class ModelCaller {
  readonly #options: ModelCallerOptions;
  readonly #callChat: ReturnType<typeof makeCallOnce>;
  readonly #lanes = new Map<string, { limiter: Limiter; budget: RetryBudget }>();
  readonly #health = new Health();
  readonly #ended = new Set<() => void>();
  #inFlight = 0;
  #refusal: ReturnType<Ceilings['refusal']>;
  #abandoned = noUse;

  constructor(options: ModelCallerOptions) {
    this.#options = options;
    // A judge is asked its own way, whatever the run asks of the models it measures.
    const plan = { ...options.plan, stream: true, temperature: options.plan.evaluation?.judge?.temperature };
    this.#callChat = makeCallOnce({ ...options, plan });
    const most = judgedAtOnce(plan);
    for (const { id, concurrency = most } of plan.endpoints) {
      const limiter = new Limiter({ concurrency: Math.max(1, Math.min(concurrency, most)) });
      this.#lanes.set(id, { limiter, budget: new RetryBudget() });
    }
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** What calls that were given up may have used, at most. */
  get abandoned(): Use {
    return this.#abandoned;
  }

  /** Which ceiling left no room for a call; undefined: none did. */
  get refusal(): ReturnType<Ceilings['refusal']> {
    return this.#refusal;
  }

  /** What cannot be reached at all, and how to mend it. */
  complaint(): string | undefined {
    return this.#health.complaint();
  }

  /** What a model answers to a text. */
  async ask(model: PlannedModel, text: string, maxTokens: number, id: string): Promise<Asked<string> | Unasked> {
    const prompt = { id, text, tokens: estimateTokens(text).tokens, score: 0.5, tier: 'medium' } as const;
    const bound = useBound(Buffer.byteLength(text), maxTokens, model);
    const useOf = (outcome: Parameters<typeof certainUse>[0]) => certainUse(outcome, model);
    const attempts = await this.#attempts(
      model,
      bound,
      maxTokens,
      (limits) => this.#callChat({ id, model, prompt, maxTokens }, limits),
      useOf,
    );
    if (typeof attempts === 'string') return attempts;
    const { outcome } = lastAttempt(attempts);
    const tokensOf = ({ usage, failure, text: said, reasoning, status }: typeof outcome): RecordTokens | undefined => {
      if (usage) return { ...usage, source: 'server' };
      if (failure && !(said + reasoning !== '' && mayHaveCost(status, failure.code))) return undefined;
      return { input: prompt.tokens, output: estimateTokens(said + reasoning).tokens, source: 'estimate' };
    };
    return {
      value: outcome.failure ? undefined : outcome.text,
      failure: outcome.failure,
      called: calledOf(model, attempts, tokensOf, useOf),
    };
  }

  /** The vectors of some texts, as the model gives them. */
  async embed(model: PlannedModel, texts: readonly string[]): Promise<Asked<readonly (readonly number[])[]> | Unasked> {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const { transport, targets } = this.#options;
    const usageOf = (tokens: number | undefined) => (tokens === undefined ? undefined : { input: tokens, output: 0 });
    const useOf = (outcome: Parameters<typeof certainUse>[0]) => certainUse(outcome, model);
    const attempts = await this.#attempts(
      model,
      useBound(bytes, 0, model),
      undefined,
      async (limits) => {
        let target: Awaited<ReturnType<Targets['fresh']>>;
        try {
          target = await targets.fresh(model.endpoint, limits.signal);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          const at = transport.now();
          return {
            failure: error as FailureDetail,
            times: { sent: at, end: at },
            status: undefined,
            usage: undefined,
            vectors: [],
          };
        }
        const { results, calls, inputTokens } = await callEmbeddings(
          transport,
          target,
          { model: model.model, input: texts },
          limits,
        );
        const vectors = results.flatMap(({ vector }) => (vector ? [vector] : []));
        return {
          failure: results.find(({ failure }) => failure)?.failure,
          status: calls.at(-1)?.status,
          times: { sent: calls[0]?.times.sent ?? 0, end: calls.at(-1)?.times.end ?? 0 },
          usage: usageOf(inputTokens),
          vectors,
        };
      },
      useOf,
    );
    if (typeof attempts === 'string') return attempts;
    const { outcome } = lastAttempt(attempts);
    const tokensOf = ({ usage, failure }: typeof outcome): RecordTokens | undefined => {
      if (usage) return { ...usage, source: 'server' };
      const input = texts.reduce((sum, text) => sum + estimateTokens(text).tokens, 0);
      return failure ? undefined : { input, output: 0, source: 'estimate' };
    };
    return {
      value: outcome.failure ? undefined : outcome.vectors,
      failure: outcome.failure,
      called: calledOf(model, attempts, tokensOf, useOf),
    };
  }

  async #attempts<Outcome extends AttemptOutcome>(
    model: PlannedModel,
    bound: Use,
    maxTokens: number | undefined,
    once: (limits: { timeoutMs: number; signal: AbortSignal }) => Promise<Outcome>,
    useOf: (outcome: Outcome) => CertainUse,
  ): Promise<CallAttempt<Outcome>[] | Unasked> {
    const { plan, ceilings, signal, targets } = this.#options;
    const lane = this.#lanes.get(model.endpoint);
    if (!lane) throw new Error(`There is no endpoint "${model.endpoint}".`);
    const spending = new Spending(ceilings, bound);
    const admitted = await this.#admitted(model, spending, bound);
    if (admitted !== true) return admitted;
    // Each call listens to a signal of its own: see runner.ts.
    const giveUp = new AbortController();
    const cancel = () => giveUp.abort(new Failure({ code: 'cancelled', message: 'The evaluation was ended.' }));
    signal.addEventListener('abort', cancel);
    this.#inFlight++;
    const tries = () =>
      callWithRetries<Outcome>(
        ({ timeout }) =>
          lane.limiter.run(async () => {
            const outcome = await once({ timeoutMs: timeout.ms, signal: giveUp.signal });
            spending.settle(useOf(outcome));
            return outcome;
          }, giveUp.signal),
        {
          ...systemClock,
          maxRetries: mostAttempts(plan) - 1,
          budget: lane.budget,
          timeouts: fixedTimeouts(plan.timeoutMs),
          complexity: 0.5,
          maxTokens,
          target: `${model.endpoint}/${model.model}`,
          signal: giveUp.signal,
          onRetryAfter: (ms) => lane.limiter.pause(ms),
          admitRetry: () => spending.reserve(),
        },
      );
    try {
      const used = targets.of(model.endpoint).key;
      let attempts = await tries();
      const { failure, status } = lastAttempt(attempts).outcome;
      if (failure?.code === 'auth' && refusesKey(status, failure.message) && !giveUp.signal.aborted) {
        const renewed = await targets.afterRefusal(model.endpoint, used, giveUp.signal);
        if (renewed && spending.reserve()) attempts = [...attempts, ...(await tries())];
      }
      if (wasCancelled(attempts)) return this.#given(spending);
      this.#health.note(model.endpoint, model.model, lastAttempt(attempts).outcome.failure);
      return attempts;
    } catch (error) {
      // Cancelled while it waited for a place.
      if (giveUp.signal.aborted && error instanceof Failure) return this.#given(spending);
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
      spending.settle(noUse);
      this.#inFlight--;
      for (const wake of this.#ended) wake();
      this.#ended.clear();
    }
  }

  #given(spending: Spending): Unasked {
    spending.settle(noUse);
    this.#abandoned = addUse(this.#abandoned, spending.most);
    return 'cancelled';
  }

  /** Waits until the ceilings leave room; with nothing in flight that could give some back, they never will. */
  async #admitted(model: PlannedModel, spending: Spending, bound: Use): Promise<true | Unasked> {
    for (;;) {
      if (this.#options.signal.aborted) return 'cancelled';
      if (this.#health.isDead(model.endpoint, model.model)) return 'dead';
      if (this.#refusal) return 'refused';
      if (spending.reserve()) return true;
      if (this.#inFlight === 0) {
        this.#refusal = this.#options.ceilings.refusal(bound);
        return 'refused';
      }
      await new Promise<void>((resolve) => this.#ended.add(resolve));
    }
  }
}

/** What a call took, over all attempts; the cost is left out where any part of it is not known. */
function calledOf<Outcome extends AttemptOutcome>(
  model: PlannedModel,
  attempts: readonly CallAttempt<Outcome>[],
  tokensOf: (outcome: Outcome) => RecordTokens | undefined,
  useOf: (outcome: Outcome) => CertainUse,
): Called {
  const { times } = lastAttempt(attempts).outcome;
  let costUsd: number | undefined = 0;
  let uncertain = 0;
  for (const { outcome } of attempts) {
    const tokens = tokensOf(outcome);
    if (useOf(outcome).tokens === undefined) uncertain++;
    const free = tokens === undefined && !mayHaveCost(outcome.status, outcome.failure?.code);
    const usd = free ? 0 : tokens && tokenCost(tokens, model);
    costUsd = usd === undefined || costUsd === undefined ? undefined : costUsd + usd;
  }
  return {
    endpoint: model.endpoint,
    model: model.model,
    e2eMs: Math.round(100 * (times.end - times.sent)) / 100,
    tokens: tokensOf(lastAttempt(attempts).outcome),
    costUsd,
    uncertain,
  };
}
