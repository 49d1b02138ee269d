import type { ReportView, RequestRow } from '../src/core/report/view.ts';
import { tierNames } from '../src/core/routing/tier.ts';

export type SortKey =
  | 'id'
  | 'prompt'
  | 'tier'
  | 'score'
  | 'model'
  | 'status'
  | 'ttft'
  | 'visible'
  | 'e2e'
  | 'tpot'
  | 'in'
  | 'out'
  | 'cost'
  | 'stage'
  | 'quality'
  | 'rating';

export interface Filter {
  /** Words that must all occur in the id, prompt, model or error. */
  readonly text: string;
  /** Position of the model, or '' for all. */
  readonly model: string;
  readonly status: '' | 'ok' | 'error';
  readonly tier: string;
  readonly warmup: boolean;
}

export interface Arrangement {
  readonly filter: Filter;
  readonly sort: { readonly key: SortKey; readonly down: boolean };
}

export const EVERYTHING: Arrangement = {
  filter: { text: '', model: '', status: '', tier: '', warmup: false },
  sort: { key: 'id', down: false },
};

type Value = number | string | undefined;

const VALUES: Readonly<Record<SortKey, (request: RequestRow, view: ReportView, position: number) => Value>> = {
  // In the order of the records: ids need not sort.
  id: (_, __, position) => position,
  prompt: (request, view) => view.prompts[request.prompt]?.preview.toLowerCase(),
  tier: (request, view) => tierNames.indexOf(view.prompts[request.prompt]?.tier ?? 'simple'),
  score: (request, view) => view.prompts[request.prompt]?.score,
  model: (request, view) => view.models[request.model]?.name,
  status: (request) => (request.status === 'ok' ? '' : (request.errorCode ?? 'error')),
  ttft: (request) => request.ttftMs,
  visible: (request) => request.firstVisibleMs,
  e2e: (request) => request.e2eMs,
  tpot: (request) => request.tpotMs,
  in: (request) => request.tokensIn,
  out: (request) => request.tokensOut,
  cost: (request) => request.costUsd,
  stage: (request) => request.stage,
  quality: (request) => request.quality,
  rating: (request) => request.rating,
};

/** Positions of the requests to show, in order. What a request does not have comes last, upwards and downwards. */
export function arrange(view: ReportView, arrangement: Arrangement): number[] {
  const { filter, sort } = arrangement;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown: number[] = [];
  for (const [position, request] of view.requests.entries()) {
    if (!filter.warmup && request.warmup) continue;
    if (filter.status !== '' && request.status !== filter.status) continue;
    if (filter.model !== '' && String(request.model) !== filter.model) continue;
    if (filter.tier !== '' && view.prompts[request.prompt]?.tier !== filter.tier) continue;
    if (words.length > 0 && !matches(request, view, words)) continue;
    shown.push(position);
  }
  const sortValue = VALUES[sort.key];
  const values = view.requests.map((request, position) => sortValue(request, view, position));
  const direction = sort.down ? -1 : 1;
  return shown.sort((a, b) => compare(values[a], values[b], direction) || a - b);
}

function matches(request: RequestRow, view: ReportView, words: readonly string[]): boolean {
  const prompt = view.prompts[request.prompt];
  const text =
    `${request.id} ${prompt?.id} ${prompt?.preview} ${view.models[request.model]?.name} ${request.errorCode ?? ''} ${request.errorMessage ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function compare(a: Value, b: Value, direction: number): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a < b ? -direction : direction;
}
