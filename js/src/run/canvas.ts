/** A canvas as wide as its place, sharp on every screen. Draws in CSS pixels. */
export class Canvas {
  readonly element: HTMLCanvasElement;

  constructor(document: Document) {
    this.element = document.createElement("canvas");
    this.element.className = "jp-Wayang-canvas";
    this.element.setAttribute("aria-hidden", "true");
  }

  draw(width: number, height: number, paint: (context: CanvasRenderingContext2D) => void): void {
    const ratio = this.element.ownerDocument.defaultView?.devicePixelRatio ?? 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.element.width !== wide) this.element.width = wide;
    if (this.element.height !== high) this.element.height = high;
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    const context = this.element.getContext("2d");
    if (context === null) return;
    context.save();
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, height);
    context.textBaseline = "middle";
    paint(context);
    context.restore();
  }
}
