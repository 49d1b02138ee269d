import * as z from 'zod/mini';
import type { Adapter } from './adapter.ts';
import type { ChatRequest, ChatTarget, Usage } from './chat.ts';
import { isObject, readServerError } from './failures.ts';
import { bearerHeaders, tokens } from './openai.ts';
import { type AnswerForm, type AnswerSink, streamError } from './reader.ts';

/** `GET {base}/api/tags`. */
const modelListSchema = z.looseObject({ models: z.array(z.looseObject({ name: z.string() })) });

/** Ollama's own chat. A key is needed for its cloud only. */
export const ollama: Adapter = {
  buildRequest(target, key, request) {
    return {
      method: 'POST',
      url: `${serverOf(target)}/api/chat`,
      headers: bearerHeaders(key, request.requestId),
      body: JSON.stringify(chatBody(request)),
    };
  },
  answerForm: chatForm,
  models: {
    buildRequest: (target, key) => ({
      method: 'GET',
      url: `${serverOf(target)}/api/tags`,
      headers: bearerHeaders(key),
    }),
    read(body) {
      const list = modelListSchema.safeParse(body);
      return list.success ? list.data.models.map(({ name }) => ({ id: name })) : undefined;
    },
  },
};

/** The server's own address, also where that of its API or of its OpenAI-compatible side was typed. */
export function serverOf({ baseUrl }: ChatTarget): string {
  return baseUrl.replace(/\/(?:api|v1)$/, '');
}

function chatBody({ model, messages, maxTokens, temperature, stream }: ChatRequest): Record<string, unknown> {
  const options = {
    ...(maxTokens === undefined ? {} : { num_predict: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
  };
  // Left to itself, Ollama cuts a conversation that is too long without a word.
  return { model, messages, stream, truncate: false, ...(Object.keys(options).length === 0 ? {} : { options }) };
}

/** Reads chats, streamed or whole: a whole answer is a stream of one line. */
function chatForm(sink: AnswerSink): AnswerForm {
  let named = false;
  let toolCalls = 0;

  /** One line. Checked by hand: it is the hot path. */
  function readLine(json: unknown): void {
    const line = json as WireLine;
    if (line.error) throw streamError(readServerError(json) ?? JSON.stringify(line.error), sink.secrets);
    if (!named && typeof line.model === 'string' && line.model !== '') {
      named = true;
      sink.servedModel(line.model);
    }
    if (isObject(line.message)) readMessage(line.message);
    if (line.done !== true) return;
    const usage = usageOf(line);
    if (usage) sink.usage(usage);
    // It says `stop` for an answer that asks for tools as well.
    if (typeof line.done_reason === 'string') {
      sink.finish(toolCalls > 0 && line.done_reason === 'stop' ? 'tool_calls' : line.done_reason);
    }
    sink.done();
  }

  function readMessage({ content, thinking, tool_calls }: Record<string, unknown>): void {
    if (typeof thinking === 'string' && thinking !== '') sink.thought(thinking);
    if (typeof content === 'string') sink.text(content);
    if (!Array.isArray(tool_calls)) return;
    for (const call of tool_calls) {
      const named = isObject(call) ? call.function : undefined;
      if (!isObject(call) || !isObject(named)) continue;
      // A call comes whole, its arguments as an object.
      sink.toolCall(toolCalls++, {
        id: typeof call.id === 'string' ? call.id : undefined,
        name: typeof named.name === 'string' ? named.name : undefined,
        arguments: typeof named.arguments === 'string' ? named.arguments : JSON.stringify(named.arguments ?? {}),
      });
    }
  }

  return {
    stream: 'ndjson',
    frame: readLine,
    whole: readLine,
  };
}

/**
 * Older servers leave `prompt_eval_count` out, or send 0, when the prompt was in their cache: then the prompt's count is
 * unknown and so is the usage. Newer ones count the whole prompt and say in `prompt_eval_cached_count` what part of it
 * the cache held.
 */
function usageOf(line: WireLine): Usage | undefined {
  const input = tokens(line.prompt_eval_count);
  const output = tokens(line.eval_count);
  if (!input || output === undefined) return undefined;
  const cached = tokens(line.prompt_eval_cached_count);
  return { input, cachedInput: cached === undefined ? undefined : Math.min(cached, input), output };
}

interface WireLine {
  model?: unknown;
  message?: unknown;
  done?: unknown;
  done_reason?: unknown;
  prompt_eval_count?: unknown;
  prompt_eval_cached_count?: unknown;
  eval_count?: unknown;
  error?: unknown;
}
