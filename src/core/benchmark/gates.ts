import * as z from 'zod/mini';
import { Failure } from '../failure.ts';
import { counted } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import { highUndecidedShare } from '../quality/quality-of.ts';
import type { Distribution } from '../stats/distribution.ts';
import { fewestValues } from '../stats/quantiles.ts';
import { isHollow } from './evaluation.ts';
import type { ModelSummary, Summary } from './summary.ts';

const operators = ['<', '<=', '>', '>='] as const;

/** A limit that a run must keep for a pipeline to go on, as `p95_ttft_ms<800`. */
export interface Gate {
  /** As it was written, without white space. */
  readonly text: string;
  readonly metric: string;
  readonly operator: (typeof operators)[number];
  /** In the metric's unit: ms, USD, per second, tokens, or a share in [0,1]. */
  readonly limit: number;
  /** `endpoint/model`, or the model's name alone; absent: every model of the run. */
  readonly model?: string | undefined;
}

export const gateResultSchema = z.object({
  gate: z.string(),
  metric: z.string(),
  operator: z.enum(operators),
  limit: z.number(),
  /** `endpoint/model`; absent: a figure of the whole run. */
  model: z.optional(z.string()),
  /** Absent: there is no such figure in this run. */
  value: z.optional(z.number()),
  passed: z.boolean(),
  /** One sentence: value and limit, or why there is no value to rely on. */
  why: z.string(),
});

export type GateResult = z.infer<typeof gateResultSchema>;

/** A figure of one model: its value, or why there is none to rely on. */
type Reading = { readonly value: number } | { readonly value?: number; readonly why: string };

interface Metric {
  /** True: a figure of times, which a run that is not valid does not have. */
  readonly timed?: boolean;
  readonly ofModel?: (model: ModelSummary, summary: Summary) => Reading;
  readonly ofRun?: (summary: Summary) => Reading;
}

const quantileNeeds = {
  p50: 1,
  p90: 10,
  p95: fewestValues.p95,
  p99: fewestValues.p99,
  p999: fewestValues.p999,
  mean: 1,
  max: 1,
} as const;
const timesOf = {
  ttft: 'ttftMs',
  ttft_from_schedule: 'ttftFromScheduleMs',
  ttfv: 'ttfvMs',
  e2e: 'e2eMs',
  e2e_from_schedule: 'e2eFromScheduleMs',
  tpot: 'tpotMs',
  queue: 'queueMs',
  headers: 'headersMs',
} as const satisfies Record<string, keyof ModelSummary>;

const metrics = new Map<string, Metric>([
  ...Object.entries(timesOf).flatMap(([name, key]) =>
    typed(quantileNeeds).map(([statistic, fewest]): [string, Metric] => [
      `${statistic}_${name}_ms`,
      { timed: true, ofModel: (model) => quantileOf(model[key], statistic, fewest) },
    ]),
  ),
  ['requests_per_s', { timed: true, ofModel: (model) => given(model.requestsPerSecond, 'no request succeeded') }],
  [
    'output_tokens_per_s',
    { timed: true, ofModel: (model) => given(model.outputTokensPerSecond, 'no output tokens were counted') },
  ],
  ['capacity_per_s', { timed: true, ofModel: capacityOf }],
  ['error_share', { ofModel: ({ counts }) => share(counts.error, counts.requests) }],
  ['good_share', { timed: true, ofModel: ({ good }) => given(good?.share, 'the plan has no SLO') }],
  [
    'goodput_per_s',
    { timed: true, ofModel: ({ good }) => given(good?.perSecond, 'the plan has no SLO, or nothing was measured') },
  ],
  [
    'quality',
    {
      ofModel: ({ quality }) => {
        if (!quality) return { why: 'no answer was evaluated' };
        return isHollow(quality)
          ? { value: quality.score, why: cameToNothing(quality.undecided) }
          : { value: quality.score };
      },
    },
  ],
  ['pass_share', { ofModel: ({ quality }) => decided(quality?.passShare, quality?.checks, 'no answer was checked') }],
  ['checks', { ofModel: ({ quality }) => decided(quality?.checks?.score, quality?.checks, 'no answer was checked') }],
  ['judge', { ofModel: ({ quality }) => decided(quality?.judge?.score, quality?.judge, 'no answer was judged') }],
  [
    'agreement',
    {
      ofModel: ({ quality }) =>
        decided(quality?.judge?.agreement, quality?.judge, 'no answer was judged more than once, or all alike'),
    },
  ],
  [
    'pass_k',
    {
      ofModel: ({ quality }) =>
        decided(quality?.passK?.at(-1)?.value, quality?.checks, 'no prompt was repeated and checked'),
    },
  ],
  ['satisfaction', { ofModel: ({ satisfaction }) => satisfactionOf(satisfaction) }],
  ['cost_usd', { ofModel: ({ cost }) => costOf(cost.knownUsd, cost.unknown), ofRun: runCost }],
  [
    'cost_usd_per_1k',
    {
      ofModel: ({ cost }) =>
        costOf(cost.perRequestUsd === undefined ? undefined : cost.perRequestUsd * 1_000, cost.unknown),
    },
  ],
  [
    'tokens',
    {
      ofModel: ({ tokens }) => tokensOf([tokens]),
      ofRun: ({ models }) => tokensOf(models.map(({ tokens }) => tokens)),
    },
  ],
  ['valid', { ofRun: ({ invalid }) => ({ value: invalid === undefined ? 1 : 0 }) }],
]);

