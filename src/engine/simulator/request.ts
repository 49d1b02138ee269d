import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import type { Asked, Dialect } from './dialect.ts';
import type { FaultName, Faults } from './faults.ts';
import { drawFault, parseFaults } from './faults.ts';
import type { SimulatedProfile } from './profiles.ts';
import { isTrait, type Trait } from './traits.ts';

/** A request that the simulator refuses. The vendor's dialect gives it its shape; `type` and `code` are OpenAI's words. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    message: string,
    detail: {
      readonly type?: string;
      readonly code?: string | null;
      readonly param?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.type = detail.type ?? 'invalid_request_error';
    this.code = detail.code ?? null;
    this.param = detail.param ?? null;
    this.headers = detail.headers ?? {};
  }
}

/** A request as the simulator understands it. */
export interface SimulatedRequest extends Asked {
  readonly profile: SimulatedProfile;
  readonly traits: ReadonlySet<Trait>;
  readonly inputTokens: number;
  /** Faults asked for by this request; they take the place of the server's own. */
  readonly faults: Faults | undefined;
}

/** The simulator's rule: one token for each 4 bytes of UTF-8, rounded up. */
function inputTokensOf(prompt: string): number {
  return Math.ceil(Buffer.byteLength(prompt) / 4);
}

const noTraits: ReadonlySet<Trait> = new Set();

/**
 * Reads a body in its dialect. The model's name may carry traits and faults: `small+thinking`, `small+reset`,
 * `small+429=0.2`; faults may also stand in the header `x-tierwise-fault`. Throws a Refusal.
 */
export function readRequest(
  dialect: Dialect,
  body: string,
  where: { readonly model?: string | undefined; readonly headers: IncomingHttpHeaders },
  profiles: ReadonlyMap<string, SimulatedProfile>,
): SimulatedRequest {
  const asked = dialect.read(parseJson(body), where);
  const [name = '', ...suffixes] = asked.model.split('+');
  // Ollama's names end in a tag, those in Unity Catalog begin with a catalog and a schema.
  const profile = profiles.get(name) ?? profiles.get(name.replace(/:latest$|^[\w-]+\.[\w-]+\./, ''));
  if (profile === undefined) {
    throw new Refusal(
      404,
      `The model '${name.slice(0, 100)}' does not exist at this simulated endpoint. It has: ${[...profiles.keys()].join(', ')}.`,
      { code: 'model_not_found', param: 'model' },
    );
  }
  const inputTokens = asked.prompts.reduce((sum, prompt) => sum + inputTokensOf(prompt), 0);
  const { maxTokens } = asked;
  if (inputTokens + (maxTokens ?? 0) > profile.contextWindow) {
    throw new Refusal(
      400,
      `This model's maximum context length is ${profile.contextWindow} tokens; the messages hold ${inputTokens}` +
        `${maxTokens === undefined ? '' : ` and max_tokens asks for ${maxTokens}`}. Shorten the messages.`,
      { code: 'context_length_exceeded', param: 'messages' },
    );
  }
  const header = where.headers['x-tierwise-fault'];
  const faults = suffixes.filter((suffix) => !isTrait(suffix)).join(',') || (typeof header === 'string' ? header : '');
  const traits = asked.thinking === true ? [...suffixes, 'thinking'] : suffixes;
  return {
    ...asked,
    profile,
    traits: traits.length === 0 ? noTraits : new Set(traits.filter(isTrait)),
    inputTokens,
    faults: requestedFaults(faults),
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

/** The body as its schema says. Throws a Refusal that names the member which is wrong. */
export function checked<T extends z.ZodMiniType>(schema: T, json: unknown): z.output<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const param = issue?.path.map(String).join('.') ?? '';
  throw new Refusal(400, `Invalid request: ${param === '' ? 'the body' : param}: ${issue?.message ?? 'wrong'}.`, {
    param,
  });
}

/** A count of tokens in a body. */
export const tokenCount = z.optional(z.nullable(z.int().check(z.positive())));

export const flag = z.optional(z.nullable(z.boolean()));

/** Text, or parts of which some hold text. */
export const contentSchema = z.optional(
  z.nullable(z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.optional(z.string()) }))])),
);

export function textOf(content: z.infer<typeof contentSchema>): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(400, 'The body is not valid JSON.');
  }
}

function requestedFaults(text: string): Faults | undefined {
  if (text.trim() === '') return undefined;
  try {
    return parseFaults(text);
  } catch (error) {
    if (error instanceof Failure) throw new Refusal(400, error.message, { param: 'x-tierwise-fault' });
    throw error;
  }
}
