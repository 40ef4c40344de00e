// The tables: sites and rounds, a page at a time, whole as CSV.
import type { Owner } from "../shared/owner.js";
import { html, type IconName } from "../shared/svg.js";
import { count, duration, metric as written, size } from "../shared/units.js";
import { MANY, measuredRound, METRIC_NAMES } from "./facts.js";
import type { Scene } from "./lines.js";
import { GLOBAL, METRICS, type CellState, type Metric, type RunState } from "./state.js";
import { csv, download, Table, type Cell, type Heading, type TableRow } from "./table.js";
import { median } from "./series.js";

const PAGE = 12;
const ICONS: Readonly<Record<CellState, IconName>> = { queued: "queued", awaited: "running", done: "done", failed: "failed", late: "failed", rejected: "failed", unanswered: "skipped", absent: "skipped" };

/** A table in pages, with what turns them and a CSV of all. */
class Paged {
  readonly element: HTMLElement;
  readonly table: Table;
  page = 0;
  private readonly words = html("span");
  private readonly about = html("span");
  private readonly scroll: HTMLElement;
  private readonly back: HTMLButtonElement;
  private readonly on: HTMLButtonElement;

  constructor(owner: Owner, title: string, caption: string, private readonly next: string, previous: string, changed: () => void, save: () => void) {
    this.table = new Table(caption);
    this.scroll = html("div", { class: "jp-Wayang-tablescroll", role: "region", "aria-label": caption });
    const button = (words: string, label: string, act: () => void): HTMLButtonElement => {
      const made = html("button", { type: "button", class: "jp-Wayang-button", "aria-label": label }, words);
      owner.on(made, "click", act);
      return made;
    };
    const turn = (by: number) => (): void => {
      this.page += by;
      changed();
    };
    this.on = button(next, `${next} ${title.toLowerCase()}`, turn(1));
    this.back = button(previous, `${previous} ${title.toLowerCase()}`, turn(-1));
    this.scroll.append(this.table.element);
    const pager = html("div", { class: "jp-Wayang-pager" }, this.words, html("span", { class: "jp-Wayang-grow" }), this.on, this.back, button("CSV", `${title}: save all as CSV`, save));
    this.element = html("section", { class: "jp-Wayang-tablebox" }, html("h4", {}, title, " ", this.about), this.scroll, pager);
  }

  write(headings: readonly Heading[], total: number, row: (index: number) => TableRow, about: string, unit: string): void {
    const pages = Math.max(Math.ceil(total / PAGE), 1);
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const from = this.page * PAGE;
    this.table.write(headings, Array.from({ length: Math.min(PAGE, total - from) }, (_, index) => row(from + index)));
    // What scrolls must be reached by the keyboard too.
    if (this.scroll.scrollWidth > this.scroll.clientWidth) this.scroll.tabIndex = 0;
    else this.scroll.removeAttribute("tabindex");
    this.about.textContent = about;
    this.words.textContent = total === 0 ? "" : pages === 1 ? "" : `${from + 1} to ${Math.min(from + PAGE, total)} of ${count(total)} ${unit}`;
    for (const [button, can] of [[this.on, this.page < pages - 1], [this.back, this.page > 0]] as const) {
      button.hidden = pages === 1;
      button.disabled = !can;
      button.title = can ? "" : button === this.on ? `${this.next}: these are the last` : "these are the first";
    }
  }
}

/** Both tables. */
export class Side {
  readonly element: HTMLElement;
  private readonly sites: Paged;
  private readonly rounds: Paged;
  private readonly notes = html("div", { class: "jp-Wayang-notes" });
  private scene: Scene | null = null;
  private order: readonly string[] = [];

