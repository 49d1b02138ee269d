/** Numbers in [0,1) that depend on the seed's low 32 bits only (the generator known as mulberry32). Not for secrets. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 0 … count − 1 in an order that depends on the seed only (Fisher and Yates). */
export function seededOrder(count: number, seed: number): Uint32Array {
  const random = seededRandom(seed);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/** A seed made of a seed and whole numbers, so that each stream of random numbers in a run has one of its own. */
export function seedFor(seed: number, ...parts: readonly number[]): number {
  let mixed = seed;
  for (const part of parts) mixed = Math.floor(seededRandom(mixed ^ Math.imul(part + 1, 0x9e3779b1))() * 2 ** 32);
  return mixed;
}
