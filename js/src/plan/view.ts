// The plan view: puts the parts together and answers to pointer and keys.
import { Looks } from "../shared/looks.js";
import { Owner } from "../shared/owner.js";
import { html } from "../shared/svg.js";
import { duration, mean, size } from "../shared/units.js";
import { type OperatorState, Progress, together } from "../state/progress.js";
import type { AnyEvent, ExecutionPlan } from "../wire.js";
import { moves, shares } from "./captions.js";
import { Canvas, type Scene } from "./canvas.js";
import type { Fonts } from "./card.js";
import { button, help, legend, table } from "./controls.js";
import { findings } from "./findings.js";
import { Navigation, type Step } from "./navigation.js";
import { type Actions, type Subject, changesPanel, saidBanner, whyPanel } from "./panel.js";
import type { Changes, PlanPicture } from "./picture.js";
import { Scroll } from "./scroll.js";

/** What a view asks of the notebook; a picture without a kernel has none. */
export interface Backend {
  pin(operator: string, platform: string, sites: readonly string[] | null): void;
  unpin(operator: string, sites: readonly string[] | null): void;
  undo(): void;
  inspect(operator: string | null): void;
}

export interface Options {
  readonly backend?: Backend | null;
  readonly changes?: Changes | null;
  readonly undoable?: boolean;
  readonly events?: readonly AnyEvent[];
  readonly wins?: Wins;
}

/** When other platforms would win, in words by operator. */
export type Wins = Readonly<Record<string, string>>;

/** What stands above the drawing, besides what changed. */
export interface Notice {
  readonly text: string;
  readonly wrong: boolean;
}

const NO_KERNEL = "Only a live notebook can make the plan again.";
const MANY_SITES = 8;
const PATIENCE_MS = 4000;
const STEPS: Readonly<Record<string, Step>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "first",
  End: "last",
};

/** A plan in a page. */
export class PlanView {
  readonly root: HTMLElement;
  private readonly owner = new Owner();
  private readonly bar = html("div", { class: "jp-Wayang-bar" });
  private readonly top = html("div");
  private readonly body = html("div", { class: "jp-Wayang-body" });
  private readonly map = html("span");
  private readonly stage = html("div", { class: "jp-Wayang-stage" });
  private readonly panel = html("div", { class: "jp-Wayang-panel", role: "group" });
  private readonly below = html("div");
  private readonly live = html("div", { class: "jp-Wayang-unseen", "aria-live": "polite" });
  private backend: Backend | null;
  private picture: PlanPicture;
  private changes: Changes | null;
  private wins: Wins;
  private undoable: boolean;
  private progress = new Progress();
  private looks: Looks;
  private canvas: Canvas | null = null;
  private scroll: Scroll | null = null;
  private drawn: Owner | null = null;
  private navigation: Navigation | null = null;
  private stop: string | undefined;
  private selected: string | null = null;
  private showsChanges = false;
  private collapsed: boolean;
  private tabled = false;
  private helping = false;
  private searching = "";
  private notice: Notice | null = null;
  private busy = false;
  private unanswered: (() => void) | null = null;
  private saidRound = "";
  private drawnIn = "";
  private readonly refresh: () => void;

  constructor(el: HTMLElement, picture: PlanPicture, options: Options = {}) {
    this.backend = options.backend ?? null;
    this.picture = picture;
    this.changes = options.changes ?? null;
    this.wins = options.wins ?? {};
    this.showsChanges = this.changes !== null && this.changes.items.length > 0;
    this.undoable = options.undoable ?? false;
    this.collapsed = stacked(picture);
    this.looks = new Looks(picture.looks);
    this.root = html("div", { class: "jp-Wayang jp-Wayang-plan", role: "group" });
    this.body.append(this.stage);
    this.root.append(this.bar, this.top, this.body, this.below, this.live);
    el.append(this.root);
    this.refresh = this.owner.framedBetweenPresses(this.root, () => this.renew());
    this.owner.on(this.root, "keydown", (event) => this.key(event));
    if (options.events !== undefined) this.progress.take(options.events);
    this.all();
    // An element that is not in the page yet has no font to measure with.
    this.owner.resized(this.root, this.refresh);
  }

