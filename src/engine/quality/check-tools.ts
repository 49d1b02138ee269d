import type { PlannedModel } from '../../core/benchmark/plan.ts';
import { cosineSimilarity } from '../../core/embeddings/similarity.ts';
import type { CheckTools } from '../../core/quality/checks.ts';
import type { ModelCaller, Unasked } from './model-caller.ts';
import type { CodeParser } from './parse-code.ts';
import { patternLimitMs, withTimeLimit } from './time-limit.ts';

/** A model was not asked: the check that needed it is still open. */
export class NotAsked extends Error {
  readonly reason: Unasked;
  constructor(reason: Unasked) {
    super(`Not asked: ${reason}.`);
    this.reason = reason;
  }
}

/** Vectors of values that are kept, because many answers are compared with one reference. */
const keptVectors = 1_000;

/** A pattern that took too long for so many answers is not tried on others: each would hold up the judging. */
const mostStops = 3;

/** The tools of checks. `similarity` rejects with `NotAsked`. */
export function checkTools(parses: CodeParser, caller: ModelCaller, embedding: PlannedModel | undefined): CheckTools {
  const stops = new Map<string, number>();
  const vectors = new Map<string, readonly number[]>();
  return {
    limited(work, stranger) {
      const stopped = stops.get(stranger) ?? 0;
      if (stopped >= mostStops) return undefined;
      const done = withTimeLimit(patternLimitMs, work);
      if (!done) stops.set(stranger, stopped + 1);
      return done;
    },
    parses,
    async similarity(answer, value) {
      if (!embedding) return { why: 'the plan names no embedding model.' };
      const known = vectors.get(value);
      const asked = await caller.embed(embedding, known ? [answer] : [answer, value]);
      if (typeof asked === 'string') throw new NotAsked(asked);
      const { value: made, failure, called } = asked;
      const [first, second = known] = made ?? [];
      if (!first || !second) return { why: failure?.message ?? 'the model gave no vector.', called };
      if (!known && vectors.size < keptVectors) vectors.set(value, second);
      const cosine = cosineSimilarity(first, second);
      return cosine === undefined ? { why: 'the vectors cannot be compared.', called } : { cosine, called };
    },
  };
}
