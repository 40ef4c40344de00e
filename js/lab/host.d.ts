// What JupyterLab shares with its extensions, as far as it is used here.
declare module "@lumino/widgets" {
  export class Widget {
    readonly node: HTMLElement;
    readonly isDisposed: boolean;
    addClass(name: string): void;
    dispose(): void;
  }
}

declare module "*.css" {
  const text: string;
  export default text;
}
