// What is known of a run: the journal's events, one after the other. The same events make the same state, whether they
// came live, in frames, from a snapshot or from a saved notebook.
import type { AnyEvent, ExecutionPlan, RunFinished, SiteReported } from "../wire.js";
import { Column } from "./column.js";

export const METRICS = ["log_loss", "auc", "accuracy"] as const;
export type Metric = (typeof METRICS)[number];
export const GLOBAL = "global";

/** What a site was asked for and has not answered yet. */
export interface Awaited {
  readonly kind: string;
  readonly round: number | null;
  readonly since_s: number;
}

export type CellState = "queued" | "awaited" | "done" | Missing | "unanswered" | "absent";

/** Why a round goes on without a site. */
export type Missing = NonNullable<SiteReported["missing"]>;

/** A run as far as it is known. */
export class RunState {
  run = "";
  name = "";
  what = "";
  until: string | null = null;
  /** The number of the last event, and its time. */
  seq = 0;
  /** How many events were passed over: none of a live run, some of a saved one. */
  missed = 0;
  at_s = 0;
  started_s = Number.NaN;
  planned = false;
  readonly sites: string[] = [];
  readonly titles = new Map<string, string>();
  readonly leftOut = new Map<string, string>();
  readonly notes = new Map<string, string>();
  readonly rows = new Map<string, number>();
  readonly facts = new Map<string, string>();
  /** Rounds that are planned, the one that began last, and the last that is finished. */
  rounds = 0;
  round = 0;
  finished = 0;
  on: "test" | "train" | null = null;
  aucError: number | null = null;
  readonly values = new Map<Metric, Map<string, Column>>(METRICS.map((metric) => [metric, new Map<string, Column>()]));
  readonly seconds = new Map<string, Column>();
  private readonly errors = new Map<string, string>();
  private readonly missing = new Map<string, Missing>();
  private readonly asked: (readonly string[] | undefined)[] = [];
  readonly began = new Column();
  readonly took = new Column();
  readonly reported = new Column();
  readonly up = new Column();
  readonly down = new Column();
  readonly upOf = new Map<string, number>();
  readonly downOf = new Map<string, number>();
  readonly awaited = new Map<string, Awaited>();
  /** When a site last answered. */
  heard_s = Number.NaN;
  paused_s: number | null = null;
  stopping = false;
  end: RunFinished | null = null;
  operators = 0;
  resultRows: number | null = null;
  /** Rows of data in all that crossed a site's border: none, ever. */
  rowsMoved = 0;

  /** What people call a site. */
  title(site: string): string {
    return this.titles.get(site) ?? site;
  }

  /** A metric by round, of a site or `global`. */
  line(metric: Metric, site: string): Column | undefined {
    return this.values.get(metric)?.get(site);
  }

  /** The sites that a round began with. */
  sitesOf(round: number): readonly string[] {
    return this.asked[round] ?? [];
  }

  errorOf(site: string, round: number): string | null {
    return this.errors.size === 0 ? null : (this.errors.get(`${round} ${site}`) ?? null);
  }

  cell(site: string, round: number): CellState {
    if (this.errorOf(site, round) !== null) return this.missing.get(`${round} ${site}`) ?? "failed";
    if (!Number.isNaN(this.seconds.get(site)?.get(round) ?? Number.NaN)) return "done";
    if (round > this.round) return "queued";
    if (!this.sitesOf(round).includes(site)) return "absent";
    return round === this.round && this.end === null && this.finished < round ? "awaited" : "unanswered";
  }

  /** Takes the plan that stands beside saved events, or that an event brings. */
  plan(plan: ExecutionPlan): void {
    this.planned = true;
    const order: string[] = [];
    for (const lane of plan.lanes) {
      if (lane.kind !== "site") continue;
      this.titles.set(lane.id, lane.title);
      order.push(lane.id);
    }
    this.sites.sort((a, b) => order.indexOf(a) - order.indexOf(b));
    this.until = plan.loop?.until ?? null;
    const combining = plan.operators.find((o) => o.kind === "aggregate" && plan.loop?.operators.includes(o.id));
    if (combining !== undefined) this.what = combining.text;
  }

