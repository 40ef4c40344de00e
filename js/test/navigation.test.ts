import { describe, expect, it } from "vitest";
import { Navigation } from "../src/plan/navigation.js";
import { edge, picture, plan } from "./plans.js";

function navigation(): Navigation {
  const shown = picture();
  if (shown.layout === null) throw new Error("no layout");
  return new Navigation(shown.plan, shown.layout);
}

describe("arrow keys", () => {
  it("start at the first operator that reads rows", () => {
    expect(navigation().start()).toBe("lyon/read");
  });

  it("follow edges of rows within the lane, though one to the kernel comes first", () => {
    expect(navigation().step("lyon/read", "right")).toBe("lyon/scale");
    expect(navigation().step("lyon/fit_update", "left")).toBe("lyon/scale");
  });

  it("leave the lane where the lane has no edge that way", () => {
    expect(navigation().step("turin/fit_update", "right")).toBe("kernel/fit_aggregate");
  });

  it("do not follow the loop's back edge", () => {
    expect(navigation().step("kernel/fit_aggregate", "right")).toBe("kernel/fit_aggregate");
  });

  it("go up and down in the column, and where it ends to the nearest card", () => {
    expect(navigation().step("lyon/scale", "down")).toBe("turin/scale");
    expect(navigation().step("lyon/scale", "up")).toBe("kernel/scale_facts");
    expect(navigation().step("lyon/read", "up")).toBe("kernel/scale_facts");
    expect(navigation().step("turin/read", "down")).toBe("turin/read");
  });

  it("go to the ends of the lane", () => {
    expect(navigation().step("turin/scale", "first")).toBe("turin/read");
    expect(navigation().step("turin/scale", "last")).toBe("turin/fit_update");
  });

  it("reach every operator from every other", () => {
    const all = plan().operators.map((operator) => operator.id);
    const walker = navigation();
    for (const start of all) {
      const seen = new Set([start]);
      const waiting = [start];
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        for (const to of ["left", "right", "up", "down"] as const) {
          const next = walker.step(id, to);
          if (!seen.has(next)) waiting.push(next);
          seen.add(next);
        }
      }
      expect([...seen].sort()).toEqual([...all].sort());
    }
  });

  it("stand edges that lead back, and operators that are not there", () => {
    const shown = picture({ ...plan(), edges: [edge("lyon/read", "lyon/read")] });
    if (shown.layout === null) throw new Error("no layout");
    const loop = new Navigation(shown.plan, shown.layout);
    expect(loop.step("lyon/read", "right")).toBe("lyon/read");
    expect(loop.step("nobody", "right")).toBe(loop.start());
  });
});
