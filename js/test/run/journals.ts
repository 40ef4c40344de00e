// Made journals, and a model that stands for a notebook's.
import type { AnyModel } from "@anywidget/types";
import type { Head } from "../../src/run/frames.js";
import type { RunModel } from "../../src/run/live.js";
import type { Missing } from "../../src/run/state.js";
import type { AnyEvent } from "../../src/wire.js";

type Bare = AnyEvent extends infer E ? (E extends AnyEvent ? Omit<E, "run" | "seq" | "at_s"> : never) : never;

/** Numbers events and gives them times, a second apart. */
export function numbered(bare: readonly Bare[], from = 1): AnyEvent[] {
  return bare.map((event, index) => ({ ...event, run: "r1", seq: from + index, at_s: 1000 + from + index }) as AnyEvent);
}

export const measured = (round: number, site: string, log_loss: number | null, note: string | null = null): Bare => ({
  tag: "metrics_measured", round, site, on: "test", rows: 60, log_loss, accuracy: 0.7, auc: null, auc_error: null, note,
});
export const asked = (sites: readonly string[], round: number | null, kind = "train"): Bare => ({ tag: "sites_asked", sites, round, kind });
export const moved = (site: string, direction: "up" | "down", bytes: number, round: number | null): Bare => ({
  tag: "bytes_moved", site, direction, kind: "trained", bytes, round, rows: 0,
});
export const reported = (site: string, round: number, error: string | null = null, missing: Missing | null = null): Bare => ({ tag: "site_reported", site, round, seconds: 1.5, error, missing });

/** A journal of rounds at sites; the last round is unfinished where `missing` are awaited. */
export function journal(sites: readonly string[], rounds: number, done: number, missing: readonly string[] = []): AnyEvent[] {
  const bare: Bare[] = [{ tag: "run_started", name: "heart", sites, rounds, resumes: null }];
  const measure = (round: number): void => {
    for (const [index, site] of ["global", ...sites].entries()) bare.push(measured(round, site, 0.7 - round / 100 + index / 1000));
  };
  const answers = (round: number, left: readonly string[]): void => {
    bare.push({ tag: "round_started", round, sites }, asked(sites, round));
    for (const site of sites.filter((one) => !left.includes(one))) {
      bare.push(moved(site, "down", 900, round), moved(site, "up", 1000, round), reported(site, round));
    }
  };
  measure(0);
  for (let round = 1; round <= done; round += 1) {
    answers(round, []);
    bare.push({ tag: "round_finished", round, seconds: 2, sites });
    measure(round);
  }
  if (missing.length > 0) answers(done + 1, missing);
  else if (done === rounds) bare.push({ tag: "run_finished", state: "done", reason: `all ${rounds} rounds are done`, error: null, rounds, seconds: 60 });
  return numbered(bare);
}

/** A frame of a journal's events above `since` up to `seq`. */
export function head(events: readonly AnyEvent[], since: number, seq: number): Head {
  return { run: "r1", since, seq, now_s: (events[seq - 1]?.at_s ?? 0) + 0.1, words: [], tables: [], events: events.slice(since, seq) };
}

export const EMPTY = new DataView(new ArrayBuffer(0));

/** A notebook's model: remembers what was sent, counts who listens. */
export class FakeModel {
  readonly sent: { readonly type: string; readonly seq?: number }[] = [];
  readonly listeners: [string, (...given: unknown[]) => void][] = [];
  snapshot: RunModel["snapshot"] = {};

  get(): RunModel["snapshot"] {
    return this.snapshot;
  }
  on(name: string, listener: (...given: unknown[]) => void): void {
    this.listeners.push([name, listener]);
  }
  off(name: string, listener: (...given: unknown[]) => void): void {
    const at = this.listeners.findIndex((one) => one[0] === name && one[1] === listener);
    if (at >= 0) this.listeners.splice(at, 1);
  }
  send(message: { readonly type: string; readonly seq?: number }): void {
    this.sent.push(message);
  }
  say(name: string, ...given: unknown[]): void {
    for (const [of, listener] of [...this.listeners]) if (of === name) listener(...given);
  }
  frame(events: readonly AnyEvent[], since: number, seq: number): void {
    this.say("msg:custom", { type: "frame", head: head(events, since, seq) }, [EMPTY]);
  }
  get model(): AnyModel<RunModel> {
    return this as unknown as AnyModel<RunModel>;
  }
}
