// The run view: head, curves, cells, bytes and tables over one axis of rounds.
import { Owner } from "../shared/owner.js";
import { html, measured } from "../shared/svg.js";
import { duration, metric as written, size } from "../shared/units.js";
import { axisOf, named, roundAt, xOf, type Axis } from "./axis.js";
import { Bytes } from "./bytes.js";
import { MANY, marks, measuredRound, METRIC_NAMES, ranked, sentence, stallOf } from "./facts.js";
import { Head, refusal, type Command, type Link } from "./head.js";
import { Lines, type Scene } from "./lines.js";
import { onTheme, paletteOf, type Palette } from "./palette.js";
import { Side } from "./side.js";
import { GLOBAL, METRICS, type Metric, type RunState } from "./state.js";
import { Strip, type Chosen } from "./strip.js";

const HEIGHTS: Readonly<Record<Metric, number>> = { log_loss: 236, auc: 108, accuracy: 108 };
const WORST = 3;

/** What a view is drawn from, and whom it tells. */
export interface Source {
  readonly state: RunState;
  link(): Link;
  now(): number;
  command(command: Command): void;
  refused(): string;
}

class Plot {
  readonly element: HTMLElement;
  readonly lines: Lines;
  private readonly words = html("span");

  constructor(readonly metric: Metric) {
    const place = html("div");
    const name = METRIC_NAMES[metric];
    this.element = html("section", { class: "jp-Wayang-plot", hidden: true }, html("h4", {}, name.slice(0, 1).toUpperCase() + name.slice(1), " ", this.words), place);
    this.lines = new Lines(place, metric, HEIGHTS[metric]);
  }

  update(scene: Scene): void {
    const { state } = scene;
    const line = state.line(this.metric, GLOBAL);
    const last = line?.last() ?? -1;
    const known = state.sites.some((site) => (state.line(this.metric, site)?.last() ?? -1) >= 0) || last >= 0;
    this.element.hidden = !known;
    if (!known) return;
    const bound = this.metric === "auc" && state.aucError !== null && state.aucError < 0.1 ? ` ± ${Math.max(state.aucError, 0.001).toFixed(3)}` : "";
    const from = this.metric === "log_loss" && last > 0 ? `, from ${written(line?.get(0) ?? null)}` : "";
    const where = ` on ${state.on ?? "test"} rows`;
    this.words.textContent = last < 0 ? where : `${where}: ${written(line?.get(last) ?? null)}${bound} at round ${last}${from}`;
    this.lines.update(scene);
  }
}

/** Draws a run into an element and keeps it up to date; ends with its owner. */
export class View {
  readonly owner = new Owner();
  /** Draws in the next frame. */
  readonly changed: () => void;
  /** Moves the cursor in the next frame; the drawings stay. */
  private readonly pointedAt: () => void;
  private readonly root: HTMLElement;
  private readonly head: Head;
  private readonly side: Side;
  private readonly plots = METRICS.map((metric) => new Plot(metric));
  private readonly strip: Strip;
  private readonly bytes: Bytes;
  private readonly stripBox: HTMLElement;
  private readonly stripTitle = html("h4");
  private readonly stripWords = html("span");
  private readonly legend = html("span", { class: "jp-Wayang-heatkey" });
  private readonly details = html("div", { class: "jp-Wayang-celltext", hidden: true });
  private readonly bytesBox: HTMLElement;
  private readonly bytesWords = html("span");
  /** The axis of rounds is where the keyboard moves the cursor. */
  private readonly names = html("div", { class: "jp-Wayang-rounds", tabindex: 0, role: "slider", "aria-label": "Round under the cursor", "aria-valuemin": 0 });
  private readonly line = html("div", { class: "jp-Wayang-cursor", hidden: true });
  private readonly tip = html("div", { class: "jp-Wayang-tip", hidden: true, "aria-hidden": "true" });
  private readonly drawings: HTMLElement;
  private readonly empty = html("div", { class: "jp-Wayang-empty", hidden: true });
  private readonly aloud = html("div", { class: "jp-Wayang-unseen", "aria-live": "polite" });
  private palette: Palette | null = null;
  private axis: Axis = axisOf(800, 1, false);
  private scene: Scene | null = null;
  private cursor: number | null = null;
  private pointed = false;
  private chosen: Chosen | null = null;
  private touched = false;
  private kept: string[] = [];
  private said = { round: -1, phase: "" };
  private order: { readonly round: number; readonly sites: readonly string[] } = { round: -2, sites: [] };

