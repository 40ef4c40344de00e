// The same cases as tests/drawing/test_units_twin.py: numbers read alike in pictures, in the widgets and in text.
import { describe, expect, it } from "vitest";
import { heat } from "../src/shared/looks.js";
import { compact, count, duration, estimate, metric, share, signedDuration, size } from "../src/shared/units.js";
import cases from "./units.json" with { type: "json" };

const functions = { size, duration, signed_duration: signedDuration, count, compact, share, metric, heat } as const;

describe("units", () => {
  for (const [name, write] of Object.entries(functions)) {
    it(`${name} writes as Python does`, () => {
      for (const [value, expected] of cases[name as keyof typeof functions]) {
        expect(write(Number(value)), `${name}(${value})`).toBe(expected);
      }
    });
  }

  it("estimate writes as Python does", () => {
    for (const [bounds, expected] of cases.estimate) {
      const [low, high] = Array.isArray(bounds) ? bounds : [];
      expect(estimate({ low: low ?? 0, high: high ?? 0, confidence: 1 })).toBe(expected);
    }
    expect(estimate(null)).toBe("");
    expect(metric(null)).toBe("–");
  });
});
