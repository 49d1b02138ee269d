import type { RunRecord } from './record.ts';

/**
 * Time per output token of one request, ms: (lastToken − firstToken) / (output tokens − 1). Undefined for an answer that
 * came in one chunk: it has no time between tokens, and to call that infinitely fast would be absurd. Undefined, too, for a
 * request that needed a retry, and for VS Code's own models, whose text is handed on in pieces of any size.
 */
export function tpotOf(record: RunRecord): number | undefined {
  const { times, tokens } = record;
  if (record.attempts.length > 1 || record.transport === 'vscode-lm') return undefined;
  const { firstToken, lastToken } = times;
  if (firstToken === undefined || lastToken === undefined || lastToken <= firstToken) return undefined;
  return tokens !== undefined && tokens.output > 1 ? (lastToken - firstToken) / (tokens.output - 1) : undefined;
}
