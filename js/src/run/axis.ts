import { ticks } from "./series.js";

/** Where rounds lie, the same in all drawings of a view: a margin for names, the rounds, a margin for labels. */
export interface Axis {
  readonly width: number;
  readonly start: number;
  readonly end: number;
  readonly rounds: number;
  readonly narrow: boolean;
}

/** Lays the axis out for a width; `names` is how wide the names of the sites are. */
export function axisOf(width: number, rounds: number, many: boolean, names = 0): Axis {
  const narrow = width < 560;
  const right = narrow ? (many ? 116 : 96) : many ? 132 : 112;
  return { width, start: narrow ? (many ? 78 : 64) : Math.min(Math.max(92, Math.ceil(names) + 26), 148), end: Math.max(width - right, 140), rounds: Math.max(rounds, 1), narrow };
}

export function xOf(axis: Axis, round: number): number {
  return axis.start + (round / axis.rounds) * (axis.end - axis.start);
}

/** The width of a round. */
export function stepOf(axis: Axis): number {
  return (axis.end - axis.start) / axis.rounds;
}

/** The nearest round to a place, or the round whose stretch holds it. */
export function roundAt(axis: Axis, x: number, how: "nearest" | "within"): number {
  const at = ((x - axis.start) / (axis.end - axis.start)) * axis.rounds;
  const round = how === "nearest" ? Math.round(at) : Math.ceil(at);
  return Math.min(Math.max(round, how === "nearest" ? 0 : 1), axis.rounds);
}

/** The rounds that are named under the drawings. */
export function named(axis: Axis): number[] {
  return ticks(0, axis.rounds, axis.narrow ? 3 : 6).filter((round) => Number.isInteger(round));
}
