import { Failure } from '../../../core/failure.ts';
import type { Adapter } from '../adapter.ts';
import { type AnswerReading, createAnswerReader } from '../reader.ts';

/** The key that stands for a secret in tests of readers. */
export const secret = 'canary-77';

/** Reads an answer in chunks that arrive at 10, 20, 30 … ms, as `callChat` would. */
export function readAnswer(
  adapter: Pick<Adapter, 'answerForm'>,
  ...chunks: (string | Uint8Array)[]
): AnswerReading & { failure: Failure | undefined; deltas: string[] } {
  const deltas: string[] = [];
  const reader = createAnswerReader(adapter.answerForm, { secrets: [secret], onText: (text) => deltas.push(text) });
  let failure: Failure | undefined;
  try {
    for (const [at, chunk] of chunks.entries()) {
      reader.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk, 10 * (at + 1));
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
  }
  return { ...reader.reading, failure, deltas };
}
