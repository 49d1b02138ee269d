import { tokenCostParts } from '../catalog/cost.ts';
import { distribution } from '../stats/quantiles.ts';
import { Values } from '../stats/values.ts';
import { latencyCounts } from './attempts.ts';
import { costUnknown } from './billing.ts';
import type { RunPrompt } from './manifest.ts';
import { isStreamed, type Plan, type PlannedModel } from './plan.ts';
import type { RunRecord } from './record.ts';
import { meetsSlo } from './slo.ts';
import { Spans } from './spans.ts';
import type { ModelSummary } from './summary.ts';
import { tpotOf } from './tpot.ts';

const tokenParts = ['input', 'output', 'cachedInput', 'cacheWrite', 'reasoning'] as const;
const costParts = ['input', 'cachedInput', 'cacheWrite', 'output', 'reasoning'] as const;
/** A server that makes up a name for each answer does not fill the summary. */
const mostNames = 20;

/** What one model did in one stage or in all, while its records pass by. */
export class Tally {
  requests = 0;
  ok = 0;
  warmup = 0;
  /** Of all requests, warm-up included: cost, those with known cost, those without. */
  usdAll = 0;
  knownAll = 0;
  unknownAll = 0;
  readonly #planned: PlannedModel;
  readonly #slo: Plan['slo'];
  readonly #streamed: boolean;
  readonly #errors: Record<string, number> = {};
  readonly #tiers = { simple: 0, medium: 0, complex: 0 };
  readonly #span = new Spans();
  readonly #times = new Times();
  readonly #connections = new Connections();
  readonly #coldStarts: { ms: number; ok: boolean }[] = [];
  readonly #servedAs = new Map<string, number>();
  readonly #tokens = { input: 0, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
  /** Requests by where their token counts come from. */
  readonly #sources = { server: 0, tokenizer: 0, estimate: 0 };
  readonly #usdParts = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0, earlier: 0 };
  #retried = 0;
  #firstFailed = 0;
  #usd = 0;
  #known = 0;
  #unknown = 0;
  #okOutput = 0;
  #good = 0;

  constructor(planned: PlannedModel, plan: Plan) {
    this.#planned = planned;
    this.#slo = plan.slo;
    this.#streamed = isStreamed(plan, planned);
  }

