import type { EndpointFailureCode } from '../../core/failure.ts';

/** How to mend a failure, where the words of the server tell more than its status. */
interface Advice {
  readonly code: EndpointFailureCode;
  readonly status?: number | undefined;
  readonly said: RegExp;
  readonly mend: string | ((words: RegExpExecArray) => string);
}

export const quotaUsedUp = 'The quota is used up; waiting will not help, look at the plan of the account.';

/** The words of an account without credit: Anthropic says so with 400. */
export const noCreditLeft = /credit balance is too low|billing_error/i;

/** The words of Databricks for a model that an account may not ask at all, though they speak of a rate. */
export const disabledByLimit = /rate limit of 0\b/i;

const noCredit = 'The account behind the key has no credit left.';

/** The first that fits is given, so the more particular stand first. */
const known: readonly Advice[] = [
  { code: 'auth', said: noCreditLeft, mend: noCredit },
  {
    // Databricks lists such an endpoint as READY all the same.
    code: 'auth',
    said: disabledByLimit,
    mend: 'Databricks has not opened this model to the account (a limit of 0 requests), as on free and trial workspaces: choose another model, or ask Databricks to open it.',
  },
  {
    code: 'auth',
    said: /credential was not sent|unsupported type for this api/i,
    mend: 'Sign in to the workspace again: no token went along, or of a kind that this address does not take (the AI gateway and route-optimised endpoints want OAuth).',
  },
  {
    code: 'auth',
    said: /\b(?:invalid access token|invalid token|token (?:is|has) expired|expired token|UNAUTHENTICATED)\b/i,
    mend: 'Check the API key of this endpoint: the token is wrong, revoked or has expired, so sign in again or make a new one.',
  },
  {
    code: 'auth',
    said: /signin_url|ollama\.com\/connect/i,
    mend: 'Models of Ollama’s cloud need an account: run "ollama signin" on that machine, or set its API key.',
  },
  {
    code: 'auth',
    said: /virtual network|firewall rules|private endpoint|public access is disabled|ip (?:access list|address .{0,60}(?:blocked|not allowed))/i,
    mend: 'The server takes no requests from this network: ask whoever looks after it to let this machine in, or go through their network.',
  },
  {
    code: 'auth',
    status: 403,
    said: /^PERMISSION_DENIED\b/,
    mend: 'Ask for the permission Can Query on the serving endpoint, or EXECUTE on the model service.',
  },
  {
    code: 'not-found',
    said: /^model ["'`]([\w./:-]{1,100})["'`] not found/,
    mend: ([, model]) => `Fetch it with "ollama pull ${model}", or choose one that the server lists.`,
  },
  {
    code: 'not-found',
    said: /DeploymentNotFound|API deployment for this resource/i,
    mend: 'Azure wants the name of the deployment, not of the model; a new deployment takes some minutes to answer.',
  },
  {
    code: 'not-found',
    said: /no api found for|ENDPOINT_NOT_FOUND/i,
    mend: 'The base URL must be the workspace’s own address, without a path behind it.',
  },
  {
    code: 'not-found',
    said: /RESOURCE_DOES_NOT_EXIST/,
    mend: 'If the endpoint was just made, wait until it is ready. Otherwise check its name against the workspace’s list: models are retired, and a name with dots is asked at the AI gateway, any other at model serving.',
  },
  { code: 'rate-limited', said: /insufficient_quota|exceeded your current quota|billing/i, mend: quotaUsedUp },
  {
    code: 'rate-limited',
    said: /input[- ]tokens? per minute|\bITPM\b/i,
    mend: 'The input tokens of this minute are used up: send shorter prompts, or fewer at once.',
  },
  {
    code: 'rate-limited',
    said: /output[- ]tokens? per minute|\bOTPM\b/i,
    mend: 'The output tokens of this minute are used up: ask for fewer output tokens (maxTokens), or send fewer prompts at once.',
  },
  {
    code: 'rate-limited',
    said: /tokens? per min|\bTPM\b|token rate limit/i,
    mend: 'The tokens of this minute are used up: send shorter prompts, ask for fewer output tokens (maxTokens), or send fewer prompts at once.',
  },
  {
    // Databricks says QPS too where one request holds too many inputs.
    code: 'rate-limited',
    said: /\bQPS\b|\bQPH\b|\bRPM\b|quer(?:y|ies) per (?:second|minute|hour)|requests? per (?:second|min|hour|day)|call rate limit/i,
    mend: 'Too many requests: lower the concurrency or the rate, and the size of batches.',
  },
  {
    code: 'rate-limited',
    said: /RATE_LIMIT_EXCEEDED/,
    mend: 'This is a limit that somebody set on the endpoint (AI Gateway): lower the concurrency or the rate, or ask them to raise it.',
  },
  {
    code: 'server',
    said: /RESOURCE_CONFLICT|is currently being updated|update (?:is )?(?:already )?in progress/i,
    mend: 'The endpoint’s configuration is being updated: wait until the update is done.',
  },
  {
    code: 'server',
    said: /no webapps are available/i,
    mend: 'The workspace itself is overloaded: wait a little and lower the concurrency.',
  },
  {
    code: 'server',
    status: 503,
    said: /TEMPORARILY_UNAVAILABLE/,
    mend: 'The endpoint is not ready: it may be starting after a sleep (scale to zero) or be updating. Try again in a minute.',
  },
  {
    code: 'server',
    said: /maximum pending requests exceeded/i,
    mend: 'The queue of this server is full: lower the concurrency, or raise OLLAMA_MAX_QUEUE there.',
  },
  {
    code: 'server',
    said: /requires more system memory|out of memory|insufficient memory/i,
    mend: 'The model does not fit into the memory of that machine: choose a smaller one.',
  },
  { code: 'server', said: /overloaded/i, mend: 'The server is overloaded: wait a little and lower the concurrency.' },
  {
    code: 'bad-request',
    said: /content_filter|content_policy_violation|ResponsibleAIPolicy/,
    mend: 'A content filter refused the prompt: change the prompt, or the filter of this deployment.',
  },
  {
    code: 'bad-request',
    said: /missing inputs \['(?:input|messages)'\]|'messages' field is not supported|missing required chat parameter/i,
    mend: 'This endpoint is an agent or model that wants another form of request: check the task of the model in the configuration.',
  },
  {
    code: 'bad-request',
    said: /enforce schema|missing inputs \[|evaluating the model|verify that the (?:serialized )?input/i,
    mend: 'The custom model did not understand its input: check the form of its rows (pyfuncInput) and the column that holds the prompt (pyfuncColumn) against its signature.',
  },
  {
    code: 'bad-request',
    said: /does not support (?:chat|generate)\b/i,
    mend: 'This model cannot chat, perhaps it makes embeddings: choose another.',
  },
  {
    code: 'bad-request',
    said: /INVALID_STATE/,
    mend: 'The endpoint is in no state to answer: look at it in the workspace.',
  },
  {
    code: 'bad-request',
    said: /api[- ]version/i,
    mend: 'The server does not know this apiVersion: set one that its documentation names, or an address that ends in /openai/v1 and none.',
  },
  {
    code: 'bad-request',
    said: /stream_options|include_usage/,
    mend: 'This server does not know stream_options, by which token counts are asked for in a stream: measure it without streaming, or update it.',
  },
  {
    // OpenAI's older API versions, and servers that only know max_tokens.
    code: 'bad-request',
    said: /(?:unrecognized|unknown|unexpected|extra)[^.]{0,60}max_completion_tokens|max_completion_tokens[^.]{0,40}not permitted/i,
    mend: 'This server or API version does not know max_completion_tokens: use a newer apiVersion, or leave the limit of output tokens unset (maxTokens).',
  },
  {
    code: 'bad-request',
    said: /max_completion_tokens/,
    mend: 'This model wants max_completion_tokens instead of max_tokens: leave the limit of output tokens unset for it.',
  },
  {
    code: 'bad-request',
    said: /max_output_tokens/,
    mend: 'The server does not accept this limit of output tokens (maxTokens); OpenAI wants at least 16 here.',
  },
  {
    code: 'bad-request',
    said: /max_tokens/,
    mend: 'The server does not accept this limit of output tokens (max_tokens).',
  },
  {
    code: 'bad-request',
    said: /\bparameter\b.{0,3}\bstore\b|\bstore\b.{0,40}\b(?:not permitted|not supported|unsupported)/i,
    mend: 'This server does not know store, by which it is asked to keep nothing: use the protocol openai instead.',
  },
  {
    code: 'bad-request',
    said: /temperature/,
    mend: 'The server does not accept this temperature: leave it unset for this model.',
  },
];

/**
 * How to mend a failure: one sentence or two for a person.
 * @param said the server's words, as they are
 */
export function adviceFor(
  code: EndpointFailureCode,
  status: number,
  said: string,
  retryAfterMs: number | undefined,
): string {
  const wait = retryAfterMs === undefined ? '' : `It asks to wait ${Math.ceil(retryAfterMs / 1000)} s. `;
  const words = said.slice(0, 8 * 1024);
  for (const advice of known) {
    if (advice.code !== code || (advice.status !== undefined && advice.status !== status)) continue;
    const found = advice.said.exec(words);
    if (!found) continue;
    const mend = typeof advice.mend === 'string' ? advice.mend : advice.mend(found);
    return mend === quotaUsedUp ? mend : wait + mend;
  }
  return wait + usualAdvice(code, status);
}

function usualAdvice(code: EndpointFailureCode, status: number): string {
  switch (code) {
    case 'auth':
      if (status === 402) return noCredit;
      if (status === 407) return "Check the proxy's user and password.";
      return status === 401 || status === 400
        ? 'Check the API key of this endpoint.'
        : 'The key is known but may not use this model: check its permissions.';
    case 'not-found':
      return 'Check the base URL and the name of the model.';
    case 'rate-limited':
      return 'Lower the concurrency or the rate.';
    case 'context-too-long':
      return 'Shorten the prompt, ask for fewer output tokens, or choose a model with a larger context.';
    case 'timeout':
      return 'The server waited too long for the request.';
    case 'server':
      return 'The fault is on the server; try again, or look at its log.';
    case 'bad-request':
      return status === 413
        ? 'The request is too large for this server.'
        : 'The server does not accept the request as it is.';
    default:
      return 'This is not an answer of a chat API: check the base URL.';
  }
}