  constructor(owner: Owner, changed: () => void, hovered: (round: number | null) => void) {
    const document = this.notes.ownerDocument;
    const save = (kind: "sites" | "rounds") => (): void => {
      const state = this.scene?.state;
      if (state === undefined) return;
      download(document, `run-${state.run}-${kind}.csv`, csv(kind === "sites" ? siteRows(state) : roundRows(state)));
    };
    this.sites = new Paged(owner, "Sites", "Sites of the run", "Next", "Previous", changed, save("sites"));
    this.rounds = new Paged(owner, "Rounds", "Rounds of the run", "Earlier", "Later", changed, save("rounds"));
    owner.on(this.rounds.table.element, "pointerover", (event) => {
      const key = (event.target as Element | null)?.closest("tr")?.dataset["key"];
      hovered(key === undefined ? null : Number(key));
    });
    owner.on(this.rounds.table.element, "pointerleave", () => hovered(null));
    this.sites.element.append(this.notes);
    this.element = html("div", { class: "jp-Wayang-side" }, this.sites.element, this.rounds.element);
  }

  write(scene: Scene, order: readonly string[]): void {
    this.scene = scene;
    this.order = order;
    const known = METRICS.filter((metric) => scene.state.line(metric, GLOBAL) !== undefined);
    this.writeSites(scene, known);
    this.writeRounds(scene.state, known);
    this.writeNotes(scene.state);
  }

  private writeSites(scene: Scene, known: readonly Metric[]): void {
    const { state } = scene;
    const many = state.sites.length > MANY;
    const round = Math.max(measuredRound(state, "log_loss"), 0);
    const shown = known.filter((metric) => !many || metric === "log_loss");
    const middle = median(state.sites.map((site) => state.line("log_loss", site)?.get(round) ?? Number.NaN));
    const headings: Heading[] = [
      { words: "site" },
      { words: "state" },
      ...shown.map((metric) => ({ words: metric === "accuracy" ? "acc." : METRIC_NAMES[metric], right: true, title: METRIC_NAMES[metric] })),
      ...(many ? [{ words: "diff.", right: true, title: "difference to the median of all sites" }] : []),
      { words: "rows", right: true, title: `${state.on ?? "test"} rows` },
      { words: "time", right: true, title: "of its last answer" },
      { words: "up", right: true, title: "bytes that left the site" },
    ];
    const row = (index: number): TableRow => {
      const site = this.order[index] ?? "";
      const loss = state.line("log_loss", site)?.get(round) ?? Number.NaN;
      const column = state.seconds.get(site);
      const mark = scene.marks.get(site);
      const chosen = many && scene.chosen.includes(site);
      return {
        key: site,
        marked: scene.stalled.has(site) ? "stall" : undefined,
        cells: [
          { words: many || mark === undefined ? state.title(site) : `${mark} ${state.title(site)}`, ...(chosen ? { kind: "strong" as const } : {}) },
          stateOf(scene, site),
          ...shown.map((metric) => written(state.line(metric, site)?.get(round) ?? Number.NaN)),
          ...(many ? [Number.isNaN(loss) ? "–" : `${loss < middle ? "−" : "+"}${Math.abs(loss - middle).toFixed(3)}`] : []),
          state.rows.has(site) ? count(state.rows.get(site) ?? 0) : "–",
          column === undefined ? "–" : duration(column.get(column.last())),
          size(state.upOf.get(site) ?? 0),
        ],
      };
    };
    const about = many ? `the worst first, by log loss of round ${round}` : state.end === null && state.round > 0 ? `round ${state.round}; metrics of round ${round}` : `metrics of round ${round}`;
    this.sites.write(headings, this.order.length, row, about, "sites");
  }

  /** Marks the row of a round, or none. */
  mark(round: number | null): void {
    this.rounds.table.mark(round === null ? null : String(round));
  }

  private writeRounds(state: RunState, known: readonly Metric[]): void {
    const last = Math.max(state.round, ...known.map((metric) => state.line(metric, GLOBAL)?.last() ?? 0));
    const headings: Heading[] = [
      { words: "round" },
      ...known.map((metric) => ({ words: METRIC_NAMES[metric], right: true })),
      { words: "time", right: true },
      { words: "sites", right: true },
      { words: "up", right: true },
      { words: "down", right: true },
    ];
    this.rounds.write(headings, last + 1, (index) => this.roundRow(state, known, last - index), "the same numbers as the curves", "rounds");
  }