  constructor(
    place: HTMLElement,
    private readonly source: Source,
  ) {
    const { owner } = this;
    const document = place.ownerDocument;
    this.changed = owner.framedBetweenPresses(place, () => this.draw());
    this.pointedAt = owner.framed(() => this.drawCursor());
    this.strip = new Strip(document);
    this.bytes = new Bytes(document);
    this.head = new Head(owner, (command) => this.command(command));
    this.side = new Side(owner, this.changed, (round) => this.move(round, false));
    this.stripTitle.append(this.stripWords, this.legend);
    this.stripBox = html("section", { class: "jp-Wayang-plot", hidden: true }, this.stripTitle, this.strip.canvas.element, this.details);
    this.bytesBox = html("section", { class: "jp-Wayang-plot", hidden: true }, html("h4", {}, "Bytes by round ", this.bytesWords), this.bytes.canvas.element);
    this.drawings = html(
      "div",
      { class: "jp-Wayang-drawings" },
      ...this.plots.map((plot) => plot.element),
      this.stripBox,
      this.bytesBox,
      this.names,
      this.line,
    );
    this.root = html(
      "section",
      { class: "jp-Wayang jp-Wayang-run", "data-lm-suppress-shortcuts": "true", "aria-label": "Run" },
      this.head.element,
      html("div", { class: "jp-Wayang-parts" }, html("div", { class: "jp-Wayang-left" }, this.drawings, this.empty, this.tip), this.side.element),
      this.aloud,
    );
    place.append(this.root);
    owner.own(() => this.root.remove());
    owner.own(() => this.plots.forEach((plot) => plot.lines.destroy()));
    owner.own(onTheme(this.root, () => this.recolour()));
    owner.resized(this.root, this.changed);
    this.listen();
    this.draw();
  }

  /** Draws what is known now. */
  draw(): void {
    const { state } = this.source;
    const now = this.source.now();
    const link = this.source.link();
    this.head.write(state, now, link, this.source.refused());
    const stalled = new Set(link.kind === "live" ? (stallOf(state, now)?.sites ?? []) : []);
    // What a test, or somebody who reports a defect, can read.
    this.root.dataset["seq"] = String(state.seq);
    this.root.dataset["missed"] = String(state.missed);
    const width = this.width();
    if (width > 0) this.drawRounds(state, width, stalled);
    this.read(state);
  }

  private drawRounds(state: RunState, width: number, stalled: ReadonlySet<string>): void {
    const many = state.sites.length > MANY;
    const some = state.rounds > 0;
    this.drawings.hidden = !some;
    this.side.element.hidden = !some;
    this.empty.hidden = some;
    this.empty.textContent = state.end === null ? "No rounds in this run." : `No rounds in this run. ${state.resultRows === null ? "" : `The result has ${state.resultRows} rows.`}`;
    if (!some) return;
    this.palette ??= paletteOf(this.root);
    const font = `600 11px ${this.palette.family}`;
    const titles = state.sites.map((site) => state.title(site));
    this.axis = axisOf(width, state.rounds, many, Math.max(...titles.map((title) => measured(title, font)), 0));
    const rank = this.ranking(state, many);
    const short = marks(titles);
    this.kept = this.kept.filter((site) => state.sites.includes(site));
    this.scene = {
      state,
      axis: this.axis,
      palette: this.palette,
      marks: new Map(state.sites.map((site, index) => [site, short[index] ?? site])),
      chosen: many ? [...this.kept, ...rank.filter((site) => !this.kept.includes(site))].slice(0, WORST) : [],
      stalled,
    };
    this.choose(state);
    for (const plot of this.plots) plot.update(this.scene);
    this.drawStrip(this.scene, many, rank);
    const moved = state.up.length > 0 || state.down.length > 0;
    this.bytesBox.hidden = !moved;
    if (moved) {
      this.bytes.update(this.scene);
      const sum = (of: ReadonlyMap<string, number>): string => size([...of.values()].reduce((a, b) => a + b, 0));
      this.bytesWords.textContent = `up ${sum(state.upOf)}, down ${sum(state.downOf)} in all, ${state.rowsMoved === 0 ? "no row" : `${state.rowsMoved} rows`} among them`;
    }
    this.names.replaceChildren(
      ...named(this.axis).map((round) => {
        const name = html("span", {}, round === 0 ? "round 0" : String(round));
        name.style.left = `${xOf(this.axis, round)}px`;
        return name;
      }),
    );
    this.side.write(this.scene, many ? rank : state.sites);
    this.names.setAttribute("aria-valuemax", String(state.rounds));
    this.drawCursor();
  }

