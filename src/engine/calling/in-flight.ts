/** Where something stands among what is in flight. */
export interface Place<T> {
  readonly item: T;
  /** Changes as others leave. */
  at: number;
}

/**
 * What comes and goes by the thousand, in no order. Not a Set: V8 replaces a Set's table after as many deletions as it has room, the
 * old table points to the new one, and once one of them is in the old space, all that follow stay there with what they held, until that
 * is collected: a run's memory would grow with every request (bench/measure.ts).
 */
export class InFlight<T> {
  readonly #places: Place<T>[] = [];

  get size(): number {
    return this.#places.length;
  }

  add(item: T): Place<T> {
    const place = { item, at: this.#places.length };
    this.#places.push(place);
    return place;
  }

  has(place: Place<T>): boolean {
    return this.#places[place.at] === place;
  }

  /** Does nothing for a place that is empty already. */
  remove(place: Place<T>): void {
    if (!this.has(place)) return;
    const last = this.#places.pop();
    if (last === undefined || last === place) return;
    last.at = place.at;
    this.#places[place.at] = last;
  }

  /** As they are now; what is done with them may add and remove. */
  all(): T[] {
    return this.#places.map(({ item }) => item);
  }
}
