import { describe, expect, it } from "vitest";
import { apart, Band, median, reduced, spread, ticks } from "../../src/run/series.js";

const NaN_ = Number.NaN;
const wave = (count: number): number[] => Array.from({ length: count }, (_, n) => Math.sin(n / 40) + (n === 1234 ? 9 : 0) - (n === 4321 ? 9 : 0));

describe("reduced", () => {
  it("leaves few rows as they are", () => {
    const rows = { x: [0, 1, 2], lines: [[5, 6, 7]] };
    expect(reduced(rows, 3)).toBe(rows);
  });

  it("keeps at most 1500 rows, in order, and no peak is lost", () => {
    const x = Array.from({ length: 10_000 }, (_, n) => n);
    const shown = reduced({ x, lines: [wave(10_000)] });
    expect(shown.x.length).toBeLessThanOrEqual(1500);
    const places = Array.from(shown.x);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect([places[0], places.at(-1)]).toEqual([0, 9999]);
    const line = Array.from(shown.lines[0] ?? []);
    expect(Math.max(...line)).toBe(Math.max(...wave(10_000)));
    expect(Math.min(...line)).toBe(Math.min(...wave(10_000)));
  });

  it("gives the two numbers of a bucket in the order in which they came", () => {
    const shown = reduced({ x: [0, 1, 2, 3], lines: [[4, 1, 1, 4]] }, 2);
    expect(Array.from(shown.lines[0] ?? [])).toEqual([4, 1]);
    expect(Array.from(reduced({ x: [0, 1, 2, 3], lines: [[1, 9, 2, 3]] }, 2).lines[0] ?? [])).toEqual([1, 9]);
  });

  it("leaves a gap where there is nothing, and passes over single holes", () => {
    const line = [1, NaN_, NaN_, NaN_, 2, NaN_, 3, 4];
    expect(Array.from(reduced({ x: line.map((_, n) => n), lines: [line] }, 4).lines[0] ?? [])).toEqual([1, 1, 2, 4]);
    expect(Array.from(reduced({ x: [0, 1, 2, 3], lines: [[NaN_, NaN_, 1, 2]] }, 4).lines[0] ?? [])).toEqual([NaN_, NaN_, 1, 2]);
    expect(Array.from(reduced({ x: [0, 1, 2, 3, 4, 5], lines: [[NaN_, NaN_, NaN_, 1, 2, 3]] }, 4).lines[0] ?? [])).toEqual([NaN_, NaN_, 1, 3]);
  });
});

describe("spread", () => {
  it("is least, quarter, middle, three quarters, greatest; holes do not count", () => {
    expect(spread([5, NaN_, 1, 2, 4, 3])).toEqual([1, 2, 3, 4, 5]);
    expect(median([1, 2])).toBe(1.5);
    expect(spread([NaN_]).every(Number.isNaN)).toBe(true);
  });

  it("of a band is computed again when a number comes", () => {
    const band = new Band();
    const lines = [[1, 2], [3]];
    expect(band.update(lines)[1]?.[4]).toBe(2);
    lines[1]?.push(8);
    expect(band.update(lines)[1]?.[4]).toBe(8);
    expect(band.update(lines)[0]?.[2]).toBe(2);
  });
});

describe("ticks", () => {
  it("are round and inside", () => {
    expect(ticks(0.24, 0.71, 5)).toEqual([0.3, 0.4, 0.5, 0.6, 0.7]);
    expect(ticks(0, 30, 6)).toEqual([0, 5, 10, 15, 20, 25, 30]);
    expect(ticks(0.5, 0.5, 4)).toEqual([0.5]);
  });
});

describe("apart", () => {
  it("moves labels no nearer than the gap and keeps their order and room", () => {
    const places = apart([50, 51, 52, 10], 13, 0, 60);
    expect(places).toEqual([34, 47, 60, 10]);
    const crowded = apart([90, 95, 99, 100], 13, 0, 100);
    expect(Math.max(...crowded)).toBeLessThanOrEqual(100);
    for (let n = 1; n < crowded.length; n += 1) expect((crowded[n] ?? 0) - (crowded[n - 1] ?? 0)).toBeGreaterThanOrEqual(13);
  });
});
