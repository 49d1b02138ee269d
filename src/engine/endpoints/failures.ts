import type { EndpointFailureCode, FailureDetail } from '../../core/failure.ts';
import { redact } from '../http/redact.ts';

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
  const said = readServerError(parseJson(body)) ?? readPage(body);
  const words = readable(said, secrets);
  const code = classify(status, said);
  const retryAfterMs = code === 'rate-limited' || code === 'server' ? retryAfter(headers) : undefined;
  const message =
    code === 'redirect'
      ? redirectMessage(status, headers.location, where, secrets)
      : `${where} answered ${status}${words === '' ? '.' : `: "${words}"${/[.!?]$/.test(words) ? '' : '.'}`} ${mend(code, status, said, retryAfterMs)}`;
  return { code, message, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function classify(status: number, said: string): EndpointFailureCode {
  if (status >= 300 && status < 400) return 'redirect';
  // Some gateways say 403 where they mean 429.
  if (status === 429 || (status === 403 && /rate[- _]?limit/i.test(said))) return 'rate-limited';
  if (status === 401 || status === 402 || status === 403 || status === 407) return 'auth';
  if (status === 404 || status === 405 || status === 410) return 'not-found';
  if (contextTooLong.test(said)) return 'context-too-long';
  if (status === 400 && unknownModel.test(said)) return 'not-found';
  if (status === 400 && unknownKey.test(said)) return 'auth';
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
    // TGI, Groq
    'max_new_tokens` must be <= \\d+|too many (?:input )?tokens|reduce the length of the (?:messages|prompt|input)',
  ].join('|'),
  'i',
);

const quotaUsedUp = 'The quota is used up; waiting will not help, look at the plan of the account.';

/** Whether a rate limit is one that no waiting mends. */
export function isQuotaUsedUp({ code, message }: FailureDetail): boolean {
  return code === 'rate-limited' && message.includes(quotaUsedUp);
}

function mend(code: EndpointFailureCode, status: number, said: string, retryAfterMs: number | undefined): string {
  switch (code) {
    case 'auth':
      if (status === 402) return 'The account behind the key has no credit left.';
      if (status === 407) return "Check the proxy's user and password.";
      // Databricks answers 403 to a token that is wrong or has expired.
      return status === 401 || status === 400 || /invalid access token/i.test(said)
        ? 'Check the API key of this endpoint.'
        : 'The key is known but may not use this model: check its permissions.';
    case 'not-found':
      return 'Check the base URL and the name of the model.';
    case 'rate-limited':
      if (/insufficient_quota|exceeded your current quota|billing/i.test(said)) {
        return quotaUsedUp;
      }
      return retryAfterMs === undefined
        ? 'Lower the concurrency or the rate.'
        : `It asks to wait ${Math.ceil(retryAfterMs / 1000)} s. Lower the concurrency or the rate.`;
    case 'context-too-long':
      return 'Shorten the prompt, ask for fewer output tokens, or choose a model with a larger context.';
    case 'timeout':
      return 'The server waited too long for the request.';
    case 'server':
      return retryAfterMs === undefined
        ? 'The fault is on the server; try again, or look at its log.'
        : `The fault is on the server; it asks to wait ${Math.ceil(retryAfterMs / 1000)} s.`;
    case 'bad-request':
      return mendBadRequest(status, said);
    default:
      return 'This is not an answer of a chat API: check the base URL.';
  }
}

function mendBadRequest(status: number, said: string): string {
  if (/content_filter|content_policy_violation|ResponsibleAIPolicy/.test(said)) {
    return 'A content filter refused the prompt: change the prompt, or the filter of this deployment.';
  }
  if (/stream_options|include_usage/.test(said)) {
    return 'This server does not know stream_options, by which token counts are asked for in a stream: measure it without streaming, or update it.';
  }
  if (unknownLimit.test(said)) {
    return 'This server or API version does not know max_completion_tokens: use a newer apiVersion, or leave the limit of output tokens unset (maxTokens).';
  }
  if (/max_completion_tokens/.test(said)) {
    return 'This model wants max_completion_tokens instead of max_tokens: leave the limit of output tokens unset for it.';
  }
  if (/max_output_tokens/.test(said)) {
    return 'The server does not accept this limit of output tokens (maxTokens); OpenAI wants at least 16 here.';
  }
  if (/max_tokens/.test(said)) return 'The server does not accept this limit of output tokens (max_tokens).';
  if (/\bparameter\b.{0,3}\bstore\b|\bstore\b.{0,40}\b(?:not permitted|not supported|unsupported)/i.test(said)) {
    return 'This server does not know store, by which it is asked to keep nothing: use the protocol openai instead.';
  }
  if (/temperature/.test(said)) return 'The server does not accept this temperature: leave it unset for this model.';
  if (status === 413) return 'The request is too large for this server.';
  return 'The server does not accept the request as it is.';
}

/** OpenAI's older API versions, and servers that only know max_tokens. */
const unknownLimit =
  /(?:unrecognized|unknown|unexpected|extra)[^.]{0,60}max_completion_tokens|max_completion_tokens[^.]{0,40}not permitted/i;

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
    const words = joinWords(error.code ?? error.type, filteredFor(error), error.message ?? error.detail, nested);
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
