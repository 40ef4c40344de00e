/** Numbers by round; NaN where there is none. Grows as rounds come. */
export class Column {
  private values = new Float64Array(64).fill(Number.NaN);
  /** One above the last round that has a number. */
  length = 0;

  get(round: number): number {
    return this.values[round] ?? Number.NaN;
  }

  set(round: number, value: number): void {
    if (round >= this.values.length) {
      const grown = new Float64Array(Math.max(round + 1, this.values.length * 2)).fill(Number.NaN);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[round] = value;
    if (round >= this.length) this.length = round + 1;
  }

  add(round: number, value: number): void {
    const before = this.get(round);
    this.set(round, Number.isNaN(before) ? value : before + value);
  }

  /** The last round before one that has a number, or -1. */
  last(before = this.length): number {
    for (let round = Math.min(before, this.length) - 1; round >= 0; round -= 1) {
      if (!Number.isNaN(this.get(round))) return round;
    }
    return -1;
  }

  /** The numbers up to the last one. */
  view(): Float64Array {
    return this.values.subarray(0, this.length);
  }
}
