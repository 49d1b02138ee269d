import * as z from 'zod/mini';
import { type Dialect, type Form, namedEvent, type StreamWriter, type Vendor } from '../dialect.ts';
import { type Answer, outputTokens } from '../reply.ts';
import { checked, contentSchema, flag, textOf, tokenCount } from '../request.ts';
import { openAiVendor } from './openai.ts';
import { asObject } from './openai-chat.ts';

const bodySchema = z.looseObject({
  model: z.string(),
  instructions: z.optional(z.nullable(z.string())),
  input: z.union([
    z.string(),
    z.array(z.looseObject({ role: z.optional(z.string()), content: contentSchema })).check(z.minLength(1)),
  ]),
  max_output_tokens: tokenCount,
  temperature: z.optional(z.nullable(z.number().check(z.gte(0), z.lte(2)))),
  stream: flag,
  tools: z.optional(z.nullable(z.array(z.looseObject({ name: z.optional(z.string()) })))),
});

/** OpenAI's responses. */
export function responsesDialect(vendor: Vendor): Dialect {
  return {
    vendor,
    read(json, where) {
      const body = checked(bodySchema, where.model === undefined ? json : { ...asObject(json), model: where.model });
      const { input, instructions } = body;
      const texts = typeof input === 'string' ? [input] : input.map((item) => textOf(item.content));
      return {
        model: body.model,
        prompts: [(instructions ? [instructions, ...texts] : texts).join('\n\n')],
        maxTokens: body.max_output_tokens ?? undefined,
        stream: body.stream === true,
        tool: body.tools?.[0]?.name,
        form,
      };
    },
  };
}

export const openAiResponses = responsesDialect(openAiVendor);

const form: Form = {
  contentType: 'text/event-stream; charset=utf-8',
  whole: (answer) => response(answer, endOf(answer), itemsOf(answer), usageOf(answer)),
  stream: (answer) => streamWriter(answer),
};

type Status = 'in_progress' | 'completed' | 'incomplete';

function endOf(answer: Answer): Status {
  return answer.finishReason === 'length' ? 'incomplete' : 'completed';
}

function response(answer: Answer, status: Status, output: readonly unknown[], usage: unknown) {
  return {
    id: `resp_${answer.id}`,
    object: 'response',
    created_at: answer.created,
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    max_output_tokens: answer.maxTokens ?? null,
    model: answer.model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage,
    user: null,
    metadata: {},
    simulated: true,
  };
}

function usageOf(answer: Answer) {
  const output = outputTokens(answer);
  return {
    input_tokens: answer.inputTokens,
    input_tokens_details: { cached_tokens: answer.cachedTokens },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: answer.thoughts.length },
    total_tokens: answer.inputTokens + output,
  };
}

type Kind = 'reasoning' | 'message' | 'function_call';

function idOf(kind: Kind, answer: Answer): string {
  if (kind === 'reasoning') return `rs_${answer.id}`;
  return kind === 'message' ? `msg_${answer.id}` : `fc_${answer.tool?.id}`;
}

function item(kind: Kind, answer: Answer, status: 'in_progress' | 'completed') {
  const begun = status === 'in_progress';
  switch (kind) {
    case 'reasoning':
      return {
        id: idOf(kind, answer),
        type: 'reasoning',
        summary: begun ? [] : [{ type: 'summary_text', text: answer.thoughts.join('') }],
      };
    case 'message':
      return {
        id: idOf(kind, answer),
        type: 'message',
        status,
        role: 'assistant',
        content: begun ? [] : [textPart(answer.chunks.join(''))],
      };
    case 'function_call':
      return {
        id: idOf(kind, answer),
        type: 'function_call',
        status,
        call_id: `call_${answer.tool?.id}`,
        name: answer.tool?.name,
        arguments: begun ? '' : answer.tool?.parts.join(''),
      };
  }
}

