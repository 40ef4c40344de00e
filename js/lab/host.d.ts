// What JupyterLab shares with its extensions, as far as it is used here (JupyterLab 4.2 and newer).
declare module "@lumino/widgets" {
  export class Widget {
    readonly node: HTMLElement;
    readonly isAttached: boolean;
    readonly isDisposed: boolean;
    addClass(name: string): void;
    dispose(): void;
    hide(): void;
    setHidden(hidden: boolean): void;
    protected onAfterAttach(message: unknown): void;
  }

  export class Panel extends Widget {
    addWidget(widget: Widget): void;
  }
}

declare module "@jupyterlab/rendermime" {
  import type { Widget } from "@lumino/widgets";

  export namespace RenderMime {
    interface Model {
      readonly data: Readonly<Record<string, unknown>>;
      setData(options: { data: Readonly<Record<string, unknown>> }): void;
    }
    interface Renderer extends Widget {
      renderModel(model: Model): Promise<void>;
    }
  }
  export interface IRenderMimeRegistry {
    addFactory(
      factory: { safe: boolean; mimeTypes: readonly string[]; createRenderer: () => RenderMime.Renderer },
      rank: number,
    ): void;
    createRenderer(mimeType: string): RenderMime.Renderer;
    getFactory(mimeType: string): object | undefined;
  }
  export const IRenderMimeRegistry: unique symbol;
}

declare module "@jupyterlab/notebook" {
  import type { Widget } from "@lumino/widgets";
  import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";

  export interface NotebookPanel extends Widget {
    readonly content: { readonly rendermime: IRenderMimeRegistry };
  }
  export interface INotebookTracker {
    find(test: (panel: NotebookPanel) => boolean): NotebookPanel | undefined;
  }
  export const INotebookTracker: unique symbol;
}

declare module "*.css" {
  const text: string;
  export default text;
}
