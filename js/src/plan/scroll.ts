// The window on the drawing: scrolls, zooms, is dragged, and keeps the names of lanes in sight.
import type { Looks } from "../shared/looks.js";
import type { Owner } from "../shared/owner.js";
import { html } from "../shared/svg.js";
import type { Canvas, Scene } from "./canvas.js";
import { PlanMap } from "./map.js";
import type { Box } from "./picture.js";

const LEAST = 0.2;
const MOST = 3;
/** Below it the smallest text could not be read; a plan that is wider scrolls at first. */
const READABLE = 0.82;
const DRAG_PX = 4;

/** Where a window is: a drawing that takes another's place is shown at the same. */
export interface Place {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** A window on a drawing. */
export class Scroll {
  readonly element = html("div", { class: "jp-Wayang-scroll" });
  readonly map: PlanMap;
  /** Whether the pointer has just moved the drawing, so that its release is no click. */
  dragged = false;
  private readonly rail = html("div", { class: "jp-Wayang-rail", "aria-hidden": "true" });
  private scale = 1;
  private chosen: boolean;

  constructor(
    private readonly owner: Owner,
    private readonly canvas: Canvas,
    private readonly scene: Scene,
    private readonly keep: Place | null,
    looks: Looks,
  ) {
    this.chosen = keep !== null;
    this.element.append(this.rail, canvas.element);
    const titles = new Map(scene.plan.lanes.map((lane) => [lane.id, lane]));
    for (const place of scene.layout.lanes) {
      const lane = titles.get(place.id);
      const badges = (lane?.platforms ?? []).map((name) => looks.inline(name));
      this.rail.append(html("span", { class: lane?.kind === "kernel" ? "kernel" : null }, html("b", {}, lane?.title ?? place.id), ...badges));
    }
    this.map = new PlanMap(owner, scene.layout, (x, y) => this.centre(x, y));
    owner.on(this.element, "wheel", (event) => this.wheel(event), { passive: false });
    owner.on(this.element, "pointerdown", (event) => this.grab(event));
    const slid = owner.framed(() => this.slid());
    owner.on(this.element, "scroll", slid, { passive: true });
  }

  /** To be called once the element is in the page. */
  attached(): void {
    this.apply(this.keep?.scale ?? this.first());
    if (this.keep !== null) this.element.scrollTo({ left: this.keep.left, top: this.keep.top, behavior: "instant" });
    let width = this.element.clientWidth;
    this.owner.resized(this.element, () => {
      if (this.element.clientWidth === width) return;
      width = this.element.clientWidth;
      if (this.chosen) this.slid();
      else this.apply(this.first());
    });
  }

  /** Where the window is, if a person chose the scale or scrolled. */
  place(): Place | null {
    const { scrollLeft: left, scrollTop: top } = this.element;
    return this.chosen || left > 0 || top > 0 ? { scale: this.scale, left, top } : null;
  }

  /** Shows the whole width; if that is so already, full size. */
  fit(): void {
    this.chosen = true;
    const whole = this.whole();
    this.apply(Math.abs(this.scale - whole) < 0.01 ? 1 : whole);
  }

  /** Zooms around a point of the window, or its middle. */
  zoom(factor: number, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2): void {
    this.chosen = true;
    const before = this.scale;
    const left = (this.element.scrollLeft + x) / before;
    const top = (this.element.scrollTop + y) / before;
    this.apply(before * factor);
    this.element.scrollTo({ left: left * this.scale - x, top: top * this.scale - y, behavior: "instant" });
  }

  /** Scrolls as little as is needed to see a box. */
  reveal(box: Box | undefined): void {
    if (box === undefined) return;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.element;
    const near = (from: number, length: number, start: number, room: number): number => {
      const margin = Math.min(48, Math.max(0, (room - length) / 2));
      if (from - margin < start) return from - margin;
      return from + length + margin > start + room ? from + length + margin - room : start;
    };
    const left = near(box.x * this.scale, box.width * this.scale, scrollLeft, clientWidth);
    const top = near(box.y * this.scale, box.height * this.scale, scrollTop, clientHeight);
    if (left !== scrollLeft || top !== scrollTop) this.element.scrollTo({ left, top, behavior: "instant" });
  }

  private whole(): number {
    return clamp((this.element.clientWidth - 12) / this.canvas.width);
  }

  private first(): number {
    if (this.element.clientWidth <= 12) return 1;
    const wide = Math.min(this.whole(), 1);
    const high = Math.min(wide, (this.room() - 12) / this.canvas.height);
    return high >= READABLE ? high : wide >= READABLE ? wide : 1;
  }

  /** How high the window can be. */
  private room(): number {
    const most = Number.parseFloat(getComputedStyle(this.element).maxHeight);
    return Number.isFinite(most) ? most : 720;
  }

  private apply(scale: number): void {
    this.scale = clamp(scale);
    this.canvas.element.setAttribute("width", String(this.canvas.width * this.scale));
    this.canvas.element.setAttribute("height", String(this.canvas.height * this.scale));
    this.scene.layout.lanes.forEach((place, index) => {
      const name = this.rail.children[index];
      if (name instanceof HTMLElement) name.style.top = `${place.box.y * this.scale + 2}px`;
    });
    this.slid();
  }

  private centre(x: number, y: number): void {
    const { clientWidth, clientHeight } = this.element;
    this.element.scrollTo({ left: x * this.scale - clientWidth / 2, top: y * this.scale - clientHeight / 2, behavior: "instant" });
  }

  private slid(): void {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.element;
    // Hidden for a moment, as when JupyterLab changes its theme: nothing has moved.
    if (clientWidth === 0) return;
    this.map.see(scrollLeft / this.scale, scrollTop / this.scale, clientWidth / this.scale, clientHeight / this.scale);
    this.element.classList.toggle("away", scrollLeft > 60 * this.scale);
  }

  private wheel(event: WheelEvent): void {
    // Without Ctrl the wheel scrolls, as everywhere; a pinch on a touch pad comes with it.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = this.element.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY * 0.004), event.clientX - frame.left, event.clientY - frame.top);
  }

  private grab(event: PointerEvent): void {
    this.dragged = false;
    if (event.button !== 0 || event.pointerType === "touch") return;
    const { scrollLeft, scrollTop } = this.element;
    const held: (() => void)[] = [];
    const move = (now: PointerEvent): void => {
      const dx = now.clientX - event.clientX;
      const dy = now.clientY - event.clientY;
      if (!this.dragged && Math.hypot(dx, dy) < DRAG_PX) return;
      this.dragged = true;
      this.element.classList.add("grabbed");
      this.element.scrollTo({ left: scrollLeft - dx, top: scrollTop - dy, behavior: "instant" });
    };
    const release = (): void => {
      this.element.classList.remove("grabbed");
      for (const end of held) end();
    };
    held.push(
      this.owner.on(document, "pointermove", move),
      this.owner.on(document, "pointerup", release),
      this.owner.on(document, "pointercancel", release),
    );
  }
}

function clamp(scale: number): number {
  return Math.min(MOST, Math.max(LEAST, scale));
}
