import { drawComparison } from "./compare/index.js";
import type { AnyDisplay, Dispose } from "./display.js";
import { drawPlan } from "./plan/index.js";
import { drawRun } from "./run/index.js";

const KINDS: ReadonlySet<unknown> = new Set<AnyDisplay["kind"]>(["plan", "run", "comparison"]);

/** Draws a plan, a run, or two plans side by side, whichever the data are, without a kernel. */
export function draw(el: HTMLElement, data: AnyDisplay): Dispose {
  switch (data.kind) {
    case "plan":
      return drawPlan(el, data, { events: data.events ?? [] });
    case "run":
      return drawRun(el, data);
    case "comparison":
      return drawComparison(el, data);
  }
}

/** Tells whether something that came from outside is a display of a version that is understood here. */
export function isDisplay(data: unknown): data is AnyDisplay {
  if (typeof data !== "object" || data === null || !("version" in data) || !("kind" in data)) return false;
  return data.version === 1 && KINDS.has(data.kind);
}
