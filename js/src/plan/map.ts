// The whole plan, small, where it is wider than its window: it shows which part is seen, and leads to others.
import { heat } from "../shared/looks.js";
import type { Owner } from "../shared/owner.js";
import { html, rect, svg } from "../shared/svg.js";
import type { Layout } from "./picture.js";

const WIDTH = 160;
const HIGHEST = 36;

/** A small map of a plan, in the bar and not over the drawing. Pointer only: with keys, focus moves the window. */
export class PlanMap {
  readonly element: HTMLElement;
  private readonly seen = rect(0, 0, 0, 0, "seen", 4);
  private readonly cards = new Map<string, SVGRectElement>();

  constructor(
    owner: Owner,
    private readonly layout: Layout,
    go: (x: number, y: number) => void,
  ) {
    const { width, height } = layout;
    const scale = Math.min(WIDTH / width, HIGHEST / height);
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width: width * scale, height: height * scale });
    for (const { box } of layout.lanes) drawing.append(rect(box.x, box.y, box.width, box.height, "lane", 6));
    if (layout.frame !== null) {
      const { box } = layout.frame;
      drawing.append(rect(box.x, box.y, box.width, box.height, "loop", 8));
    }
    for (const { id, box } of layout.cards) {
      const card = rect(box.x, box.y, box.width, box.height, "card", 8);
      this.cards.set(id, card);
      drawing.append(card);
    }
    drawing.append(this.seen);
    this.element = html("div", { class: "jp-Wayang-map", "aria-hidden": "true" }, drawing);
    const lead = (event: PointerEvent): void => {
      const frame = drawing.getBoundingClientRect();
      go(((event.clientX - frame.left) / frame.width) * width, ((event.clientY - frame.top) / frame.height) * height);
    };
    owner.on(this.element, "pointerdown", (event) => {
      event.preventDefault();
      this.element.setPointerCapture(event.pointerId);
      lead(event);
    });
    owner.on(this.element, "pointermove", (event) => {
      if (event.buttons === 1) lead(event);
    });
  }

  /** Shows the shares of time, and marks what changed. */
  update(shares: ReadonlyMap<string, number>, changed: ReadonlyMap<string, string>): void {
    for (const [id, card] of this.cards) {
      card.setAttribute("class", `card${changed.has(id) ? " new" : ""}`);
      card.style.fill = changed.has(id) ? "" : `var(--wy-heat-${heat(shares.get(id))})`;
    }
  }

  /** Shows which part is seen, in the plan's own pixels; hidden where all of the width is. */
  see(x: number, y: number, width: number, height: number): void {
    this.element.hidden = width >= this.layout.width * 0.95;
    const right = Math.min(x + width, this.layout.width);
    const bottom = Math.min(y + height, this.layout.height);
    for (const [name, value] of [["x", x], ["y", y], ["width", right - x], ["height", bottom - y]] as const) {
      this.seen.setAttribute(name, value.toFixed(1));
    }
  }
}
