import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import type { Adapter, BatchAnswers } from './adapter.ts';
import type { ChatMessage, ChatRequest } from './chat.ts';
import { isObject } from './failures.ts';
import { bearerHeaders, headReader, openAiModels, readUsage, type WireFrame } from './openai.ts';
import { type AnswerForm, type AnswerSink, notAnAnswer } from './reader.ts';

/** A whole answer, to one prompt or to several. Loose: only what is read is described. */
const answerSchema = z.looseObject({
  choices: z.array(
    z.looseObject({
      index: z.nullish(z.number()),
      text: z.string(),
      finish_reason: z.nullish(z.string()),
    }),
  ),
  usage: z.optional(z.unknown()),
  /** Of llama.cpp, also through a gateway. */
  timings: z.optional(z.unknown()),
});

/** OpenAI's older text completions, as vLLM, llama.cpp and others still serve them: a prompt is one text. */
export const openaiCompletions: Adapter = {
  buildRequest(target, key, request) {
    return {
      method: 'POST',
      url: `${target.baseUrl}/completions`,
      headers: bearerHeaders(key, request.requestId),
      body: JSON.stringify({ model: request.model, ...completionBody(request, promptOf(request.messages)) }),
    };
  },
  answerForm: completionForm,
  models: openAiModels,
  batch: {
    buildRequest(target, key, requests) {
      const first = firstOf(requests);
      return {
        method: 'POST',
        url: `${target.baseUrl}/completions`,
        headers: bearerHeaders(key, first.requestId),
        body: JSON.stringify({ model: first.model, ...completionBatchBody(requests) }),
      };
    },
    read: readCompletions,
  },
};

/**
 * The messages as one text. A single turn is its content, with system text before it; only a conversation needs the
 * names of its speakers, and ends with the one whose turn it is.
 */
export function promptOf(messages: readonly ChatMessage[]): string {
  if (!messages.some(({ role }) => role === 'assistant')) return messages.map(({ content }) => content).join('\n\n');
  const turns = messages.map(({ role, content }) => (role === 'system' ? content : `${speakers[role]}: ${content}`));
  return [...turns, `${speakers.assistant}:`].join('\n\n');
}

const speakers = { user: 'User', assistant: 'Assistant' } as const;

/** What a completion's body has besides the model's name. */
export function completionBody(
  { maxTokens, temperature, stream }: ChatRequest,
  prompt: string | readonly string[],
): Record<string, unknown> {
  return {
    prompt,
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : { stream: false }),
  };
}

/** The same for several prompts; what they share is taken from the first. A batch is never streamed. */
export function completionBatchBody(requests: readonly ChatRequest[]): Record<string, unknown> {
  const prompts = requests.map(({ messages }) => promptOf(messages));
  return completionBody({ ...firstOf(requests), stream: false }, prompts);
}

/** @throws Failure `usage` for a batch of nothing. */
function firstOf(requests: readonly ChatRequest[]): ChatRequest {
  const [first] = requests;
  if (first) return first;
  throw new Failure({ code: 'usage', message: 'A batch needs at least one prompt.' });
}

/** Reads text completions, streamed or whole, to one prompt. */
export function completionForm(sink: AnswerSink): AnswerForm {
  const readHead = headReader(sink);

  /** A chunk of a stream or a whole answer. Checked by hand: it is the hot path. */
  function readFrame(json: unknown): void {
    const frame = json as WireFrame;
    readHead(frame);
    const choice: unknown = Array.isArray(frame.choices) ? frame.choices[0] : undefined;
    if (!isObject(choice)) return;
    sink.choice();
    if (typeof choice.text === 'string') sink.text(choice.text);
    if (typeof choice.finish_reason === 'string') sink.finish(choice.finish_reason);
  }

  return {
    stream: 'sse',
    frame: readFrame,
    whole(json) {
      const answer = answerSchema.safeParse(json);
      if (!answer.success || answer.data.choices.length === 0) throw notAnAnswer(json, expected, sink.secrets);
      readFrame(json);
    },
    contentAlone: textAlone,
    contentMember: 'text',
  };
}

const expected = 'a text completion (no choices with a text)';

/** The text of a frame that carries nothing else of what is read here; undefined for any other. */
function textAlone(json: unknown): string | undefined {
  if (!isObject(json) || json.usage || json.error || !Array.isArray(json.choices)) return undefined;
  const choice: unknown = json.choices[0];
  if (!isObject(choice) || typeof choice.finish_reason === 'string') return undefined;
  return typeof choice.text === 'string' ? choice.text : undefined;
}

/**
 * Answers to a batch in the order of its prompts, by the choices' `index`; where no choice has one, in their own order.
 * @throws Failure `malformed` when there is not exactly one answer for each prompt, `server` for a reported error
 */
export function readCompletions(body: unknown, count: number, secrets: readonly string[] = []): BatchAnswers {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) throw notAnAnswer(body, expected, secrets);
  const { choices, usage, timings } = parsed.data;
  const answers = inOrder(choices, count);
  if (!answers) {
    throw new Failure({
      code: 'malformed',
      message: `The server answered a batch of ${count} prompts with ${choices.length} choices that do not belong to one prompt each.`,
    });
  }
  return {
    answers: answers.map(({ text, finish_reason }) => ({ text, finishReason: finish_reason ?? undefined })),
    // llama.cpp counts the tokens of the first prompt only, as it does for its timings.
    usage: timings !== undefined && count > 1 ? undefined : readUsage(usage),
  };
}

/** Items by their `index`, or as they come where none has one; undefined unless there is one for each of `count`. */
export function inOrder<T extends { readonly index?: number | null | undefined }>(
  items: readonly T[],
  count: number,
): T[] | undefined {
  if (items.length !== count) return undefined;
  if (items.every(({ index }) => index === undefined || index === null)) return [...items];
  const sorted = new Map(items.map((item) => [item.index, item]));
  const all = Array.from({ length: count }, (_, at) => sorted.get(at));
  return all.every((item) => item !== undefined) ? all : undefined;
}