  /** The worst first; looked up once a round, so that rows do not jump while answers come. */
  private ranking(state: RunState, many: boolean): readonly string[] {
    if (!many) return state.sites;
    const round = measuredRound(state, "log_loss");
    if (round !== this.order.round || this.order.sites.length !== state.sites.length) {
      this.order = { round, sites: ranked(state, "log_loss") };
    }
    return this.order.sites;
  }

  private drawStrip(scene: Scene, many: boolean, rank: readonly string[]): void {
    const { state } = scene;
    this.stripBox.hidden = state.sites.length === 0;
    if (state.sites.length === 0) return;
    if (many) {
      const limits = this.strip.many(scene, rank, "log_loss", this.chosen);
      this.title(`${state.sites.length} sites by round`, "worst first, stronger = higher log loss");
      this.key(limits);
    } else {
      this.title("Sites by round", this.strip.few(scene, this.chosen));
      this.legend.replaceChildren();
    }
    this.details.hidden = this.chosen === null;
    if (this.chosen !== null) this.explain(scene, this.chosen);
  }

  private title(name: string, words: string): void {
    const text = `${name}|${words}`;
    if (this.stripTitle.dataset["text"] === text) return;
    this.stripTitle.dataset["text"] = text;
    this.stripTitle.replaceChildren(`${name} `, this.stripWords, this.legend);
    this.stripWords.textContent = words;
  }

  private key(limits: readonly number[]): void {
    const text = limits.map((limit) => limit.toFixed(2)).join(" ");
    if (this.legend.dataset["text"] === text) return;
    this.legend.dataset["text"] = text;
    const steps = [0, 1, 2, 3, 4, 5].map((step) => {
      const box = html("i");
      box.style.background = `var(--wy-heat-${step})`;
      return html("span", {}, box, limits[step] === undefined ? "" : (limits[step] ?? 0).toFixed(2).replace(/^0/, ""));
    });
    const failed = html("i");
    failed.style.background = "var(--wy-failed)";
    this.legend.replaceChildren(...(limits.length === 0 ? [] : steps), html("span", { class: "is-mark" }, failed, "failed"), html("span", { class: "is-mark" }, "– absent"));
  }

  /** Of a failed run the failed cell is shown, until a person chooses another. */
  private choose(state: RunState): void {
    if (this.touched || this.chosen !== null || state.end?.state !== "failed") return;
    const site = state.sites.find((name) => state.errorOf(name, state.round) !== null);
    if (site !== undefined) this.chosen = { site, round: state.round };
  }

