// The twin of notebook/widgets/plan.py: a plan that answers to the hand, and without a kernel a plan to look at.
import type { AnyWidget, RenderProps } from "@anywidget/types";
import type { Dispose } from "../display.js";
import { type Head, eventsOf } from "../run/frames.js";
import type { Changes, PlanPicture } from "./picture.js";
import { type Backend, type Options, PlanView, type Wins } from "./view.js";

/** Draws a plan into an element, without a kernel. */
export function drawPlan(el: HTMLElement, data: PlanPicture, options: Options = {}): Dispose {
  const view = new PlanView(el, data, options);
  return () => view.dispose();
}

/** What Python and the browser share. */
export interface State {
  display: PlanPicture;
  changes: Changes | null;
  undoable: boolean;
  wins: Wins;
  notice: { readonly text: string; readonly wrong: boolean } | null;
  answered: number;
}

function has<K extends string>(content: unknown, ...names: readonly K[]): content is Record<K, unknown> {
  return typeof content === "object" && content !== null && names.every((name) => name in content);
}

/** One for each model: the operator that a person looks at stays open when the output is drawn anew, as at the end of a run. */
export default (): AnyWidget<State> => {
  let opened = "";
  return {
    render({ model, el, signal }: RenderProps<State> & { readonly signal?: AbortSignal }): Dispose {
      const backend: Backend = {
        pin: (operator, platform, sites) => model.send({ type: "pin", operator, platform, sites }),
        unpin: (operator, sites) => model.send({ type: "unpin", operator, sites }),
        undo: () => model.send({ type: "undo" }),
        inspect: (operator) => {
          opened = operator ?? "";
          model.send({ type: "inspect", operator: opened });
        },
      };
      const options = { backend, changes: model.get("changes"), undoable: model.get("undoable"), wins: model.get("wins") };
      const view = new PlanView(el, model.get("display"), options);
      const shown = (): void => view.show(model.get("display"), model.get("changes"), model.get("undoable"));
      const won = (): void => view.win(model.get("wins"));
      const noted = (): void => view.note(model.get("notice"));
      const heard = (content: unknown, buffers: readonly DataView[]): void => {
        if (!has(content, "type")) return;
        if (content.type === "select" && has(content, "operator") && typeof content.operator === "string") {
          opened = content.operator;
          view.select(opened || null);
        }
        if (content.type === "frame" && has(content, "head") && buffers[0] !== undefined) view.take(eventsOf(content.head as Head, buffers[0]));
      };
      const lost = (): void => view.lost("The notebook's kernel was restarted or is gone. This is what there was; run the cell again to go on.");
      if (model.get("notice") !== null) noted();
      if (opened !== "") view.select(opened);
      // `answered` changes last, and once for all that a message changed.
      model.on("change:answered", shown);
      model.on("change:notice", noted);
      model.on("change:wins", won);
      model.on("msg:custom", heard);
      model.on("comm_live_update", lost);
      // A view that is late, or comes back after a reload, has missed events.
      model.send({ type: "since", seq: 0 });
      const dispose = (): void => {
        model.off("change:answered", shown);
        model.off("change:notice", noted);
        model.off("change:wins", won);
        model.off("msg:custom", heard);
        model.off("comm_live_update", lost);
        view.dispose();
      };
      signal?.addEventListener("abort", dispose, { once: true });
      return dispose;
    },
  };
};