/** The figures that a gate can name, for help and messages: families of names are written once. */
export const gateMetrics: readonly string[] = [
  `{${Object.keys(quantileNeeds).join(',')}}_{${Object.keys(timesOf).join(',')}}_ms`,
  ...[...metrics.keys()].filter((name) => !name.endsWith('_ms')),
];

/**
 * Reads `[model:]figure<limit`, for example `p95_ttft_ms<800`, `sim/large:quality>=0.8`; `valid` alone is `valid>=1`. A
 * model's name may itself hold slashes and colons. Throws a `usage` failure that names what is known.
 */
export function parseGate(text: string): Gate {
  const compact = text.trim();
  const shown = plainText(compact, 120);
  const [, model, metric, operator, limit] =
    /^(?:(.*\S)\s*:)?\s*([\w^]+)\s*(?:([<>=!]+)\s*(.*))?$/su.exec(compact) ?? [];
  if (metric === undefined) {
    throw usage(`The gate "${shown}" cannot be read. Write figure, operator and limit, as in "p95_ttft_ms<800".`);
  }
  const name = metric.toLowerCase();
  if (!metrics.has(name)) throw usage(unknownMetric(name, shown));
  if (operator === undefined && name === 'valid')
    return { text: squeezed(compact), metric: name, operator: '>=', limit: 1, model };
  const known = operators.find((one) => one === operator);
  if (known === undefined) {
    throw usage(`The gate "${shown}" needs one of ${operators.join(' ')} between figure and limit.`);
  }
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu.test(limit ?? '') ? Number(limit) : Number.NaN;
  if (!Number.isFinite(value)) {
    throw usage(
      `The gate "${shown}" needs a plain number as its limit: ms, USD, tokens, per second, or a share from 0 to 1, without a unit.`,
    );
  }
  return { text: squeezed(compact), metric: name, operator: known, limit: value, model };
}

/** Refuses gates on models that a run does not have, before it is run: throws a `usage` failure with the models' names. */
export function checkGateModels(
  gates: readonly Gate[],
  models: readonly { readonly endpoint: string; readonly model: string }[],
): void {
  for (const gate of gates) {
    if (gate.model !== undefined && models.every((model) => !isNamed(model, gate.model)))
      throw usage(`The gate "${plainText(gate.text, 120)}" ${noModel(models)}`);
  }
}

/**
 * Whether a run keeps its gates: a result for each gate and model, or one for a figure of the whole run. A figure that is
 * missing or rests on too few values does not pass, nor does a latency of a run that is not valid.
 */
export function evaluateGates(gates: readonly Gate[], summary: Summary): GateResult[] {
  return gates.flatMap((gate) => {
    const metric = metrics.get(gate.metric);
    if (metric === undefined) throw usage(unknownMetric(gate.metric, plainText(gate.text, 120)));
    const { ofRun, ofModel } = metric;
    if (gate.model === undefined && ofRun) return [resultOf(gate, undefined, ofRun(summary))];
    const models = summary.models.filter((model) => gate.model === undefined || isNamed(model, gate.model));
    if (models.length === 0) return [resultOf(gate, gate.model, { why: `it ${noModel(summary.models)}` })];
    return models.map((model) => {
      const name = `${model.endpoint}/${model.model}`;
      if (!ofModel) return resultOf(gate, name, { why: 'it is a figure of the whole run, not of one model.' });
      const reading = ofModel(model, summary);
      if (metric.timed && summary.invalid !== undefined)
        return resultOf(gate, name, { ...reading, why: `the run is not valid: ${summary.invalid}` });
      return resultOf(gate, name, reading);
    });
  });
}

function resultOf(gate: Gate, model: string | undefined, reading: Reading): GateResult {
  const { text, metric, operator, limit } = gate;
  const { value } = reading;
  const base = { gate: text, metric, operator, limit, model, value };
  if ('why' in reading || value === undefined) {
    const why = 'why' in reading ? reading.why : 'there is none.';
    const seen = value === undefined ? '' : ` (${written(value)})`;
    return { ...base, passed: false, why: `${metric}${seen} cannot be relied on: ${ended(why)}` };
  }
  const passed = keeps(value, operator, limit);
  return {
    ...base,
    passed,
    why: `${metric} is ${written(value)}${passed ? '' : ', not'} ${operator} ${written(limit)}.`,
  };
}

