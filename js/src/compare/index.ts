import type { Dispose } from "../display.js";
import type { PlanComparison } from "../plan/picture.js";
import { ComparisonView } from "./view.js";

/** Draws two plans side by side into an element, without a kernel. */
export function drawComparison(el: HTMLElement, data: PlanComparison): Dispose {
  const view = new ComparisonView(el, data);
  return () => view.dispose();
}
