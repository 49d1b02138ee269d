import { distribution } from '../stats/quantiles.ts';
import { latencyCounts } from './attempts.ts';
import { costUnknown } from './billing.ts';
import { definitions } from './definitions.ts';
import type { Manifest, RunPrompt } from './manifest.ts';
import { isStreamed, type Plan, type PlannedModel } from './plan.ts';
import type { RunRecord } from './record.ts';
import type { ModelSummary, Summary } from './summary.ts';
import { tpotOf } from './tpot.ts';
import { warningsOf } from './warnings.ts';

/**
 * The summary of a run: a pure function of what its folder holds. Records are read once, in any order, so that a run of
 * any length can be streamed; of each, only its figures are kept. Records of models that the plan does not name are
 * left out.
 */
export function summarise(manifest: Manifest, prompts: readonly RunPrompt[], records: Iterable<RunRecord>): Summary {
  const tallies = new Map(
    manifest.plan.models.map((planned) => [nameOf(planned.endpoint, planned.model), new Tally(planned)]),
  );
  const tierOfPrompt = new Map(prompts.map(({ id, tier }) => [id, tier]));
  const whole = new Spans();
  let simulated = manifest.simulated;
  for (const record of records) {
    const tally = tallies.get(nameOf(record.endpoint, record.model));
    if (!tally) continue;
    simulated ||= record.simulated === true;
    whole.add(record, 0);
    tally.add(record, tierOfPrompt.get(record.promptId));
  }

  const parts = [...tallies.values()];
  const models = parts.map((tally) => tally.summary(manifest.plan));
  const sum = (pick: (tally: Tally) => number) => parts.reduce((total, tally) => total + pick(tally), 0);
  const known = parts.some((tally) => tally.knownAll > 0);
  const totals = {
    requests: sum((tally) => tally.requests),
    ok: sum((tally) => tally.ok),
    error: sum((tally) => tally.requests - tally.ok),
    warmup: sum((tally) => tally.warmup),
    ...(known ? { knownUsd: sum((tally) => tally.usdAll) } : {}),
    unknownCost: sum((tally) => tally.unknownAll),
    durationMs: manifest.durationMs ?? whole.totalMs(),
  };
  const summary = { schema: 1 as const, runId: manifest.runId, models, totals, definitions, simulated };
  return { ...summary, warnings: warningsOf(manifest, summary) };
}

/**
 * Milliseconds in which a run was measuring, from its records: from the first schedule to the last end of each session.
 * What a run that was killed could not write down itself.
 */
export function measuredMs(records: Iterable<RunRecord>): number {
  const spans = new Spans();
  for (const record of records) spans.add(record, 0);
  return spans.totalMs();
}

const tokenParts = ['input', 'output', 'cachedInput', 'cacheWrite', 'reasoning'] as const;
/** A server that makes up a name for each answer does not fill the summary. */
const mostNames = 20;

function nameOf(endpoint: string, model: string): string {
  return JSON.stringify([endpoint, model]);
}

/** Spans of wall time, one for each session of a run; the clock may have been set between two of them. */
class Spans {
  readonly #sessions = new Map<number, { from: number; to: number }>();

  /** `fromMs`: where the span of this record begins, ms from its schedule. */
  add(record: RunRecord, fromMs: number): void {
    const scheduled = Date.parse(record.scheduledAt);
    const from = scheduled + fromMs;
    const to = scheduled + (record.attempts.at(-1)?.times.end ?? record.times.end);
    const session = this.#sessions.get(record.session ?? 0);
    if (session) {
      session.from = Math.min(session.from, from);
      session.to = Math.max(session.to, to);
    } else this.#sessions.set(record.session ?? 0, { from, to });
  }

  totalMs(): number {
    let total = 0;
    for (const { from, to } of this.#sessions.values()) total += to - from;
    return total;
  }
}

/** What one model did, while its records pass by. */
class Tally {
  requests = 0;
  ok = 0;
  warmup = 0;
  /** Of all requests, warm-up included: cost, those with known cost, those without. */
  usdAll = 0;
  knownAll = 0;
  unknownAll = 0;
  readonly #planned: PlannedModel;
  readonly #errors: Record<string, number> = {};
  readonly #tiers = { simple: 0, medium: 0, complex: 0 };
  readonly #span = new Spans();
  readonly #values = {
    headers: [] as number[],
    ttft: [] as number[],
    ttfv: [] as number[],
    e2e: [] as number[],
    fromSchedule: [] as number[],
    tpot: [] as number[],
    tokensPerSecond: [] as number[],
  };
  readonly #coldStarts: { ms: number; ok: boolean }[] = [];
  readonly #servedAs = new Map<string, number>();
  readonly #tokens = { input: 0, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
  /** Requests by where their token counts come from. */
  readonly #sources = { server: 0, tokenizer: 0, estimate: 0 };
  #retried = 0;
  #firstFailed = 0;
  #usd = 0;
  #known = 0;
  #unknown = 0;
  #okOutput = 0;

