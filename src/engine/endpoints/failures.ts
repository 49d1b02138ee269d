import type { EndpointFailureCode, FailureDetail } from '../../core/failure.ts';
import { redact } from '../http/redact.ts';
import { adviceFor, disabledByLimit, noCreditLeft, quotaUsedUp } from './failure-advice.ts';

/** Server messages are shown up to this many characters. */
const shownCharacters = 300;

/**
 * The failure behind an answer that is not 2xx. Reads the error shapes of OpenAI, Databricks, FastAPI and of proxies
 * (plain text, HTML). The server's words are redacted and shortened.
 * @param body what arrived of the body, cut where the caller capped it
 * @param where the address asked, for the message
 */
export function failureFromResponse(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  secrets: readonly string[],
  where = 'The endpoint',
): FailureDetail {
  const json = parseJson(body);
  const said = readServerError(json) ?? readPage(body);
  const words = readable(said, secrets);
  const code = classify(status, said);
  const retryAfterMs = code === 'rate-limited' || code === 'server' ? retryAfter(headers) : undefined;
  const mended =
    code === 'redirect'
      ? redirectMessage(status, headers.location, where, secrets)
      : `${where} answered ${status}${words === '' ? '.' : `: "${words}"${/[.!?]$/.test(words) ? '' : '.'}`} ${adviceFor(code, status, said, retryAfterMs)}`;
  const requestId = readable(requestIdOf(headers, json) ?? '', secrets);
  const message = requestId === '' ? mended : `${mended} (request id ${requestId})`;
  return { code, message, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function classify(status: number, said: string): EndpointFailureCode {
  if (status >= 300 && status < 400) return 'redirect';
  // Some gateways say 403 where they mean 429.
  if (status === 429 || (status === 403 && !disabledByLimit.test(said) && /rate[- _]?limit/i.test(said))) {
    return 'rate-limited';
  }
  if (status === 401 || status === 402 || status === 403 || status === 407) return 'auth';
  if (status === 404 || status === 405 || status === 410) return 'not-found';
  if (contextTooLong.test(said)) return 'context-too-long';
  if (status === 400 && unknownModel.test(said)) return 'not-found';
  if (status === 400 && (unknownKey.test(said) || noCreditLeft.test(said))) return 'auth';
  if (status === 408) return 'timeout';
  // 409 and 425 mean "not now" (a configuration update in progress), 5xx mean the server.
  if (status === 409 || status === 425 || status >= 500) return 'server';
  if (status >= 400) return 'bad-request';
  return 'malformed';
}

/** LiteLLM answers 400, not 404, to a model that it does not have; so may others that use OpenAI's code. */
const unknownModel = /invalid model name|model_not_found/i;

/** LiteLLM without a database knows one key; with any other it goes looking for the database. */
const unknownKey = /\bno connected db\b|no_db_connection/i;

/** How servers say that a prompt does not fit, each with one that says so. */
const contextTooLong = new RegExp(
  [
    // OpenAI's and llama.cpp's codes
    'context_length_exceeded|exceed_context_size',
    // OpenAI, vLLM, Mistral, xAI
    "(?:maximum|max|model'?s) (?:model )?(?:context|sequence|prompt) ?(?:length|size|window)|maximum model length",
    // OpenAI, Gemini, llama.cpp
    "exceed(?:s|ed)? (?:the |model |available |maximum |model'?s )*(?:context|token limit|number of (?:input )?tokens)",
    // Anthropic, Bedrock, Databricks, SGLang
    '(?:prompt|input|messages?|request)(?: \\([^)]{0,60}\\))? (?:is|are|was) (?:too long|longer than)',
    // Anthropic, MiniMax, LM Studio
    'context (?:limit|window|length|size)\\b.{0,40}exceed|exceed.{0,40}\\bcontext (?:limit|window|length|size)',
    'greater than the context length',
    // llama.cpp's embeddings
    'input (?:\\([^)]{0,40}\\) )?is too large to process',
    // TGI, Groq
    'max_new_tokens` must be <= \\d+|too many (?:input )?tokens|reduce the length of the (?:messages|prompt|input)',
  ].join('|'),
  'i',
);

/** Whether a rate limit is one that no waiting mends. */
export function isQuotaUsedUp({ code, message }: FailureDetail): boolean {
  return code === 'rate-limited' && message.includes(quotaUsedUp);
}

function redirectMessage(
  status: number,
  location: string | undefined,
  where: string,
  secrets: readonly string[],
): string {
  const target = originOf(location, where, secrets);
  return `${where} answered ${status}, a redirect to ${target}. It was not followed and the key was not sent there. If that is the right server, set it as the base URL.`;
}

function originOf(location: string | undefined, where: string, secrets: readonly string[]): string {
  if (location === undefined) return 'an address it did not show';
  const base = URL.canParse(where) ? where : 'http://relative.invalid';
  if (!URL.canParse(location, base)) return 'an address that is not valid';
  const { origin, host, protocol } = new URL(location, base);
  if (host === 'relative.invalid') return 'another path of the same server';
  return readable(origin === 'null' ? protocol : origin, secrets);
}

/**
 * Milliseconds of `Retry-After` (seconds, or one of the three HTTP dates, measured against the server's own `Date`
 * where it sent one) or of `retry-after-ms`; undefined where there is none or it cannot be read.
 */
function retryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const exact = headers['retry-after-ms']?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(exact)) return Number(exact);
  const value = headers['retry-after']?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const due = httpDate(value);
  if (due === undefined) return undefined;
  return Math.max(0, due - (httpDate(headers.date ?? '') ?? Date.now()));
}

