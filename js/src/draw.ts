import type { AnyDisplay, Dispose } from "./display.js";
import { drawPlan } from "./plan/index.js";
import { drawRun } from "./run/index.js";

/** Draws a plan or a run, whichever the data are, without a kernel. */
export function draw(el: HTMLElement, data: AnyDisplay): Dispose {
  return data.kind === "plan" ? drawPlan(el, data, { events: data.events ?? [] }) : drawRun(el, data);
}

/** Tells whether something that came from outside is a plan or a run of a version that is understood here. */
export function isDisplay(data: unknown): data is AnyDisplay {
  if (typeof data !== "object" || data === null || !("version" in data) || !("kind" in data)) return false;
  return data.version === 1 && (data.kind === "plan" || data.kind === "run");
}
