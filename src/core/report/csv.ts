import { plainText } from '../prompts/plain-text.ts';
import { type RequestRow, requestRows } from './request-row.ts';
import { ratingWords } from './request-words.ts';
import type { Run } from './run.ts';
import { safeName } from './text.ts';

/** What a row's positions stand for. */
interface Named {
  readonly prompts: readonly {
    readonly id: string;
    readonly preview: string;
    readonly tier: string;
    readonly score: number;
  }[];
  readonly models: readonly string[];
  readonly simulated: boolean;
}

type Cell = string | number | boolean | undefined;

const COLUMNS: readonly (readonly [string, (request: RequestRow, run: Named) => Cell])[] = [
  ['request_id', (request) => safeName(request.id, 300)],
  ['prompt_id', (request, run) => run.prompts[request.prompt]?.id],
  ['prompt', (request, run) => run.prompts[request.prompt]?.preview],
  ['tier', (request, run) => run.prompts[request.prompt]?.tier],
  ['score', (request, run) => rounded(run.prompts[request.prompt]?.score, 4)],
  ['model', (request, run) => run.models[request.model]],
  ['status', (request) => request.status],
  ['error_code', (request) => request.errorCode],
  ['error_message', (request) => request.errorMessage],
  ['http_status', (request) => request.httpStatus],
  ['attempts', (request) => request.attempts],
  ['warmup', (request) => request.warmup],
  ['cold_start', (request) => request.coldStart],
  ['scheduled_at', (request) => request.scheduledAt],
  ['ttft_ms', (request) => rounded(request.ttftMs, 3)],
  ['first_visible_ms', (request) => rounded(request.firstVisibleMs, 3)],
  ['e2e_ms', (request) => rounded(request.e2eMs, 3)],
  ['tpot_ms', (request) => rounded(request.tpotMs, 3)],
  ['tokens_in', (request) => request.tokensIn],
  ['tokens_out', (request) => request.tokensOut],
  ['tokens_cached', (request) => request.tokensCached],
  ['tokens_cache_write', (request) => request.tokensCacheWrite],
  ['tokens_reasoning', (request) => request.tokensReasoning],
  ['tokens_source', (request) => request.tokensSource],
  // Twelve digits: without the noise of binary fractions.
  ['cost_usd', (request) => (request.costUsd === undefined ? undefined : Number(request.costUsd.toPrecision(12)))],
  ['cost_known', (request) => request.costUsd !== undefined && !request.costAtLeast],
  ['stage', (request) => request.stage + 1],
  ['queue_ms', (request) => rounded(request.queueMs, 3)],
  ['quality', (request) => rounded(request.quality, 4)],
  ['checks_passed', (request) => request.passed],
  ['judge', (request) => rounded(request.judge, 4)],
  ['rating', (request) => (request.rating === undefined ? undefined : ratingWords(request.rating))],
  ['suspicious', (request) => request.suspicious],
  ['served_model', (request) => request.servedModel],
  ['finish_reason', (request) => request.finishReason],
  ['simulated', (_, run) => run.simulated],
];

/**
 * One line per request, as RFC 4180 has it (CRLF, quotes doubled). A figure that is unknown leaves its cell empty; `cost_known` says so
 * for the cost. Text that a spreadsheet would run as a formula gets an apostrophe before it.
 */
export function toCsv(run: Run): string {
  return [...csvParts(run)].join('');
}

/** The same in parts, however many requests the run has: none is held longer than its line. */
export function* csvParts(run: Run): Generator<string> {
  const named: Named = {
    prompts: run.prompts.map(({ id, text, tier, score }) => ({
      id: safeName(id),
      preview: plainText(text, 160),
      tier,
      score,
    })),
    models: run.summary.models.map(({ endpoint, model }) => safeName(`${endpoint}/${model}`)),
    simulated: run.manifest.simulated || run.summary.simulated,
  };
  const rowOf = requestRows(run);
  let lines = [COLUMNS.map(([name]) => name).join(',')];
  for (const record of run.records) {
    const row = rowOf(record);
    if (!row) continue;
    lines.push(COLUMNS.map(([, of]) => cell(of(row, named))).join(','));
    if (lines.length >= LINES_AT_ONCE) {
      yield `${lines.join('\r\n')}\r\n`;
      lines = [];
    }
  }
  if (lines.length > 0) yield `${lines.join('\r\n')}\r\n`;
}

const LINES_AT_ONCE = 1_000;

function cell(value: Cell): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const inert = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

function rounded(value: number | undefined, digits: number): number | undefined {
  return value === undefined ? undefined : Number(value.toFixed(digits));
}