  private roundRow(state: RunState, known: readonly Metric[], round: number): TableRow {
    const asked = state.sitesOf(round).length;
    const answered = state.reported.get(round);
    const took = state.took.get(round);
    const under = asked > 0 && (Number.isNaN(answered) ? 0 : answered) < asked;
    const bytes = (value: number): string => (Number.isNaN(value) ? "–" : size(value));
    const fewer: Cell = { words: `${Number.isNaN(answered) ? 0 : answered} of ${asked}`, ...(under && (!Number.isNaN(took) || state.end !== null) ? { kind: "failed" as const } : {}) };
    return {
      key: String(round),
      cells: [
        String(round),
        ...known.map((metric) => written(state.line(metric, GLOBAL)?.get(round) ?? Number.NaN)),
        Number.isNaN(took) ? "–" : duration(took),
        asked === 0 ? "–" : fewer,
        bytes(state.up.get(round)),
        bytes(state.down.get(round)),
      ],
    };
  }

  /** Says why numbers are missing, a line a reason. */
  private writeNotes(state: RunState): void {
    const reasons = new Map<string, string[]>();
    const note = (reason: string, site: string): void => {
      reasons.set(reason, [...(reasons.get(reason) ?? []), site === GLOBAL ? GLOBAL : state.title(site)]);
    };
    for (const [site, reason] of state.notes) note(reason, site);
    for (const [site, reason] of state.leftOut) note(`left out: ${reason}`, site);
    const lines = [...reasons].slice(0, 6).map(([reason, sites]) => `${sites.length > 3 ? `${sites.length} sites` : sites.join(", ")}: ${reason}`);
    if (this.notes.textContent === lines.join("")) return;
    this.notes.replaceChildren(...lines.map((line) => html("div", {}, line)));
  }
}

/** How a site stands in the round that goes on. */
function stateOf(scene: Scene, site: string): Cell {
  const { state } = scene;
  if (state.leftOut.has(site)) return { words: "left out", icon: "skipped", kind: "faint" };
  if (scene.stalled.has(site)) return { words: "awaited", icon: "queued", kind: "stall" };
  const wait = state.awaited.get(site);
  if (wait !== undefined) return { words: wait.kind === "score" ? "measuring" : wait.kind === "train" ? "training" : "at work", icon: "running" };
  if (state.round === 0) return { words: state.end === null ? "ready" : "–", icon: state.end === null ? "done" : "skipped" };
  const kind = state.cell(site, state.round);
  const words = { queued: "queued", awaited: "training", done: "reported", failed: "failed", late: "late", rejected: "rejected", unanswered: "no answer", absent: "absent" }[kind];
  return { words, icon: ICONS[kind], ...(ICONS[kind] === "failed" ? { kind: "failed" as const } : {}) };
}

type Field = string | number | null;

/** Every site in every round: what a CSV has. */
export function siteRows(state: RunState): Field[][] {
  const rows: Field[][] = [["site", "round", ...METRICS, "seconds", "state", "error"]];
  for (const site of [GLOBAL, ...state.sites]) {
    for (let round = 0; round <= Math.max(state.round, state.finished); round += 1) {
      const metrics = METRICS.map((metric) => state.line(metric, site)?.get(round) ?? Number.NaN);
      const seconds = state.seconds.get(site)?.get(round) ?? Number.NaN;
      const kind = site === GLOBAL || round === 0 ? "" : state.cell(site, round);
      rows.push([site, round, ...metrics, site === GLOBAL ? state.took.get(round) : seconds, kind, state.errorOf(site, round)]);
    }
  }
  return rows;
}

/** Every round: what a CSV has. */
export function roundRows(state: RunState): Field[][] {
  const rows: Field[][] = [["round", ...METRICS, "seconds", "sites", "sites_asked", "up_bytes", "down_bytes"]];
  for (let round = 0; round <= Math.max(state.round, state.finished); round += 1) {
    const metrics = METRICS.map((metric) => state.line(metric, GLOBAL)?.get(round) ?? Number.NaN);
    rows.push([round, ...metrics, state.took.get(round), state.reported.get(round), state.sitesOf(round).length, state.up.get(round), state.down.get(round)]);
  }
  return rows;
}