function textPart(text: string) {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** In the order in which they are written. */
function kindsOf({ thoughts, chunks, tool }: Answer): Kind[] {
  return [
    ...(thoughts.length > 0 ? (['reasoning'] as const) : []),
    ...(chunks.length > 0 ? (['message'] as const) : []),
    ...(tool === undefined ? [] : (['function_call'] as const)),
  ];
}

function itemsOf(answer: Answer): unknown[] {
  return kindsOf(answer).map((kind) => item(kind, answer, 'completed'));
}

/** Every event is numbered; items, and the parts in them, are opened and closed around their deltas. */
function streamWriter(answer: Answer): StreamWriter {
  const kinds = kindsOf(answer);
  let sequence = 0;
  let open: Kind | undefined;

  const send = (type: string, fields: Readonly<Record<string, unknown>>) =>
    namedEvent(type, { type, sequence_number: sequence++, ...fields, simulated: true });

  /** Which item and part an event belongs to. */
  function place(kind: Kind): Readonly<Record<string, unknown>> {
    const at = { item_id: idOf(kind, answer), output_index: kinds.indexOf(kind) };
    if (kind === 'reasoning') return { ...at, summary_index: 0 };
    return kind === 'message' ? { ...at, content_index: 0 } : at;
  }

  function begin(kind: Kind): string {
    if (open === kind) return '';
    const ended = end();
    open = kind;
    const added = send('response.output_item.added', {
      output_index: kinds.indexOf(kind),
      item: item(kind, answer, 'in_progress'),
    });
    if (kind === 'reasoning') {
      const part = { type: 'summary_text', text: '' };
      return ended + added + send('response.reasoning_summary_part.added', { ...place(kind), part });
    }
    if (kind === 'message') {
      return ended + added + send('response.content_part.added', { ...place(kind), part: textPart('') });
    }
    return ended + added;
  }

  function end(): string {
    const kind = open;
    if (kind === undefined) return '';
    open = undefined;
    return (
      endOfPart(kind) +
      send('response.output_item.done', { output_index: kinds.indexOf(kind), item: item(kind, answer, 'completed') })
    );
  }

  function endOfPart(kind: Kind): string {
    if (kind === 'reasoning') {
      const text = answer.thoughts.join('');
      return (
        send('response.reasoning_summary_text.done', { ...place(kind), text }) +
        send('response.reasoning_summary_part.done', { ...place(kind), part: { type: 'summary_text', text } })
      );
    }
    if (kind === 'message') {
      const text = answer.chunks.join('');
      return (
        send('response.output_text.done', { ...place(kind), text, logprobs: [] }) +
        send('response.content_part.done', { ...place(kind), part: textPart(text) })
      );
    }
    return send('response.function_call_arguments.done', {
      ...place(kind),
      name: answer.tool?.name,
      arguments: answer.tool?.parts.join(''),
    });
  }

  return {
    opening() {
      const begun = response(answer, 'in_progress', [], null);
      const [first] = kinds;
      return (
        send('response.created', { response: begun }) +
        send('response.in_progress', { response: begun }) +
        (first === undefined ? '' : begin(first))
      );
    },
    thought: (delta) =>
      begin('reasoning') + send('response.reasoning_summary_text.delta', { ...place('reasoning'), delta }),
    text: (delta) =>
      begin('message') + send('response.output_text.delta', { ...place('message'), delta, logprobs: [] }),
    tool: () =>
      (answer.tool?.parts ?? []).map(
        (delta) =>
          begin('function_call') + send('response.function_call_arguments.delta', { ...place('function_call'), delta }),
      ),
    closing() {
      const status = endOf(answer);
      const ended = end();
      return (
        ended + send(`response.${status}`, { response: response(answer, status, itemsOf(answer), usageOf(answer)) })
      );
    },
    broken() {
      const number = sequence++;
      return `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":${number},"del\n\n`;
    },
    failing: ({ message }) => send('error', { code: 'server_error', message, param: null }),
  };
}
