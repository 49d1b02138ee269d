import { formatUsd } from '../catalog/cost.ts';
import { counted, grouped, UNKNOWN } from '../numbers.ts';
import { figure, NONE, percent } from './format.ts';
import type { ModelRow, ReportView } from './view.ts';

/** What is said wherever figures of a simulated endpoint are shown. */
export const SIMULATED =
  'Simulated. The answers came from the built-in simulated endpoint; the figures show how a report works, not how any real model performs.';

/** A column of the summary: the same words and figures in HTML, Markdown and the terminal. */
export interface Column {
  readonly group: string;
  readonly label: string;
  readonly text: (row: ModelRow) => string;
}

type Quantiles = 'ttftMs' | 'e2eMs' | 'tpotMs' | 'tokensPerSecond';

const quantile = (group: string, key: Quantiles, label: 'p50' | 'p90' | 'p95' | 'p99'): Column => ({
  group,
  label,
  // No request came so far: there is nothing to know, so it is not "unknown".
  text: (row) => figure(row[key]?.[label], NONE),
});

/** How long the models took. */
export const latencyColumns: readonly Column[] = [
  { group: '', label: 'OK', text: (row) => grouped(row.ok) },
  ...(['p50', 'p90', 'p95', 'p99'] as const).map((label) => quantile('TTFT (ms)', 'ttftMs', label)),
  ...(['p50', 'p90', 'p95', 'p99'] as const).map((label) => quantile('E2E (ms)', 'e2eMs', label)),
  ...(['p50', 'p95'] as const).map((label) => quantile('TPOT (ms)', 'tpotMs', label)),
  quantile('Tokens/s', 'tokensPerSecond', 'p50'),
];

/** What came out and what it cost. */
export const outcomeColumns: readonly Column[] = [
  { group: 'Requests', label: 'all', text: (row) => grouped(row.requests) },
  { group: 'Requests', label: 'errors', text: (row) => grouped(row.error) },
  { group: 'Requests', label: 'error %', text: (row) => percent(row.errorShare) },
  { group: 'Requests', label: 'per s', text: (row) => figure(row.requestsPerSecond, NONE) },
  { group: 'Tokens', label: 'in', text: (row) => tokens(row, row.tokensIn) },
  { group: 'Tokens', label: 'out', text: (row) => tokens(row, row.tokensOut) },
  { group: 'Cost', label: 'per 1,000', text: (row) => formatUsd(row.per1kUsd) },
  { group: 'Cost', label: 'total', text: costWords },
  ...(['simple', 'medium', 'complex'] as const).map(
    (tier): Column => ({
      group: 'Share of tier',
      label: tier,
      text: (row) => percent(row.tiers.find((entry) => entry.tier === tier)?.share),
    }),
  ),
];

/** The definitions of what the tables show; the others are less urgent. */
export function urgentDefinitions(view: ReportView): ReportView['definitions'] {
  return view.definitions.filter((entry) => URGENT.has(entry.key));
}

export function otherDefinitions(view: ReportView): ReportView['definitions'] {
  return view.definitions.filter((entry) => !URGENT.has(entry.key));
}

const URGENT = new Set([
  'ttftMs',
  'e2eMs',
  'tpotMs',
  'tokensPerSecond',
  'requestsPerSecond',
  'costUsd',
  'errors',
  'quantiles',
  'tokens',
]);

/** The model's cost; with an unknown part it is a lower bound, and says so. */
export function costWords(row: Pick<ModelRow, 'knownUsd' | 'costUnknown'>): string {
  if (row.knownUsd === undefined) return UNKNOWN;
  return row.costUnknown > 0 ? `≥ ${formatUsd(row.knownUsd)}` : formatUsd(row.knownUsd);
}

/** The whole run's cost in words. */
export function totalCostWords(totals: ReportView['totals']): string {
  const words = costWords({ knownUsd: totals.knownUsd, costUnknown: totals.unknownCost });
  return totals.knownUsd !== undefined && totals.unknownCost > 0
    ? `${words} (${counted(totals.unknownCost, 'request')} of unknown cost)`
    : words;
}

function tokens(row: ModelRow, count: number): string {
  if (row.tokensSource === 'none') return NONE;
  return row.tokensSource === 'server' || row.tokensSource === 'tokenizer' ? grouped(count) : `~${grouped(count)}`;
}

/** Error classes with their counts, for example `timeout 3, server 1`. */
export function errorWords(row: ModelRow): string {
  return row.errors.map((entry) => `${entry.code} ${grouped(entry.count)}`).join(', ');
}