  constructor(planned: PlannedModel) {
    this.#planned = planned;
  }

  add(record: RunRecord, tier: RunPrompt['tier'] | undefined): void {
    const { costUsd } = record;
    const unknown = costUnknown(record) ? 1 : 0;
    this.unknownAll += unknown;
    if (costUsd !== undefined) {
      this.usdAll += costUsd;
      this.knownAll++;
    }
    if (record.coldStart) {
      const { firstToken, end } = record.attempts.at(-1)?.times ?? record.times;
      this.#coldStarts.push({ ms: firstToken ?? end, ok: record.status === 'ok' });
      return;
    }
    if (record.warmup) {
      this.warmup++;
      return;
    }
    this.requests++;
    this.#unknown += unknown;
    if (costUsd !== undefined) {
      this.#usd += costUsd;
      this.#known++;
    }
    if (tier) this.#tiers[tier]++;
    this.#span.add(record, record.times.sent);
    if (record.tokens) {
      for (const part of tokenParts) this.#tokens[part] += record.tokens[part] ?? 0;
      this.#sources[record.tokens.source]++;
    }
    if (record.attempts.length > 1) this.#retried++;
    if (record.attempts.length > 1 || record.status === 'error') this.#firstFailed++;
    if (record.status === 'ok') {
      this.ok++;
      this.#okOutput += record.tokens?.output ?? 0;
      if (record.servedModel !== undefined) this.#addServed(record.servedModel);
      if (latencyCounts(record)) this.#addTimes(record);
    } else {
      const code = record.error?.code ?? 'server';
      this.#errors[code] = (this.#errors[code] ?? 0) + 1;
    }
  }

  #addTimes(record: RunRecord): void {
    const { sent, headers, firstToken, firstVisible, lastToken } = record.times;
    const values = this.#values;
    if (headers !== undefined) values.headers.push(headers - sent);
    if (firstToken !== undefined) values.ttft.push(firstToken - sent);
    if (firstVisible !== undefined) values.ttfv.push(firstVisible - sent);
    if (lastToken !== undefined) {
      values.e2e.push(lastToken - sent);
      values.fromSchedule.push(lastToken);
    }
    const tpot = tpotOf(record);
    if (tpot === undefined) return;
    values.tpot.push(tpot);
    values.tokensPerSecond.push(1000 / tpot);
  }

  #addServed(model: string): void {
    const count = this.#servedAs.get(model);
    if (count !== undefined || this.#servedAs.size < mostNames) this.#servedAs.set(model, (count ?? 0) + 1);
  }

  summary(plan: Plan): ModelSummary {
    const stream = isStreamed(plan, this.#planned);
    const values = this.#values;
    const seconds = this.#span.totalMs() / 1000;
    const perSecond = (count: number) => (count > 0 && seconds > 0 ? count / seconds : undefined);
    const retried = this.#retried > 0 ? { retried: this.#retried, firstAttemptFailed: this.#firstFailed } : {};
    const { input, output, ...parts } = this.#tokens;
    const served = [...this.#servedAs].map(([model, count]) => ({ model, count }));
    return {
      endpoint: this.#planned.endpoint,
      model: this.#planned.model,
      counts: { requests: this.requests, ok: this.ok, error: this.requests - this.ok, warmup: this.warmup, ...retried },
      ...(this.#coldStarts.length > 0 ? { coldStarts: this.#coldStarts } : {}),
      errors: this.#errors,
      ttftMs: stream ? distribution(values.ttft) : undefined,
      ttfvMs: stream ? distribution(values.ttfv) : undefined,
      headersMs: distribution(values.headers),
      e2eMs: distribution(values.e2e),
      e2eFromScheduleMs: distribution(values.fromSchedule),
      tpotMs: distribution(values.tpot),
      tokensPerSecond: distribution(values.tokensPerSecond),
      requestsPerSecond: perSecond(this.ok),
      outputTokensPerSecond: perSecond(this.#okOutput),
      tokens: {
        input,
        output,
        ...Object.fromEntries(Object.entries(parts).filter(([, count]) => count > 0)),
        source: this.#source(),
      },
      cost: {
        ...(this.#known > 0 ? { knownUsd: this.#usd, perRequestUsd: this.#usd / this.#known } : {}),
        unknown: this.#unknown,
        ...(parts.cachedInput > 0 && this.#known > 0 && this.#planned.cachedInputPrice === undefined
          ? { cachedAtInputPrice: true }
          : {}),
      },
      ...(served.length > 0 ? { servedAs: served.sort((a, b) => b.count - a.count) } : {}),
      tiers: this.#tiers,
    };
  }

  #source(): ModelSummary['tokens']['source'] {
    const { server, tokenizer, estimate } = this.#sources;
    if (estimate > 0) return server + tokenizer > 0 ? 'mixed' : 'estimate';
    if (tokenizer > 0) return server > 0 ? 'mixed' : 'tokenizer';
    return server > 0 ? 'server' : 'none';
  }
}
