import { describe, expect, it } from "vitest";
import { Progress, together } from "../src/state/progress.js";
import { events, plan } from "./plans.js";

function after(count: number): Progress {
  const progress = new Progress();
  progress.take(events().slice(0, count));
  return progress;
}

const at = (tag: string, which = 0): number => {
  const found = events().flatMap((event, index) => (event.tag === tag ? [index] : []));
  return (found[which] ?? -2) + 1;
};

describe("progress", () => {
  it("says nothing before anything runs", () => {
    expect(after(0).states(plan()).size).toBe(0);
  });

  it("runs what can run, and queues what waits for it", () => {
    const states = after(at("operator_finished", 0)).states(plan());
    expect(states.get("lyon/read")).toBe("done");
    expect(states.get("turin/read")).toBe("running");
    expect(states.get("kernel/scale_facts")).toBe("queued");
    expect(states.get("lyon/scale")).toBe("queued");
  });

  it("shows in a round who has reported and who is awaited", () => {
    const progress = after(at("site_reported", 2));
    expect(progress.round).toBe(2);
    expect(progress.states(plan()).get("lyon/fit_update")).toBe("done");
    expect(progress.states(plan()).get("turin/fit_update")).toBe("running");
    expect(progress.sentence()).toBe("Round 2 of 3.");
  });

  it("fails what failed, skips what can no longer run", () => {
    const progress = after(at("round_started", 0));
    const seq = progress.seq;
    progress.take([
      { tag: "site_reported", run: "r", seq: seq + 1, at_s: 0, round: 1, site: "turin", seconds: 1, error: "it broke", missing: "failed" },
      { tag: "run_finished", run: "r", seq: seq + 2, at_s: 0, state: "failed", reason: "a site failed", error: "it broke", rounds: 0, seconds: 1 },
    ]);
    expect(progress.states(plan()).get("turin/fit_update")).toBe("failed");
    expect(progress.states(plan()).get("lyon/read")).toBe("done");
    expect(progress.sentence()).toBe("The run failed: it broke");
  });

  it("puts rows, seconds and the round into the plan", () => {
    const measured = after(events().length).measured(plan());
    expect(measured.operators.find((one) => one.id === "lyon/read")?.counted).toBe(1200);
    expect(measured.operators.find((one) => one.id === "lyon/fit_update")?.measured_s).toBe(1.5);
    expect(measured.loop?.round).toBe(3);
  });

  it("comes to the same however the events come: live, late, twice", () => {
    const all = events();
    const whole = after(all.length);
    const pieces = new Progress();
    for (let start = 0; start < all.length; start += 3) pieces.take(all.slice(Math.max(0, start - 2), start + 3));
    expect(pieces.measured(plan())).toEqual(whole.measured(plan()));
    expect(pieces.states(plan())).toEqual(whole.states(plan()));
    expect(pieces.take(all)).toBe(false);
  });
});

describe("several shown as one", () => {
  it("shows the state that asks for most attention", () => {
    expect(together(["done", "failed", "running"])).toBe("failed");
    expect(together(["done", "queued"])).toBe("running");
    expect(together(["done", "done"])).toBe("done");
    expect(together([])).toBeUndefined();
  });
});
