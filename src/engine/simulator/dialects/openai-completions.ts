import * as z from 'zod/mini';
import { type Dialect, event, type Form, type Vendor } from '../dialect.ts';
import { type Answer, type AnswerText, fingerprint } from '../reply.ts';
import { checked, flag, Refusal, tokenCount } from '../request.ts';
import { openAiVendor } from './openai.ts';
import { asObject, chatUsage, finished } from './openai-chat.ts';

/** Most prompts of one request. */
const maxPrompts = 2048;

const bodySchema = z.looseObject({
  model: z.string(),
  prompt: z.union([z.string(), z.array(z.string()).check(z.minLength(1), z.maxLength(maxPrompts))]),
  max_tokens: tokenCount,
  temperature: z.optional(z.nullable(z.number().check(z.gte(0), z.lte(2)))),
  n: z.optional(z.nullable(z.literal(1))),
  stream: flag,
  stream_options: z.optional(z.nullable(z.looseObject({ include_usage: z.optional(z.boolean()) }))),
});

/** OpenAI's older completions: a text is continued. Several prompts of one request are answered side by side. */
export function completionsDialect(vendor: Vendor): Dialect {
  return {
    vendor,
    read(json, where) {
      const body = checked(bodySchema, where.model === undefined ? json : { ...asObject(json), model: where.model });
      const prompts = typeof body.prompt === 'string' ? [body.prompt] : body.prompt;
      if (body.stream === true && prompts.length > 1) {
        throw new Refusal(400, 'This simulated endpoint streams one prompt at a time. Ask without stream.', {
          param: 'stream',
        });
      }
      return {
        model: body.model,
        prompts,
        maxTokens: body.max_tokens ?? undefined,
        stream: body.stream === true,
        includeUsage: body.stream_options?.include_usage === true,
        form,
      };
    },
  };
}

export const openAiCompletions = completionsDialect(openAiVendor);

const form: Form = {
  contentType: 'text/event-stream; charset=utf-8',
  textOnly: true,
  whole(answer) {
    return {
      ...frame(answer),
      choices: [answer, ...answer.others].map((text, index) => choice(index, text)),
      usage: chatUsage(answer),
    };
  },
  stream(answer) {
    const chunk = (text: string, finish_reason: string | null) =>
      event({ ...frame(answer), choices: [{ index: 0, text, logprobs: null, finish_reason }] });
    return {
      opening: () => '',
      thought: () => '',
      text: (text) => chunk(text, null),
      tool: () => [],
      closing() {
        const usage = answer.includeUsage ? event({ ...frame(answer), choices: [], usage: chatUsage(answer) }) : '';
        return chunk('', answer.finishReason) + usage + finished;
      },
      broken: () => `data: {"id":"cmpl-${answer.id}","simulated":true,"choices":[{"index":0,"te\n\n`,
      failing: (refusal) => event({ ...answer.vendor.refuse(refusal).body, simulated: true }) + finished,
    };
  },
};

function frame(answer: Answer) {
  return {
    id: `cmpl-${answer.id}`,
    object: 'text_completion',
    created: answer.created,
    model: answer.model,
    system_fingerprint: fingerprint,
    simulated: true,
  };
}

function choice(index: number, { chunks, finishReason }: AnswerText) {
  return { index, text: chunks.join(''), logprobs: null, finish_reason: finishReason };
}