  /** Shows a plan that was made again, and what is different. */
  show(picture: PlanPicture, changes: Changes | null, undoable: boolean): void {
    this.picture = picture;
    this.changes = changes;
    this.undoable = undoable;
    this.busy = false;
    this.looks = new Looks(picture.looks);
    // What was told so far was about another plan; of this one, all is sent again.
    this.progress = new Progress();
    this.saidRound = "";
    this.collapsed = picture.layout === null || (this.collapsed && picture.overview !== null);
    this.showsChanges = changes !== null && changes.items.length > 0;
    if (changes !== null) this.say(`${changes.sentence} ${changes.more}`);
    this.all();
    this.scroll?.reveal(this.boxOf(changes?.operators[0] ?? ""));
  }

  /** Says something above the drawing, or nothing any more. */
  note(notice: Notice | null): void {
    this.notice = notice;
    this.busy = false;
    if (notice !== null) this.say(notice.text);
    this.tops();
  }

  /** Goes on without a kernel: shows what there was, and says why nothing can be pinned. */
  lost(why: string): void {
    this.backend = null;
    this.panels();
    this.note({ text: why, wrong: true });
  }

  /** Takes events of the plan's run; the drawing follows in the next frame. */
  take(events: readonly AnyEvent[]): void {
    if (this.progress.take(events)) this.refresh();
  }

  /** The run's number of the last event that was taken. */
  get seq(): number {
    return this.progress.seq;
  }

  /** Tells when other platforms would win. */
  win(wins: Wins): void {
    this.wins = wins;
    this.panels();
  }

  /** Opens the panel of an operator, or closes it. */
  select(operator: string | null): void {
    if (operator === this.selected && !this.showsChanges) return;
    this.selected = operator;
    this.showsChanges = false;
    this.panels();
    if (operator !== null) this.scroll?.reveal(this.boxOf(operator));
  }

  /** Ends the view: its listeners and timers, and its elements. */
  dispose(): void {
    this.drawn?.end();
    this.owner.end();
    this.root.remove();
  }

  /** How many listeners, timers and observers it has. */
  get owned(): number {
    return this.owner.size + (this.drawn?.size ?? 0);
  }

  private get overview(): boolean {
    return this.collapsed && this.picture.overview !== null;
  }

  private get shown(): ExecutionPlan {
    return this.overview && this.picture.overview !== null ? this.picture.overview.plan : this.picture.plan;
  }

  /** What marks of change say, by operator. */
  private marks(): ReadonlyMap<string, string> {
    const changed = new Map<string, string>();
    for (const change of this.changes?.items ?? []) {
      if (change.kind === "conversion" || change.kind === "removed" || change.kind === "start") continue;
      const before = change.before[0];
      changed.set(change.operator, before === undefined ? { pinned: "pinned", unpinned: "unpinned", added: "new", moved: "" }[change.kind] : `was ${this.looks.of(before).badge}`);
    }
    return changed;
  }

  private scene(): Scene | null {
    const { overview, layout, plan } = this.picture;
    const changed = this.marks();
    if (this.overview && overview !== null) {
      return { plan: overview.plan, layout: overview.layout, stacks: overview.stacks, changed, changedEdges: new Set() };
    }
    if (layout === null) return null;
    return { plan, layout, stacks: {}, changed, changedEdges: new Set(this.changes?.edges ?? []) };
  }

  private all(): void {
    this.looks.dress(this.root);
    this.root.setAttribute("aria-label", `Plan ${this.picture.plan.name}`.trim());
    this.draw();
    this.tops();
    this.panels();
  }

