import * as z from 'zod/mini';
import { type Dialect, type Form, namedEvent, type StreamWriter, type Vendor } from '../dialect.ts';
import type { SimulatedProfile } from '../profiles.ts';
import { type Answer, outputTokens } from '../reply.ts';
import { checked, contentSchema, flag, Refusal, textOf } from '../request.ts';

const errorTypes = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [529, 'overloaded_error'],
]);

/** Anthropic's own API; its documentation names one header, its own client sends the other. Its word for 503 is 529, overloaded. */
export const anthropicVendor: Vendor = {
  keyHeaders: { 'x-api-key': '', authorization: 'Bearer ' },
  headers: (requestId) => ({ 'request-id': requestId }),
  refuse(refusal) {
    const status = refusal.status === 503 ? 529 : refusal.status;
    const message =
      refusal.code === 'context_length_exceeded' ? `prompt is too long: ${refusal.message}` : refusal.message;
    const type = errorTypes.get(status) ?? 'invalid_request_error';
    return { status, body: { type: 'error', error: { type, message } } };
  },
};

const bodySchema = z.looseObject({
  model: z.string(),
  max_tokens: z.int().check(z.positive()),
  system: contentSchema,
  messages: z
    .array(z.looseObject({ role: z.enum(['user', 'assistant']), content: contentSchema }))
    .check(z.minLength(1)),
  temperature: z.optional(z.number().check(z.gte(0), z.lte(1))),
  stream: flag,
  thinking: z.optional(z.looseObject({ type: z.enum(['enabled', 'disabled', 'adaptive']) })),
  tools: z.optional(z.array(z.looseObject({ name: z.string() }))),
});

/** Anthropic messages. */
export const anthropic: Dialect = {
  vendor: anthropicVendor,
  read(json, { headers }) {
    if (headers['anthropic-version'] === undefined) {
      throw new Refusal(400, 'anthropic-version: header is required', { param: 'anthropic-version' });
    }
    const body = checked(bodySchema, json);
    const system = textOf(body.system);
    const texts = body.messages.map((message) => textOf(message.content));
    return {
      model: body.model,
      prompts: [(system === '' ? texts : [system, ...texts]).join('\n\n')],
      maxTokens: body.max_tokens,
      stream: body.stream === true,
      thinking: body.thinking?.type === 'enabled',
      tool: body.tools?.[0]?.name,
      form,
    };
  },
};

/** `GET /v1/models`, all on one page. */
export function anthropicModels(models: readonly SimulatedProfile[]) {
  return {
    data: models.map(({ id, contextWindow }) => ({
      type: 'model',
      id,
      display_name: `Simulated ${id}`,
      created_at: '1970-01-01T00:00:00Z',
      max_input_tokens: contextWindow,
      simulated: true,
    })),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}

const stopReasons = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' } as const;

/** Stands where Anthropic signs its thinking. */
const signature = 'c2ltdWxhdGVk';

const form: Form = {
  contentType: 'text/event-stream; charset=utf-8',
  whole(answer) {
    return {
      ...message(answer),
      content: contentOf(answer),
      stop_reason: stopReasons[answer.finishReason],
      stop_sequence: null,
      usage: { ...inputUsage(answer), ...outputUsage(answer) },
    };
  },
  stream: (answer) => streamWriter(answer),
};

function message(answer: Answer) {
  return { id: `msg_${answer.id}`, type: 'message', role: 'assistant', model: answer.model, simulated: true };
}

/** Cached tokens are told beside `input_tokens`, not inside of them. */
function inputUsage({ inputTokens, cachedTokens }: Answer) {
  return {
    input_tokens: inputTokens - cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
  };
}

function outputUsage(answer: Answer) {
  return {
    output_tokens: outputTokens(answer),
    output_tokens_details: answer.thoughts.length === 0 ? null : { thinking_tokens: answer.thoughts.length },
  };
}

function contentOf({ thoughts, chunks, tool }: Answer): unknown[] {
  const blocks: unknown[] = [];
  if (thoughts.length > 0) blocks.push({ type: 'thinking', thinking: thoughts.join(''), signature });
  if (chunks.length > 0) blocks.push({ type: 'text', text: chunks.join('') });
  if (tool !== undefined) {
    blocks.push({ type: 'tool_use', id: `toolu_${tool.id}`, name: tool.name, input: JSON.parse(tool.parts.join('')) });
  }
  return blocks;
}

type Block = 'thinking' | 'text' | 'tool_use';

function streamWriter(answer: Answer): StreamWriter {
  const { tool } = answer;
  let open: Block | undefined;
  let index = -1;

  const send = (type: string, fields: Readonly<Record<string, unknown>> = {}) =>
    namedEvent(type, { type, ...fields, simulated: true });
  const delta = (fields: unknown) => send('content_block_delta', { index, delta: fields });

  function begin(block: Block): string {
    if (open === block) return '';
    const ended = end();
    open = block;
    index += 1;
    return ended + send('content_block_start', { index, content_block: emptyBlock(block) });
  }

  function end(): string {
    if (open === undefined) return '';
    const signed = open === 'thinking' ? delta({ type: 'signature_delta', signature }) : '';
    open = undefined;
    return signed + send('content_block_stop', { index });
  }

  function emptyBlock(block: Block): unknown {
    if (block === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
    if (block === 'text') return { type: 'text', text: '' };
    return { type: 'tool_use', id: `toolu_${tool?.id}`, name: tool?.name, input: {} };
  }

  return {
    opening() {
      const first: Block | undefined =
        answer.thoughts.length > 0 ? 'thinking' : answer.chunks.length > 0 ? 'text' : undefined;
      const start = send('message_start', {
        message: {
          ...message(answer),
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...inputUsage(answer), output_tokens: answer.empty ? 0 : 1 },
        },
      });
      return start + (first === undefined ? '' : begin(first)) + send('ping');
    },
    thought: (thinking) => begin('thinking') + delta({ type: 'thinking_delta', thinking }),
    text: (text) => begin('text') + delta({ type: 'text_delta', text }),
    tool: () =>
      tool === undefined
        ? []
        : tool.parts.map((part) => begin('tool_use') + delta({ type: 'input_json_delta', partial_json: part })),
    closing: () =>
      end() +
      send('message_delta', {
        delta: { stop_reason: stopReasons[answer.finishReason], stop_sequence: null },
        usage: outputUsage(answer),
      }) +
      send('message_stop'),
    broken: () => 'event: content_block_delta\ndata: {"type":"content_block_delta","simulated":true,"delta":{"te\n\n',
    failing: () =>
      send('error', { error: { type: 'overloaded_error', message: 'Overloaded while answering (simulated).' } }),
  };
}