function keeps(value: number, operator: Gate['operator'], limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}

function quantileOf(values: Distribution | undefined, statistic: keyof typeof quantileNeeds, fewest: number): Reading {
  if (values === undefined) return { why: 'no request has this time.' };
  const value = values[statistic];
  return values.n >= fewest ? { value } : { value, why: `it rests on ${values.n} values and needs ${fewest}.` };
}

function given(value: number | undefined, why: string): Reading {
  return value === undefined ? { why } : { value };
}

/** A figure of what could be decided: it rests on too little where much could not be, or was never come to. */
function decided(
  value: number | undefined,
  of: { readonly n: number; readonly asked?: number | undefined; readonly undecided?: number | undefined } | undefined,
  why: string,
): Reading {
  if (value === undefined || of === undefined) return { why };
  // Runs of earlier versions do not say what was asked.
  const { undecided = 0, asked = of.n + undecided } = of;
  if (undecided <= asked * highUndecidedShare) return { value };
  return { value, why: cameToNothing(undecided) };
}

function cameToNothing(undecided: number): string {
  return `${counted(undecided, 'check or judgement', 'checks or judgements')} came to nothing`;
}

function share(part: number, whole: number): Reading {
  return whole > 0 ? { value: part / whole } : { why: 'nothing was measured' };
}

/** The highest rate that held the SLO; a model that held it at none has capacity 0. */
function capacityOf(model: ModelSummary, { capacity, models }: Summary): Reading {
  const found = capacity?.find((one) => one.model === models.indexOf(model));
  return found ? { value: found.perSecond ?? 0 } : { why: 'the run did not search for a rate' };
}

/** What people said: a thumb up or a pair that was won is 1, a tie one half. A judge's pairs are not satisfaction. */
function satisfactionOf(satisfaction: ModelSummary['satisfaction']): Reading {
  const { up = 0, down = 0, person: { won, lost, tied } = { won: 0, lost: 0, tied: 0 } } = satisfaction ?? {};
  const n = up + down + won + lost + tied;
  return n > 0 ? { value: (up + won + tied / 2) / n } : { why: 'nobody rated an answer' };
}

function costOf(usd: number | undefined, unknown: number): Reading {
  if (usd === undefined) return { why: 'no cost is known' };
  return unknown > 0
    ? { value: usd, why: `the cost of ${unknown} requests is unknown, so it is a lower bound` }
    : { value: usd };
}

function runCost({ totals }: Summary): Reading {
  const { knownUsd, evaluationUsd, unknownCost } = totals;
  const known =
    knownUsd === undefined && evaluationUsd === undefined ? undefined : (knownUsd ?? 0) + (evaluationUsd ?? 0);
  return costOf(known, unknownCost);
}

function tokensOf(all: readonly ModelSummary['tokens'][]): Reading {
  const uncounted = all.filter(({ source }) => source === 'none').length;
  if (uncounted === all.length) return { why: 'no tokens were counted' };
  const value = all.reduce((sum, { input, output }) => sum + input + output, 0);
  return uncounted === 0 ? { value } : { value, why: 'tokens of some models were not counted, so it is a lower bound' };
}

function isNamed({ endpoint, model }: { endpoint: string; model: string }, name: string | undefined): boolean {
  return name === `${endpoint}/${model}` || name === model;
}

function noModel(models: readonly { readonly endpoint: string; readonly model: string }[]): string {
  const names = models.map(({ endpoint, model }) => plainText(`${endpoint}/${model}`, 80));
  return `names a model that the run does not have; it has ${names.join(', ') || 'none'}.`;
}

function unknownMetric(name: string, gate: string): string {
  const nearest = [...metrics.keys()]
    .map((known) => ({ known, far: distance(name, known) }))
    .sort((a, b) => a.far - b.far)[0];
  const hint = nearest && nearest.far <= Math.max(2, name.length / 3) ? ` Did you mean "${nearest.known}"?` : '';
  return `The gate "${gate}" names an unknown figure.${hint} Known are ${gateMetrics.join(', ')}.`;
}

/** Fewest insertions, deletions and replacements of a character from one name to the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function squeezed(text: string): string {
  return text.replace(/\s+/gu, '');
}

function ended(why: string): string {
  return /[.!?]$/u.test(why) ? why : `${why}.`;
}

/** Short, and never rounded across the limit's own digits. */
function written(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function typed<K extends string, V>(record: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}

function usage(message: string): Failure {
  return new Failure({ code: 'usage', message });
}
