// JupyterLab's part: shows `application/vnd.wayang+json` as the live view where the kernel still has it, and drawn with
// the widgets' own code where it has not: after a restart, without a kernel, in a notebook that is not trusted.
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { Panel, Widget } from "@lumino/widgets";
import type { RenderMime } from "@jupyterlab/rendermime";
import { type AnyDisplay, type Dispose, FINAL_EVENT, type Final } from "../src/display.js";
import { draw, isDisplay } from "../src/draw.js";
import style from "../src/wayang.css";

const MIME_TYPE = "application/vnd.wayang+json";
const WIDGET_TYPE = "application/vnd.jupyter.widget-view+json";
// Lower is better: the widgets' manager has -10 and shows "model not found" where a kernel is gone.
const RANK = -20;
const RETRY_MS = 200;

class Renderer extends Panel {
  private readonly still = new Widget();
  private drawn: Dispose | null = null;
  private liveRenderer: RenderMime.Renderer | null = null;
  private readonly watch = new MutationObserver(() => this.choose());
  private display: AnyDisplay | null = null;
  private model: RenderMime.Model | null = null;
  private modelId = "";
  private retry = 0;

  constructor(
    private readonly registry: IRenderMimeRegistry,
    private readonly tracker: INotebookTracker | null,
  ) {
    super();
    this.addClass("jp-Wayang-output");
    this.addWidget(this.still);
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
      if (this.isAttached) this.startLive();
    }
    this.endStill();
    this.choose();
    return Promise.resolve();
  }

  /** The run of the live view has ended. If that is not in the notebook yet, it is now. */
  handleEvent(event: Event): void {
    const { model, display } = this;
    if (!(event instanceof CustomEvent) || model === null || display?.kind !== "run") return;
    if (display.events.at(-1)?.tag === "run_finished") return;
    const final: Final = event.detail;
    final((kept) => model.setData({ data: { ...model.data, [MIME_TYPE]: kept } }));
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.node.removeEventListener(FINAL_EVENT, this);
    this.endLive();
    this.endStill();
    super.dispose();
  }

  protected override onAfterAttach(message: unknown): void {
    super.onAfterAttach(message);
    // Only now is it known which notebook this stands in.
    if (this.liveRenderer === null) this.startLive();
    this.choose();
  }

  private startLive(): void {
    const panel = this.tracker?.find((one) => one.node.contains(this.node));
    const { model, modelId } = this;
    clearTimeout(this.retry);
    if (panel === undefined || model === null || modelId === "" || this.isDisposed || this.liveRenderer !== null) return;
    const { rendermime } = panel.content;
    // The notebook gets a renderer of its own with its widgets' manager, some time after its kernel; one that is made
    // by the placeholder before never gets a manager.
    if (rendermime.getFactory(WIDGET_TYPE) === this.registry.getFactory(WIDGET_TYPE)) {
      this.retry = window.setTimeout(() => this.startLive(), RETRY_MS);
      return;
    }
    this.liveRenderer = rendermime.createRenderer(WIDGET_TYPE);
    this.watch.observe(this.liveRenderer.node, { childList: true });
    this.liveRenderer.hide();
    this.addWidget(this.liveRenderer);
    void this.liveRenderer.renderModel(model).then(() => this.choose());
  }

  private endLive(): void {
    clearTimeout(this.retry);
    this.watch.disconnect();
    this.liveRenderer?.dispose();
    this.liveRenderer = null;
  }

  private endStill(): void {
    this.drawn?.();
    this.drawn = null;
    this.still.node.replaceChildren();
  }

  /** A live view has elements; what is loading, or was not found, is text. */
  private choose(): void {
    const alive = (this.liveRenderer?.node.childElementCount ?? 0) > 0;
    this.liveRenderer?.setHidden(!alive);
    this.still.setHidden(alive);
    if (alive) {
      this.endStill();
    } else if (this.drawn === null && this.isAttached) {
      this.drawStill();
    }
  }

  private drawStill(): void {
    if (this.display !== null) {
      this.drawn = draw(this.still.node, this.display);
      return;
    }
    this.still.node.textContent = "This was written by a later version of jupyter-wayang than the one installed here.";
    this.drawn = () => undefined;
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
      createRenderer: () => new Renderer(registry, tracker),
    };
    registry.addFactory(factory, RANK);
  },
};
