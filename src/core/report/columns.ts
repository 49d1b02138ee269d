import { formatUsd } from '../catalog/cost.ts';
import { counted, grouped, UNKNOWN } from '../numbers.ts';
import type { Distribution } from '../stats/distribution.ts';
import { fewestValues } from '../stats/quantiles.ts';
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

type Quantiles =
  | 'ttftMs'
  | 'ttftFromScheduleMs'
  | 'e2eMs'
  | 'e2eFromScheduleMs'
  | 'queueMs'
  | 'tpotMs'
  | 'tokensPerSecond';

const quantile = (group: string, key: Quantiles, label: 'p50' | 'p90' | 'p95' | 'p99'): Column => ({
  group,
  label,
  // No request came so far: there is nothing to know, so it is not "unknown".
  text: (row) => figure(row[key]?.[label], NONE),
});

const uppermost = (group: string, key: Quantiles): Column => ({
  group,
  label: 'p99.9',
  text: (row) => p999Words(row[key]),
});

/** p99.9 where there are values enough to speak of it. */
export function p999Words(values: Distribution | undefined): string {
  if (values === undefined) return NONE;
  return values.n < fewestValues.p999 ? 'n too small' : figure(values.p999);
}

/** How long the models took. Waiting in the client is shown where it matters, p99.9 where one of the models has values enough. */
export function latencyColumns({ models }: ReportView): Column[] {
  const long = models.some(({ e2eMs }) => (e2eMs?.n ?? 0) >= fewestValues.p999);
  const waited = models.some(({ queueMs }) => (queueMs?.p99 ?? 0) >= noticedQueueMs);
  return [
    { group: '', label: 'OK', text: (row) => grouped(row.ok) },
    ...(['p50', 'p90', 'p95', 'p99'] as const).map((label) => quantile('TTFT (ms)', 'ttftMs', label)),
    ...(long ? [uppermost('TTFT (ms)', 'ttftMs')] : []),
    ...(['p50', 'p90', 'p95', 'p99'] as const).map((label) => quantile('E2E (ms)', 'e2eMs', label)),
    ...(long ? [uppermost('E2E (ms)', 'e2eMs')] : []),
    ...(['p50', 'p95'] as const).map((label) => quantile('TPOT (ms)', 'tpotMs', label)),
    quantile('Tokens/s', 'tokensPerSecond', 'p50'),
    ...(waited
      ? [
          ...(['p50', 'p95'] as const).map((label) => quantile('Queue (ms)', 'queueMs', label)),
          ...(['p50', 'p95'] as const).map((label) => quantile('TTFT from schedule', 'ttftFromScheduleMs', label)),
          ...(['p50', 'p95'] as const).map((label) => quantile('E2E from schedule', 'e2eFromScheduleMs', label)),
        ]
      : []),
  ];
}

/** From it on, waiting in the client has columns of its own. */
const noticedQueueMs = 10;

