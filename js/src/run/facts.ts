// What a person asks of a run: how far it is, how long it takes, whom it waits for. Pure functions of its state and a time.
import { duration } from "../shared/units.js";
import { median } from "./series.js";
import { GLOBAL, type Metric, type RunState } from "./state.js";

export const METRIC_NAMES: Readonly<Record<Metric, string>> = { log_loss: "log loss", auc: "AUC", accuracy: "accuracy" };
export const MANY = 8;

export type Phase = "waiting" | "planning" | "learning" | "measuring" | "running" | "paused" | "stopping" | "done" | "stopped" | "failed";

/** How the run stands, in a word. */
export function phaseOf(state: RunState): Phase {
  if (state.end !== null) return state.end.state;
  if (state.stopping) return "stopping";
  if (state.paused_s !== null) return "paused";
  if (Number.isNaN(state.started_s)) return "waiting";
  if (!state.planned && state.round === 0) return "planning";
  return state.round > 0 || state.rounds === 0 ? "running" : "learning";
}

/** The middle of what the last rounds took, from the beginning of one to that of the next; NaN before there are two. */
export function pace(state: RunState, last = 5): number {
  const gaps: number[] = [];
  for (let round = state.round; round > 0 && gaps.length < last; round -= 1) {
    const gap = state.began.get(round) - state.began.get(round - 1);
    if (!Number.isNaN(gap)) gaps.push(gap);
  }
  return gaps.length > 0 ? median(gaps) : state.took.get(state.finished);
}

/** The seconds that are left, or NaN where that cannot be said. */
export function left(state: RunState, now_s: number): number {
  if (state.end !== null || state.rounds === 0 || state.paused_s !== null || state.stopping) return Number.NaN;
  const each = pace(state);
  const since = now_s - state.began.get(state.round);
  const spent = Number.isNaN(since) ? 0 : Math.min(since, each);
  return Math.max((state.rounds - state.round + 1) * each - spent, 0);
}

/** A wait that is longer than it should be: for whom, since when, and what is usual. */
export interface Stall {
  readonly sites: readonly string[];
  readonly silent_s: number;
  readonly usual_s: number;
}

/** Returns the stall, if there is one: silence above 10 s and above three middle rounds. */
export function stallOf(state: RunState, now_s: number): Stall | null {
  if (state.end !== null || state.paused_s !== null || state.awaited.size === 0) return null;
  const sites = [...state.awaited.keys()];
  const asked = Math.max(...[...state.awaited.values()].map((wait) => wait.since_s));
  const silent_s = now_s - Math.max(asked, Number.isNaN(state.heard_s) ? 0 : state.heard_s);
  const usualRound = median(state.took.view().slice(-20));
  if (silent_s <= Math.max(10, 3 * (Number.isNaN(usualRound) ? 0 : usualRound))) return null;
  const usual_s = median(sites.map((site) => median(state.seconds.get(site)?.view().slice(-20) ?? [])));
  return { sites, silent_s, usual_s };
}

/** Names as a person lists them: at most three, then how many more. */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length > 3) return `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}

/** Seconds as a person says them: whole ones above ten. */
export function about(seconds: number): string {
  return seconds >= 119.5 ? duration(seconds).replace(/(\d+) min .*/, (_, minutes: string) => `${minutes} min`) : duration(seconds < 10 ? seconds : Math.round(seconds));
}

/** What a round came to, in a sentence to be read aloud. */
export function sentence(state: RunState): string {
  const phase = phaseOf(state);
  if (state.end !== null) return `The run is ${phase}: ${state.end.reason}.`;
  if (phase === "paused") return `The run is paused in round ${state.round} of ${state.rounds}.`;
  if (phase === "stopping") return "The run stops at its next step.";
  const round = state.line("log_loss", GLOBAL)?.last() ?? -1;
  if (round < 1) return "";
  const parts = (["log_loss", "auc"] as const).flatMap((metric) => {
    const value = state.line(metric, GLOBAL)?.get(round) ?? Number.NaN;
    return Number.isNaN(value) ? [] : [`${METRIC_NAMES[metric]} ${value.toFixed(3)}`];
  });
  return `Round ${round} of ${state.rounds}: ${parts.join(", ")}.`;
}

/** Which of two numbers of a metric is worse, for sorting: the worst first. */
export function worse(metric: Metric, a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return metric === "log_loss" ? b - a : a - b;
}

/** The last round of which every measurement has come; −1 before. Those of the sites come after the global one, and before the next round. */
export function measuredRound(state: RunState, metric: Metric): number {
  const last = state.line(metric, GLOBAL)?.last() ?? -1;
  return state.end !== null || state.round > last ? last : last - 1;
}

/** The sites in the order of the last round that was measured, the worst first. */
export function ranked(state: RunState, metric: Metric): string[] {
  const round = measuredRound(state, metric);
  const value = (site: string): number => {
    const column = state.line(metric, site);
    return column?.get(round) ?? Number.NaN;
  };
  const values = new Map(state.sites.map((site) => [site, value(site)]));
  return [...state.sites].sort((a, b) => worse(metric, values.get(a) ?? Number.NaN, values.get(b) ?? Number.NaN));
}

/** A short mark for each site: its first letter where that is enough, else its first letter and a number of its own. */
export function marks(titles: readonly string[]): string[] {
  const firsts = titles.map((title) => title.slice(0, 1).toUpperCase());
  return titles.map((title, index) => {
    const first = firsts[index] ?? "?";
    if (firsts.filter((other) => other === first).length === 1) return first;
    const digits = /(\d+)\D*$/.exec(title)?.[1];
    if (digits !== undefined) return first + String(Number(digits));
    return first + String(firsts.slice(0, index + 1).filter((other) => other === first).length);
  });
}

/** The goal of a loop, where a line can show it. */
export function goalOf(until: string | null): { readonly metric: Metric; readonly op: string; readonly threshold: number } | null {
  const found = /^(?:metric\.)?(log_loss|auc|accuracy)\s*([<>]=?)\s*([0-9.eE+-]+)$/.exec((until ?? "").trim());
  const threshold = Number(found?.[3]);
  if (found === null || Number.isNaN(threshold)) return null;
  return { metric: found[1] as Metric, op: found[2] ?? "<", threshold };
}
