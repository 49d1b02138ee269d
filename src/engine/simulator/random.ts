/** Draws numbers in [0,1). */
export type Random = () => number;

/** FNV-1a over UTF-16 code units with a final mix: 32 bits, same on every machine. Not for secrets. */
export function hash32(text: string, salt = 0): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash ^ text.length);
}

/** A hash mapped to [0,1). */
export function hashToUnit(text: string, salt = 0): number {
  return hash32(text, salt) / 2 ** 32;
}

function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A generator (sfc32) whose whole sequence is given by its key: same key, same draws. */
export function keyedRandom(...key: readonly number[]): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  for (const part of key) {
    a = mix(a ^ part);
    b = mix(b + a + Math.floor(part / 2 ** 32));
    c = mix(c ^ b);
  }
  let counter = 1;
  const draw = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) draw();
  return draw;
}

/**
 * A lognormal draw with the given median; sigma is the standard deviation of its logarithm. The tails end at 3.5
 * sigma, so that no run waits for a draw of one in thousands. Takes two draws (Box and Muller's transform).
 */
export function lognormal(random: Random, median: number, sigma: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  const normal = radius * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * Math.max(-3.5, Math.min(3.5, normal)));
}

/** One element of a list that is not empty. */
export function pick<T>(random: Random, list: readonly [T, ...T[]]): T {
  return list[Math.floor(random() * list.length)] ?? list[0];
}
