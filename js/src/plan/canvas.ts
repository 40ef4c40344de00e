// The drawing: lanes, the loop's frame, edges, cards. Places come from Python; looks are the same as in drawing/svg.py.
import type { Looks } from "../shared/looks.js";
import { arrow, cut, label, measured, rect, svg, through } from "../shared/svg.js";
import { count, duration, mean, size } from "../shared/units.js";
import { type OperatorState, together } from "../state/progress.js";
import type { Edge, ExecutionOperator, ExecutionPlan, Lane } from "../wire.js";
import { caption, floorText, moves, roundText, shares, spoken, thickness, third } from "./captions.js";
import { type Face, type Fonts, alike, drawCard } from "./card.js";
import type { EdgePlace, FramePlace, LanePlace, Layout } from "./picture.js";

/** What is drawn, and what changed in it since the plan before. */
export interface Scene {
  readonly plan: ExecutionPlan;
  readonly layout: Layout;
  /** For what stands for several (lanes and operators by id), the ids of those. */
  readonly stacks: Readonly<Record<string, readonly string[]>>;
  /** What marks of change say, by operator. */
  readonly changed: ReadonlyMap<string, string>;
  /** Edges whose conversion changed. */
  readonly changedEdges: ReadonlySet<number>;
}

interface Card {
  readonly group: SVGGElement;
  readonly body: SVGGElement;
  readonly title: SVGTitleElement;
  face: Face | null;
}

const KINDS: Readonly<Record<Edge["kind"], string>> = {
  rows: "rows",
  facts: "aggregates only",
  update: "a model update",
  model: "the model",
};

/** A drawn plan. Counted rows, shares and states change in it; everything else needs a new one. */
export class Canvas {
  readonly element: SVGSVGElement;
  readonly width: number;
  readonly height: number;
  private readonly cards = new Map<string, Card>();
  private readonly words: SVGGElement;
  private readonly pill: SVGGElement;
  private readonly ring: SVGRectElement;
  private readonly operators: ReadonlyMap<string, ExecutionOperator>;
  private readonly lanes: ReadonlyMap<string, Lane>;
  private readonly boxes;
  private wordsKey = "";
  private pillKey = "";

  constructor(
    private readonly scene: Scene,
    private readonly looks: Looks,
    private readonly fonts: Fonts,
    name: string,
  ) {
    const { layout, plan } = scene;
    this.width = layout.width;
    this.height = layout.height;
    this.operators = new Map(plan.operators.map((operator) => [operator.id, operator]));
    this.lanes = new Map(plan.lanes.map((lane) => [lane.id, lane]));
    this.boxes = new Map(layout.cards.map((place) => [place.id, place.box]));
    this.words = svg("g", { class: "words" });
    this.pill = svg("g");
    this.ring = rect(0, 0, 0, 0, "ring", 8);
    this.ring.style.display = "none";
    const cards = svg("g", { class: "cards" });
    for (const place of layout.cards) cards.append(this.card(place.id));
    const frame = layout.frame;
    this.element = svg(
      "svg",
      { viewBox: `0 0 ${layout.width} ${layout.height}`, width: layout.width, height: layout.height, class: "jp-Wayang-drawing", role: "group", "aria-label": name },
      ...layout.lanes.map((place) => this.lane(place)),
      frame === null ? null : rect(frame.box.x, frame.box.y, frame.box.width, frame.box.height, "frame", 7),
      ...layout.edges.map((place) => this.edge(place)),
      svg("g", { class: "headers" }, ...layout.lanes.flatMap((place) => this.header(place))),
      this.words,
      this.pill,
      cards,
      this.ring,
    );
  }

  /** Shows counted rows, seconds and states. `plan` has the operators of the scene's, with what was measured. */
  update(plan: ExecutionPlan, whole: ExecutionPlan, states: ReadonlyMap<string, OperatorState>): void {
    const parts = shares(plan);
    for (const operator of plan.operators) {
      const card = this.cards.get(operator.id);
      const box = this.boxes.get(operator.id);
      if (card === undefined || box === undefined) continue;
      const members = this.scene.stacks[operator.id];
      const known = (members ?? [operator.id]).flatMap((id) => states.get(id) ?? []);
      const state = known.length === 0 ? undefined : together(known);
      const share = parts.get(operator.id);
      const changed = this.scene.changed.get(operator.id);
      const face = { operator, share, state, third: third(operator, whole), stacked: members?.length ?? 1, changed };
      const said = spoken(operator, this.lanes.get(operator.lane), this.looks, state, share);
      if (card.title.textContent !== said) {
        card.title.textContent = said;
        card.group.setAttribute("aria-label", said);
      }
      if (card.face !== null && alike(card.face, face)) continue;
      card.body.replaceChildren(...drawCard(face, box, this.looks, this.fonts));
      card.face = face;
    }
    this.rewrite(plan, whole);
  }

