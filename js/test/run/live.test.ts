import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import widget, { drawRun } from "../../src/run/index.js";
import { LiveRun } from "../../src/run/live.js";
import { RunState } from "../../src/run/state.js";
import { EMPTY, FakeModel, head, journal, numbered } from "./journals.js";

const SITES = ["lyon", "gent"];
const EVENTS = journal(SITES, 5, 3, ["gent"]);
const ENDED = journal(SITES, 3, 3);

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

function follow(fake: FakeModel): { readonly run: LiveRun; readonly end: () => void } {
  const run = new LiveRun(fake.model);
  return { run, end: run.attach(() => undefined) };
}

function whole(events = EVENTS): RunState {
  const state = new RunState();
  for (const event of events) state.take(event);
  return state;
}

describe("a run that is followed", () => {
  it("asks for all, and takes frames as they come", () => {
    const fake = new FakeModel();
    const { run } = follow(fake);
    expect(fake.sent).toEqual([{ type: "since", seq: 0 }]);
    for (let seq = 0; seq < EVENTS.length; seq += 4) fake.frame(EVENTS, seq, Math.min(seq + 4, EVENTS.length));
    expect(run.state).toEqual(whole());
  });

  it("asks for what is missing when a frame was lost, and takes nothing before it has it", () => {
    const fake = new FakeModel();
    const { run } = follow(fake);
    fake.frame(EVENTS, 0, 8);
    vi.advanceTimersByTime(2000);
    fake.frame(EVENTS, 12, 16);
    expect(run.state.seq).toBe(8);
    expect(fake.sent.at(-1)).toEqual({ type: "since", seq: 8 });
    fake.frame(EVENTS, 8, EVENTS.length);
    expect(run.state).toEqual(whole());
  });

  it("begins with the snapshot and ends with the same picture as one that heard every frame", () => {
    const fake = new FakeModel();
    fake.snapshot = { seq: 20, head: head(EVENTS, 0, 20), body: EMPTY };
    const { run } = follow(fake);
    expect(fake.sent).toEqual([{ type: "since", seq: 20 }]);
    fake.frame(EVENTS, 14, EVENTS.length);
    expect(run.state).toEqual(whole());
  });

  it("asks for all where the snapshot has only a number", () => {
    const fake = new FakeModel();
    fake.snapshot = { seq: 20 };
    follow(fake);
    expect(fake.sent).toEqual([{ type: "since", seq: 0 }]);
  });

  it("says that the kernel is gone, keeps what it had, and takes back what it said when there is word again", () => {
    const fake = new FakeModel();
    const { run } = follow(fake);
    fake.frame(EVENTS, 0, EVENTS.length);
    fake.say("comm_live_update");
    expect(run.link()).toEqual({ kind: "gone", why: "The notebook's kernel was restarted or is gone." });
    expect(run.state.round).toBe(4);
    fake.say("msg:custom", { type: "beat", now_s: 0 }, []);
    expect(run.link()).toEqual({ kind: "live" });
  });

  it("notices silence, but not after the end of the run", () => {
    const fake = new FakeModel();
    const { run } = follow(fake);
    fake.frame(EVENTS, 0, EVENTS.length);
    vi.advanceTimersByTime(13_000);
    expect(run.link()).toEqual({ kind: "gone", why: "No word from the notebook's kernel for 13 s." });
    const other = new FakeModel();
    const ended = follow(other).run;
    other.frame(ENDED, 0, ENDED.length);
    vi.advanceTimersByTime(60_000);
    expect(ended.link()).toEqual({ kind: "live" });
  });

  it("tells the time by the kernel's clock", () => {
    const fake = new FakeModel();
    const { run } = follow(fake);
    fake.say("msg:custom", { type: "beat", now_s: 5000 }, []);
    vi.advanceTimersByTime(3000);
    expect(run.now()).toBeCloseTo(5003);
  });
});

describe("a view", () => {
  it("leaves no listener, timer or element when it is closed, however often", () => {
    const fake = new FakeModel();
    const made = widget();
    if (typeof made === "function" || !("render" in made) || made.render === undefined) throw new Error("no widget");
    const signal = new AbortController();
    const props = { model: fake.model, el: document.body, signal: signal.signal } as unknown as Parameters<NonNullable<typeof made.render>>[0];
    const ends = [made.render(props), made.render(props)] as (() => void)[];
    fake.frame(EVENTS, 0, EVENTS.length);
    expect(document.querySelectorAll(".jp-Wayang-run")).toHaveLength(2);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    for (const end of ends) end();
    signal.abort();
    expect(fake.listeners).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(document.body.childElementCount).toBe(0);
  });

  it("drawn anew shows what was heard before", () => {
    const fake = new FakeModel();
    const { run, end } = follow(fake);
    fake.frame(EVENTS, 0, EVENTS.length);
    end();
    run.attach(() => undefined);
    expect(run.state).toEqual(whole());
    expect(fake.sent.at(-1)).toEqual({ type: "since", seq: EVENTS.length });
  });

  it("sends commands, and says why one can do nothing", () => {
    const fake = new FakeModel();
    const made = widget();
    if (typeof made === "function" || !("render" in made) || made.render === undefined) throw new Error("no widget");
    const end = made.render({ model: fake.model, el: document.body, signal: new AbortController().signal } as unknown as Parameters<NonNullable<typeof made.render>>[0]) as () => void;
    fake.frame(EVENTS, 0, EVENTS.length);
    vi.advanceTimersByTime(50);
    const button = (words: string): HTMLButtonElement => {
      const found = [...document.querySelectorAll("button")].find((one) => one.textContent?.startsWith(words));
      if (found === undefined) throw new Error(`no button ${words}`);
      return found;
    };
    button("Resume").click();
    expect(document.querySelector("[aria-live]")?.textContent).toBe("Nothing is paused.");
    button("Pause").click();
    expect(fake.sent.at(-1)).toEqual({ type: "pause" });
    fake.say("msg:custom", { type: "frame", head: { ...head(EVENTS, 0, 0), since: EVENTS.length, seq: EVENTS.length + 1, events: numbered([{ tag: "paused" }], EVENTS.length + 1) } }, [EMPTY]);
    vi.advanceTimersByTime(50);
    expect(button("Pause").title).toBe("The run is paused already.");
    expect(document.querySelector(".jp-Wayang-banner")?.textContent).toContain("What gent was at work on is kept.");
    document.querySelector(".jp-Wayang-rounds")?.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    expect(fake.sent.at(-1)).toEqual({ type: "resume" });
    end();
  });

  it("of a saved run has no buttons that could do nothing", () => {
    const end = drawRun(document.body, { version: 1, kind: "run", run: "r1", events: ENDED, plan: null });
    expect(document.querySelector<HTMLElement>(".jp-Wayang-buttons")?.hidden).toBe(true);
    expect(document.querySelector(".jp-Wayang-phase")?.textContent).toContain("done");
    end();
    expect(document.body.childElementCount).toBe(0);
  });
});
