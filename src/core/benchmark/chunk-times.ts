/**
 * When the chunks of an answer came, as text. The times are those after the first chunk, in units of 10 µs; written are the
 * steps from one to the next, each in base 32: digits of five bits, the lowest first, `A-Za-f` where another digit follows
 * and `g-z0-9-_` for the last. Chunks that came together are counted: a step of 0, and then how many times.
 * Steps of rounded times, not rounded steps: no time is off by more than 5 µs, however many there are.
 */
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const base = 32;
const unitsPerMs = 100;
/** Numbers over this (about eleven years) are no steps; they would lose digits. */
const mostUnits = 2 ** 45;
/** More chunks than this are not unpacked: a line of a file could claim any number of them. */
const mostChunks = 1_000_000;

const values = new Int8Array(128).fill(-1);
for (let value = 0; value < digits.length; value++) values[digits.charCodeAt(value)] = value;

/** Packs times as they come; a chunk costs no object. */
export class ChunkTimes {
  #first = 0;
  #last = 0;
  /** Of the last chunk, in units after the first. */
  #units = 0;
  #together = 0;
  #steps = '';
  #count = 0;

  /** @param at ms on any clock that does not go back */
  add(at: number): void {
    if (this.#count++ === 0) {
      this.#first = at;
      this.#last = at;
      return;
    }
    if (at === this.#last) {
      this.#together++;
      return;
    }
    this.#last = at;
    const units = Math.round((at - this.#first) * unitsPerMs);
    if (units <= this.#units) {
      this.#together++;
      return;
    }
    this.#closeRun();
    this.#steps += packed(units - this.#units);
    this.#units = units;
  }

  /** What `unpackTimes` reads; '' for fewer than two chunks. */
  text(): string {
    this.#closeRun();
    return this.#steps;
  }

  #closeRun(): void {
    if (this.#together === 0) return;
    this.#steps += packed(0) + packed(this.#together);
    this.#together = 0;
  }
}

/** Packs times in ms, in the order in which the chunks came; '' for fewer than two. */
export function packTimes(times: Iterable<number>): string {
  const packing = new ChunkTimes();
  for (const at of times) packing.add(at);
  return packing.text();
}

/**
 * ms after the first chunk, for each chunk: the first is 0. Undefined for a text that `packTimes` did not write, or that
 * tells of more than a million chunks.
 */
export function unpackTimes(text: string): Float64Array | undefined {
  let count = 1;
  const whole = eachGap(text, (_, chunks) => {
    count += chunks;
  });
  if (!whole || count > mostChunks) return undefined;
  const times = new Float64Array(count);
  let at = 1;
  let units = 0;
  eachGap(text, (gap, chunks) => {
    units += gap * unitsPerMs;
    times.fill(Math.round(units) / unitsPerMs, at, at + chunks);
    at += chunks;
  });
  return times;
}

/**
 * The gaps between chunks in their order, without unpacking them: ms (whole hundredths), and how many of them follow
 * each other (more than one only for gaps of 0). False: the text ended as no packed text does; gaps before that were told.
 */
export function eachGap(text: string, take: (ms: number, count: number) => void): boolean {
  let value = 0;
  let weight = 1;
  let zero = false;
  for (let at = 0; at < text.length; at++) {
    const digit = values[text.charCodeAt(at)] ?? -1;
    if (digit < 0) return false;
    value += (digit % base) * weight;
    if (value > mostUnits) return false;
    if (digit < base) {
      weight *= base;
      if (weight > mostUnits) return false;
      continue;
    }
    if (zero) {
      take(0, value);
      zero = false;
    } else if (value === 0) zero = true;
    else take(value / unitsPerMs, 1);
    value = 0;
    weight = 1;
  }
  return !zero && weight === 1;
}

function packed(value: number): string {
  let text = '';
  let rest = value;
  while (rest >= base) {
    text += digits[rest % base];
    rest = Math.floor(rest / base);
  }
  return text + digits[base + rest];
}
