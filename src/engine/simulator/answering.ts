import { answerChunks, thoughtChunks, toolArguments } from './answer.ts';
import type { Vendor } from './dialect.ts';
import { chanceOfWrong } from './difficulty.ts';
import { judgement } from './judge.ts';
import type { SimulatedProfile } from './profiles.ts';
import { hash32, keyedRandom, lognormal, type Random } from './random.ts';
import type { Answer, AnswerText, ToolPlan } from './reply.ts';
import type { SimulatedRequest } from './request.ts';

/** What is drawn for one request, times already divided by the speed. */
export interface Drawn extends AnswerText {
  /** Sixteen hexadecimal digits, the same for the same draw. */
  readonly id: string;
  readonly thoughts: readonly string[];
  readonly tool?: ToolPlan | undefined;
  readonly wrong: boolean;
  /** In [0,1): decides which fault is met, if any. */
  readonly fault: number;
  /** In [0,1): decides whether the profile's own error rate strikes. */
  readonly error: number;
}

/**
 * Draws requests from a seed. A draw is keyed by seed, model, prompt and how often this prompt has been asked of this
 * model, so that a run gives the same delays, texts and errors in whatever order its requests arrive.
 */
export class Answering {
  readonly #seed: number;
  readonly #speed: number;
  // Grows by one small entry for each distinct prompt and model.
  readonly #asked = new Map<string, number>();

  constructor(seed: number, speed: number) {
    this.#seed = seed;
    this.#speed = speed;
  }

  /**
   * Draws the answers to a request and puts them together. What is drawn for the first prompt decides over faults.
   * @param receivedMs Unix time in ms
   */
  plan(
    request: SimulatedRequest,
    vendor: Vendor,
    requestId: string | undefined,
    receivedMs: number,
  ): { plan: Answer; drawn: Drawn } {
    const [first = '', ...more] = request.embeds === true ? [request.prompts.join('\n\n')] : request.prompts;
    const drawn = this.draw(request, first);
    const plan: Answer = {
      id: drawn.id,
      chunks: drawn.chunks,
      thoughts: drawn.thoughts,
      tool: drawn.tool,
      finishReason: drawn.finishReason,
      ttftMs: drawn.ttftMs,
      msPerToken: drawn.msPerToken,
      others: more.map((prompt) => this.draw(request, prompt)),
      requestId: requestId ?? `req-${drawn.id}`,
      model: request.model,
      servedModel: request.profile.id,
      skill: request.profile.skill,
      created: Math.floor(receivedMs / 1000),
      prompts: request.prompts,
      inputTokens: request.inputTokens,
      cachedTokens: request.traits.has('cached') ? Math.floor(request.inputTokens / 2) : 0,
      maxTokens: request.maxTokens,
      includeUsage: request.includeUsage === true,
      stream: request.stream,
      form: request.form,
      vendor,
      empty: false,
      msPerByte: 1000 / this.#speed,
    };
    return { plan, drawn };
  }

  /** Draws the answer to one of the request's prompts. */
  draw(request: SimulatedRequest, prompt: string): Drawn {
    const { profile, traits } = request;
    const key = [hash32(profile.id), hash32(prompt, 1), hash32(prompt, 2)] as const;
    const counted = key.join(' ');
    const nth = this.#asked.get(counted) ?? 0;
    this.#asked.set(counted, nth + 1);
    const random = keyedRandom(this.#seed, ...key, nth);
    const id = hex(random) + hex(random);
    const fault = random();
    const error = random();
    const wrong = random() < chanceOfWrong(profile, prompt);
    const ttftMs = lognormal(random, profile.ttftMs.median, profile.ttftMs.sigma) / this.#speed;
    const msPerToken = lognormal(random, profile.msPerToken.median, profile.msPerToken.sigma) / this.#speed;
    const drawn = { id, ttftMs, msPerToken, wrong, fault, error };
    if (request.embeds === true) return { ...drawn, chunks: [], thoughts: [], finishReason: 'stop' };
    const planned = { tokens: plannedTokens(random, profile), wrong, random, beyondAscii: traits.has('unicode') };
    const judged = traits.has('judge') ? judgement(profile.id, prompt) : undefined;
    const chunks = judged ?? answerChunks(profile.id, prompt, planned);
    if (traits.size === 0 || request.form.textOnly === true) return cut({ ...drawn, chunks, thoughts: [] }, request);
    // Drawn apart: the same prompt is answered with the same words whether there are thoughts before them or not.
    const apart = keyedRandom(this.#seed, ...key, nth, 1);
    const thoughts = traits.has('thinking') ? thoughtChunks(profile.id, apart) : [];
    if (!traits.has('tool')) return cut({ ...drawn, chunks, thoughts }, request);
    const tool = { id: hex(apart) + hex(apart), name: request.tool ?? 'lookup', parts: toolArguments(prompt) };
    return cut({ ...drawn, chunks: chunks.slice(0, 1), thoughts, tool }, request);
  }
}

/** The answer within the request's limit: thinking takes its part of it first. A tool call is not cut into pieces. */
function cut(drawn: Omit<Drawn, 'finishReason'>, { maxTokens }: SimulatedRequest): Drawn {
  const { thoughts, chunks, tool } = drawn;
  const parts = tool?.parts.length ?? 0;
  const limit = maxTokens ?? Number.POSITIVE_INFINITY;
  if (thoughts.length + chunks.length + parts <= limit) {
    return { ...drawn, finishReason: tool === undefined ? 'stop' : 'tool_calls' };
  }
  const thought = thoughts.slice(0, limit);
  return {
    ...drawn,
    thoughts: thought,
    chunks: chunks.slice(0, limit - thought.length),
    tool: undefined,
    finishReason: 'length',
  };
}

function plannedTokens(random: Random, profile: SimulatedProfile): number {
  return Math.round(lognormal(random, profile.outputTokens.median, profile.outputTokens.sigma));
}

function hex(random: Random): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