/** What came out and what it cost. */
export function outcomeColumns({ slo }: ReportView): Column[] {
  return [
    { group: 'Requests', label: 'all', text: (row) => grouped(row.requests) },
    { group: 'Requests', label: 'errors', text: (row) => grouped(row.error) },
    { group: 'Requests', label: 'error %', text: (row) => percent(row.errorShare) },
    { group: 'Requests', label: 'per s', text: (row) => figure(row.requestsPerSecond, NONE) },
    ...(slo
      ? [
          { group: 'Good', label: 'share', text: (row: ModelRow) => percent(row.good?.share) },
          { group: 'Good', label: 'per s', text: (row: ModelRow) => figure(row.good?.perSecond, NONE) },
        ]
      : []),
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
}

/** How good the answers were and what people preferred; none for a run without either. */
export function qualityColumns({ models }: ReportView): Column[] {
  const some = (which: (row: ModelRow) => unknown) => models.some((row) => which(row) !== undefined);
  const when = (condition: boolean, columns: readonly Column[]) => (condition ? columns : []);
  const powers = Math.max(0, ...models.map(({ quality }) => quality?.passK?.length ?? 0));
  return [
    ...when(
      some(({ quality }) => quality),
      [
        { group: 'Quality', label: 'score', text: ({ quality }) => score(quality?.score) },
        { group: 'Quality', label: 'of requests', text: ({ quality }) => grouped(quality?.n ?? 0) },
        { group: 'Quality', label: 'undecided', text: ({ quality }) => grouped(quality?.undecided ?? 0) },
      ],
    ),
    ...when(
      some(({ quality }) => quality?.checks),
      [
        { group: 'Checks', label: 'score', text: ({ quality }) => score(quality?.checks?.score) },
        { group: 'Checks', label: 'all passed', text: ({ quality }) => percent(quality?.passShare) },
      ],
    ),
    ...when(powers > 1, [
      {
        group: 'Checks',
        label: `pass^${powers}`,
        text: ({ quality }) => percent(quality?.passK?.find(({ k }) => k === powers)?.value),
      },
    ]),
    ...when(
      some(({ quality }) => quality?.judge),
      [{ group: 'Judge', label: 'score', text: ({ quality }) => score(quality?.judge?.score) }],
    ),
    ...when(
      some(({ quality }) => quality?.judge?.agreement),
      [{ group: 'Judge', label: 'agreement', text: ({ quality }) => score(quality?.judge?.agreement) }],
    ),
    ...when(
      some(({ satisfaction: s }) => (s && s.up + s.down > 0 ? s : undefined)),
      [
        { group: 'Thumbs', label: 'up', text: ({ satisfaction: s }) => grouped(s?.up ?? 0) },
        { group: 'Thumbs', label: 'down', text: ({ satisfaction: s }) => grouped(s?.down ?? 0) },
      ],
    ),
    ...pairColumns('Pairs, people', models, 'person'),
    ...pairColumns('Pairs, judge', models, 'judge'),
  ];
}

function pairColumns(group: string, models: readonly ModelRow[], by: 'person' | 'judge'): Column[] {
  if (models.every(({ satisfaction }) => satisfaction?.[by] === undefined)) return [];
  return (['won', 'tied', 'lost'] as const).map((label) => ({
    group,
    label,
    text: ({ satisfaction }) => grouped(satisfaction?.[by]?.[label] ?? 0),
  }));
}

/** What the cost was made of; none where no cost is known or all of it is one part. */
export function costColumns({ models }: ReportView): Column[] {
  const used = costPartNames.filter(([part]) => models.some(({ costParts }) => costParts?.[part] !== undefined));
  if (used.length < 2) return [];
  return [
    ...used.map(([part, label]) => ({
      group: '',
      label,
      text: ({ costParts }: ModelRow) => (costParts === undefined ? UNKNOWN : formatUsd(costParts[part] ?? 0)),
    })),
    { group: '', label: 'All', text: costWords },
    { group: '', label: 'Prices', text: ({ priceWords }) => priceWords },
  ];
}

const costPartNames = [
  ['input', 'Fresh input'],
  ['cachedInput', 'Cached input'],
  ['cacheWrite', 'Written to the cache'],
  ['output', 'Output'],
  ['reasoning', 'Reasoning'],
  ['earlier', 'Attempts before the last'],
] as const;

function score(value: number | undefined): string {
  return value === undefined ? NONE : value.toFixed(2);
}

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
  'good',
  'capacity',
  'quality',
  'verdict',
  'load',
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
    ? `${words} (${counted(totals.unknownCost, 'request')} of unknown cost)${evaluationWords(totals)}`
    : `${words}${evaluationWords(totals)}`;
}

function evaluationWords({ evaluationUsd }: ReportView['totals']): string {
  return evaluationUsd === undefined ? '' : `, evaluation ${formatUsd(evaluationUsd)}`;
}

function tokens(row: ModelRow, count: number): string {
  if (row.tokensSource === 'none') return NONE;
  return row.tokensSource === 'server' || row.tokensSource === 'tokenizer' ? grouped(count) : `~${grouped(count)}`;
}

/** Error classes with their counts, for example `timeout 3, server 1`. */
export function errorWords(row: ModelRow): string {
  return row.errors.map((entry) => `${entry.code} ${grouped(entry.count)}`).join(', ');
}
