// Elements by name, attributes and content. Text is always set as text: nothing that comes from outside is parsed.

export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Child = Node | string | null | undefined | false;

const FOCUSABLE = new Set(["button", "input", "select", "summary", "textarea"]);
const SVG = "http://www.w3.org/2000/svg";

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : typeof value === "number" ? number(value) : value);
  }
  // JupyterLab takes keys before anyone else, and looks for this on what has the focus, not above it.
  if ("tabindex" in attributes || FOCUSABLE.has(element.localName)) element.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const child of children) if (child) element.append(child);
  return element;
}

/** Makes an HTML element. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

/** Makes an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** Writes a coordinate with at most one decimal. */
export function number(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

export type Point = readonly [number, number];
export type Direction = "right" | "left" | "up" | "down";

/** A text with its baseline at a point, or nothing where there are no words. */
export function label(x: number, y: number, words: string, kind = "", anchor: "start" | "middle" | "end" = "start"): SVGTextElement | null {
  if (words === "") return null;
  return svg("text", { x, y, class: kind || null, "text-anchor": anchor === "start" ? null : anchor }, words);
}

/** A rectangle of a class. */
export function rect(x: number, y: number, width: number, height: number, kind: string, radius = 0): SVGRectElement {
  return svg("rect", { x, y, width: Math.max(width, 0), height: Math.max(height, 0), rx: radius || null, class: kind });
}

const RADIUS = 5;

function towards(corner: Point, other: Point): Point {
  const dx = other[0] - corner[0];
  const dy = other[1] - corner[1];
  const length = Math.max(Math.abs(dx), Math.abs(dy), 1e-9);
  const step = Math.min(RADIUS, length / 2);
  return [corner[0] + (dx / length) * step, corner[1] + (dy / length) * step];
}

/** The `d` of a line through points, its corners rounded, and its ends drawn back from arrows at `heads`. */
export function through(points: readonly Point[], heads: readonly Point[]): string {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return "";
  const tipped = (point: Point): boolean => heads.some((head) => head[0] === point[0] && head[1] === point[1]);
  const shown = points.map((point, index): Point => {
    const inner = index === 0 ? points[1] : index === points.length - 1 ? points.at(-2) : undefined;
    return inner !== undefined && tipped(point) ? towards(point, inner) : point;
  });
  const at = ([x, y]: Point): string => `${number(x)} ${number(y)}`;
  const parts = [`M${at(shown[0] ?? first)}`];
  for (let index = 1; index < shown.length - 1; index += 1) {
    const before = shown[index - 1];
    const corner = shown[index];
    const after = shown[index + 1];
    if (before === undefined || corner === undefined || after === undefined) continue;
    parts.push(`L${at(towards(corner, before))}Q${at(corner)} ${at(towards(corner, after))}`);
  }
  parts.push(`L${at(shown.at(-1) ?? last)}`);
  return parts.join("");
}

const HEADS: Readonly<Record<Direction, string>> = {
  right: "l-6-3.5v7z",
  left: "l6-3.5v7z",
  up: "l-3.5 6h7z",
  down: "l-3.5-6h7z",
};

/** The tip of an arrow. */
export function arrow(at: Point, to: Direction, kind: string): SVGPathElement {
  return svg("path", { d: `M${number(at[0])} ${number(at[1])}${HEADS[to]}`, class: kind });
}

export type IconName = "queued" | "running" | "done" | "failed" | "skipped" | "pin";

const ICONS: Readonly<Record<IconName, readonly (readonly [d: string, dash: string | null, opacity: number])[]>> = {
  queued: [["M10.2 6a4.2 4.2 0 1 1-8.4 0a4.2 4.2 0 1 1 8.4 0", "1.2 2.6", 1]],
  running: [
    ["M10.4 6a4.4 4.4 0 1 1-8.8 0a4.4 4.4 0 1 1 8.8 0", null, 0.35],
    ["M6 1.6a4.4 4.4 0 1 1-4.2 5.7", null, 1],
  ],
  done: [["M2.2 6.6 4.9 9.2 10 3.2", null, 1]],
  failed: [["M2.5 2.5l7 7M9.5 2.5l-7 7", null, 1]],
  skipped: [["M2.5 6h7", null, 1]],
  pin: [["M4 1.8h4M4.6 1.8v3.6L3 7.4h6L7.4 5.4V1.8M6 7.4v3.4", null, 1]],
};

/** The icon of a state, 12 by 12, in a group that bears its word as a tooltip. */
export function icon(x: number, y: number, name: IconName, kind: string): SVGGElement {
  const strokes = ICONS[name].map(([d, dash, opacity]) =>
    svg("path", { d, "stroke-dasharray": dash, opacity: opacity === 1 ? null : opacity }),
  );
  const turning = name === "running" ? " running" : "";
  return svg(
    "g",
    { transform: `translate(${number(x)} ${number(y)})`, class: `icon${turning} ${kind}` },
    svg("title", {}, name),
    ...strokes,
  );
}

/** An icon of a state in a line of text; the word beside it says the same. */
export function inlineIcon(name: IconName): SVGSVGElement {
  return svg("svg", { class: "jp-Wayang-icon", viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, icon(0, 0, name, ""));
}

const measuring = new Map<string, (words: string) => number>();

/** Returns how wide words are in a font, as `600 12px Inter`; about right where there is no canvas. */
export function measured(words: string, font: string): number {
  let measure = measuring.get(font);
  if (measure === undefined) {
    const context = typeof OffscreenCanvas === "undefined" ? null : new OffscreenCanvas(1, 1).getContext("2d");
    const size = Number(/(\d+(?:\.\d+)?)px/.exec(font)?.[1] ?? 11);
    if (context !== null) context.font = font;
    measure = context === null ? (text) => text.length * size * 0.56 : (text) => context.measureText(text).width;
    measuring.set(font, measure);
  }
  return measure(words);
}

/** Returns the words, or their beginning and an ellipsis where they are wider than the room. */
export function cut(words: string, room: number, font: string): string {
  let line = words.split(/\s+/).filter(Boolean).join(" ");
  if (measured(line, font) <= room) return line;
  while (line !== "" && measured(`${line}…`, font) > room) line = line.slice(0, -1);
  return `${line.replace(/[ ,.]+$/, "")}…`;
}
