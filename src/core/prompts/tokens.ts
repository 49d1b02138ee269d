import type { TokenEstimate } from './prompt.ts';

export function estimateTokens(text: string): TokenEstimate {
  const tokens = Math.ceil(text.length / 4);
  return { tokens, low: Math.floor(tokens * 0.7), high: Math.ceil(tokens * 1.5) };
}
