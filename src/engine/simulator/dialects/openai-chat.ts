import * as z from 'zod/mini';
import { type Dialect, event, type Form, type StreamWriter } from '../dialect.ts';
import { type Answer, fingerprint, outputTokens } from '../reply.ts';
import { checked, contentSchema, flag, textOf, tokenCount } from '../request.ts';
import { openAiVendor } from './openai.ts';

const bodySchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
        content: contentSchema,
      }),
    )
    .check(z.minLength(1)),
  max_tokens: tokenCount,
  max_completion_tokens: tokenCount,
  temperature: z.optional(z.nullable(z.number().check(z.gte(0), z.lte(2)))),
  n: z.optional(z.nullable(z.literal(1))),
  stream: flag,
  stream_options: z.optional(z.nullable(z.looseObject({ include_usage: z.optional(z.boolean()) }))),
  tools: z.optional(z.nullable(z.array(z.looseObject({ function: z.optional(z.looseObject({ name: z.string() })) })))),
});

/** The last event of a stream. */
export const finished = 'data: [DONE]\n\n';

/** What vendors of the same form do otherwise. */
export interface ChatVariant {
  /** Members of a delta or message that hold thinking; `reasoning_content` unless said. */
  thought?(text: string): Readonly<Record<string, unknown>>;
  /** The message's members where it holds thinking and text. */
  message?(thoughts: string, text: string): Readonly<Record<string, unknown>>;
  usage?(answer: Answer): Readonly<Record<string, unknown>>;
  /** An event before all others. */
  preface?(answer: Answer): string;
  /** The model's name in the answer; what the client wrote unless said. */
  model?(answer: Answer): string;
}

/** OpenAI chat completions, or a vendor's variant of them. */
export function chatDialect(vendor: Dialect['vendor'], variant: ChatVariant = {}): Dialect {
  const form = chatForm(variant);
  return {
    vendor,
    read(json, where) {
      const body = checked(bodySchema, where.model === undefined ? json : { ...asObject(json), model: where.model });
      return {
        model: body.model,
        prompts: [body.messages.map((message) => textOf(message.content)).join('\n\n')],
        maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
        stream: body.stream === true,
        includeUsage: body.stream_options?.include_usage === true,
        thinking: isObject(body.thinking) && body.thinking.type === 'enabled',
        tool: body.tools?.[0]?.function?.name,
        form,
      };
    },
  };
}

export const openAiChat = chatDialect(openAiVendor);

function chatForm(variant: ChatVariant): Form {
  const { thought = reasoningContent, message = besideContent, usage = chatUsage, model = modelAsWritten } = variant;
  return {
    contentType: 'text/event-stream; charset=utf-8',
    whole(answer) {
      const { tool, thoughts } = answer;
      const text = answer.chunks.join('');
      return {
        id: `chatcmpl-${answer.id}`,
        object: 'chat.completion',
        created: answer.created,
        model: model(answer),
        system_fingerprint: fingerprint,
        simulated: true,
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              ...(thoughts.length === 0 ? { content: text } : message(thoughts.join(''), text)),
              ...(tool === undefined
                ? {}
                : {
                    tool_calls: [
                      {
                        id: `call_${tool.id}`,
                        type: 'function',
                        function: { name: tool.name, arguments: tool.parts.join('') },
                      },
                    ],
                  }),
            },
            finish_reason: answer.finishReason,
          },
        ],
        usage: usage(answer),
      };
    },
    stream(answer): StreamWriter {
      const { tool, includeUsage } = answer;
      const head =
        `data: {"id":${JSON.stringify(`chatcmpl-${answer.id}`)},"object":"chat.completion.chunk","created":${answer.created},` +
        `"model":${JSON.stringify(model(answer))},"system_fingerprint":"${fingerprint}","simulated":true,"choices":[`;
      const tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
      const delta = (fields: unknown) =>
        `${head}{"index":0,"delta":${JSON.stringify(fields)},"finish_reason":null}${tail}`;
      return {
        opening: () => (variant.preface?.(answer) ?? '') + delta({ role: 'assistant', content: '' }),
        thought: (text) => delta(thought(text)),
        // The hot path: one call for each token.
        text: (text) => `${head}{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}${tail}`,
        tool() {
          if (tool === undefined) return [];
          return tool.parts.map((part, index) =>
            delta({
              tool_calls: [
                index === 0
                  ? {
                      index: 0,
                      id: `call_${tool.id}`,
                      type: 'function',
                      function: { name: tool.name, arguments: part },
                    }
                  : { index: 0, function: { arguments: part } },
              ],
            }),
          );
        },
        closing() {
          const last = `${head}{"index":0,"delta":{},"finish_reason":"${answer.finishReason}"}${tail}`;
          const counted = includeUsage ? `${head}],"usage":${JSON.stringify(usage(answer))}}\n\n` : '';
          return last + counted + finished;
        },
        broken: () => `data: {"id":"chatcmpl-${answer.id}","simulated":true,"choices":[{"index":0,"delta":{"con\n\n`,
        failing: (refusal) => event({ ...answer.vendor.refuse(refusal).body, simulated: true }) + finished,
      };
    },
  };
}

/** As vLLM and DeepSeek show it; OpenAI itself shows no thinking here. */
function reasoningContent(text: string) {
  return { reasoning_content: text };
}

function besideContent(thoughts: string, text: string) {
  return { reasoning_content: thoughts, content: text };
}

function modelAsWritten(answer: Answer): string {
  return answer.model;
}

/** Usage with cached tokens inside of those of the prompt. */
export function chatUsage(answer: Answer) {
  const output = outputTokens(answer);
  return {
    prompt_tokens: answer.inputTokens,
    completion_tokens: output,
    total_tokens: answer.inputTokens + output,
    ...(answer.cachedTokens === 0 ? {} : { prompt_tokens_details: { cached_tokens: answer.cachedTokens } }),
    ...(answer.thoughts.length === 0
      ? {}
      : { completion_tokens_details: { reasoning_tokens: answer.thoughts.length } }),
  };
}

export function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** The members of a body; none where it is not an object, so that its schema refuses it. */
export function asObject(json: unknown): Readonly<Record<string, unknown>> {
  return isObject(json) ? json : {};
}
