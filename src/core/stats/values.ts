const FIRST = 256;

/** Numbers that come one by one, eight bytes each. */
export class Values {
  #values = new Float64Array(FIRST);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      // By half, not by double: at a million values what is spare counts.
      const larger = new Float64Array(Math.ceil(this.#length * 1.5));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** What came so far, in its order; valid until the next `push`. */
  all(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
