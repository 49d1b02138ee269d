import type { Distribution } from '../stats/distribution.ts';

const unitsPerMs = 100;
/** Gaps below are counted one by one in 0.01 ms (up to 327 ms); an octave above has half as many steps: exact to 0.003 %. */
const exact = 2 ** 15;
const steps = exact / 2;

/**
 * Counts of gaps between chunks. A run can hold a hundred million of them: they are counted, not kept. Count, mean and extremes are
 * exact, quantiles (type 7, as `quantile`) to the step.
 */
export class GapTally {
  #counts = new Float64Array(1024);
  #n = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  /** `count` gaps of so many ms, not negative. */
  add(ms: number, count = 1): void {
    const place = placeOf(ms);
    if (place >= this.#counts.length) {
      const grown = new Float64Array(Math.max(place + 1, 2 * this.#counts.length));
      grown.set(this.#counts);
      this.#counts = grown;
    }
    this.#counts[place] = (this.#counts[place] ?? 0) + count;
    this.#n += count;
    this.#sum += ms * count;
    this.#min = Math.min(this.#min, ms);
    this.#max = Math.max(this.#max, ms);
  }

  /** Undefined when there is none. */
  distribution(): Distribution | undefined {
    if (this.#n === 0) return undefined;
    const p = (share: number) => this.#quantile(share);
    return {
      n: this.#n,
      mean: this.#sum / this.#n,
      min: this.#min,
      max: this.#max,
      p50: p(0.5),
      p90: p(0.9),
      p95: p(0.95),
      p99: p(0.99),
      p999: p(0.999),
    };
  }

  #quantile(p: number): number {
    const position = (this.#n - 1) * p;
    const below = Math.floor(position);
    const low = this.#at(below);
    return position === below ? low : low + (this.#at(below + 1) - low) * (position - below);
  }

  /** The gap at a position of their ascending order. */
  #at(position: number): number {
    let seen = 0;
    for (let place = 0; place < this.#counts.length; place++) {
      seen += this.#counts[place] ?? 0;
      if (seen > position) return Math.min(this.#max, Math.max(this.#min, middleOf(place)));
    }
    return this.#max;
  }
}

function placeOf(ms: number): number {
  const units = Math.round(ms * unitsPerMs);
  if (units < exact) return units;
  const octave = Math.floor(Math.log2(units / exact));
  return exact + octave * steps + Math.min(steps - 1, Math.floor((units / exact / 2 ** octave - 1) * steps));
}

/** The middle of a place's step, ms. */
function middleOf(place: number): number {
  if (place < exact) return place / unitsPerMs;
  const octave = Math.floor((place - exact) / steps);
  const step = (place - exact) % steps;
  return (exact * 2 ** octave * (1 + (step + 0.5) / steps)) / unitsPerMs;
}
