/**
 * Finds which of some words occur as substrings, one character at a time, whatever case the ASCII letters have: the
 * automaton of Aho and Corasick (1975). One step per character, so no text makes it slow, and a caller that
 * walks the text anyway needs no second pass and no lower-cased copy.
 */
export interface WordMatcher {
  readonly words: readonly string[];
  /** The state after reading ASCII `code` (0-127) in `state`; the state of a text's start, and after any other code, is 0. */
  readonly next: Uint16Array;
  /** For each state, a bit for each word that ends there. */
  readonly found: Uint32Array;
}

/** Index of the transition for `code` in `state` within `next`. */
export const WIDTH = 128;

/** @param words at most 32, in lower-case ASCII letters. */
export function wordMatcher(words: readonly string[]): WordMatcher {
  const states = 1 + words.reduce((sum, word) => sum + word.length, 0);
  const next = new Uint16Array(states * WIDTH);
  const found = new Uint32Array(states);
  const to = (state: number, code: number): number => next[state * WIDTH + code] ?? 0;

  let count = 1;
  words.forEach((word, bit) => {
    let state = 0;
    for (let i = 0; i < word.length; i++) {
      const code = word.charCodeAt(i);
      if (to(state, code) === 0) next[state * WIDTH + code] = count++;
      state = to(state, code);
    }
    found[state] = (found[state] ?? 0) | (1 << bit);
  });

  // Breadth first: a state that cannot go on does what its longest proper suffix would do.
  const suffix = new Uint16Array(states);
  const queue = [0];
  for (const state of queue) {
    const fallback = suffix[state] ?? 0;
    found[state] = (found[state] ?? 0) | (found[fallback] ?? 0);
    for (let code = 97; code <= 122; code++) {
      const child = to(state, code);
      const onSuffix = state === 0 ? 0 : to(fallback, code);
      if (child === 0) {
        next[state * WIDTH + code] = onSuffix;
      } else {
        suffix[child] = onSuffix;
        queue.push(child);
      }
    }
    for (let code = 65; code <= 90; code++) next[state * WIDTH + code] = to(state, code + 32);
  }
  return { words, next, found };
}
