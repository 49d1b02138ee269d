import { fewestValues } from '../stats/quantiles.ts';
import { isHollow } from './evaluation.ts';
import type { Manifest } from './manifest.ts';
import { namesModel, refinesModel } from './served-model.ts';
import type { ModelSummary, Summary } from './summary.ts';

/** Of a model's measured requests; above it, its latency describes a system in trouble. */
const highErrorShare = 0.05;
/** Of what a bare loop can send on this machine; above it, the client may be what is measured. */
const highRateShare = 0.6;
/**
 * Why the figures of a run should not be relied on, most important first; empty when nothing speaks against them. `silent`: models of
 * whose answers nothing that was asked could be decided.
 */
export function warningsOf(
  manifest: Manifest,
  summary: Omit<Summary, 'warnings'>,
  silent: readonly ModelSummary[] = [],
): string[] {
  const { models } = summary;
  const named = (which: (model: ModelSummary) => boolean) =>
    models
      .filter(which)
      .map(({ endpoint, model }) => `${endpoint}/${model}`)
      .join(', ');
  const warnings: (string | undefined)[] = [
    summary.simulated
      ? 'Simulated: answers came from the built-in simulated endpoint. The figures say nothing about a real model.'
      : undefined,
    summary.invalid === undefined ? undefined : `Not valid: ${summary.invalid}`,
    rateWarning(manifest, summary),
    stateWarning(manifest),
    about(named(noAnswer), (names) => `No request succeeded: ${names}. There are no latency figures for it.`),
    about(
      named((model) => !noAnswer(model) && model.counts.error > model.counts.requests * highErrorShare),
      (names) =>
        `More than ${highErrorShare * 100} % of the requests failed: ${names}. Latency covers only the others.`,
    ),
    about(
      named(({ counts }) => {
        const { requests, error, firstAttemptFailed = 0 } = counts;
        return firstAttemptFailed > requests * highErrorShare && error <= requests * highErrorShare;
      }),
      (names) =>
        `More than ${highErrorShare * 100} % of the first attempts failed: ${names}. Latency covers only requests that needed no retry.`,
    ),
    fewWarning(
      'p95 and p99 rest',
      fewestValues.p95,
      named((model) => latencies(model) > 0 && latencies(model) < fewestValues.p95),
    ),
    fewWarning(
      'p99 rests',
      fewestValues.p99,
      named((model) => latencies(model) >= fewestValues.p95 && latencies(model) < fewestValues.p99),
    ),
    ...otherModelWarnings(manifest, models),
    about(
      named(({ quality }) => quality !== undefined && isHollow(quality)),
      (names) => `Many checks or judgements could not be decided: ${names}. Quality rests on the others.`,
    ),
    about(
      named((model) => silent.includes(model)),
      (names) => `Nothing that was asked of the answers could be decided: ${names}. Its quality is unknown.`,
    ),
    about(
      named(({ good, counts }) => good !== undefined && good.share === 0 && counts.ok > 0),
      (names) => `No request met the limits of the run: ${names}.`,
    ),
    about(
      named(({ tokens }) => tokens.source === 'estimate' || tokens.source === 'mixed'),
      (names) =>
        `The server did not always tell its token counts: ${names}. Tokens, time per token and cost are estimates there.`,
    ),
    summary.totals.unknownCost > 0
      ? `The cost of ${summary.totals.unknownCost} ${summary.totals.unknownCost === 1 ? 'request' : 'requests'} is unknown: a price or a token count is missing. Sums of cost are lower bounds.`
      : undefined,
  ];
  return warnings.filter((warning) => warning !== undefined);
}

function noAnswer({ counts }: ModelSummary): boolean {
  return counts.requests > 0 && counts.ok === 0;
}

/** How many values its latency figures rest on. */
function latencies({ counts, e2eMs }: ModelSummary): number {
  return counts.retried === undefined ? counts.ok : (e2eMs?.n ?? 0);
}

function about(names: string, words: (names: string) => string): string | undefined {
  return names === '' ? undefined : words(names);
}

function fewWarning(what: string, fewest: number, names: string): string | undefined {
  return about(
    names,
    () => `${what} on single values (fewer than ${fewest} requests): ${names}. Send more requests to rely on the tail.`,
  );
}

/** Answers that all came from another model than the one asked for: an alias, a fallback, a retired model's successor. */
function otherModelWarnings({ plan }: Manifest, models: readonly ModelSummary[]): string[] {
  return models.flatMap(({ endpoint, model, counts, servedAs = [] }) => {
    const protocol = plan.endpoints.find(({ id }) => id === endpoint)?.protocol;
    if (protocol === undefined || !namesModel(protocol, model)) return [];
    const others = servedAs.filter((served) => !refinesModel(model, served.model));
    const answers = others.reduce((sum, { count }) => sum + count, 0);
    if (counts.ok === 0 || answers < counts.ok) return [];
    const names = others.slice(0, 3).map((other) => `"${other.model}"`);
    return [
      `Every answer of ${endpoint}/${model} came from another model, by the server's own word: ${names.join(', ')}. The figures are of that one; name it, or ask whoever runs the endpoint.`,
    ];
  });
}

function rateWarning(
  { calibration }: Manifest,
  { models, stages }: Pick<Summary, 'models' | 'stages'>,
): string | undefined {
  const ceiling = calibration?.bareLoopPerSecond;
  if (ceiling === undefined) return undefined;
  const rates = (stages ?? [{ summaries: models }]).map(({ summaries }) =>
    summaries.reduce((sum, { requestsPerSecond = 0 }) => sum + requestsPerSecond, 0),
  );
  const rate = Math.max(0, ...rates);
  if (rate <= ceiling * highRateShare) return undefined;
  return `The run sent ${figureOf(rate)} requests/s, more than ${highRateShare * 100} % of the ${figureOf(ceiling)} that a bare loop sends on this machine: the client may be the bottleneck.`;
}

function figureOf(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}

function stateWarning({ state, stopReason }: Manifest): string | undefined {
  if (state === 'complete') return undefined;
  const why =
    state === 'cancelled'
      ? 'it was cancelled'
      : state === 'running'
        ? 'it is still running or was interrupted'
        : {
            'cost-ceiling': 'it reached its cost ceiling',
            'token-ceiling': 'it reached its token ceiling',
            'time-limit': 'it reached its time limit',
            disk: 'the disk failed',
            endpoint: 'an endpoint never answered',
            failure: 'it failed',
          }[stopReason ?? 'failure'];
  return `The run is not complete: ${why}. Models and tiers may be unevenly covered; resume it to finish.`;
}
