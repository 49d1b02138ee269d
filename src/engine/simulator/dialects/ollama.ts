import * as z from 'zod/mini';
import { type Dialect, type Form, type Vendor, wholeForm } from '../dialect.ts';
import { embeddingOf } from '../embedding.ts';
import type { SimulatedProfile } from '../profiles.ts';
import { type Answer, outputTokens } from '../reply.ts';
import { checked, flag } from '../request.ts';
import { standardDimensions } from './openai-embeddings.ts';

/** Ollama's own API. It asks for no key; whoever puts one before it uses a bearer token. */
export const ollamaVendor: Vendor = {
  keyHeaders: { authorization: 'Bearer ' },
  refuse({ status, message }) {
    return { status, body: { error: message } };
  },
};

const chatSchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(z.looseObject({ role: z.enum(['system', 'user', 'assistant', 'tool']), content: z.optional(z.string()) }))
    .check(z.minLength(1)),
  // It streams unless told not to.
  stream: flag,
  think: z.optional(z.nullable(z.union([z.boolean(), z.string()]))),
  options: z.optional(z.nullable(z.looseObject({ num_predict: z.optional(z.int()) }))),
  tools: z.optional(z.nullable(z.array(z.looseObject({ function: z.optional(z.looseObject({ name: z.string() })) })))),
});

/** `POST /api/chat`: a JSON object a line. */
export const ollamaChat: Dialect = {
  vendor: ollamaVendor,
  read(json) {
    const body = checked(chatSchema, json);
    const limit = body.options?.num_predict ?? -1;
    return {
      model: body.model,
      prompts: [body.messages.map(({ content }) => content ?? '').join('\n\n')],
      // Not above 0 means no limit.
      maxTokens: limit > 0 ? limit : undefined,
      stream: body.stream !== false,
      thinking: body.think === true || typeof body.think === 'string',
      tool: body.tools?.[0]?.function?.name,
      form: chatForm,
    };
  },
};

const chatForm: Form = {
  contentType: 'application/x-ndjson',
  whole(answer) {
    const { thoughts, chunks, tool } = answer;
    return {
      ...frame(answer),
      message: {
        role: 'assistant',
        content: chunks.join(''),
        ...(thoughts.length === 0 ? {} : { thinking: thoughts.join('') }),
        ...(tool === undefined ? {} : { tool_calls: toolCalls(answer) }),
      },
      ...end(answer),
    };
  },
  stream(answer) {
    const head = `{"model":${JSON.stringify(answer.model)},"created_at":"${createdAt(answer)}","simulated":true,`;
    const line = (message: unknown) =>
      `${head}"message":${JSON.stringify({ role: 'assistant', content: '', ...(message as object) })},"done":false}\n`;
    return {
      opening: () => '',
      thought: (thinking) => line({ thinking }),
      text: (text) => `${head}"message":{"role":"assistant","content":${JSON.stringify(text)}},"done":false}\n`,
      // A call comes whole.
      tool: () => (answer.tool === undefined ? [] : [line({ tool_calls: toolCalls(answer) })]),
      closing: () =>
        `${JSON.stringify({ ...frame(answer), message: { role: 'assistant', content: '' }, ...end(answer) })}\n`,
      broken: () => `${head}"message":{"role":"assistant","con\n`,
      failing: ({ message }) => `${JSON.stringify({ error: message, simulated: true })}\n`,
    };
  },
};

function frame(answer: Answer) {
  return { model: answer.model, created_at: createdAt(answer), simulated: true };
}

function createdAt({ created }: Answer): string {
  return new Date(created * 1000).toISOString();
}

function toolCalls({ tool }: Answer): unknown[] {
  if (tool === undefined) return [];
  return [{ id: `call_${tool.id}`, function: { name: tool.name, arguments: JSON.parse(tool.parts.join('')) } }];
}

/** How it ended; its durations are in nanoseconds. A tool call ends with `stop` too. */
function end(answer: Answer) {
  const output = outputTokens(answer);
  const readMs = answer.ttftMs;
  const writeMs = Math.max(0, output - 1) * answer.msPerToken;
  return {
    done: true,
    done_reason: answer.finishReason === 'length' ? 'length' : 'stop',
    total_duration: nanoseconds(readMs + writeMs),
    load_duration: 0,
    prompt_eval_count: answer.inputTokens,
    ...(answer.cachedTokens === 0 ? {} : { prompt_eval_cached_count: answer.cachedTokens }),
    prompt_eval_duration: nanoseconds(readMs),
    eval_count: output,
    eval_duration: nanoseconds(writeMs),
  };
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}

const embedSchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string()).check(z.minLength(1), z.maxLength(2048))]),
  dimensions: z.optional(z.nullable(z.int().check(z.gte(1), z.lte(4096)))),
});

/** `POST /api/embed`. */
export const ollamaEmbed: Dialect = {
  vendor: ollamaVendor,
  read(json) {
    const body = checked(embedSchema, json);
    const dimensions = body.dimensions ?? standardDimensions;
    return {
      model: body.model,
      prompts: typeof body.input === 'string' ? [body.input] : body.input,
      stream: false,
      embeds: true,
      form: wholeForm((answer) => ({
        model: answer.model,
        embeddings: (answer.empty ? [] : answer.prompts).map((text) => [
          ...embeddingOf(text, { model: answer.servedModel, skill: answer.skill, dimensions }),
        ]),
        total_duration: nanoseconds(answer.ttftMs),
        load_duration: 0,
        prompt_eval_count: answer.inputTokens,
      })),
    };
  },
};

/** `GET /api/tags`: names end in a tag. */
export function ollamaModels(models: readonly SimulatedProfile[]) {
  return {
    models: models.map(({ id }) => ({
      name: `${id}:latest`,
      model: `${id}:latest`,
      modified_at: '1970-01-01T00:00:00Z',
      size: 0,
      digest: 'simulated',
      details: { format: 'simulated', family: 'simulated', parameter_size: '0', quantization_level: 'none' },
      simulated: true,
    })),
  };
}
