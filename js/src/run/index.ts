import type { AnyWidget } from "@anywidget/types";
import { type Dispose, FINAL_EVENT, type Final, type RunDisplay } from "../display.js";
import { LiveRun, type RunModel } from "./live.js";
import { RunState } from "./state.js";
import { View, type Source } from "./view.js";

/** Returns the state of a run that was saved. */
export function stateOf(data: RunDisplay): RunState {
  const state = new RunState();
  state.run = data.run;
  for (const event of data.events) state.take(event);
  if (data.plan !== null) state.plan(data.plan.plan);
  return state;
}

/** Draws a run into an element, without a kernel. */
export function drawRun(el: HTMLElement, data: RunDisplay): Dispose {
  const state = stateOf(data);
  const source: Source = {
    state,
    link: () => ({ kind: "none" }),
    now: () => state.at_s,
    command: () => undefined,
    refused: () => "",
  };
  const view = new View(el, source);
  return () => view.owner.end();
}

/** Draws a run that goes on into an element, and follows it. */
export function followRun(el: HTMLElement, live: LiveRun): Dispose {
  const view = new View(el, live);
  let offered = false;
  const changed = (): void => {
    view.changed();
    // What stands in the notebook may be older than the end: a page that was loaded in mid-run is not told of it.
    if (offered || live.state.end === null || !el.isConnected) return;
    offered = true;
    const detail: Final = (keep) => live.final(keep);
    el.dispatchEvent(new CustomEvent(FINAL_EVENT, { bubbles: true, detail }));
  };
  view.owner.own(live.attach(changed));
  // Silence is told by the clock: once a second, until the run has ended.
  let stop = (): void => undefined;
  const tick = (): void => {
    changed();
    if (!offered) stop = view.owner.after(1000, tick);
  };
  tick();
  view.owner.own(() => stop());
  return () => view.owner.end();
}

/** One for each model, shared by its views: what was heard outlives an output that is scrolled away and drawn anew. */
export default (): AnyWidget<RunModel> => {
  let live: LiveRun | undefined;
  return {
    render({ model, el, signal }): Dispose {
      live ??= new LiveRun(model);
      const dispose = followRun(el, live);
      signal?.addEventListener("abort", dispose, { once: true });
      return dispose;
    },
  };
};