  /** `scheduled`: when it was due, ms since the epoch; `fromSchedule`: the SLO counts from there. */
  add(record: RunRecord, tier: RunPrompt['tier'] | undefined, scheduled: number, fromSchedule: boolean): void {
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
    if (costUsd !== undefined) this.#addCost(record, costUsd);
    if (tier) this.#tiers[tier]++;
    this.#span.add(record, scheduled, record.times.sent);
    if (record.tokens) {
      for (const part of tokenParts) this.#tokens[part] += record.tokens[part] ?? 0;
      this.#sources[record.tokens.source]++;
    }
    if (record.attempts.length > 1) this.#retried++;
    if (record.attempts.length > 1 || record.status === 'error') this.#firstFailed++;
    this.#connections.add(record);
    if (this.#slo && meetsSlo(record, this.#slo, fromSchedule)) this.#good++;
    if (record.status === 'ok') {
      this.ok++;
      this.#okOutput += record.tokens?.output ?? 0;
      if (record.servedModel !== undefined) this.#addServed(record.servedModel);
      if (latencyCounts(record)) this.#times.add(record);
    } else {
      const code = record.error?.code ?? 'server';
      this.#errors[code] = (this.#errors[code] ?? 0) + 1;
    }
  }

  #addCost({ tokens }: RunRecord, costUsd: number): void {
    this.#usd += costUsd;
    this.#known++;
    const parts = tokens && tokenCostParts(tokens, this.#planned);
    let rest = costUsd;
    for (const part of costParts) {
      const usd = Math.min(rest, parts?.[part] ?? 0);
      this.#usdParts[part] += usd;
      rest -= usd;
    }
    // What the last attempt's tokens do not explain was paid for those before it; the rounding of sums is not.
    if (rest > costUsd * 1e-9) this.#usdParts.earlier += rest;
  }

  #addServed(model: string): void {
    const count = this.#servedAs.get(model);
    if (count !== undefined || this.#servedAs.size < mostNames) this.#servedAs.set(model, (count ?? 0) + 1);
  }

  summary(): ModelSummary {
    const seconds = this.#span.totalMs() / 1000;
    const perSecond = (count: number) => (count > 0 && seconds > 0 ? count / seconds : undefined);
    const retried = this.#retried > 0 ? { retried: this.#retried, firstAttemptFailed: this.#firstFailed } : {};
    const { input, output, ...parts } = this.#tokens;
    const served = [...this.#servedAs].map(([model, count]) => ({ model, count }));
    const { ttftMs, ttftFromScheduleMs, ttfvMs, ...times } = this.#times.summary();
    return {
      endpoint: this.#planned.endpoint,
      model: this.#planned.model,
      counts: { requests: this.requests, ok: this.ok, error: this.requests - this.ok, warmup: this.warmup, ...retried },
      ...(this.#coldStarts.length > 0 ? { coldStarts: this.#coldStarts } : {}),
      errors: this.#errors,
      // An answer that does not come in pieces has no first token to speak of.
      ttftMs: this.#streamed ? ttftMs : undefined,
      ttftFromScheduleMs: this.#streamed ? ttftFromScheduleMs : undefined,
      ttfvMs: this.#streamed ? ttfvMs : undefined,
      ...times,
      ...this.#connections.summary(),
      ...(this.#slo && this.requests > 0
        ? { good: { share: this.#good / this.requests, perSecond: seconds > 0 ? this.#good / seconds : undefined } }
        : {}),
      requestsPerSecond: perSecond(this.ok),
      outputTokensPerSecond: perSecond(this.#okOutput),
      tokens: { input, output, ...positive(parts), source: this.#source() },
      cost: {
        ...(this.#known > 0
          ? { knownUsd: this.#usd, perRequestUsd: this.#usd / this.#known, parts: positive(this.#usdParts) }
          : {}),
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

/** Times of requests whose first attempt succeeded, ms. */
class Times {
  readonly #queue = new Values();
  readonly #headers = new Values();
  readonly #ttft = new Values();
  readonly #ttftFromSchedule = new Values();
  readonly #ttfv = new Values();
  readonly #e2e = new Values();
  readonly #e2eFromSchedule = new Values();
  readonly #tpot = new Values();

  add(record: RunRecord): void {
    const { sent, headers, firstToken, firstVisible, lastToken } = record.times;
    this.#queue.push(sent);
    if (headers !== undefined) this.#headers.push(headers - sent);
    if (firstToken !== undefined) {
      this.#ttft.push(firstToken - sent);
      this.#ttftFromSchedule.push(firstToken);
    }
    if (firstVisible !== undefined) this.#ttfv.push(firstVisible - sent);
    if (lastToken !== undefined) {
      this.#e2e.push(lastToken - sent);
      this.#e2eFromSchedule.push(lastToken);
    }
    const tpot = tpotOf(record);
    if (tpot !== undefined) this.#tpot.push(tpot);
  }

  summary() {
    return {
      queueMs: distribution(this.#queue.all()),
      headersMs: distribution(this.#headers.all()),
      ttftMs: distribution(this.#ttft.all()),
      ttftFromScheduleMs: distribution(this.#ttftFromSchedule.all()),
      ttfvMs: distribution(this.#ttfv.all()),
      e2eMs: distribution(this.#e2e.all()),
      e2eFromScheduleMs: distribution(this.#e2eFromSchedule.all()),
      tpotMs: distribution(this.#tpot.all()),
      tokensPerSecond: distribution(this.#tpot.all().map((ms) => 1000 / ms)),
    } satisfies Partial<ModelSummary>;
  }
}

/** Connections that measured requests opened. */
class Connections {
  #opened = 0;
  readonly #dns = new Values();
  readonly #tcp = new Values();
  readonly #tls = new Values();

  add({ attempts }: RunRecord): void {
    for (const { connection } of attempts) {
      if (!connection) continue;
      this.#opened++;
      if (connection.dnsMs !== undefined) this.#dns.push(connection.dnsMs);
      if (connection.tcpMs !== undefined) this.#tcp.push(connection.tcpMs);
      if (connection.tlsMs !== undefined) this.#tls.push(connection.tlsMs);
    }
  }

  summary(): Pick<ModelSummary, 'connections'> {
    if (this.#opened === 0) return {};
    const [dnsMs, tcpMs, tlsMs] = [this.#dns, this.#tcp, this.#tls].map((values) => distribution(values.all()));
    return { connections: { opened: this.#opened, dnsMs, tcpMs, tlsMs } };
  }
}

/** What was counted at all. */
function positive<T extends Record<string, number>>(counts: T): Partial<T> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)) as Partial<T>;
}
