import { describe, expect, it } from 'vitest';
import { failureFromResponse } from './failures.ts';

const where = 'https://host.example/v1/chat/completions';
const failure = (status: number, body: unknown = '', headers: Record<string, string> = {}, secrets: string[] = []) =>
  failureFromResponse(status, headers, typeof body === 'string' ? body : JSON.stringify(body), secrets, where);

describe('the failure behind a status', () => {
  for (const [status, code] of [
    [301, 'redirect'],
    [308, 'redirect'],
    [400, 'bad-request'],
    [401, 'auth'],
    [402, 'auth'],
    [403, 'auth'],
    [404, 'not-found'],
    [405, 'not-found'],
    [408, 'timeout'],
    [409, 'server'],
    [413, 'bad-request'],
    [422, 'bad-request'],
    [429, 'rate-limited'],
    [500, 'server'],
    [502, 'server'],
    [503, 'server'],
    [529, 'server'],
  ] as const) {
    it(`${status} is ${code}`, () => {
      const { message, ...rest } = failure(status);
      expect(rest).toEqual({ code, status });
      expect(message).toContain(`${where} answered ${status}`);
    });
  }

  it('403 that speaks of a rate limit is rate-limited', () => {
    expect(failure(403, { error_code: 'PERMISSION_DENIED', message: 'temporarily rate-limited' }).code).toBe(
      'rate-limited',
    );
  });
});

describe('a 400 of LiteLLM', () => {
  it('that knows no such model is not-found, as the 404 of others', () => {
    const error = {
      message: '/chat/completions: Invalid model name passed in model=nope. Call `/v1/models` to view models.',
      type: 'invalid_request_error',
      code: '400',
    };
    const { code, message } = failure(400, { error });
    expect(code).toBe('not-found');
    expect(message).toMatch(/Check the base URL and the name of the model/);
  });

  it('that misses a database, where it has only its own key to compare with, is auth', () => {
    const { code, message } = failure(400, {
      error: { message: 'No connected db.', type: 'no_db_connection', param: null, code: '400' },
    });
    expect(code).toBe('auth');
    expect(message).toMatch(/Check the API key/);
  });

  it('about anything else stays bad-request', () => {
    for (const message of ['Invalid model parameter temperature', 'The db is connected']) {
      expect(failure(400, { error: { message, code: '400' } }).code).toBe('bad-request');
    }
  });
});

