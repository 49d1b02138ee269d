import type { RunRecord } from './record.ts';

/**
 * Time per output token of one request, ms: (lastToken − firstToken) / (output tokens − 1). Undefined for an answer that
 * came in one chunk: it has no time between tokens, and to call that infinitely fast would be absurd.
 */
export function tpotOf({ times, tokens }: Pick<RunRecord, 'times' | 'tokens'>): number | undefined {
  const { firstToken, lastToken } = times;
  if (firstToken === undefined || lastToken === undefined || lastToken <= firstToken) return undefined;
  return tokens !== undefined && tokens.output > 1 ? (lastToken - firstToken) / (tokens.output - 1) : undefined;
}
