import { answerChunks } from './answer.ts';
import { chanceOfWrong } from './difficulty.ts';
import type { SimulatedProfile } from './profiles.ts';
import { hash32, keyedRandom, lognormal, type Random } from './random.ts';
import type { SimulatedRequest } from './request.ts';

/** What is drawn for one request, times already divided by the speed. */
export interface Drawn {
  /** Sixteen hexadecimal digits, the same for the same draw. */
  readonly id: string;
  readonly ttftMs: number;
  readonly msPerToken: number;
  readonly chunks: readonly string[];
  readonly finishReason: 'stop' | 'length';
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

  draw(request: SimulatedRequest): Drawn {
    const { profile, prompt } = request;
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
    const chunks = answerChunks(profile.id, prompt, { tokens: plannedTokens(random, profile), wrong, random });
    const kept = chunks.slice(0, request.maxTokens ?? chunks.length);
    const finishReason = kept.length < chunks.length ? 'length' : 'stop';
    return { id, ttftMs, msPerToken, chunks: kept, finishReason, wrong, fault, error };
  }
}

function plannedTokens(random: Random, profile: SimulatedProfile): number {
  return Math.round(lognormal(random, profile.outputTokens.median, profile.outputTokens.sigma));
}

function hex(random: Random): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
