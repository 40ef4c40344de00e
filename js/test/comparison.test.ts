import { afterEach, describe, expect, it } from "vitest";
import { ComparisonView } from "../src/compare/view.js";
import { draw } from "../src/draw.js";
import type { PlanComparison } from "../src/plan/picture.js";
import { picture } from "./plans.js";

afterEach(() => document.body.replaceChildren());

const comparison = (): PlanComparison => ({
  version: 1,
  kind: "comparison",
  before: picture(),
  after: picture(),
  names: ["first", "second"],
  changes: {
    sentence: "scale at lyon now runs in polars.", more: "", operators: ["lyon/scale"], edges: [], before_s: 1, after_s: 1.2,
    conversions_before: 1, conversions_after: 1,
    items: [{ kind: "moved", operator: "lyon/scale", lane: "lyon", verb: "scale", before: ["duckdb"], after: ["polars"], by_hand: false, difference_s: 0.1, bytes: 0 }],
  },
  pairs: [["lyon/read", "lyon/read"], ["lyon/scale", "lyon/scale"]],
});

const titles = (view: ComparisonView): (string | undefined)[] =>
  [view.before, view.after].map((one) => one.root.querySelector(".jp-Wayang-panel")?.textContent ?? undefined);

function press(view: ComparisonView, side: "before" | "after", operator: string): void {
  const card = view[side].root.querySelector(`[data-operator="${operator}"]`);
  if (card === null) throw new Error(`no card ${operator}`);
  card.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
}

describe("the comparison", () => {
  it("has both plans under their names, and the second says what is different", () => {
    const view = new ComparisonView(document.body, comparison());
    expect([...view.root.querySelectorAll("section")].map((side) => side.getAttribute("aria-label"))).toEqual(["first", "second"]);
    expect(view.after.root.textContent).toContain("scale at lyon now runs in polars.");
    expect(view.before.root.textContent).not.toContain("scale at lyon now runs in polars.");
    view.dispose();
  });

  it("shows the same operator on both sides, whichever is asked", () => {
    const view = new ComparisonView(document.body, comparison());
    press(view, "before", "lyon/scale");
    const [first, second] = titles(view);
    expect(first).toBeTruthy();
    expect(second).toBe(first);
    press(view, "after", "lyon/read");
    expect(titles(view)[0]).toBe(titles(view)[1]);
    expect(titles(view)[0]).not.toBe(first);
    view.dispose();
  });

  it("closes what has no counterpart, and leaves nothing behind", () => {
    const view = new ComparisonView(document.body, { ...comparison(), pairs: [["lyon/scale", "lyon/scale"]] });
    press(view, "before", "lyon/scale");
    press(view, "before", "lyon/read");
    expect(titles(view)[1]).toBeUndefined();
    view.dispose();
    expect(view.owned).toBe(0);
    expect(document.body.childElementCount).toBe(0);
  });

  it("is drawn from data without a kernel", () => {
    const end = draw(document.body, comparison());
    expect(document.querySelectorAll(".jp-Wayang-plan")).toHaveLength(2);
    end();
    expect(document.querySelectorAll(".jp-Wayang-plan")).toHaveLength(0);
  });
});
