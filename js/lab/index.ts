// JupyterLab's part: shows `application/vnd.wayang+json` as the live view where the kernel still has it, and drawn with
// the widgets' own code where it has not: after a restart, without a kernel, in a notebook that is not trusted.
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import type { RenderMime } from "@jupyterlab/rendermime";
import { type AnyDisplay, type Dispose, FINAL_EVENT } from "../src/display.js";
import { draw, isDisplay } from "../src/draw.js";
import style from "../src/wayang.css";

const MIME_TYPE = "application/vnd.wayang+json";
const WIDGET_TYPE = "application/vnd.jupyter.widget-view+json";
// Lower is better: the widgets' manager has -10 and shows "model not found" where a kernel is gone.
const RANK = -20;

class Renderer extends Widget {
  private readonly still = this.place("still");
  private readonly live = this.place("live");
  private drawn: Dispose | null = null;
  private liveRenderer: RenderMime.Renderer | null = null;
  private readonly watch = new MutationObserver(() => this.choose());
  private display: AnyDisplay | null = null;
  private model: RenderMime.Model | null = null;
  private modelId = "";

  constructor(private readonly tracker: INotebookTracker | null) {
    super();
    this.addClass("jp-Wayang-output");
    this.node.addEventListener(FINAL_EVENT, this);
  }

  renderModel(model: RenderMime.Model): Promise<void> {
    const data = model.data[MIME_TYPE];
    this.model = model;
    this.display = isDisplay(data) ? data : null;
    const id = modelIdOf(model.data[WIDGET_TYPE]);
    if (id !== this.modelId || this.liveRenderer === null) {
      this.endLive();
      this.modelId = id;
      this.startLive(model);
    }
    this.endStill();
    this.choose();
    return Promise.resolve();
  }

  /** The live view says how its run ended; it is kept in the notebook, whichever page was open when it began. */
  handleEvent(event: Event): void {
    if (!(event instanceof CustomEvent) || this.model === null) return;
    const final: unknown = event.detail;
    if (isDisplay(final)) this.model.setData({ data: { ...this.model.data, [MIME_TYPE]: final } });
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.node.removeEventListener(FINAL_EVENT, this);
    this.endLive();
    this.endStill();
    super.dispose();
  }

  protected override onAfterAttach(): void {
    // Only now is it known which notebook this stands in.
    if (this.model !== null && this.liveRenderer === null) this.startLive(this.model);
    this.choose();
  }

  private startLive(model: RenderMime.Model): void {
    if (this.modelId === "" || !this.isAttached) return;
    const panel = this.tracker?.find((one) => one.node.contains(this.node));
    if (panel === undefined) return;
    this.liveRenderer = panel.content.rendermime.createRenderer(WIDGET_TYPE);
    this.watch.observe(this.liveRenderer.node, { childList: true });
    Widget.attach(this.liveRenderer, this.live);
    void this.liveRenderer.renderModel(model).then(() => this.choose());
  }

  private endLive(): void {
    this.watch.disconnect();
    this.liveRenderer?.dispose();
    this.liveRenderer = null;
  }

  private endStill(): void {
    this.drawn?.();
    this.drawn = null;
    this.still.replaceChildren();
  }

  /** A live view has elements; what is loading, or was not found, is text. */
  private choose(): void {
    const alive = (this.liveRenderer?.node.childElementCount ?? 0) > 0;
    this.live.hidden = !alive;
    this.still.hidden = alive;
    if (alive) {
      this.endStill();
    } else if (this.drawn === null && this.isAttached) {
      this.drawStill();
    }
  }

  private drawStill(): void {
    if (this.display !== null) {
      this.drawn = draw(this.still, this.display);
      return;
    }
    this.still.textContent = "This was written by a later version of jupyter-wayang than the one installed here.";
    this.drawn = () => undefined;
  }

  private place(kind: string): HTMLElement {
    const element = document.createElement("div");
    element.className = `jp-Wayang-${kind}`;
    this.node.append(element);
    return element;
  }
}

function modelIdOf(data: unknown): string {
  if (typeof data !== "object" || data === null || !("model_id" in data)) return "";
  return typeof data.model_id === "string" ? data.model_id : "";
}

function addStyle(): void {
  const element = document.createElement("style");
  element.id = "jp-Wayang-style";
  element.textContent = style;
  document.head.append(element);
}

export default {
  id: "jupyter-wayang:display",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate(_app: unknown, registry: IRenderMimeRegistry, tracker: INotebookTracker | null): void {
    addStyle();
    const factory = {
      safe: true,
      mimeTypes: [MIME_TYPE],
      createRenderer: () => new Renderer(tracker),
    };
    registry.addFactory(factory, RANK);
  },
};
