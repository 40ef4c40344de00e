// What a notebook, a report or the extension hands to the drawing code, without a kernel.
import type { AnyEvent, ExecutionPlan } from "./wire.js";

/** Title, badge and hue of a platform. */
export interface Look {
  readonly title: string;
  readonly badge: string;
  readonly hue: string;
}

export interface PlanDisplay {
  readonly version: 1;
  readonly kind: "plan";
  readonly plan: ExecutionPlan;
  readonly layout: unknown;
  readonly looks: Readonly<Record<string, Look>>;
}

export interface RunDisplay {
  readonly version: 1;
  readonly kind: "run";
  readonly run: string;
  readonly events: readonly AnyEvent[];
  readonly plan: PlanDisplay | null;
}

export type AnyDisplay = PlanDisplay | RunDisplay;

/** A live view sends this up from its element when its run has ended; `detail` is the display to keep. */
export const FINAL_EVENT = "wayang:final";

/** Ends what was drawn: its listeners, timers and elements. */
export type Dispose = () => void;