  /** The element of an operator's card. */
  group(id: string): SVGGElement | undefined {
    return this.cards.get(id)?.group;
  }

  /** Gives one card the tab stop. */
  tabStop(id: string | undefined): void {
    for (const [other, card] of this.cards) card.group.setAttribute("tabindex", other === id ? "0" : "-1");
  }

  /** Marks the operator whose panel is open. */
  select(id: string | null): void {
    for (const [other, card] of this.cards) {
      if (other === id) card.group.setAttribute("aria-current", "true");
      else card.group.removeAttribute("aria-current");
    }
    const box = id === null ? undefined : this.boxes.get(id);
    this.ring.style.display = box === undefined ? "none" : "";
    if (box === undefined) return;
    for (const [name, value] of [["x", box.x - 3], ["y", box.y - 3], ["width", box.width + 6], ["height", box.height + 6]] as const) {
      this.ring.setAttribute(name, String(value));
    }
  }

  /** Fades what does not match a search; null shows all. */
  match(ids: ReadonlySet<string> | null): void {
    for (const [id, card] of this.cards) card.group.classList.toggle("faded", ids !== null && !ids.has(id));
  }

  private card(id: string): SVGGElement {
    const title = svg("title");
    const body = svg("g", { "aria-hidden": "true" });
    const group = svg("g", { class: "operator", role: "group", "aria-roledescription": "operator", tabindex: "-1", "data-operator": id }, title, body);
    this.cards.set(id, { group, body, title, face: null });
    return group;
  }

