import type { RenderProps } from "@anywidget/types";
import type { Dispose, RunDisplay } from "../display.js";

/** Draws a run into an element, without a kernel. */
export function drawRun(el: HTMLElement, data: RunDisplay): Dispose {
  const root = el.ownerDocument.createElement("div");
  root.className = "jp-Wayang jp-Wayang-run";
  root.textContent = `run ${data.run}, ${data.events.length} events`;
  el.append(root);
  return () => root.remove();
}

export default {
  render({ model, el }: RenderProps<{ display: RunDisplay }>): Dispose {
    return drawRun(el, model.get("display"));
  },
};
