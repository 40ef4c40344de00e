// JupyterLab's part: draws `application/vnd.wayang+json` with the widgets' own code, where there is no kernel too.
import { Widget } from "@lumino/widgets";
import type { Dispose } from "../src/display.js";
import { draw, isDisplay } from "../src/draw.js";
import style from "../src/wayang.css";

const MIME_TYPE = "application/vnd.wayang+json";

/** What JupyterLab hands to a renderer (`IRenderMime.IMimeModel`), as far as it is read here. */
interface MimeModel {
  readonly data: Readonly<Record<string, unknown>>;
}

class Renderer extends Widget {
  private dispose_: Dispose | null = null;

  renderModel(model: MimeModel): Promise<void> {
    addStyle();
    this.clear();
    const data = model.data[MIME_TYPE];
    if (isDisplay(data)) {
      this.dispose_ = draw(this.node, data);
    } else {
      this.node.textContent = "This was written by a later version of jupyter-wayang than the one installed here.";
    }
    return Promise.resolve();
  }

  override dispose(): void {
    this.clear();
    super.dispose();
  }

  private clear(): void {
    this.dispose_?.();
    this.dispose_ = null;
    this.node.replaceChildren();
  }
}

function addStyle(): void {
  const id = "jp-Wayang-style";
  if (document.getElementById(id) !== null) return;
  const element = document.createElement("style");
  element.id = id;
  element.textContent = style;
  document.head.append(element);
}

export default {
  id: "jupyter-wayang:mime",
  rendererFactory: {
    safe: true,
    mimeTypes: [MIME_TYPE],
    // Before text/html, which stands beside it for other readers.
    defaultRank: 40,
    createRenderer: () => new Renderer(),
  },
  dataType: "json",
};