  private draw(): void {
    this.drawn?.end();
    this.drawn = new Owner();
    const focused = this.stage.contains(document.activeElement) ? document.activeElement?.getAttribute("data-operator") : null;
    const scene = this.scene();
    this.stage.replaceChildren();
    if (scene === null) return;
    const keep = this.scroll?.place() ?? null;
    const canvas = new Canvas(scene, this.looks, this.fonts(), `${this.picture.plan.name || "Plan"}, ${scene.plan.operators.length} operators. Arrow keys follow the edges, Enter tells why.`);
    this.canvas = canvas;
    this.navigation = new Navigation(scene.plan, scene.layout);
    if (this.stop === undefined || canvas.group(this.stop) === undefined) this.stop = this.navigation.start();
    canvas.tabStop(this.stop);
    this.scroll = new Scroll(this.drawn, canvas, scene, keep, this.looks);
    this.stage.append(this.scroll.element);
    this.map.replaceChildren(this.scroll.map.element);
    this.drawn.on(this.scroll.element, "click", (event) => this.clicked(event));
    this.drawn.on(this.scroll.element, "focusin", (event) => this.focused(event));
    this.scroll.attached();
    this.measured();
    canvas.select(this.showsChanges ? null : this.shownId(this.selected));
    if (this.searching !== "") canvas.match(this.found());
    if (focused && !this.tabled) canvas.group(this.shownId(focused) ?? focused)?.focus({ preventScroll: true });
  }

  /** Shows what was counted and measured. */
  private measured(): void {
    const whole = this.progress.measured(this.picture.plan);
    const states = this.progress.states(this.picture.plan);
    const drawn = this.summed(whole);
    this.canvas?.update(drawn, whole, states);
    this.scroll?.map.update(shares(drawn), this.marks());
    this.bars(whole);
    this.feet(whole, states);
    if (this.tabled) this.tables();
    if (this.selected !== null && !this.showsChanges) this.panels();
    const said = this.progress.sentence();
    if (said !== this.saidRound) this.say((this.saidRound = said));
  }

  /** Returns what is drawn, with what was measured; of what stands for several, the sums. */
  private summed(whole: ExecutionPlan): ExecutionPlan {
    const { overview } = this.picture;
    if (!this.overview || overview === null) return whole;
    const known = new Map(whole.operators.map((operator) => [operator.id, operator]));
    const operators = overview.plan.operators.map((operator) => {
      const members = (overview.stacks[operator.id] ?? [operator.id]).flatMap((id) => known.get(id) ?? []);
      const counted = members.flatMap((one) => one.counted ?? []);
      const seconds = members.flatMap((one) => one.measured_s ?? []);
      return {
        ...operator,
        counted: counted.length === members.length ? counted.reduce((sum, one) => sum + one, 0) : null,
        measured_s: seconds.length > 0 ? seconds.reduce((sum, one) => sum + one, 0) : null,
      };
    });
    return { ...overview.plan, operators, loop: whole.loop === null || overview.plan.loop === null ? null : { ...overview.plan.loop, round: whole.loop.round } };
  }

  private bars(whole: ExecutionPlan): void {
    if (this.bar.contains(document.activeElement)) {
      const stats = this.bar.querySelectorAll(".jp-Wayang-stat");
      const fresh = this.stats(whole);
      stats.forEach((old, index) => fresh[index] !== undefined && old.replaceWith(fresh[index]));
      return;
    }
    const sites = whole.lanes.filter((lane) => lane.kind === "site").length;
    const changes = whole.edges.filter(moves).length;
    const sub = [`${whole.operators.length} operators`, sites > 0 ? `${sites} sites` : "", changes > 0 ? `${changes} conversion${changes === 1 ? "" : "s"}` : ""];
    const title = html("div", { class: "jp-Wayang-title" }, html("div", { class: "jp-Wayang-name" }, whole.name || "Plan"), html("div", { class: "jp-Wayang-sub" }, sub.filter(Boolean).join(", ")));
    this.bar.replaceChildren(title, ...this.stats(whole), html("span", { class: "jp-Wayang-grow" }), this.map, this.search(), this.buttons());
  }

