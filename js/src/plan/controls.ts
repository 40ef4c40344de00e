// Buttons, the legend, the help, the table: the parts around the drawing.
import type { Looks } from "../shared/looks.js";
import { type Attributes, html, inlineIcon, svg } from "../shared/svg.js";
import { compact, count, duration, mean, share } from "../shared/units.js";
import type { OperatorState } from "../state/progress.js";
import type { ExecutionOperator, ExecutionPlan } from "../wire.js";
import { moves } from "./captions.js";

export type Symbol = "fit" | "table" | "help" | "undo" | "copy" | "close" | "plus" | "minus" | "search" | "pin" | "sites";

const SYMBOLS: Readonly<Record<Symbol, string>> = {
  fit: "M2 5V2h3M9 2h3v3M12 9v3H9M5 12H2V9",
  table: "M2 3h10v8H2zM2 6h10M6 3v8",
  help: "M5 5a2 2 0 1 1 2.6 1.9c-.5.2-.6.5-.6 1.1M7 10.4v.2",
  undo: "M5 3 2 6l3 3M2 6h6a3.5 3.5 0 0 1 0 7",
  copy: "M5 5h7v7H5zM9 5V2H2v7h3",
  close: "M3.5 3.5l7 7M10.5 3.5l-7 7",
  plus: "M7 3v8M3 7h8",
  minus: "M3 7h8",
  search: "M6 2.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7M8.6 8.6 12 12",
  pin: "M5 2h4M5.6 2v4L4 8h6L8.4 6V2M7 8v4",
  sites: "M2 3h10M2 6.3h10M2 9.6h10",
};

/** A small drawing that says what a control is for; the words say it too. */
export function symbol(name: Symbol): SVGSVGElement {
  return svg("svg", { viewBox: "0 0 14 14", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { d: SYMBOLS[name] }));
}

/** A button. */
export function button(name: Symbol | null, words: string, attributes: Attributes = {}, key = ""): HTMLButtonElement {
  return html(
    "button",
    { type: "button", class: "jp-Wayang-button", ...attributes },
    name === null ? null : symbol(name),
    words,
    key === "" ? null : html("kbd", { "aria-hidden": "true" }, key),
  );
}

/** The line below a plan that says what its signs mean: only those that occur. */
export function legend(plan: ExecutionPlan, states: ReadonlySet<OperatorState>, looks: Looks): HTMLElement {
  const entries = [heatEntry()];
  const counted = plan.operators.some((operator) => operator.counted !== null);
  entries.push(html("span", {}, "~242 estimated", counted ? html("b", {}, " 242") : null, counted ? " counted" : null));
  if (plan.edges.some((edge) => edge.kind === "rows")) entries.push(lineEntry("edge", "rows, thickness = bytes", 3));
  const conversion = plan.edges.find(moves);
  if (conversion !== undefined) entries.push(conversionEntry(plan, conversion.source.node, conversion.target, looks));
  if (plan.edges.some((edge) => edge.kind !== "rows")) entries.push(lineEntry("fact", "aggregates only", 1));
  for (const state of ["queued", "running", "done", "failed", "skipped"] as const) {
    if (states.has(state)) entries.push(html("span", {}, inlineIcon(state), state));
  }
  if (plan.operators.some((operator) => operator.decision.pinned)) entries.push(html("span", {}, inlineIcon("pin"), "pinned"));
  const keys = html("span", { class: "jp-Wayang-keyhint" }, "arrows, Enter, P pin, ? help");
  return html("div", { class: "jp-Wayang-legend" }, ...entries, html("span", { class: "jp-Wayang-grow" }), keys);
}

function heatEntry(): HTMLElement {
  const boxes = [0, 1, 2, 3, 4, 5].map((step) => {
    const box = svg("rect", { x: 14 * step + 0.5, y: 0.5, width: 14, height: 10 });
    box.style.fill = `var(--wy-heat-${step})`;
    box.style.stroke = "var(--wy-line)";
    return box;
  });
  return html("span", {}, "share of time", svg("svg", { width: 86, height: 11, "aria-hidden": "true" }, ...boxes), "0, 1, 3, 10, 30 %");
}

