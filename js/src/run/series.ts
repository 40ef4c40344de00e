// What is drawn of long series: pure functions over columns of numbers, NaN where there is none.

/** Columns over one axis: `x` and, for each line, as many numbers. */
export interface Rows {
  readonly x: ArrayLike<number>;
  readonly lines: readonly ArrayLike<number>[];
}

/**
 * Returns at most `most` rows that look the same: of every bucket of rows the least and the greatest number of each line,
 * in the order in which they come, so that no peak is lost. Fewer rows come back as they are.
 */
export function reduced(rows: Rows, most = 1500): Rows {
  const count = rows.x.length;
  if (count <= most) return rows;
  const buckets = Math.max(Math.floor(most / 2), 1);
  const x = new Float64Array(buckets * 2);
  const lines = rows.lines.map(() => new Float64Array(buckets * 2));
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const from = Math.floor((bucket * count) / buckets);
    const to = Math.floor(((bucket + 1) * count) / buckets);
    x[bucket * 2] = rows.x[from] ?? Number.NaN;
    x[bucket * 2 + 1] = rows.x[to - 1] ?? Number.NaN;
    rows.lines.forEach((line, index) => {
      const [first, second] = extremes(line, from, to);
      const out = lines[index];
      if (out === undefined) return;
      out[bucket * 2] = first;
      out[bucket * 2 + 1] = second;
    });
  }
  return { x, lines };
}

function extremes(line: ArrayLike<number>, from: number, to: number): readonly [number, number] {
  let low = -1;
  let high = -1;
  for (let at = from; at < to; at += 1) {
    const value = line[at] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    if (low < 0 || value < (line[low] ?? Number.NaN)) low = at;
    if (high < 0 || value > (line[high] ?? Number.NaN)) high = at;
  }
  if (low < 0) return [Number.NaN, Number.NaN];
  const values = [line[low] ?? Number.NaN, line[high] ?? Number.NaN] as const;
  return low <= high ? values : [values[1], values[0]];
}

/** Least, quarter, middle, three quarters and greatest of some sorted numbers; between two of them, in proportion. */
export type Spread = readonly [min: number, low: number, median: number, high: number, max: number];

const NONE: Spread = [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN];

/** Returns the spread of numbers; NaN does not count. */
export function spread(values: Iterable<number>): Spread {
  const sorted = Float64Array.from([...values].filter((value) => !Number.isNaN(value))).sort();
  if (sorted.length === 0) return NONE;
  const at = (part: number): number => {
    const place = part * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    const above = sorted[Math.ceil(place)] ?? Number.NaN;
    return below + (above - below) * (place - Math.floor(place));
  };
  return [at(0), at(0.25), at(0.5), at(0.75), at(1)];
}

/** The middle of some numbers, or NaN. */
export function median(values: Iterable<number>): number {
  return spread(values)[2];
}

/** The spread of many lines by round; a round is computed again only when more lines have a number there. */
export class Band {
  private readonly spreads: Spread[] = [];
  private readonly counts: number[] = [];

  update(lines: readonly ArrayLike<number>[]): readonly Spread[] {
    const length = lines.reduce((most, line) => Math.max(most, line.length), 0);
    for (let round = 0; round < length; round += 1) {
      let count = 0;
      for (const line of lines) if (!Number.isNaN(line[round] ?? Number.NaN)) count += 1;
      if (this.counts[round] === count) continue;
      this.counts[round] = count;
      this.spreads[round] = spread(lines.map((line) => line[round] ?? Number.NaN));
    }
    return this.spreads;
  }
}

/** Returns ticks for an axis from `low` to `high`: round steps, at least two of them. */
export function ticks(low: number, high: number, most: number): number[] {
  const width = high - low;
  if (!(width > 0)) return [low];
  const rough = width / Math.max(most, 2);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.8) ?? 10) * power;
  const found: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1) found.push(Number((n * step).toPrecision(12)));
  return found;
}

/** Moves labels apart: returns a place for each, in the given order, at least `gap` from the next, inside `low` to `high`. */
export function apart(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const places = order.map((index) => wanted[index] ?? 0);
  for (let i = 1; i < places.length; i += 1) places[i] = Math.max(places[i] ?? 0, (places[i - 1] ?? 0) + gap);
  const over = (places.at(-1) ?? 0) - high;
  if (over > 0) {
    places[places.length - 1] = high;
    for (let i = places.length - 2; i >= 0; i -= 1) places[i] = Math.min(places[i] ?? 0, (places[i + 1] ?? 0) - gap);
  }
  const under = low - (places[0] ?? low);
  if (under > 0) for (let i = 0; i < places.length; i += 1) places[i] = Math.max(places[i] ?? 0, low + i * gap);
  const result = new Array<number>(wanted.length).fill(0);
  order.forEach((index, i) => {
    result[index] = places[i] ?? 0;
  });
  return result;
}
