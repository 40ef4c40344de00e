// What a notebook, a report or the extension hands to the drawing code, without a kernel.
import type { PlanComparison, PlanPicture } from "./plan/picture.js";
import type { AnyEvent } from "./wire.js";

export type { Look } from "./plan/picture.js";

/** A plan, its places, and how its platforms look: made by notebook/widgets/display.py; and what a run did with it. */
export type PlanDisplay = PlanPicture & { readonly events?: readonly AnyEvent[] };

export interface RunDisplay {
  readonly version: 1;
  readonly kind: "run";
  readonly run: string;
  readonly events: readonly AnyEvent[];
  readonly plan: PlanDisplay | null;
}

export type AnyDisplay = PlanDisplay | RunDisplay | PlanComparison;

/** A live view sends this up from its element when its run has ended; `detail` is a {@link Final}. */
export const FINAL_EVENT = "wayang:final";

/** Gets from the kernel what is to be kept of a run that has ended. */
export type Final = (keep: (display: RunDisplay) => void) => void;

/** Ends what was drawn: its listeners, timers and elements. */
export type Dispose = () => void;
