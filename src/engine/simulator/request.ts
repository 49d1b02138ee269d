import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import type { FaultName, Faults } from './faults.ts';
import { drawFault, parseFaults } from './faults.ts';
import type { SimulatedProfile } from './profiles.ts';

/** A request that the simulator refuses: what it answers, in OpenAI's shape. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  constructor(
    status: number,
    message: string,
    detail: { readonly type?: string; readonly code?: string; readonly param?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.type = detail.type ?? 'invalid_request_error';
    this.code = detail.code ?? null;
    this.param = detail.param ?? null;
  }
}

const tokenCount = z.optional(z.nullable(z.int().check(z.positive())));

const bodySchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
        content: z.optional(
          z.nullable(z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.optional(z.string()) }))])),
        ),
      }),
    )
    .check(z.minLength(1)),
  max_tokens: tokenCount,
  max_completion_tokens: tokenCount,
  temperature: z.optional(z.nullable(z.number().check(z.gte(0), z.lte(2)))),
  n: z.optional(z.nullable(z.literal(1))),
  stream: z.optional(z.nullable(z.boolean())),
  stream_options: z.optional(z.nullable(z.looseObject({ include_usage: z.optional(z.boolean()) }))),
});

/** A chat request as the simulator understands it. */
export interface SimulatedRequest {
  readonly profile: SimulatedProfile;
  /** The model's name as the client wrote it. */
  readonly model: string;
  /** The texts of all messages: what is answered. */
  readonly prompt: string;
  readonly inputTokens: number;
  readonly maxTokens: number | undefined;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Faults asked for by this request; they take the place of the server's own. */
  readonly faults: Faults | undefined;
}

/** The simulator's rule: one token for each 4 bytes of UTF-8, rounded up. */
function inputTokensOf(prompt: string): number {
  return Math.ceil(Buffer.byteLength(prompt) / 4);
}

/**
 * Reads a body of `POST /v1/chat/completions`. The model's name may carry faults: `small+reset`, `small+429=0.2`; so
 * may the header `x-tierwise-fault`. Throws a Refusal.
 */
export function readRequest(
  body: string,
  faultHeader: string | undefined,
  profiles: ReadonlyMap<string, SimulatedProfile>,
): SimulatedRequest {
  const parsed = bodySchema.safeParse(parseJson(body));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = issue?.path.map(String).join('.') ?? '';
    throw new Refusal(400, `Invalid request: ${param === '' ? 'the body' : param}: ${issue?.message ?? 'wrong'}.`, {
      param,
    });
  }
  const { model, messages, stream, stream_options } = parsed.data;
  const [id = '', ...suffix] = model.split('+');
  const profile = profiles.get(id);
  if (profile === undefined) {
    const shown = id.slice(0, 100);
    throw new Refusal(
      404,
      `The model '${shown}' does not exist at this simulated endpoint. It has: ${[...profiles.keys()].join(', ')}.`,
      { code: 'model_not_found', param: 'model' },
    );
  }
  const prompt = messages.map((message) => textOf(message.content)).join('\n\n');
  const inputTokens = inputTokensOf(prompt);
  const maxTokens = parsed.data.max_completion_tokens ?? parsed.data.max_tokens ?? undefined;
  if (inputTokens + (maxTokens ?? 0) > profile.contextWindow) {
    throw new Refusal(
      400,
      `This model's maximum context length is ${profile.contextWindow} tokens; the messages hold ${inputTokens}` +
        `${maxTokens === undefined ? '' : ` and max_tokens asks for ${maxTokens}`}. Shorten the messages.`,
      { code: 'context_length_exceeded', param: 'messages' },
    );
  }
  return {
    profile,
    model,
    prompt,
    inputTokens,
    maxTokens,
    stream: stream === true,
    includeUsage: stream_options?.include_usage === true,
    faults: requestedFaults(suffix.join('+') || faultHeader),
  };
}

/** The fault that this request meets, out of its own faults, else the server's, else the profile's error rate. */
export function faultOf(
  request: SimulatedRequest,
  faults: Faults,
  draws: { readonly fault: number; readonly error: number },
): FaultName | undefined {
  const fault = drawFault(request.faults ?? faults, draws.fault);
  return fault ?? (request.faults === undefined && draws.error < request.profile.errorRate ? '500' : undefined);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(400, 'The body is not valid JSON.');
  }
}

function textOf(content: z.infer<typeof bodySchema>['messages'][number]['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('');
}

function requestedFaults(text: string | undefined): Faults | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  try {
    return parseFaults(text);
  } catch (error) {
    if (error instanceof Failure) throw new Refusal(400, error.message, { param: 'x-tierwise-fault' });
    throw error;
  }
}