  private stats(whole: ExecutionPlan): HTMLElement[] {
    const { low, high } = whole.cost_s;
    const before = this.changes === null ? `[${duration(low)} to ${duration(high)}]` : `was ${duration(this.changes.before_s)}`;
    const found = [html("div", { class: "jp-Wayang-stat" }, html("b", {}, duration(mean(whole.cost_s)), html("i", {}, ` ${before}`)), html("span", {}, "estimated"))];
    const measured = whole.operators.reduce((sum, operator) => sum + (operator.measured_s ?? 0), 0);
    if (measured > 0) {
      const running = this.progress.state === "running" || this.progress.state === "paused";
      found.push(html("div", { class: "jp-Wayang-stat" }, html("b", {}, duration(measured)), html("span", {}, `measured, places added up${running ? ", so far" : ""}`)));
    }
    const most = whole.takes.reduce((high, one) => Math.max(high, one.bytes.high), 0);
    if (most > 0) {
      found.push(html("div", { class: "jp-Wayang-stat" }, html("b", {}, size(most)), html("span", {}, "leave a site, at most")));
    }
    const { conversions_before: was, conversions_after: now } = this.changes ?? { conversions_before: 0, conversions_after: 0 };
    if (this.changes !== null && was !== now) {
      found.push(html("div", { class: "jp-Wayang-stat" }, html("b", {}, String(now)), html("span", {}, `conversions, was ${was}`)));
    }
    return found;
  }

  private search(): HTMLElement {
    const input = html("input", { type: "search", placeholder: "Search  /", "aria-label": "Search operators", value: this.searching });
    input.addEventListener("input", () => this.find(input.value));
    return html("span", { class: "jp-Wayang-search" }, input);
  }

  private buttons(): HTMLElement {
    const made = [
      acting(button("minus", "", { "aria-label": "Zoom out", title: "Zoom out" }), () => this.scroll?.zoom(0.8)),
      acting(button("plus", "", { "aria-label": "Zoom in", title: "Zoom in" }), () => this.scroll?.zoom(1.25)),
      acting(button("fit", "Fit", {}, "F"), () => this.scroll?.fit()),
      acting(button("table", "Table", { "aria-pressed": String(this.tabled) }, "T"), () => this.toggleTable()),
      acting(button("help", "Keys", { "aria-expanded": String(this.helping) }, "?"), () => this.toggleHelp()),
    ];
    if (this.picture.overview !== null && this.picture.layout !== null) {
      const stack = button("sites", "Stack equal sites", { "aria-pressed": String(this.collapsed) });
      made.splice(3, 0, acting(stack, () => this.toggleStacks()));
    }
    return html("div", { class: "jp-Wayang-buttons" }, ...made);
  }

  private tops(): void {
    const shown: HTMLElement[] = this.helping ? [help()] : [];
    const undo = acting(button("undo", "Undo", {}, "Ctrl Z"), () => this.undo());
    const can = this.undoable && this.backend !== null ? [undo] : [];
    if (this.notice !== null) shown.push(saidBanner(this.notice.text, "", this.notice.wrong, []));
    if (this.busy) shown.push(saidBanner("The plan is made again …", "", false, []));
    else if (this.changes !== null) {
      const list = acting(button(null, "What changed", { "aria-expanded": String(this.showsChanges) }), () => this.toggleChanges());
      shown.push(saidBanner(this.changes.sentence, this.changes.more, false, [...(this.changes.items.length > 0 ? [list] : []), ...can]));
    }
    this.top.replaceChildren(...shown);
  }

  private panels(): void {
    const top = this.panel.scrollTop;
    const inside = this.panel.contains(document.activeElement);
    const content = this.content();
    this.body.classList.toggle("open", content !== null);
    this.canvas?.select(this.showsChanges ? null : this.shownId(this.selected));
    if (content === null) {
      this.panel.remove();
      return;
    }
    this.panel.replaceChildren(...content);
    this.panel.setAttribute("aria-label", content[0]?.textContent ?? "");
    if (this.panel.parentElement === null) this.body.append(this.panel);
    this.panel.scrollTop = top;
    if (inside) this.panel.querySelector<HTMLElement>("h3")?.focus({ preventScroll: true });
  }

