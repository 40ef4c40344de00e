// The card of an operator: badge and verb, a short text, rows estimated and counted, share of time, state.
import { heat, type Looks } from "../shared/looks.js";
import { cut, icon, label, measured, rect, svg } from "../shared/svg.js";
import { compact, count, estimate, share } from "../shared/units.js";
import type { OperatorState } from "../state/progress.js";
import type { ExecutionOperator } from "../wire.js";
import { mismatch } from "./captions.js";
import type { Box } from "./picture.js";

/** All that a card shows; two equal faces are drawn alike. */
export interface Face {
  readonly operator: ExecutionOperator;
  readonly share: number | undefined;
  readonly state: OperatorState | undefined;
  readonly third: string;
  readonly stacked: number;
  /** What a mark of change says, as `was Pl`; undefined where nothing changed. */
  readonly changed: string | undefined;
}

/** Tells whether two faces look the same. */
export function alike(a: Face, b: Face): boolean {
  return (
    heat(a.share) === heat(b.share) &&
    (a.share === undefined ? "" : share(a.share)) === (b.share === undefined ? "" : share(b.share)) &&
    a.state === b.state &&
    a.third === b.third &&
    a.stacked === b.stacked &&
    a.changed === b.changed &&
    a.operator.counted === b.operator.counted &&
    a.operator.rows === b.operator.rows &&
    a.operator.text === b.operator.text &&
    a.operator.decision.platform === b.operator.decision.platform &&
    a.operator.decision.pinned === b.operator.decision.pinned
  );
}

/** Fonts by the family of the theme; text is measured in them before it is placed. */
export interface Fonts {
  readonly text: string;
  readonly bold: string;
  readonly verb: string;
}

/** Draws a card. */
export function drawCard(face: Face, box: Box, looks: Looks, fonts: Fonts): SVGElement[] {
  const { operator, state } = face;
  const { x, y, width } = box;
  const right = x + width;
  const aggregate = operator.kind === "aggregate";
  const step = aggregate && heat(face.share) === 1 ? 0 : heat(face.share);
  const soft = step < 2 ? "" : `t${step}`;
  const parts: (SVGElement | null)[] = [];
  for (let behind = Math.min(face.stacked, 3) - 1; behind > 0; behind -= 1) {
    parts.push(rect(x + 0.5 + 4 * behind, y + 10, width - 1 - 8 * behind, box.height - 10.5 + 3.5 * behind, "card behind", 5));
  }
  parts.push(rect(x + 0.5, y + 0.5, width - 1, box.height - 1, `card h${step}${aggregate && step === 0 ? " factcard" : ""}`, 5));
  if (face.changed !== undefined) parts.push(rect(x + 0.5, y + 0.5, width - 1, box.height - 1, "changed", 5));
  const badge = looks.of(operator.decision.platform).badge;
  const start = x + (badge.length === 1 ? 26 : 30);
  const room = right - start - (operator.decision.pinned ? 18 : 4);
  parts.push(looks.badge(x + 6, y + 6, operator.decision.platform));
  parts.push(label(start, y + 17.5, cut(operator.verb.replaceAll("_", operator.verb === "local_update" ? " " : "_"), room, fonts.verb), `verb t${step}`));
  if (operator.decision.pinned) parts.push(icon(right - 17, y + 6, "pin", `s${step}`));
  if (state !== undefined) parts.push(icon(right - 17, y + 22, state, state === "failed" ? `bad s${step}` : `s${step}`));
  parts.push(label(x + 7, y + 32, cut(operator.text, width - (state === undefined ? 13 : 25), fonts.text), soft));
  parts.push(...numbers(face, box, step, fonts));
  parts.push(...flag(operator, box, fonts), ...tag(face.changed, box, fonts, mismatch(operator) !== null));
  return parts.filter((part) => part !== null);
}

function numbers(face: Face, box: Box, step: number, fonts: Fonts): (SVGElement | null)[] {
  const { operator } = face;
  const y = box.y + 49;
  const at = box.x + 7;
  const soft = step < 2 ? "" : `t${step}`;
  const shown = face.share ? share(face.share) : "";
  const bold = (face.share ?? 0) >= 0.03;
  const part = label(box.x + box.width - 7, y, shown, `${bold ? "cnt " : ""}${soft}`.trim(), "end");
  const room = box.width - 14 - (shown === "" ? 0 : measured(shown, bold ? fonts.bold : fonts.text) + 5);
  if (operator.rows === null && operator.counted === null) return [part, label(at, y, cut(face.third, room, fonts.text), soft)];
  const counted = operator.counted === null ? "" : compact(operator.counted);
  const guess = estimate(operator.rows);
  const tight = counted !== "" && measured(guess, fonts.text) + 5 + measured(counted, fonts.bold) > room;
  const words = svg("text", { x: at, y });
  if (guess !== "" && !tight) words.append(svg("tspan", { class: soft || null }, guess));
  if (counted !== "") words.append(svg("tspan", { class: `cnt t${step}`, dx: guess !== "" && !tight ? 4 : null }, counted));
  return [part, words];
}

function flag(operator: ExecutionOperator, box: Box, fonts: Fonts): SVGElement[] {
  const off = mismatch(operator);
  if (off === null) return [];
  const width = measured(off.text, fonts.bold) + 14;
  const x = box.x + box.width - width + 4;
  const y = box.y + box.height - 5;
  const said = `estimated ${estimate(operator.rows).slice(1)} rows, counted ${count(operator.counted ?? 0)}`;
  const words = label(x + width / 2, y + 12.3, off.text, "flagt", "middle");
  return [svg("g", {}, svg("title", {}, said), rect(x, y, width, 17, "flag", 8.5), words)];
}

function tag(words: string | undefined, box: Box, fonts: Fonts, left: boolean): SVGElement[] {
  if (words === undefined || words === "") return [];
  const width = measured(words, fonts.bold) + 14;
  const x = left ? box.x - 4 : box.x + box.width - width + 4;
  const y = box.y + box.height - 7;
  return [svg("g", {}, rect(x, y, width, 16, "tag", 8), ...([label(x + width / 2, y + 12, words, "tagt", "middle")].filter((part) => part !== null)))];
}