  private explain(scene: Scene, { site, round }: Chosen): void {
    const { state } = scene;
    const kind = state.cell(site, round);
    const seconds = state.seconds.get(site)?.get(round) ?? Number.NaN;
    const missing = kind === "failed" || kind === "late" || kind === "rejected";
    const after = Number.isNaN(seconds) ? "" : missing ? ` after ${duration(seconds)}` : ` in ${duration(seconds)}`;
    const words = { queued: "not begun yet", awaited: "awaited", done: "answered", failed: "failed", late: "too late", rejected: "rejected", unanswered: "no answer any more", absent: "took no part" }[kind];
    const metrics = METRICS.flatMap((metric) => {
      const value = state.line(metric, site)?.get(round) ?? Number.NaN;
      return Number.isNaN(value) ? [] : [`${METRIC_NAMES[metric]} ${written(value)}`];
    });
    const text = state.errorOf(site, round) ?? metrics.join(", ");
    this.details.className = `jp-Wayang-celltext${missing ? " is-failed" : ""}`;
    const close = html("button", { type: "button", class: "jp-Wayang-close", "aria-label": "close", title: "close (Escape)" }, "×");
    close.dataset["close"] = "";
    this.details.replaceChildren(html("div", {}, html("b", {}, `${state.title(site)}, round ${round}, ${words}${after}`), text === "" ? "" : html("span", {}, text)), close);
  }

  private width(): number {
    // The drawings may be hidden, and a canvas may be wider; the column that they stand in is neither.
    return this.drawings.parentElement?.clientWidth ?? 0;
  }

  private recolour(): void {
    this.palette = null;
    this.changed();
  }

  private listen(): void {
    const { owner, drawings } = this;
    owner.on(drawings, "pointermove", (event) => {
      const inside = (event.target as Element | null)?.closest(".jp-Wayang-celltext") === null;
      const x = event.clientX - drawings.getBoundingClientRect().left;
      const within = event.target instanceof HTMLCanvasElement && event.target.classList.contains("jp-Wayang-canvas");
      const out = x < this.axis.start - 6 || x > this.axis.end + 6;
      this.move(out || !inside ? null : roundAt(this.axis, x, within ? "within" : "nearest"), true, event);
    });
    owner.on(drawings, "pointerleave", () => this.move(null, true));
    owner.on(this.strip.canvas.element, "click", (event) => this.select(this.strip.at(event.offsetX, event.offsetY)));
    owner.on(this.details, "click", (event) => {
      if ((event.target as Element).closest("[data-close]") !== null) this.select(null);
    });
    owner.on(this.root, "keydown", (event) => this.key_(event));
  }

  private key_(event: KeyboardEvent): void {
    const target = event.target as Element;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && target.closest("button, a, input") === null) {
      this.command(this.source.state.paused_s === null ? "pause" : "resume");
    } else if (target !== this.names || !this.arrow(event.key)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private arrow(key: string): boolean {
    const { state } = this.source;
    const last = Math.max(state.line("log_loss", GLOBAL)?.last() ?? 0, state.round);
    const from = this.cursor ?? last;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, PageUp: from - 10, PageDown: from + 10, Home: 0, End: last }[key];
    if (to !== undefined) {
      this.move(Math.min(Math.max(to, 0), last), false);
      if (this.chosen !== null && this.cursor !== null && this.cursor > 0) this.select({ site: this.chosen.site, round: this.cursor });
      return true;
    }
    if (key === "Escape") {
      this.select(null);
      this.move(null, false);
      return true;
    }
    if (key !== "ArrowUp" && key !== "ArrowDown" && key !== "Enter") return false;
    const order = this.strip.order;
    const at = this.chosen === null ? -1 : order.indexOf(this.chosen.site);
    const next = key === "Enter" ? Math.max(at, 0) : Math.min(Math.max(at + (key === "ArrowDown" ? 1 : -1), 0), order.length - 1);
    const site = order[next];
    if (site !== undefined) this.select({ site, round: Math.max(this.cursor ?? last, 1) });
    return true;
  }

  private command(command: Command): void {
    const why = refusal(this.source.state, this.source.link(), command);
    if (why === null) this.source.command(command);
    else this.aloud.textContent = why;
  }

  private select(cell: Chosen | null): void {
    const same = cell !== null && this.chosen?.site === cell.site && this.chosen.round === cell.round;
    this.touched = true;
    this.chosen = same ? null : cell;
    if (cell !== null && this.source.state.sites.length > MANY) {
      this.kept = this.kept.includes(cell.site) ? this.kept : [cell.site, ...this.kept].slice(0, WORST);
    }
    if (this.chosen === null) this.kept = [];
    this.changed();
  }

