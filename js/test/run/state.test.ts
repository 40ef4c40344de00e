import { describe, expect, it } from "vitest";
import { eventsOf, type Head } from "../../src/run/frames.js";
import { left, listed, marks, pace, phaseOf, ranked, sentence, stallOf } from "../../src/run/facts.js";
import { refusal } from "../../src/run/head.js";
import { roundRows, siteRows } from "../../src/run/side.js";
import { RunState } from "../../src/run/state.js";
import { csv } from "../../src/run/table.js";
import type { AnyEvent } from "../../src/wire.js";
import case_ from "./frame.json";
import { asked, journal, measured, moved, numbered, reported } from "./journals.js";

const SITES = ["lyon", "köln", "gent"];

function after(events: readonly AnyEvent[]): RunState {
  const state = new RunState();
  for (const event of events) state.take(event);
  return state;
}

/** All that a view draws. */
function picture(state: RunState): unknown {
  return { rounds: roundRows(state), sites: siteRows(state), phase: phaseOf(state), awaited: [...state.awaited], up: [...state.upOf], notes: [...state.notes], rows: [...state.rows] };
}

describe("frames", () => {
  it("hold the events that Python put in", () => {
    const bytes = Uint8Array.from(atob(case_.body), (letter) => letter.charCodeAt(0));
    const events = eventsOf(case_.head as unknown as Head, new DataView(bytes.buffer));
    expect(events).toEqual(case_.events);
  });

  it("may begin anywhere in a buffer", () => {
    const bytes = Uint8Array.from(`abc${atob(case_.body)}`, (letter) => letter.charCodeAt(0));
    expect(eventsOf(case_.head as unknown as Head, new DataView(bytes.buffer, 3))).toEqual(case_.events);
  });
});

describe("the state of a run", () => {
  it("is the same after each way in which the same events come", () => {
    const events = journal(SITES, 30, 16, ["gent"]);
    const whole = after(events);
    const again = after([...events.slice(0, 50), ...events.slice(20, 80), ...events.slice(80), ...events]);
    expect(picture(again)).toEqual(picture(whole));
    expect(again.missed).toBe(0);
  });

  it("is not disturbed by a plan that is made again while it runs", () => {
    const events = journal(SITES, 5, 3, SITES);
    const half = events.findIndex((event) => event.tag === "round_finished") + 1;
    const again = { tag: "replanned", operator: "lyon/read", text: "From here on NumPy.", plan: "" } as const;
    const told = [...events.slice(0, half), again, ...events.slice(half)];
    const state = after(told.map((event, index) => ({ ...events[0], ...event, seq: index + 1 }) as AnyEvent));
    expect(picture(state)).toEqual(picture(after(events)));
    expect(state.missed).toBe(0);
  });

  it("has a cell for every site and round", () => {
    const state = after(journal(SITES, 5, 2, ["gent"]));
    expect([1, 3, 4].map((round) => state.cell("lyon", round))).toEqual(["done", "done", "queued"]);
    expect(state.cell("gent", 3)).toBe("awaited");
    expect(after(numbered([{ tag: "round_started", round: 2, sites: ["lyon"] }, { tag: "round_started", round: 3, sites: SITES }])).cell("gent", 2)).toBe("absent");
    const failed = after([
      ...journal(SITES, 5, 2, SITES),
      ...numbered([
        { tag: "site_reported", round: 3, site: "köln", seconds: 1, error: "the disk is full", missing: "failed" },
        { tag: "run_finished", state: "failed", reason: "köln failed", error: "SiteError", rounds: 2, seconds: 9 },
      ], 500),
    ]);
    expect(failed.cell("köln", 3)).toBe("failed");
    expect(failed.errorOf("köln", 3)).toBe("the disk is full");
    expect(failed.cell("lyon", 3)).toBe("unanswered");
  });

  it("tells who was late and whose update was rejected, and awaits neither", () => {
    const state = after(numbered([
      { tag: "round_started", round: 1, sites: SITES },
      asked(SITES, 1),
      reported("lyon", 1, "no answer within 60 s", "late"),
      reported("gent", 1, "its update was rejected: weights has a value that is no finite number", "rejected"),
    ]));
    expect([state.cell("lyon", 1), state.cell("gent", 1), state.cell("köln", 1)]).toEqual(["late", "rejected", "awaited"]);
    expect(state.awaited.has("lyon")).toBe(false);
    expect(state.awaited.has("köln")).toBe(true);
  });

  it("awaits who was asked until bytes come up", () => {
    const state = after(numbered([asked(["lyon", "köln"], null, "aggregate"), moved("lyon", "down", 10, null), moved("köln", "up", 10, null)]));
    expect([...state.awaited.keys()]).toEqual(["lyon"]);
    expect(phaseOf(state)).toBe("waiting");
  });

  it("prefers test rows to training rows, whichever come first", () => {
    const train = { ...measured(1, "global", 0.1), on: "train" as const };
    const test = measured(1, "global", 0.9);
    for (const order of [[train, test], [test, train]]) {
      const state = after(numbered(order));
      expect(state.line("log_loss", "global")?.get(1)).toBe(0.9);
    }
  });
});

