/**
 * Finds which of some texts occur in a prompt, one character at a time, whatever case ASCII letters have: the automaton of Aho
 * and Corasick (1975). One step per character, so no prompt makes it slow, and a caller that walks the prompt anyway
 * needs no second pass and no lower-cased copy of it.
 */
export interface SubstringMatcher {
  /**
   * `next[state + code]` for an ASCII code (0-127): the next state, plus `FOUND` when a text ends there. The state of the
   * beginning, and after any code beyond ASCII, is 0.
   */
  readonly next: Uint16Array;
  /** `found[state / ASCII]`: a bit for each text that ends there. */
  readonly found: Uint32Array;
}

/** How many codes a state has transitions for; states are multiples of it. */
export const ASCII = 128;
export const FOUND = 0x8000;

/** @param texts at most 32, of at most 250 characters together; ASCII, letters small. */
export function substringMatcher(texts: readonly string[]): SubstringMatcher {
  const size = 1 + texts.reduce((sum, text) => sum + text.length, 0);
  const next = new Uint16Array(size * ASCII);
  const found = new Uint32Array(size);
  const to = (state: number, code: number): number => next[state + code] ?? 0;
  const ends = (state: number): number => found[state / ASCII] ?? 0;

  let unused = ASCII;
  texts.forEach((text, bit) => {
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (to(state, code) === 0) {
        next[state + code] = unused;
        unused += ASCII;
      }
      state = to(state, code);
    }
    found[state / ASCII] = ends(state) | (1 << bit);
  });

  // Breadth first: a state that cannot go on does what its longest proper suffix would do.
  const suffix = new Uint16Array(size);
  const states = [0];
  for (const state of states) {
    const fallback = suffix[state / ASCII] ?? 0;
    found[state / ASCII] = ends(state) | ends(fallback);
    for (let code = 0; code < ASCII; code++) {
      const child = to(state, code);
      const onSuffix = state === 0 ? 0 : to(fallback, code);
      if (child === 0) {
        next[state + code] = onSuffix;
      } else {
        suffix[child / ASCII] = onSuffix;
        states.push(child);
      }
    }
  }
  // A capital does what its small letter does. Only now, so that no state is walked twice.
  for (const state of states) for (let code = 65; code <= 90; code++) next[state + code] = to(state, code + 32);
  for (let i = 0; i < next.length; i++) if (ends(next[i] ?? 0) !== 0) next[i] = (next[i] ?? 0) | FOUND;
  return { next, found };
}