  private lane({ id, box }: LanePlace): SVGElement {
    const stacked = (this.scene.stacks[id]?.length ?? 1) > 1;
    const kind = this.lanes.get(id)?.kind === "kernel" ? "lanek" : stacked ? "lane stack" : "lane";
    return rect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1, kind, 6);
  }

  private header({ id, box }: LanePlace): (SVGElement | null)[] {
    const lane = this.lanes.get(id);
    if (lane === undefined) return [];
    const halo = lane.kind === "kernel" ? "lab labk" : "lab";
    let x = box.x + 10;
    const y = box.y + 18;
    const parts: (SVGElement | null)[] = [label(x, y, lane.title, `site ${halo}`)];
    x += measured(lane.title, this.fonts.verb) + 10;
    for (const name of lane.platforms) {
      const { title } = this.looks.of(name);
      parts.push(this.looks.badge(x, y - 12, name), label(x + 24, y, title, halo));
      x += 24 + measured(title, this.fonts.text) + 10;
    }
    const rows = lane.rows === null ? "" : `${count(lane.rows)} rows`;
    const rest = [rows, lane.note].filter(Boolean).join(", ");
    parts.push(label(x, y, rest === "" ? "" : cut(rest, Math.max(box.x + box.width - x - 10, 0), this.fonts.text), halo));
    return parts;
  }

  private edge(place: EdgePlace): SVGElement {
    const edge = this.scene.plan.edges[place.edge];
    if (edge === undefined) return svg("g");
    const rows = edge.kind === "rows" && !edge.back;
    const style = edge.back ? "back" : rows ? "edge" : "fact";
    const tip = edge.back ? "backh" : "head";
    const line = svg("path", { d: through(place.points, place.heads.map((head) => head.at)), class: style, "stroke-width": rows ? thickness(edge) : null });
    const heads = place.heads.map((head) => arrow(head.at, head.to, tip));
    const group = svg("g", {}, svg("title", {}, this.about(edge)), line, ...heads);
    if (place.mark !== null) group.append(...this.mark(place, edge));
    return group;
  }

  private mark(place: EdgePlace, edge: Edge): SVGElement[] {
    if (place.mark === null) return [];
    const [x, y] = place.mark;
    const half = place.inline ? 6 : 9;
    const parts: SVGElement[] = [rect(x - 6, y - half, 12, 2 * half, this.ground(edge))];
    for (const [at, id] of [[-3.5, edge.source.node], [3.5, edge.target]] as const) {
      const bar = svg("path", { d: `M${x + at} ${y - half}v${2 * half}`, class: "bar" });
      bar.style.stroke = this.looks.hue(this.operators.get(id)?.decision.platform ?? "");
      parts.push(bar);
    }
    if (this.scene.changedEdges.has(place.edge)) parts.push(rect(x - 9.5, y - half - 3, 19, 2 * half + 6, "changed", 4));
    return parts;
  }

  private ground(edge: Edge): string {
    const lane = this.operators.get(edge.target)?.lane ?? "";
    return this.lanes.get(lane)?.kind === "kernel" ? "lanek" : "lane";
  }

  private rewrite(plan: ExecutionPlan, whole: ExecutionPlan): void {
    const operators = new Map(plan.operators.map((operator) => [operator.id, operator]));
    const key = plan.operators.map((operator) => operator.counted ?? "").join();
    if (key !== this.wordsKey || this.words.childElementCount === 0) {
      this.wordsKey = key;
      this.words.replaceChildren(...this.scene.layout.edges.flatMap((place) => this.caption(place, operators)));
    }
    const { frame } = this.scene.layout;
    const pill = `${whole.loop?.round ?? ""}`;
    if (frame !== null && whole.loop !== null && (pill !== this.pillKey || this.pill.childElementCount === 0)) {
      this.pillKey = pill;
      this.pill.replaceChildren(...this.loop(frame, whole));
    }
  }

  private caption(place: EdgePlace, operators: ReadonlyMap<string, ExecutionOperator>): SVGElement[] {
    const edge = this.scene.plan.edges[place.edge];
    const source = edge === undefined ? undefined : operators.get(edge.source.node);
    if (edge === undefined || source === undefined || place.label === null) return [];
    const [x, y] = place.label;
    const halo = this.ground(edge) === "lanek" ? "lab labk" : "lab";
    if (place.inline) {
      const words = floorText(edge, source);
      if (words === "") return [];
      const ground = rect(x - 4, y - 7, measured(words, this.fonts.text) + 8, 14, this.ground(edge));
      return [ground, label(x, y + 4, words)].filter((part) => part !== null);
    }
    const said = caption(edge, source);
    const lift = place.mark === null ? 8 : 12.5;
    const drop = place.mark === null ? 7 : 8;
    const mark = this.scene.changedEdges.has(place.edge) ? " new" : "";
    const above = label(x, y - lift, said.above, `${halo}${said.counted ? " cnt" : ""}${mark}`, "middle");
    const below = label(x, y + lift + drop, said.below, `${halo}${mark}`, "middle");
    return [above, below].filter((part) => part !== null);
  }

  private about(edge: Edge): string {
    const lines = [`${edge.source.node} → ${edge.target}: ${KINDS[edge.kind]}${edge.back ? ", every round" : ""}`];
    if (edge.rows !== null) lines.push(`${count(edge.rows.low)} to ${count(edge.rows.high)} rows estimated`);
    if (edge.bytes !== null) lines.push(size(mean(edge.bytes)));
    if (edge.movement !== null && moves(edge)) {
      const { channels, bytes, cost_s: cost } = edge.movement;
      lines.push(`${channels.join(" → ")}: ${size(mean(bytes))}, ${duration(mean(cost))}`);
    }
    return lines.join("\n");
  }

  private loop(frame: FramePlace, whole: ExecutionPlan): SVGElement[] {
    const { loop } = whole;
    if (loop === null) return [];
    const words = roundText(loop.round, loop.rounds);
    const width = measured(words, this.fonts.bold) + 20;
    const [x, y] = frame.pill;
    const title = label(frame.title[0], frame.title[1], cut("Loop, planned as one", frame.box.width - 18, this.fonts.verb), "site");
    const sent = whole.edges.flatMap((edge) => (edge.kind === "update" && edge.bytes !== null ? [mean(edge.bytes)] : []));
    const up = sent.length === 0 ? "" : `${size(sent.reduce((sum, one) => sum + one, 0) / sent.length)} ↑`;
    const fits = up !== "" && width + measured(up, this.fonts.text) + 8 < frame.box.width - 16;
    const said = svg("title", {}, loop.until === null ? words : `${words}, until ${loop.until}`);
    const pill = svg("g", {}, said, rect(x, y - 9, width, 18, "pill", 9), label(x + width / 2, y + 3.8, words, "pillt", "middle"));
    const sending = fits ? label(frame.box.x + frame.box.width - 12, y + 4, up, "lab", "end") : null;
    return [title, pill, sending].filter((part) => part !== null);
  }
}