  /** Takes an event; one that was taken before changes nothing. */
  take(event: AnyEvent): void {
    if (event.seq !== 0 && event.seq <= this.seq) return;
    if (event.seq !== 0) this.missed += event.seq - this.seq - 1;
    this.seq = event.seq;
    this.at_s = event.at_s;
    if (this.run === "") this.run = event.run;
    switch (event.tag) {
      case "run_started":
        this.name = event.name;
        this.rounds = event.rounds;
        this.started_s = event.at_s;
        for (const site of event.sites) this.know(site);
        break;
      case "planned":
        this.plan((JSON.parse(event.plan) as { readonly plan: ExecutionPlan }).plan);
        break;
      case "site_left_out":
        this.leftOut.set(event.site, event.reason);
        break;
      case "facts_learned":
        this.facts.set(event.operator, event.text);
        break;
      case "operator_finished":
        this.operators += 1;
        break;
      case "sites_asked":
        for (const site of event.sites) this.awaited.set(site, { kind: event.kind, round: event.round, since_s: event.at_s });
        break;
      case "bytes_moved":
        this.rowsMoved += event.rows;
        this.moved(event.site, event.direction, event.bytes, event.round, event.at_s);
        break;
      case "round_started":
        this.began.set(event.round, event.at_s);
        this.round = Math.max(this.round, event.round);
        this.rounds = Math.max(this.rounds, event.round);
        this.asked[event.round] = this.same(event.round, event.sites);
        for (const site of event.sites) this.know(site);
        break;
      case "site_reported":
        this.know(event.site);
        this.of(this.seconds, event.site).set(event.round, event.seconds);
        if (event.error === null) this.reported.add(event.round, 1);
        else {
          this.errors.set(`${event.round} ${event.site}`, event.error);
          if (event.missing !== null) this.missing.set(`${event.round} ${event.site}`, event.missing);
          // Nobody waits for it any more, though it may still be at work.
          if (event.missing === "late") this.awaited.delete(event.site);
        }
        break;
      case "metrics_measured":
        this.measured(event);
        break;
      case "round_finished":
        this.took.set(event.round, event.seconds);
        this.finished = Math.max(this.finished, event.round);
        break;
      case "paused":
        if (this.end === null) this.paused_s = event.at_s;
        break;
      case "resumed":
        this.paused_s = null;
        // Silence during a pause is nobody's fault.
        this.heard_s = event.at_s;
        break;
      case "stop_requested":
        this.stopping = true;
        this.paused_s = null;
        break;
      case "result_ready":
        this.resultRows = event.rows;
        break;
      case "run_finished":
        this.end = event;
        this.paused_s = null;
        this.awaited.clear();
        break;
    }
  }

  private moved(site: string, direction: "up" | "down", bytes: number, round: number | null, at_s: number): void {
    this.know(site);
    const of = direction === "up" ? this.upOf : this.downOf;
    of.set(site, (of.get(site) ?? 0) + bytes);
    if (round !== null) (direction === "up" ? this.up : this.down).add(round, bytes);
    if (direction === "up") {
      this.awaited.delete(site);
      this.heard_s = at_s;
    }
  }

  private measured(event: Extract<AnyEvent, { tag: "metrics_measured" }>): void {
    if (this.on === "test" && event.on === "train") return;
    if (this.on === "train" && event.on === "test") for (const lines of this.values.values()) lines.clear();
    this.on = event.on;
    if (event.site !== GLOBAL) this.know(event.site);
    for (const metric of METRICS) {
      const lines = this.values.get(metric);
      if (lines !== undefined) this.of(lines, event.site).set(event.round, event[metric] ?? Number.NaN);
    }
    if (event.rows !== null) this.rows.set(event.site, event.rows);
    if (event.note !== null) this.notes.set(event.site, event.note);
    else this.notes.delete(event.site);
    if (event.site === GLOBAL) this.aucError = event.auc_error;
  }

  private know(site: string): void {
    if (!this.sites.includes(site)) this.sites.push(site);
  }

  private of(columns: Map<string, Column>, site: string): Column {
    let column = columns.get(site);
    if (column === undefined) columns.set(site, (column = new Column()));
    return column;
  }

  /** Most rounds have the sites of the one before: one list serves them all. */
  private same(round: number, sites: readonly string[]): readonly string[] {
    const before = this.asked[round - 1];
    return before?.length === sites.length && before.every((site, index) => site === sites[index]) ? before : sites;
  }
}