function lineEntry(kind: "edge" | "fact", words: string, width: number): HTMLElement {
  const line = svg("path", { d: "M0 6h22", "stroke-width": width, class: kind });
  return html("span", {}, svg("svg", { class: "jp-Wayang-drawing", width: 22, height: 12, "aria-hidden": "true" }, line), words);
}

function conversionEntry(plan: ExecutionPlan, source: string, target: string, looks: Looks): HTMLElement {
  const bars = ([[8.5, source], [15.5, target]] as const).map(([x, id]) => {
    const bar = svg("path", { d: `M${x} 0v13`, class: "bar" });
    bar.style.stroke = looks.hue(plan.operators.find((operator) => operator.id === id)?.decision.platform ?? "");
    return bar;
  });
  const drawing = svg("svg", { class: "jp-Wayang-drawing", width: 24, height: 13, "aria-hidden": "true" }, svg("path", { d: "M0 6.5h24", "stroke-width": 1.5, class: "edge" }), ...bars);
  return html("span", {}, drawing, "conversion");
}

const KEYS: readonly (readonly [string, string])[] = [
  ["← →", "along the edges"],
  ["↑ ↓", "to the next lane"],
  ["Home End", "first, last in the lane"],
  ["Enter", "why it runs there"],
  ["P", "pin it where it runs, or unpin"],
  ["/", "search"],
  ["T", "table"],
  ["F", "fit to the width, or full size"],
  ["+ −", "zoom"],
  ["Ctrl Z", "undo a pin"],
  ["Esc", "close"],
  ["?", "this help"],
];

/** What the keys do. */
export function help(): HTMLElement {
  const entries = KEYS.map(([key, words]) => html("div", {}, html("kbd", {}, key), words));
  return html("div", { class: "jp-Wayang-help", role: "region", "aria-label": "Keys" }, ...entries);
}

/** Who shows the plan as a table. */
export interface TableActions {
  show(operator: string): void;
}

/** The plan as a table: a row per operator, by lane. */
export function table(
  plan: ExecutionPlan,
  parts: ReadonlyMap<string, number>,
  states: ReadonlyMap<string, OperatorState>,
  selected: string | null,
  looks: Looks,
  actions: TableActions,
): HTMLElement {
  const names = ["operator", "what", "platform", "rows estimated", "rows counted", "time", "share", "state"];
  const right = new Set([3, 4, 5, 6]);
  const head = names.map((name, index) => html("th", { scope: "col", class: right.has(index) ? "r" : null }, name));
  const body = plan.lanes.flatMap((lane) => [
    html("tr", { class: "lane" }, html("td", { colspan: names.length }, lane.title)),
    ...plan.operators
      .filter((operator) => operator.lane === lane.id)
      .map((operator) => row(operator, parts.get(operator.id), states.get(operator.id), operator.id === selected, looks, actions)),
  ]);
  return html(
    "div",
    { class: "jp-Wayang-table", tabindex: "-1" },
    html("table", {}, html("caption", { class: "jp-Wayang-unseen" }, `Operators of the plan ${plan.name}`), html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...body)),
  );
}

function row(
  operator: ExecutionOperator,
  part: number | undefined,
  state: OperatorState | undefined,
  selected: boolean,
  looks: Looks,
  actions: TableActions,
): HTMLElement {
  const open = html("button", { type: "button" }, operator.verb);
  const { platform, pinned } = operator.decision;
  const seconds = operator.measured_s ?? (operator.compute_s === null ? null : mean(operator.compute_s));
  const time = seconds === null ? "" : `${operator.measured_s === null ? "~" : ""}${duration(seconds)}`;
  const made = html(
    "tr",
    { "aria-selected": String(selected), "data-operator": operator.id },
    html("td", {}, open),
    html("td", { class: "text", title: operator.text }, operator.text),
    html("td", {}, looks.inline(platform), ` ${looks.of(platform).title}${pinned ? ", pinned" : ""}`),
    html("td", { class: "r" }, operator.rows === null ? "" : `~${compact(mean(operator.rows))}`),
    html("td", { class: "r" }, operator.counted === null ? "" : html("b", {}, count(operator.counted))),
    html("td", { class: "r" }, time),
    html("td", { class: "r" }, part ? share(part) : ""),
    html("td", {}, state === undefined ? "" : inlineIcon(state), state === undefined ? "" : ` ${state}`),
  );
  made.addEventListener("click", () => actions.show(operator.id));
  return made;
}