describe("how long it takes", () => {
  const running = after(journal(SITES, 30, 16, ["gent"]));

  it("is told by the last five rounds", () => {
    // A round has 1 + 1 + 9 + 1 + 4 events, a second apart.
    expect(pace(running)).toBe(16);
    expect(left(running, running.began.get(17))).toBe(16 * 14);
    expect(left(running, running.began.get(17) + 5)).toBe(16 * 14 - 5);
    expect(left(running, running.began.get(17) + 500)).toBe(16 * 13);
  });

  it("is not told of a run that is paused, stopping or over", () => {
    const paused = after([...journal(SITES, 30, 16, ["gent"]), ...numbered([{ tag: "paused" }], 900)]);
    expect(left(paused, 0)).toBeNaN();
    expect(left(after(journal(SITES, 3, 3)), 0)).toBeNaN();
  });
});

describe("a stall", () => {
  const events = journal(SITES, 30, 16, ["gent", "köln"]);
  const state = after(events);
  const last = state.at_s;

  it("is silence above ten seconds, and names the sites", () => {
    expect(stallOf(state, last + 9)).toBeNull();
    // The last answer's bytes came a second before its report, the last event.
    const stall = stallOf(state, last + 14);
    expect(stall?.sites).toEqual(["köln", "gent"]);
    expect(stall?.silent_s).toBe(15);
    expect(stall?.usual_s).toBe(1.5);
  });

  it("of slow rounds is silence above three of them", () => {
    const slow = after(events.map((event) => (event.tag === "round_finished" ? { ...event, seconds: 20 } : event)));
    expect(stallOf(slow, last + 40)).toBeNull();
    expect(stallOf(slow, last + 61)?.sites).toEqual(["köln", "gent"]);
  });

  it("is none in a pause, and the pause is not silence", () => {
    const paused = after([...events, ...numbered([{ tag: "paused" }], 900)]);
    expect(stallOf(paused, last + 5000)).toBeNull();
    const resumed = after([...events, ...numbered([{ tag: "paused" }, { tag: "resumed" }], 900)]);
    expect(stallOf(resumed, resumed.at_s + 9)).toBeNull();
    expect(stallOf(resumed, resumed.at_s + 11)).not.toBeNull();
  });
});

describe("words", () => {
  it("mark sites by a letter, or by a letter and a number of their own", () => {
    expect(marks(["Cleveland", "Hungary", "VA"])).toEqual(["C", "H", "V"]);
    expect(marks(["Site 007", "Site 012", "Lyon"])).toEqual(["S7", "S12", "L"]);
    expect(marks(["Basel", "Bern"])).toEqual(["B1", "B2"]);
  });

  it("list few names, and count many", () => {
    expect(listed(["a"])).toBe("a");
    expect(listed(["a", "b", "c"])).toBe("a, b and c");
    expect(listed(["a", "b", "c", "d"])).toBe("a, b and 2 more");
  });

  it("say how a round ended and how the run stands", () => {
    expect(sentence(after(journal(SITES, 30, 16, ["gent"])))).toBe("Round 16 of 30: log loss 0.540.");
    expect(sentence(after(journal(SITES, 3, 3)))).toBe("The run is done: all 3 rounds are done.");
  });

  it("rank the worst first, and those without a number last", () => {
    const bare = [measured(1, "global", 0.5), measured(1, "a", 0.4), measured(1, "b", null), measured(1, "c", 0.6), { tag: "round_started", round: 2, sites: ["a", "b", "c"] } as const];
    expect(ranked(after(numbered(bare)), "log_loss")).toEqual(["c", "a", "b"]);
  });

  it("rank by a round only when all its measurements have come", () => {
    const sites = ["a", "b"];
    const first = [measured(1, "global", 0.5), measured(1, "a", 0.4), measured(1, "b", 0.6), { tag: "round_started", round: 2, sites } as const];
    const second = [measured(2, "global", 0.5), measured(2, "a", 0.9), measured(2, "b", 0.3)];
    expect(ranked(after(numbered([...first, ...second])), "log_loss")).toEqual(["b", "a"]);
    expect(ranked(after(numbered([...first, ...second, { tag: "round_started", round: 3, sites }])), "log_loss")).toEqual(["a", "b"]);
  });
});

describe("commands", () => {
  const state = after(journal(SITES, 30, 16, ["gent"]));
  const live = { kind: "live" } as const;

  it("that can do nothing say why", () => {
    expect(refusal(state, live, "pause")).toBeNull();
    expect(refusal(state, live, "stop")).toBeNull();
    expect(refusal(state, live, "resume")).toBe("Nothing is paused.");
    expect(refusal(state, { kind: "gone", why: "no kernel" }, "stop")).toBe("no kernel");
    const paused = after([...journal(SITES, 30, 16, ["gent"]), ...numbered([{ tag: "paused" }], 900)]);
    expect(refusal(paused, live, "pause")).toBe("The run is paused already.");
    expect([refusal(paused, live, "resume"), refusal(paused, live, "stop")]).toEqual([null, null]);
    expect(refusal(after(journal(SITES, 3, 3)), live, "stop")).toBe("The run is done.");
  });
});

describe("CSV", () => {
  it("has every round and every site, quotes what must be, and leaves holes empty", () => {
    const state = after(journal(SITES, 3, 3));
    expect(roundRows(state)).toHaveLength(1 + 4);
    expect(siteRows(state)).toHaveLength(1 + 4 * 4);
    expect(csv([["a,b", 'c"d', null, Number.NaN, 1.5]])).toBe('"a,b","c""d",,,1.5\r\n');
  });
});