  private content(): readonly HTMLElement[] | null {
    if (this.showsChanges && this.changes !== null) return changesPanel(this.changes, this.picture.plan, this.looks, this.actions());
    const subject = this.selected === null ? null : this.subject(this.selected);
    return subject === null ? null : whyPanel(subject, this.looks, this.actions());
  }

  private subject(id: string): Subject | null {
    const whole = this.progress.measured(this.picture.plan);
    const plan = this.summed(whole);
    const shown = this.shownId(id);
    const operator = plan.operators.find((one) => one.id === shown);
    if (operator === undefined) return null;
    const lane = plan.lanes.find((one) => one.id === operator.lane);
    const stacks = this.overview ? this.picture.overview?.stacks : undefined;
    const states = this.progress.states(this.picture.plan);
    const known = (stacks?.[operator.id] ?? [operator.id]).flatMap((one) => states.get(one) ?? []);
    return {
      operator,
      plan,
      lane,
      sites: lane?.kind === "site" ? (stacks?.[lane.id] ?? [lane.id]) : null,
      share: shares(plan).get(operator.id),
      state: known.length > 0 ? together(known) : undefined,
      pinning: this.pinning(operator.id),
      wins: this.wins[operator.id] ?? "",
    };
  }

  private pinning(id: string): true | string {
    if (this.backend === null || this.picture.pinnable === null) return NO_KERNEL;
    if (this.busy) return "The plan is made again just now.";
    return this.picture.pinnable[id] === undefined ? "This is a part of fit() or evaluate(): pin one of these, or the operator before it." : true;
  }

  private actions(): Actions {
    const id = this.selected;
    const subject = (): Subject | null => (id === null ? null : this.subject(id));
    return {
      pin: (platform) => id !== null && this.pin(id, platform, subject()?.sites ?? null),
      unpin: () => id !== null && this.unpin(id, subject()?.sites ?? null),
      copy: (text) => this.copy(text),
      close: () => this.close(),
      show: (operator) => this.inspect(operator),
    };
  }

  private pin(id: string, platform: string, sites: readonly string[] | null): void {
    if (this.pinning(id) !== true) return;
    this.backend?.pin(id, platform, sites);
    this.waiting();
  }

  private unpin(id: string, sites: readonly string[] | null): void {
    if (this.pinning(id) !== true) return;
    this.backend?.unpin(id, sites);
    this.waiting();
  }

  private undo(): void {
    if (this.backend === null || !this.undoable || this.busy) return;
    this.backend.undo();
    this.waiting();
  }

  private waiting(): void {
    this.busy = true;
    this.notice = null;
    this.tops();
    this.unanswered?.();
    this.unanswered = this.owner.after(PATIENCE_MS, () => {
      if (this.busy) this.note({ text: "No answer yet: the kernel may be busy with a cell. The plan follows when it is free.", wrong: false });
    });
  }

  private copy(text: string): void {
    const told = (done: boolean): void => this.say(done ? `Copied: ${text}` : "The text could not be copied; select it instead.");
    const { clipboard } = navigator;
    // No clipboard where the page is not secure.
    if (clipboard === undefined) told(false);
    else clipboard.writeText(text).then(() => told(true), () => told(false));
  }

  private inspect(operator: string): void {
    this.select(operator);
    this.backend?.inspect(operator);
    this.panel.querySelector<HTMLElement>("h3")?.focus({ preventScroll: true });
  }

  private close(): void {
    const inside = this.panel.contains(document.activeElement);
    const back = this.shownId(this.selected) ?? this.stop;
    this.selected = null;
    this.showsChanges = false;
    this.backend?.inspect(null);
    this.panels();
    this.tops();
    if (inside && back !== undefined) this.canvas?.group(back)?.focus();
  }

