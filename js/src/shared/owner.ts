// Who adds a listener, a timer or an observer gives it to an owner; the owner ends all of them at once.

/** Owns what must end with a view. */
export class Owner {
  private readonly ends = new Set<() => void>();
  private ended = false;

  /** How many things it still owns. */
  get size(): number {
    return this.ends.size;
  }

  /** Takes something to end; ends it at once if the owner has ended. Returns what ends it earlier. */
  own(end: () => void): () => void {
    if (this.ended) {
      end();
      return () => undefined;
    }
    const once = (): void => {
      if (this.ends.delete(once)) end();
    };
    this.ends.add(once);
    return once;
  }

  /** Adds an event listener that ends with the owner. */
  on<K extends keyof HTMLElementEventMap>(
    target: Element | Document,
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): () => void {
    const wrapped = listener as EventListener;
    target.addEventListener(type, wrapped, options);
    return this.own(() => target.removeEventListener(type, wrapped, options));
  }

  /** Calls something after some milliseconds, unless the owner ends before. */
  after(milliseconds: number, action: () => void): () => void {
    const end = this.own(() => clearTimeout(timer));
    const timer = setTimeout(() => {
      end();
      action();
    }, milliseconds);
    return end;
  }

  /** Returns a function that runs an action in the next frame, once however often it was asked for. */
  framed(action: () => void): () => void {
    let asked: number | null = null;
    this.own(() => {
      if (asked !== null) cancelAnimationFrame(asked);
    });
    return () => {
      if (asked !== null || this.ended) return;
      asked = requestAnimationFrame(() => {
        asked = null;
        if (!this.ended) action();
      });
    };
  }

  /**
   * As `framed`, but waits while the pointer is down in an element: a click that began on what is drawn anew
   * before it ends is lost.
   */
  framedBetweenPresses(element: HTMLElement, action: () => void): () => void {
    let pressed = false;
    let late = false;
    const refresh = this.framed(() => {
      late = pressed;
      if (!pressed) action();
    });
    const release = (): void => {
      if (!pressed) return;
      // The click comes after the release.
      this.after(0, () => {
        pressed = false;
        if (late) refresh();
      });
    };
    this.on(element, "pointerdown", () => (pressed = true), { capture: true });
    this.on(document, "pointerup", release);
    this.on(document, "pointercancel", release);
    return refresh;
  }

  /** Watches the size of an element. */
  resized(element: Element, action: () => void): void {
    if (typeof ResizeObserver === "undefined") return;
    // In the next frame: what follows from a size may change sizes, and that is not for the observer's own round.
    const observer = new ResizeObserver(this.framed(action));
    observer.observe(element);
    this.own(() => observer.disconnect());
  }

  /** Ends all that it owns. */
  end(): void {
    this.ended = true;
    for (const end of [...this.ends].reverse()) end();
  }
}