function httpDate(value: string): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/.test(value)) return undefined;
  // The asctime form names no zone and means GMT.
  const time = Date.parse(/GMT$/.test(value) ? value : `${value} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

/** What a server says about an error, in any of the known shapes; undefined when `json` holds none. */
export function readServerError(json: unknown): string | undefined {
  if (!isObject(json)) return undefined;
  const { error, error_code, message, detail, code, type } = json;
  if (typeof error === 'string' && error !== '') return joinWords(error, message);
  if (isObject(error)) {
    const nested = isObject(error.metadata) ? error.metadata.raw : undefined;
    const words = joinWords(
      error.code ?? error.error_code ?? error.type,
      filteredFor(error),
      error.message ?? error.detail,
      nested,
    );
    return words ?? JSON.stringify(error);
  }
  // Answers have a type too: without a message it names no error.
  const named = joinWords(error_code ?? code ?? (typeof message === 'string' ? type : undefined), message);
  if (named !== undefined && typeof message === 'string') return named;
  if (typeof detail === 'string') return detail;
  if (Array.isArray(detail)) return joinWords(...detail.slice(0, 3).map(validationMessage));
  if (isObject(detail)) return readServerError(detail) ?? readServerError({ error: detail });
  return named;
}

/** What Azure's content filter found: `violence (medium), jailbreak`. */
function filteredFor({ innererror }: Record<string, unknown>): string | undefined {
  const found = isObject(innererror) ? (innererror.content_filter_result ?? innererror.content_filter_results) : {};
  if (!isObject(found)) return undefined;
  const names = Object.entries(found).flatMap(([name, result]) => {
    if (!isObject(result) || result.filtered !== true) return [];
    return typeof result.severity === 'string' ? `${name} (${result.severity})` : name;
  });
  return names.join(', ');
}

/** Where servers say by which id they know a request. Our own comes back under the name of the first two. */
const requestIdHeaders = [
  'request-id',
  'x-request-id',
  'x-databricks-request-id',
  'databricks-request-id',
  'apim-request-id',
  'x-ms-request-id',
];

/** The id that an operator finds the request by; undefined where none is given, or one that is no id. */
function requestIdOf(headers: Readonly<Record<string, string>>, json: unknown): string | undefined {
  const { request_id, details } = isObject(json) ? json : {};
  const info = Array.isArray(details) ? details.find((detail) => isObject(detail) && detail.request_id) : undefined;
  const told = [...requestIdHeaders.map((name) => headers[name]), request_id, isObject(info) && info.request_id];
  return told.find((id): id is string => typeof id === 'string' && /^[\w.:-]{1,100}$/.test(id));
}

/** FastAPI lists what it did not like as `{loc: ["body", "max_tokens"], msg}`. */
function validationMessage(item: unknown): string | undefined {
  if (!isObject(item) || typeof item.msg !== 'string') return undefined;
  return Array.isArray(item.loc) ? `${item.loc.join('.')}: ${item.msg}` : item.msg;
}

function joinWords(...parts: readonly unknown[]): string | undefined {
  const words = parts.filter((part) => (typeof part === 'string' && part !== '') || typeof part === 'number');
  return words.length === 0 ? undefined : words.join(': ');
}

/** Of a web page its title; of anything else the text. */
function readPage(body: string): string {
  if (!/^\s*</.test(body)) return body;
  const title = /<title[^>]{0,200}>([^<]{0,300})/i.exec(body.slice(0, 20_000))?.[1]?.trim();
  return title ? `web page: ${title}` : 'a web page';
}

/** A server's words made fit to show: one line, no control, bidi or invisible characters, no secret, not long. */
export function readable(text: string, secrets: readonly string[]): string {
  const line = text
    .slice(0, 8 * 1024)
    .replace(/\s+/g, ' ')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed.
    .replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '')
    .trim();
  const clean = redact(line, secrets);
  return clean.length <= shownCharacters ? clean : `${clean.slice(0, shownCharacters).trimEnd()} …`;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