  private feet(whole: ExecutionPlan, states: ReadonlyMap<string, OperatorState>): void {
    const found = findings(whole, this.looks).map((finding) => {
      const made = html("button", { type: "button", class: "jp-Wayang-finding" }, html("b", {}, finding.title), html("span", {}, finding.text));
      made.addEventListener("click", () => this.inspect(finding.operator));
      return made;
    });
    if (this.below.contains(document.activeElement)) return;
    this.below.replaceChildren(
      ...(found.length > 0 ? [html("div", { class: "jp-Wayang-findings" }, ...found)] : []),
      legend(whole, new Set(states.values()), this.looks),
    );
  }

  private tables(): void {
    const whole = this.progress.measured(this.picture.plan);
    const made = table(whole, shares(whole), this.progress.states(this.picture.plan), this.selected, this.looks, { show: (id) => this.inspect(id) });
    const old = this.stage.querySelector(".jp-Wayang-table");
    const top = old?.scrollTop ?? 0;
    if (old === null) this.stage.replaceChildren(made);
    else old.replaceWith(made);
    made.scrollTop = top;
  }

  private toggleTable(): void {
    this.tabled = !this.tabled;
    if (this.tabled) this.tables();
    else this.draw();
    this.rebar();
    const to = this.tabled ? this.stage.querySelector<HTMLElement>(".jp-Wayang-table") : this.stop === undefined ? null : this.canvas?.group(this.stop);
    to?.focus({ preventScroll: true });
  }

  private toggleHelp(): void {
    this.helping = !this.helping;
    this.tops();
    this.rebar();
  }

  private toggleStacks(): void {
    this.collapsed = !this.collapsed;
    this.draw();
    this.panels();
    this.rebar();
  }

  private toggleChanges(): void {
    this.showsChanges = !this.showsChanges;
    this.panels();
    this.tops();
  }

  /** Draws the bar again, and keeps the focus on the control that had it. */
  private rebar(): void {
    const buttons = [...this.bar.querySelectorAll("button")];
    const index = buttons.findIndex((one) => one === document.activeElement);
    if (index >= 0) buttons[index]?.blur();
    this.bars(this.progress.measured(this.picture.plan));
    if (index >= 0) this.bar.querySelectorAll("button")[index]?.focus();
  }

  private find(words: string): void {
    this.searching = words;
    const found = this.found();
    this.canvas?.match(found);
    const first = found === null ? undefined : [...found][0];
    if (first === undefined) return;
    this.stop = first;
    this.canvas?.tabStop(first);
    this.scroll?.reveal(this.boxOf(first));
  }

  /** The operators that match what is searched for; null where nothing is. */
  private found(): ReadonlySet<string> | null {
    const wanted = this.searching.trim().toLowerCase();
    if (wanted === "") return null;
    return new Set(this.shown.operators.filter((operator) => this.text(operator.id).includes(wanted)).map((operator) => operator.id));
  }

  private text(id: string): string {
    const operator = this.shown.operators.find((one) => one.id === id);
    if (operator === undefined) return "";
    const lane = this.shown.lanes.find((one) => one.id === operator.lane);
    return `${operator.id} ${operator.verb} ${operator.text} ${lane?.title ?? ""} ${this.looks.of(operator.decision.platform).title}`.toLowerCase();
  }

