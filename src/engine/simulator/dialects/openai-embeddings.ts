import * as z from 'zod/mini';
import { type Dialect, type Vendor, wholeForm } from '../dialect.ts';
import { base64Of, embeddingOf } from '../embedding.ts';
import { checked } from '../request.ts';
import { openAiVendor } from './openai.ts';
import { asObject } from './openai-chat.ts';

/** Numbers in a vector, unless the request says how many. */
export const standardDimensions = 256;

const tokenIds = z.array(z.int().check(z.nonnegative())).check(z.minLength(1));

const bodySchema = z.looseObject({
  model: z.string(),
  input: z.union([
    z.string().check(z.minLength(1)),
    z.array(z.string().check(z.minLength(1))).check(z.minLength(1), z.maxLength(2048)),
    tokenIds,
    z.array(tokenIds).check(z.minLength(1), z.maxLength(2048)),
  ]),
  dimensions: z.optional(z.nullable(z.int().check(z.gte(1), z.lte(4096)))),
  encoding_format: z.optional(z.nullable(z.enum(['float', 'base64']))),
});

/** OpenAI's embeddings: a text, several texts, or texts as token ids. */
export function embeddingsDialect(vendor: Vendor): Dialect {
  return {
    vendor,
    read(json, where) {
      const body = checked(bodySchema, where.model === undefined ? json : { ...asObject(json), model: where.model });
      const dimensions = body.dimensions ?? standardDimensions;
      const base64 = body.encoding_format === 'base64';
      return {
        model: body.model,
        prompts: textsOf(body.input),
        stream: false,
        embeds: true,
        form: wholeForm((answer) => ({
          object: 'list',
          model: answer.model,
          data: (answer.empty ? [] : answer.prompts).map((text, index) => {
            const vector = embeddingOf(text, { model: answer.servedModel, skill: answer.skill, dimensions });
            return { object: 'embedding', index, embedding: base64 ? base64Of(vector) : [...vector] };
          }),
          usage: { prompt_tokens: answer.inputTokens, total_tokens: answer.inputTokens },
        })),
      };
    },
  };
}

export const openAiEmbeddings = embeddingsDialect(openAiVendor);

function textsOf(input: z.infer<typeof bodySchema>['input']): string[] {
  if (typeof input === 'string') return [input];
  if (input.every((part) => typeof part === 'number')) return [input.join(' ')];
  return input.map((part) => (typeof part === 'string' ? part : [part].flat().join(' ')));
}
