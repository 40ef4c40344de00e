// Numbers as people read them: the twin of drawing/units.py, held to it by the cases in test/units.json.
import type { Interval } from "../wire.js";

const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Rounds half to even at some decimals, as Python writes floats. */
function fixed(amount: number, decimals: number): string {
  const text = amount.toFixed(decimals);
  if (decimals > 0) return text;
  const floor = Math.floor(amount);
  return amount - floor === 0.5 ? String(floor % 2 === 0 ? floor : floor + 1) : text;
}

function figures(amount: number): string {
  return amount < 9.95 ? fixed(amount, 1) : fixed(amount, 0);
}

/** Writes a number of bytes, decimal units: `4.7 kB`. */
export function size(amount: number): string {
  let step = 0;
  let rest = amount;
  const rounded = (): number => (rest < 9.95 && step > 0 ? Math.round(rest * 10) / 10 : Number(fixed(rest, 0)));
  while (rounded() >= 1000 && step < SIZES.length - 1) {
    rest /= 1000;
    step += 1;
  }
  return `${step > 0 ? figures(rest) : fixed(rest, 0)} ${SIZES[step] ?? "PB"}`;
}

/** Writes seconds, in the unit that fits: `0.8 ms`, `73 s`. */
export function duration(seconds: number): string {
  if (seconds <= 0) return "0 s";
  if (seconds < 1e-4) return `${figures(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${figures(seconds * 1e3)} ms`;
  if (seconds < 119.5) return `${figures(seconds)} s`;
  const minutes = Number(fixed(seconds / 60, 0));
  if (minutes < 60) return `${Math.floor(seconds / 60)} min ${Math.trunc(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Writes a difference in seconds, with its sign. */
export function signedDuration(seconds: number): string {
  if (seconds === 0) return "±0 s";
  return (seconds > 0 ? "+" : "−") + duration(Math.abs(seconds));
}

/** Writes a whole number, in groups of three: `10 123`. */
export function count(amount: number): string {
  return fixed(amount, 0).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Writes a count in at most six characters: `1.2 M`. */
export function compact(amount: number): string {
  if (amount < 99_999.5) return count(amount);
  for (const [factor, unit] of [[1e3, "k"], [1e6, "M"], [1e9, "G"]] as const) {
    if (amount < 999.5 * factor) return `${figures(amount / factor)} ${unit}`;
  }
  return amount.toExponential(0).replace(/e\+(\d)$/, "e+0$1");
}

/** The geometric mean of an interval's bounds; plans are compared by it. */
export function mean(interval: Interval): number {
  return Math.sqrt(Math.max(interval.low, 0) * Math.max(interval.high, 0));
}

/** Writes an estimated count: a tilde, then the mean. */
export function estimate(rows: Interval | null): string {
  return rows === null ? "" : `~${compact(mean(rows))}`;
}

/** Writes a share of one as per cent. */
export function share(part: number): string {
  return part > 0 && part < 0.005 ? "<1 %" : `${fixed(part * 100, 0)} %`;
}

/** Writes a metric with three decimals, a dash where there is none. */
export function metric(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "–" : value.toFixed(3);
}
