// A canvas knows no variables: the colours of the style, read as they are now.
const NAMES = [
  "surface", "ink", "ink-2", "ink-3", "line", "grid", "edge", "lane", "lane-strong", "accent", "accent-ink", "cost-in",
  "heat-0", "heat-1", "heat-2", "heat-3", "heat-4", "heat-5", "failed", "failed-wash", "stall", "stall-wash", "stall-mark",
] as const;

export type ColourName = (typeof NAMES)[number];
export type Palette = Readonly<Record<ColourName, string>> & { readonly family: string };

/** Reads the colours and the font that hold inside an element. */
export function paletteOf(root: HTMLElement): Palette {
  const probe = root.ownerDocument.createElement("i");
  probe.hidden = true;
  root.append(probe);
  const found: Record<string, string> = { family: getComputedStyle(root).fontFamily || "sans-serif" };
  for (const name of NAMES) {
    probe.style.color = `var(--wy-${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found as Palette;
}

/** Tells when the colours may have changed: JupyterLab's theme, VS Code's, or the system's. Returns what ends it. */
export function onTheme(root: HTMLElement, changed: () => void): () => void {
  const document = root.ownerDocument;
  const observer = new MutationObserver(changed);
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  }
  const dark = document.defaultView?.matchMedia?.("(prefers-color-scheme: dark)");
  dark?.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    dark?.removeEventListener("change", changed);
  };
}