  private key(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "Escape") this.escape(event, typing);
    else if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z" && !typing) this.handled(event, () => this.undo());
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (typing) this.typed(event);
    else this.plainKey(event);
  }

  private typed(event: KeyboardEvent): void {
    if (event.key !== "Enter" || this.stop === undefined) return;
    const { stop } = this;
    this.handled(event, () => this.canvas?.group(stop)?.focus());
  }

  private escape(event: KeyboardEvent, typing: boolean): void {
    if (typing && this.searching !== "") {
      this.handled(event, () => {
        (event.target as HTMLInputElement).value = "";
        this.find("");
      });
    } else if (this.helping) this.handled(event, () => this.toggleHelp());
    else if (this.selected !== null || this.showsChanges) this.handled(event, () => this.close());
    else if (typing && this.stop !== undefined) this.canvas?.group(this.stop)?.focus();
  }

  private plainKey(event: KeyboardEvent): void {
    const operator = event.target instanceof Element ? event.target.closest("[data-operator]")?.getAttribute("data-operator") : null;
    const step = STEPS[event.key];
    const common: Readonly<Record<string, () => void>> = {
      "/": () => this.bar.querySelector("input")?.focus(),
      t: () => this.toggleTable(),
      "?": () => this.toggleHelp(),
      f: () => this.scroll?.fit(),
      "+": () => this.scroll?.zoom(1.25),
      "-": () => this.scroll?.zoom(0.8),
    };
    const action = common[event.key.toLowerCase()];
    if (action !== undefined) this.handled(event, action);
    else if (operator && !this.tabled && step !== undefined) this.handled(event, () => this.move(operator, step));
    else if (operator && (event.key === "Enter" || event.key === " ") && !(event.target instanceof HTMLButtonElement)) this.handled(event, () => this.inspect(operator));
    else if (event.key.toLowerCase() === "p") this.handled(event, () => this.pinKey(operator ?? this.selected));
  }

  private pinKey(id: string | null): void {
    if (id === null) return;
    const subject = this.subject(id);
    if (subject === null) return;
    if (subject.pinning !== true) this.note({ text: subject.pinning, wrong: false });
    else if (subject.operator.decision.pinned) this.unpin(id, subject.sites);
    else this.pin(id, subject.operator.decision.platform, subject.sites);
  }

  private move(from: string, step: Step): void {
    const to = this.navigation?.step(from, step) ?? from;
    this.stop = to;
    this.canvas?.tabStop(to);
    this.scroll?.reveal(this.boxOf(to));
    this.canvas?.group(to)?.focus({ preventScroll: true });
  }

  private handled(event: Event, action: () => void): void {
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  private clicked(event: MouseEvent): void {
    if (this.scroll?.dragged) return;
    const operator = event.target instanceof Element ? event.target.closest("[data-operator]")?.getAttribute("data-operator") : null;
    if (operator) this.inspect(operator);
  }

  private focused(event: FocusEvent): void {
    const operator = event.target instanceof Element ? event.target.closest("[data-operator]")?.getAttribute("data-operator") : null;
    if (!operator) return;
    this.stop = operator;
    this.canvas?.tabStop(operator);
  }

  /** Returns the id of what stands for an operator in the drawing. */
  private shownId(id: string | null): string | null {
    if (id === null || !this.overview || this.picture.overview === null) return id;
    if (this.picture.overview.plan.operators.some((operator) => operator.id === id)) return id;
    return Object.entries(this.picture.overview.stacks).find(([, members]) => members.includes(id))?.[0] ?? id;
  }

  private boxOf(id: string) {
    const layout = this.overview ? this.picture.overview?.layout : this.picture.layout;
    const shown = this.shownId(id);
    return layout?.cards.find((place) => place.id === shown)?.box;
  }

  /** Shows what is new; draws all again where the font is another. */
  private renew(): void {
    if (!this.tabled && this.drawnIn !== this.family()) this.draw();
    else this.measured();
  }

  private family(): string {
    return getComputedStyle(this.root).fontFamily || "sans-serif";
  }

  private fonts(): Fonts {
    const family = this.family();
    this.drawnIn = family;
    return { text: `11px ${family}`, bold: `600 11px ${family}`, verb: `600 12px ${family}` };
  }

  private say(words: string): void {
    if (words.trim() !== "") this.live.textContent = words;
  }
}

/** Tells whether equal sites are one lane at first: where there are many, or no places for all. */
function stacked(picture: PlanPicture): boolean {
  const sites = picture.plan.lanes.filter((lane) => lane.kind === "site").length;
  return picture.layout === null || (picture.overview !== null && sites > MANY_SITES);
}

function acting<E extends HTMLElement>(element: E, action: () => void): E {
  // The element goes with the view, and the listener with the element.
  element.addEventListener("click", action);
  return element;
}