  private move(round: number | null, pointed: boolean, event?: PointerEvent): void {
    const state = this.source.state;
    const shown = round === null || round > Math.max(state.round, state.finished) ? null : round;
    this.pointed = pointed && shown !== null;
    if (shown !== this.cursor) {
      this.cursor = shown;
      this.pointedAt();
    }
    this.place(event);
  }

  private drawCursor(): void {
    const round = this.cursor;
    this.line.hidden = round === null;
    this.side.mark(round);
    for (const plot of this.plots) if (!plot.element.hidden) plot.lines.point(round);
    if (round === null) {
      this.tip.hidden = true;
      this.names.removeAttribute("aria-valuetext");
      this.names.setAttribute("aria-valuenow", String(this.source.state.finished));
      return;
    }
    this.line.style.transform = `translateX(${xOf(this.axis, round)}px)`;
    this.fill(round);
    this.place();
  }

  private fill(round: number): void {
    const scene = this.scene;
    if (scene === null) return;
    const { state } = scene;
    const known = METRICS.filter((metric) => state.line(metric, GLOBAL) !== undefined);
    const took = state.took.get(round);
    const asked = state.sitesOf(round).length;
    const came = state.reported.get(round);
    const about = asked === 0 ? "" : `${Number.isNaN(came) ? 0 : came} of ${asked} sites${Number.isNaN(took) ? "" : `, ${duration(took)}`}`;
    const row = (name: string, site: string, strong: boolean): HTMLElement =>
      html("tr", { class: strong ? "is-strong" : null }, html("th", { scope: "row" }, name), ...known.map((metric) => html("td", { class: "r" }, written(state.line(metric, site)?.get(round) ?? Number.NaN))));
    const shown = state.sites.length > MANY ? scene.chosen : state.sites;
    this.tip.replaceChildren(
      html("div", { class: "jp-Wayang-tiphead" }, html("b", {}, `Round ${round}`), html("span", {}, about)),
      html("table", {}, html("thead", {}, html("tr", {}, html("td"), ...known.map((metric) => html("th", { class: "r" }, METRIC_NAMES[metric])))), html("tbody", {}, row(GLOBAL, GLOBAL, true), ...shown.map((site) => row(state.title(site), site, false)))),
    );
    const loss = known.map((metric) => `${METRIC_NAMES[metric]} ${written(state.line(metric, GLOBAL)?.get(round) ?? Number.NaN)}`);
    this.names.setAttribute("aria-valuenow", String(round));
    this.names.setAttribute("aria-valuetext", `Round ${round}: ${[...loss, about].filter(Boolean).join(", ")}`);
  }

  /** Puts the tooltip beside the cursor, on the side where there is room. */
  private place(event?: PointerEvent): void {
    if (this.cursor === null) return;
    this.tip.hidden = !this.pointed;
    if (!this.pointed) return;
    const x = xOf(this.axis, this.cursor);
    const wide = this.tip.offsetWidth;
    const left = x + 12 + wide > this.axis.width - 4 ? Math.max(x - 12 - wide, 4) : x + 12;
    if (event !== undefined) {
      const y = event.clientY - this.drawings.getBoundingClientRect().top;
      this.tip.style.top = `${Math.max(Math.min(y - this.tip.offsetHeight / 2, this.drawings.offsetHeight - this.tip.offsetHeight - 4), 4)}px`;
    }
    this.tip.style.left = `${left}px`;
  }

  /** Says at most once a round, and when the run changes, how it stands. */
  private read(state: RunState): void {
    const phase = state.end?.state ?? (state.paused_s === null ? (state.stopping ? "stopping" : "") : "paused");
    const round = state.line("log_loss", GLOBAL)?.last() ?? -1;
    if (round === this.said.round && phase === this.said.phase) return;
    this.said = { round, phase };
    this.aloud.textContent = sentence(state);
  }
}
