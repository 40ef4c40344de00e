// What a plan's operators are doing, told by the events of a run and by nothing else: a journal gives the same picture.
import type { AnyEvent, ExecutionOperator, ExecutionPlan } from "../wire.js";

export type OperatorState = "queued" | "running" | "done" | "failed" | "skipped";
export type RunState = "planned" | "running" | "paused" | "done" | "stopped" | "failed";

/** What has happened in a run so far. Events may come twice; what was seen is not counted again. */
export class Progress {
  state: RunState = "planned";
  round: number | null = null;
  rounds = 0;
  /** The run's number of the last event. */
  seq = 0;
  reason = "";
  readonly seconds = new Map<string, number>();
  readonly rows = new Map<string, number>();
  /** Sites that have reported in the round that is going on, and what went wrong at one. */
  readonly reported = new Map<string, string | null>();
  readonly leftOut = new Map<string, string>();
  private asked: readonly string[] = [];
  private finishedRound = 0;
  private readonly learned = new Set<string>();

  /** Takes events in, in order, and tells whether anything was new. */
  take(events: readonly AnyEvent[]): boolean {
    let news = false;
    for (const event of events) {
      if (event.seq !== 0 && event.seq <= this.seq) continue;
      this.seq = Math.max(this.seq, event.seq);
      this.one(event);
      news = true;
    }
    return news;
  }

  /** Returns the plan with the rows, the seconds and the round that events tell. */
  measured(plan: ExecutionPlan): ExecutionPlan {
    if (this.seq === 0 && this.state === "planned") return plan;
    const operators = plan.operators.map((operator) => ({
      ...operator,
      measured_s: this.seconds.get(operator.id) ?? operator.measured_s,
      counted: this.rows.get(operator.id) ?? operator.counted,
    }));
    const round = this.round ?? plan.loop?.round ?? null;
    return { ...plan, operators, loop: plan.loop === null ? null : { ...plan.loop, round } };
  }

  /** Returns the state of every operator; none before anything runs. */
  states(plan: ExecutionPlan): ReadonlyMap<string, OperatorState> {
    if (this.state === "planned") return statesOf(plan);
    const looped = new Set(plan.loop?.operators ?? []);
    const before = inputs(plan);
    const found = new Map<string, OperatorState>();
    for (const operator of plan.operators) found.set(operator.id, this.stateOf(operator, looped, before, found));
    return found;
  }

  /** How many of the asked sites have answered in this round, as a sentence. */
  sentence(): string {
    if (this.state === "done") return `The run is done${this.round === null ? "" : ` after ${this.round} rounds`}.`;
    if (this.state === "stopped" || this.state === "failed") return `The run ${this.state === "failed" ? "failed" : "was stopped"}: ${this.reason}`;
    if (this.round === null) return this.state === "running" ? "The run has started." : "";
    return `Round ${this.round} of ${this.rounds}.`;
  }

  private one(event: AnyEvent): void {
    switch (event.tag) {
      case "run_started":
        this.state = "running";
        this.rounds = event.rounds;
        break;
      case "operator_finished":
        this.seconds.set(event.operator, (this.seconds.get(event.operator) ?? 0) + event.seconds);
        if (event.rows !== null) this.rows.set(event.operator, event.rows);
        break;
      case "facts_learned":
        this.learned.add(event.operator);
        break;
      case "round_started":
        this.round = event.round;
        this.asked = event.sites;
        this.reported.clear();
        break;
      case "site_reported":
        this.reported.set(event.site, event.error);
        break;
      case "round_finished":
        this.finishedRound = event.round;
        this.round = event.round;
        break;
      case "site_left_out":
        this.leftOut.set(event.site, event.reason);
        break;
      case "paused":
        this.state = "paused";
        break;
      case "resumed":
        this.state = "running";
        break;
      case "run_finished":
        this.state = event.state;
        this.reason = event.error ?? event.reason;
        break;
    }
  }

  private stateOf(
    operator: ExecutionOperator,
    looped: ReadonlySet<string>,
    before: ReadonlyMap<string, readonly string[]>,
    found: ReadonlyMap<string, OperatorState>,
  ): OperatorState {
    const ended = this.state === "stopped" || this.state === "failed";
    const own = this.own(operator, looped);
    if (this.leftOut.has(operator.lane)) return "skipped";
    if (own !== null) return ended && own === "running" ? (this.state === "failed" ? "failed" : "skipped") : own;
    if (this.state === "done") return "done";
    const ready = (before.get(operator.id) ?? []).every((id) => found.get(id) === "done");
    if (!ready) return ended ? "skipped" : "queued";
    if (!ended) return "running";
    return this.state === "failed" ? "failed" : "skipped";
  }

  /** What the events say about an operator itself, or null where they say nothing. */
  private own(operator: ExecutionOperator, looped: ReadonlySet<string>): OperatorState | null {
    if (this.state === "done") return "done";
    if (looped.has(operator.id) && this.round !== null) return this.inLoop(operator);
    if (operator.kind === "aggregate") return this.learned.has(operator.logical) ? "done" : null;
    return this.seconds.has(operator.id) ? "done" : null;
  }

  private inLoop(operator: ExecutionOperator): OperatorState {
    const round = this.round ?? 0;
    if (this.finishedRound >= this.rounds && this.rounds > 0) return "done";
    if (!this.asked.includes(operator.lane)) return operator.kind === "aggregate" ? "running" : "queued";
    const error = this.reported.get(operator.lane);
    if (error === undefined) return "running";
    if (error !== null) return "failed";
    return round <= this.finishedRound ? "running" : "done";
  }
}

function inputs(plan: ExecutionPlan): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const edge of plan.edges) {
    if (edge.back) continue;
    const before = found.get(edge.target);
    if (before === undefined) found.set(edge.target, [edge.source.node]);
    else before.push(edge.source.node);
  }
  return found;
}

/** What a plan by itself says of the state of its operators: nothing before anything ran. */
export function statesOf(plan: ExecutionPlan): ReadonlyMap<string, OperatorState> {
  const ran = (operator: ExecutionOperator): boolean => operator.measured_s !== null || operator.counted !== null;
  if (!plan.operators.some(ran)) return new Map();
  const { loop } = plan;
  const looped = new Set(loop !== null && loop.round !== null && loop.round < loop.rounds ? loop.operators : []);
  return new Map(
    plan.operators.map((operator) => [operator.id, looped.has(operator.id) ? "running" : ran(operator) ? "done" : "queued"]),
  );
}

const ORDER: readonly OperatorState[] = ["failed", "running", "queued", "skipped", "done"];

/** Returns the state of several operators that are shown as one: the one that asks for most attention. */
export function together(states: readonly OperatorState[]): OperatorState | undefined {
  // Some are done and some not: the work goes on.
  if (states.includes("done") && states.includes("queued") && !states.includes("failed")) return "running";
  return ORDER.find((state) => states.includes(state));
}
