// What is written on edges and cards: the twin of drawing/captions.py.
import { compact, count, duration, estimate, mean, share, size } from "../shared/units.js";
import type { OperatorState } from "../state/progress.js";
import type { Edge, ExecutionOperator, ExecutionPlan, Lane } from "../wire.js";
import type { Looks } from "../shared/looks.js";

/** The two lines about an edge, and whether the upper one was counted. */
export interface Caption {
  readonly above: string;
  readonly below: string;
  readonly counted: boolean;
}

/** Tells whether rows change their form on an edge. */
export function moves(edge: Edge): boolean {
  return edge.movement !== null && edge.movement.channels.length > 1;
}

function rows(edge: Edge, source: ExecutionOperator): readonly [string, boolean] {
  if (edge.source.port === 0 && source.counted !== null && edge.kind === "rows") return [compact(source.counted), true];
  return [estimate(edge.rows), false];
}

function bytes(edge: Edge): string {
  if (edge.movement !== null && moves(edge)) return size(mean(edge.movement.bytes));
  return edge.bytes === null ? "" : size(mean(edge.bytes));
}

/** What stands above and below a line: rows and bytes, or of a conversion bytes and time. */
export function caption(edge: Edge, source: ExecutionOperator): Caption {
  if (edge.movement !== null && moves(edge)) {
    return { above: bytes(edge), below: duration(mean(edge.movement.cost_s)), counted: false };
  }
  const [above, counted] = rows(edge, source);
  return { above, below: bytes(edge), counted };
}

/** What stands on a line that runs below the cards, in one go. */
export function floorText(edge: Edge, source: ExecutionOperator): string {
  const [said] = rows(edge, source);
  const time = edge.movement !== null && moves(edge) ? duration(mean(edge.movement.cost_s)) : "";
  const text = [said === "" ? "" : `${said} rows`, bytes(edge), time].filter(Boolean).join(", ");
  return [edge.label ?? "", text].filter(Boolean).join(" ");
}

/** The share of time of operators: of what was measured if anything was, else of the estimates. */
export function shares(plan: ExecutionPlan): ReadonlyMap<string, number> {
  const known = (of: (operator: ExecutionOperator) => number | null): [string, number][] =>
    plan.operators.flatMap((operator): [string, number][] => {
      const seconds = of(operator);
      return seconds === null ? [] : [[operator.id, seconds]];
    });
  const measured = known((operator) => operator.measured_s);
  const seconds = measured.length > 0 ? measured : known((operator) => (operator.compute_s === null ? null : mean(operator.compute_s)));
  const total = seconds.reduce((sum, [, value]) => sum + value, 0);
  return new Map(total > 0 ? seconds.map(([id, value]) => [id, value / total]) : []);
}

/** How far an estimate was off: the factor, at least 10, and its direction. */
export interface Mismatch {
  readonly factor: number;
  readonly under: boolean;
  readonly text: string;
}

/** Returns how far an estimate was off, if by ten times or more. */
export function mismatch(operator: ExecutionOperator): Mismatch | null {
  if (operator.counted === null || operator.rows === null) return null;
  const guessed = Math.max(mean(operator.rows), 1);
  const counted = Math.max(operator.counted, 1);
  if (counted >= 10 * guessed) return { factor: counted / guessed, under: true, text: `▲ ${compact(counted / guessed)}× under` };
  if (guessed >= 10 * counted) return { factor: guessed / counted, under: false, text: `▼ ${compact(guessed / counted)}× over` };
  return null;
}

/** What stands in the place of rows: of an aggregate what it takes in, of a step of the loop its rounds. */
export function third(operator: ExecutionOperator, whole: ExecutionPlan): string {
  const into = whole.edges.filter((edge) => edge.target === operator.id && (edge.kind === "facts" || edge.kind === "update"));
  const sizes = into.flatMap((edge) => (edge.bytes === null ? [] : [mean(edge.bytes)]));
  if (operator.kind === "aggregate" && sizes.length > 0) {
    return `${sizes.length} × ${size(sizes.reduce((sum, one) => sum + one, 0) / sizes.length)}`;
  }
  const { loop } = whole;
  if (loop?.operators.includes(operator.id)) {
    return loop.round === null || loop.round === loop.rounds ? `${loop.rounds} rounds` : `${loop.round} of ${loop.rounds}`;
  }
  if (operator.kind === "aggregate" && into.length > 0) return `from ${into.length} sites`;
  return operator.iterations > 1 ? `× ${operator.iterations}` : "";
}

/** What the pill on the loop's back edge says. */
export function roundText(round: number | null, rounds: number): string {
  if (round === null) return `${rounds} rounds`;
  return round >= rounds ? `${rounds}/${rounds} done` : `round ${round}/${rounds}`;
}

/** Returns an operator in words, as a screen reader says it and a tooltip shows it. */
export function spoken(
  operator: ExecutionOperator,
  lane: Lane | undefined,
  looks: Looks,
  state: OperatorState | undefined,
  part: number | undefined,
): string {
  const { decision } = operator;
  const parts = [
    `${operator.verb} ${operator.text}`.trim(),
    lane === undefined ? "" : `at ${lane.title}`,
    decision.platform === "kernel" ? "" : `on ${looks.of(decision.platform).title}${decision.pinned ? ", pinned" : ""}`,
    rowsText(operator),
    part === undefined || part === 0 ? "" : `${share(part)} of the time`,
    state ?? "",
  ];
  return parts.filter(Boolean).join(", ");
}

/** Rows estimated and counted, in words. */
export function rowsText(operator: ExecutionOperator): string {
  const guess = operator.rows === null ? "" : `${compact(mean(operator.rows))} rows estimated`;
  const counted = operator.counted === null ? "" : `${count(operator.counted)} counted`;
  return [guess, counted].filter(Boolean).join(", ");
}

/** Where the estimate of rows comes from, and how sure it is. */
export function rowsFrom(operator: ExecutionOperator): string {
  if (operator.rows === null || !operator.rows_from) return "";
  const { low, high, confidence } = operator.rows;
  const bounds = low === high ? "" : ` (${compact(low)} to ${compact(high)}${confidence < 1 ? `, ${share(confidence)} sure` : ""})`;
  return `rows by ${operator.rows_from}${bounds}`;
}

/** How thick an edge of rows is drawn, by its bytes. */
export function thickness(edge: Edge): number {
  const amount = edge.bytes === null ? 0 : mean(edge.bytes);
  return Math.min(5, 1 + 0.9 * Math.log10(1 + amount / 1000));
}
