import type { RenderProps } from "@anywidget/types";
import type { Dispose, PlanDisplay } from "../display.js";

/** Draws a plan into an element, without a kernel. */
export function drawPlan(el: HTMLElement, data: PlanDisplay): Dispose {
  const root = el.ownerDocument.createElement("div");
  root.className = "jp-Wayang jp-Wayang-plan";
  root.textContent = `${data.plan.operators.length} operators`;
  el.append(root);
  return () => root.remove();
}

export default {
  render({ model, el }: RenderProps<{ display: PlanDisplay }>): Dispose {
    return drawPlan(el, model.get("display"));
  },
};