/** Error bodies as the servers of these names write them: status, body, code, and what the advice must say. */
describe('the advice for an error of', () => {
  const requestInfo = {
    '@type': 'type.googleapis.com/google.rpc.RequestInfo',
    request_id: '8da16872-3641',
    serving_data: '',
  };
  const databricks = (error_code: string | number, message: string) => ({
    error_code,
    message,
    details: [requestInfo],
  });
  const limited = (what: string) =>
    databricks('REQUEST_LIMIT_EXCEEDED', `Exceeded workspace ${what} rate limit for databricks-gpt-oss-120b.`);
  const anthropic = (type: string, message: string) => ({
    type: 'error',
    error: { type, message },
    request_id: 'req_011',
  });
  const azure = (code: string, message: string) => ({ error: { code, message } });

  for (const [name, status, body, code, advice] of [
    [
      'Databricks: QPS',
      429,
      limited('QPS'),
      'rate-limited',
      /lower the concurrency or the rate, and the size of batches/,
    ],
    ['Databricks: queries per hour', 429, limited('queries per hour'), 'rate-limited', /Too many requests/],
    [
      'Databricks: ITPM',
      429,
      limited('input tokens per minute'),
      'rate-limited',
      /input tokens of this minute.*shorter/,
    ],
    [
      'Databricks: OTPM',
      429,
      limited('output tokens per minute'),
      'rate-limited',
      /output tokens of this minute.*maxTokens/,
    ],
    [
      'Databricks: AI Gateway',
      429,
      databricks('RATE_LIMIT_EXCEEDED', 'The rate limit of this endpoint was reached.'),
      'rate-limited',
      /limit that somebody set/,
    ],
    [
      'Databricks: nested in error',
      429,
      {
        error: {
          error_code: 'REQUEST_LIMIT_EXCEEDED',
          message: 'Exceeded workspace input tokens per minute rate limit',
        },
      },
      'rate-limited',
      /REQUEST_LIMIT_EXCEEDED: Exceeded.*input tokens of this minute/,
    ],
    [
      'Databricks: exhausted',
      429,
      databricks('RESOURCE_EXHAUSTED', 'Too many requests. Please wait a moment and try again.'),
      'rate-limited',
      /Lower the concurrency/,
    ],
    [
      'Databricks: a rate limit as 403',
      403,
      databricks('PERMISSION_DENIED', 'The endpoint is temporarily rate-limited.'),
      'rate-limited',
      /Lower the concurrency/,
    ],
    [
      'Databricks: a limit of 0',
      403,
      databricks('PERMISSION_DENIED', 'The endpoint is temporarily disabled due to a Databricks-set rate limit of 0.'),
      'auth',
      /not opened this model to the account/,
    ],
    [
      'Databricks: no permission',
      403,
      databricks('PERMISSION_DENIED', "User does not have permission 'Query' on Endpoint x"),
      'auth',
      /Can Query/,
    ],
    ['Databricks: a wrong token', 403, databricks(403, 'Invalid access token.'), 'auth', /sign in again or make a new/],
    [
      'Databricks: no token',
      401,
      databricks(401, 'Credential was not sent or was of an unsupported type for this API.'),
      'auth',
      /Sign in to the workspace again.*OAuth/,
    ],
    ['Databricks: an expired token', 401, databricks('UNAUTHENTICATED', 'Token has expired'), 'auth', /sign in again/],
    [
      'Databricks: no such endpoint',
      404,
      databricks('RESOURCE_DOES_NOT_EXIST', "Endpoint with name 'x' does not exist."),
      'not-found',
      /just made, wait until it is ready.*AI gateway/,
    ],
    [
      'Databricks: another address',
      404,
      databricks('ENDPOINT_NOT_FOUND', "No API found for 'POST /x/serving-endpoints/y/invocations'"),
      'not-found',
      /workspace’s own address/,
    ],
    [
      'Databricks: an update',
      409,
      databricks('RESOURCE_CONFLICT', 'Endpoint x is currently being updated.'),
      'server',
      /wait until the update is done/,
    ],
    [
      'Databricks: starting',
      503,
      databricks('TEMPORARILY_UNAVAILABLE', 'The endpoint is starting'),
      'server',
      /scale to zero/,
    ],
    [
      'Databricks: no webapps, in plain text',
      503,
      'No webapps are available to handle your request. Please try again later.',
      'server',
      /workspace itself is overloaded/,
    ],
    ['Databricks: no webapps, in HTML', 503, '<html><title>No webapps are available</title>', 'server', /overloaded/],
    [
      'Databricks: a state',
      400,
      databricks('INVALID_STATE', 'The endpoint is stopped'),
      'bad-request',
      /no state to answer/,
    ],
    [
      'Databricks: a custom model that misses its column',
      400,
      databricks(
        'BAD_REQUEST',
        "Failed to enforce schema of data '  text' with schema '['prompt': string]'. Error: Model is missing inputs ['prompt'].",
      ),
      'bad-request',
      /pyfuncInput.*pyfuncColumn/,
    ],
    [
      'Databricks: an agent',
      400,
      databricks('BAD_REQUEST', "Model is missing inputs ['input']. Note that there were extra inputs: ['messages']."),
      'bad-request',
      /agent.*another form/,
    ],
    ['Anthropic: overload', 529, anthropic('overloaded_error', 'Overloaded'), 'server', /server is overloaded/],
    [
      'Anthropic: ITPM',
      429,
      anthropic(
        'rate_limit_error',
        "This request would exceed your organization's rate limit of 40,000 input tokens per minute",
      ),
      'rate-limited',
      /shorter prompts/,
    ],
    [
      'Anthropic: no credit',
      400,
      anthropic('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
      'auth',
      /no credit left/,
    ],
    [
      'Anthropic: a wrong key',
      401,
      anthropic('authentication_error', 'invalid x-api-key'),
      'auth',
      /Check the API key/,
    ],
    [
      'Anthropic: no such model',
      404,
      anthropic('not_found_error', 'model: claude-x'),
      'not-found',
      /name of the model/,
    ],
    [
      'Anthropic: size',
      413,
      anthropic('request_too_large', 'Request exceeds the maximum size'),
      'bad-request',
      /too large/,
    ],
    [
      'Ollama: a model to fetch',
      404,
      { error: "model 'llama3.2:1b' not found" },
      'not-found',
      /"ollama pull llama3\.2:1b"/,
    ],
    [
      'older Ollama: a model to fetch',
      404,
      { error: 'model "qwen3" not found, try pulling it first' },
      'not-found',
      /"ollama pull qwen3"/,
    ],
    ['Ollama: embeddings only', 400, { error: '"bge-m3" does not support chat' }, 'bad-request', /cannot chat/],
    [
      'Ollama: its queue',
      503,
      { error: 'server busy, please try again.  maximum pending requests exceeded' },
      'server',
      /OLLAMA_MAX_QUEUE/,
    ],
    [
      'Ollama: memory',
      500,
      { error: 'model requires more system memory (9.4 GiB) than is available (3.1 GiB)' },
      'server',
      /smaller one/,
    ],
    [
      'Azure: a deployment',
      404,
      azure('DeploymentNotFound', 'The API deployment for this resource does not exist.'),
      'not-found',
      /name of the deployment/,
    ],
    ['Azure: an address', 404, azure('404', 'Resource not found'), 'not-found', /Check the base URL/],
    [
      'Azure: tokens',
      429,
      azure('429', 'Requests have exceeded token rate limit of your current OpenAI S0 pricing tier.'),
      'rate-limited',
      /tokens of this minute/,
    ],
    [
      'Azure: calls',
      429,
      azure('429', 'Requests have exceeded call rate limit of your tier.'),
      'rate-limited',
      /Too many requests/,
    ],
    ['Azure: a version', 400, azure('BadRequest', 'API version not supported'), 'bad-request', /apiVersion/],
    [
      'Azure: a network',
      403,
      azure('403', 'Access denied due to Virtual Network/Firewall rules.'),
      'auth',
      /from this network/,
    ],
    [
      'OpenAI: tokens',
      429,
      {
        error: {
          message: 'Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000',
          code: 'rate_limit_exceeded',
        },
      },
      'rate-limited',
      /tokens of this minute/,
    ],
    [
      'OpenAI: requests',
      429,
      {
        error: {
          message: 'Rate limit reached for gpt-4o on requests per min (RPM): Limit 3',
          code: 'rate_limit_exceeded',
        },
      },
      'rate-limited',
      /Too many requests/,
    ],
  ] as const) {
    it(name, () => {
      const found = failure(status, body);
      expect(found).toMatchObject({ code, status });
      expect(found.message).toMatch(advice);
    });
  }

  it('a rate limit says how long to wait as well', () => {
    const { message, retryAfterMs } = failure(429, limited('output tokens per minute'), { 'retry-after': '7' });
    expect(retryAfterMs).toBe(7_000);
    expect(message).toMatch(/It asks to wait 7 s\. The output tokens of this minute/);
  });

  it('a model to fetch names no model that a shell would read otherwise', () => {
    const { message } = failure(404, { error: "model 'x; rm -rf ~' not found" });
    expect(message).not.toContain('ollama pull');
  });
});

describe('the id by which a server knows a request', () => {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.RequestInfo', request_id: '8da16872-3641-43cf' }];

  for (const [name, headers, body, id] of [
    ['Anthropic, in its header', { 'request-id': 'req_011CSHoEeqs5C35K2UUqR7Fy' }, '', 'req_011CSHoEeqs5C35K2UUqR7Fy'],
    ['Anthropic, in its body', {}, { type: 'error', error: { type: 'x', message: 'y' }, request_id: 'req_2' }, 'req_2'],
    ['OpenAI', { 'x-request-id': 'req_3' }, '', 'req_3'],
    ['Azure', { 'apim-request-id': '1f6c2b7e-aaaa' }, '', '1f6c2b7e-aaaa'],
    ['Databricks', {}, { error_code: 'BAD_REQUEST', message: 'no', details }, '8da16872-3641-43cf'],
  ] as const) {
    it(`ends the message: ${name}`, () => {
      expect(failure(500, body, headers).message).toMatch(new RegExp(`\\(request id ${id}\\)$`));
    });
  }

  it('is left out when it is none, and holds no secret', () => {
    for (const id of ['', 'two words', '<b>', 'x'.repeat(101)]) {
      expect(failure(500, { request_id: id, details: [null, 7, {}] }, { 'x-request-id': id }).message).not.toContain(
        'request id',
      );
    }
    const echoed = failure(500, '', { 'x-request-id': 'canary-0123456789' }, ['canary-0123456789']);
    expect(echoed.message).toContain('(request id [redacted])');
  });
});

describe('the words of a server', () => {
  for (const [name, body, words] of [
    [
      'OpenAI',
      { error: { message: 'No such model', type: 'invalid', code: 'model_not_found' } },
      'model_not_found: No such model',
    ],
    ['OpenAI without code', { error: { message: 'No such model', code: null } }, '"No such model"'],
    ['OpenRouter', { error: { message: 'Provider returned error', code: 400, metadata: { raw: 'bad n' } } }, 'bad n'],
    [
      'Databricks',
      { error_code: 'INVALID_PARAMETER_VALUE', message: 'n must be 1' },
      'INVALID_PARAMETER_VALUE: n must be 1',
    ],
    ['FastAPI', { detail: 'Not here' }, '"Not here"'],
    [
      'FastAPI validation',
      { detail: [{ loc: ['body', 'max_tokens'], msg: 'must be positive' }] },
      'body.max_tokens: must be positive',
    ],
    ['older vLLM', { object: 'error', message: 'broken', code: 400 }, '400: broken'],
    ['Ollama', { error: 'model "x" not found' }, 'model "x" not found'],
    [
      'Anthropic',
      { type: 'error', error: { type: 'invalid_request_error', message: 'no' } },
      'invalid_request_error: no',
    ],
    ['plain text', 'upstream went away', 'upstream went away'],
    ['HTML', '<html><head><title>502 Bad Gateway</title></head><body><script>x</script>', 'web page: 502 Bad Gateway'],
    ['HTML without a title', '<!doctype html><p>x', 'a web page'],
    ['JSON of no known shape', { foo: 1 }, '{"foo":1}'],
  ] as const) {
    it(`are found in the error shape of ${name}`, () => {
      expect(failure(400, body).message).toContain(words);
    });
  }

  it('are shortened, put on one line and freed of control and bidi characters', () => {
    const { message } = failure(400, `a\u001b[2Jb\n\tc\u202ed ${'long '.repeat(200)}`);
    expect(message).toContain('a[2Jb cd long');
    expect(message).toContain(' …"');
    expect(message.length).toBeLessThan(600);
  });

  it('lose a secret, also one that is cut where they are shortened', () => {
    const canary = 'canary-0123456789-abcdefghij';
    for (const body of [
      { error: { message: `bad key ${canary}` } },
      `${'x'.repeat(290)}${canary}`,
      `<title>${canary}</title>`,
    ]) {
      const { message } = failure(401, body, {}, [canary]);
      expect(message).not.toContain('canary');
      expect(message).toContain('[redacted]'.slice(0, 9));
    }
  });

  it('lose a secret that stands in a redirect', () => {
    const canary = 'canary-0123456789-abcdefghij';
    const { message } = failure(302, '', { location: `https://${canary}.evil.example/?k=${canary}` }, [canary]);
    expect(message).not.toContain('canary');
  });
});

describe('a redirect', () => {
  it('names the origin it points to and says that no key went there', () => {
    const { message } = failure(307, '', { location: 'https://login.example:8443/sso?next=x' });
    expect(message).toContain(
      'redirect to https://login.example:8443. It was not followed and the key was not sent there.',
    );
  });

  it('may point to the same server, nowhere or to nonsense', () => {
    expect(failure(307, '', { location: '/v2' }).message).toContain('redirect to https://host.example.');
    expect(failure(307).message).toContain('an address it did not show');
    expect(failure(307, '', { location: 'https://[' }).message).toContain('an address that is not valid');
    expect(failure(307, '', { location: 'javascript:alert(1)' }).message).toContain('redirect to javascript:');
  });
});

describe('a prompt that is too long', () => {
  for (const [name, status, body] of [
    [
      'OpenAI',
      400,
      { error: { message: "This model's maximum context length is 8192 tokens.", code: 'context_length_exceeded' } },
    ],
    [
      'vLLM',
      400,
      {
        object: 'error',
        message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
      },
    ],
    [
      'newer vLLM',
      400,
      { error: { message: 'The decoder prompt (length 9001) is longer than the maximum model length of 8192.' } },
    ],
    ['SGLang', 400, { message: "The input (9000 tokens) is longer than the model's context length (8192 tokens)." }],
    ['TGI', 422, { error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000' }],
    [
      'llama.cpp',
      400,
      {
        error: {
          code: 400,
          message: 'the request exceeds the available context size, try increasing it',
          type: 'exceed_context_size_error',
        },
      },
    ],
    [
      'older llama.cpp',
      500,
      {
        error: {
          code: 500,
          message: 'the request exceeds the available context size. try increasing the context size',
        },
      },
    ],
    ['Databricks', 400, { error_code: 'BAD_REQUEST', message: 'Input is too long for requested model.' }],
    [
      'a server that speaks of the sum',
      400,
      { error_code: 'BAD_REQUEST', message: 'prompt token count plus max_tokens exceeds the maximum context length' },
    ],
    ['Anthropic', 400, { error: { message: 'prompt is too long: 208310 tokens > 200000 maximum' } }],
    [
      'Anthropic with output',
      400,
      { error: { message: 'input length and `max_tokens` exceed context limit: 198000 + 8192 > 200000' } },
    ],
    [
      'Gemini',
      400,
      { error: { message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).' } },
    ],
    [
      'Mistral',
      400,
      { message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length' },
    ],
    ['xAI', 400, { error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens." }],
    [
      'llama.cpp, of a text to embed',
      500,
      { error: { message: 'input (901 tokens) is too large to process. increase the physical batch size' } },
    ],
    ['Ollama', 400, { error: 'the input length exceeds the context length' }],
    ['LM Studio', 400, { error: 'tokens to keep from the initial prompt is greater than the context length' }],
    ['MiniMax', 400, { error: { message: 'invalid params, context window exceeds limit' } }],
    ['Kimi', 400, { error: { message: 'exceeded model token limit: 131072 (requested: 140000)' } }],
    ['OpenAI without a code', 400, { error: { message: 'Your input exceeds the context window of this model.' } }],
    ['Groq', 413, { error: { message: 'Please reduce the length of the messages or completion.' } }],
  ] as const) {
    it(`is recognised in the words of ${name}`, () => {
      const { code, message } = failure(status, body);
      expect(code).toBe('context-too-long');
      expect(message).toMatch(/Shorten the prompt/);
    });
  }

  for (const words of [
    'Invalid context',
    'max_tokens must be positive',
    'context is required',
    'n must be <= x',
    'message too short',
    'max_tokens (10000) cannot exceed 8192. Please reduce the length of max output tokens generated.',
  ]) {
    it(`is not seen in "${words}"`, () => {
      expect(failure(400, { error: { message: words } }).code).toBe('bad-request');
    });
  }
});

describe('a refused parameter', () => {
  it('is named with the way around it', () => {
    expect(
      failure(400, { error: { message: 'Unrecognized request argument supplied: stream_options' } }).message,
    ).toMatch(/without streaming/);
    expect(
      failure(400, {
        error: {
          message:
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        },
      }).message,
    ).toMatch(/leave the limit of output tokens unset/);
    expect(
      failure(422, { detail: [{ loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' }] }).message,
    ).toMatch(/stream_options/);
    expect(failure(400, { error: { message: "'temperature' does not support 0" } }).message).toMatch(/temperature/);
  });
});

describe('the wait a server asks for', () => {
  for (const [headers, ms] of [
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': ' 0 ' }, 0],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sun, 06 Nov 1994 08:49:47 GMT' }, 10_000],
    [{ date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sunday, 06-Nov-94 08:49:39 GMT' }, 2_000],
    [{ date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sun Nov  6 08:50:37 1994' }, 60_000],
    [{ date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sun, 06 Nov 1994 08:00:00 GMT' }, 0],
    [{ 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{ 'retry-after': '1e9' }, undefined],
    [{ 'retry-after': '5 bananas' }, undefined],
    [{ 'retry-after': '' }, undefined],
  ] as const) {
    it(`is ${ms} ms for ${JSON.stringify(headers)}`, () => {
      expect(failure(429, '', headers).retryAfterMs).toBe(ms);
      expect(failure(503, '', headers).retryAfterMs).toBe(ms);
      expect(failure(400, '', headers).retryAfterMs).toBeUndefined();
    });
  }

  it('counts from now when the server gave no date', () => {
    const due = new Date(Date.now() + 3_600_000).toUTCString();
    expect(failure(429, '', { 'retry-after': due }).retryAfterMs).toBeGreaterThan(3_500_000);
  });

  it('is told to the person, and a used-up quota is told apart', () => {
    expect(failure(429, '', { 'retry-after': '3' }).message).toContain('wait 3 s');
    expect(
      failure(429, { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }).message,
    ).toMatch(/quota is used up/);
  });
});
