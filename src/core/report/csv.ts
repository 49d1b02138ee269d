import { safeName } from './text.ts';
import type { ReportView, RequestRow } from './view.ts';

type Cell = string | number | boolean | undefined;

const COLUMNS: readonly (readonly [string, (request: RequestRow, view: ReportView) => Cell])[] = [
  ['request_id', (request) => safeName(request.id, 300)],
  ['prompt_id', (request, view) => view.prompts[request.prompt]?.id],
  ['prompt', (request, view) => view.prompts[request.prompt]?.preview],
  ['tier', (request, view) => view.prompts[request.prompt]?.tier],
  ['score', (request, view) => rounded(view.prompts[request.prompt]?.score, 4)],
  ['model', (request, view) => view.models[request.model]?.name],
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
  ['served_model', (request) => request.servedModel],
  ['finish_reason', (request) => request.finishReason],
  ['simulated', (_, view) => view.simulated],
];

/**
 * One line per request, as RFC 4180 has it (CRLF, quotes doubled). A figure that is unknown leaves its cell empty; `cost_known` says so
 * for the cost. Text that a spreadsheet would run as a formula gets an apostrophe before it.
 */
export function toCsv(view: ReportView): string {
  const lines = [COLUMNS.map(([name]) => name).join(',')];
  for (const request of view.requests) lines.push(COLUMNS.map(([, of]) => cell(of(request, view))).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function cell(value: Cell): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const inert = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

function rounded(value: number | undefined, digits: number): number | undefined {
  return value === undefined ? undefined : Number(value.toFixed(digits));
}
