import { describe, expect, it } from "vitest";
import { isDisplay } from "../src/draw.js";

describe("isDisplay", () => {
  it("takes plans, runs and comparisons of version 1", () => {
    expect(isDisplay({ version: 1, kind: "plan" })).toBe(true);
    expect(isDisplay({ version: 1, kind: "run" })).toBe(true);
    expect(isDisplay({ version: 1, kind: "comparison" })).toBe(true);
  });

  it("refuses what a later version wrote, and what is no display", () => {
    expect(isDisplay({ version: 2, kind: "plan" })).toBe(false);
    expect(isDisplay({ version: 1, kind: "table" })).toBe(false);
    expect(isDisplay(null)).toBe(false);
    expect(isDisplay("plan")).toBe(false);
  });
});
