// How platforms look: Okabe–Ito hues and two letters. Hues come with the data; here they become variables of the style.
import { html, svg } from "./svg.js";

/** How a platform is shown. */
export interface PlatformLook {
  readonly title: string;
  readonly badge: string;
  readonly hue: string;
  readonly dark?: string | null;
  readonly outlined?: boolean;
}

const NEUTRAL = "#8a9099";
const HEX = /^#[0-9a-f]{6}$/i;
const STEPS = [0.01, 0.03, 0.1, 0.3] as const;

/** Returns the step of darkness, 0 to 5, for a share of time between 0 and 1. */
export function heat(share: number | null | undefined): number {
  return share ? 1 + STEPS.filter((step) => share >= step).length : 0;
}

function luminance(colour: string): number {
  const linear = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}

/** Returns white or near-black, whichever reads better on a colour. */
export function inkOn(colour: string): string {
  const light = luminance(colour) + 0.05;
  return 1.05 / light > light / (luminance("#111111") + 0.05) ? "#ffffff" : "#111111";
}

/** The looks of the platforms of one view. */
export class Looks {
  private readonly names: readonly string[];

  constructor(private readonly looks: Readonly<Record<string, PlatformLook>>) {
    this.names = Object.keys(looks);
  }

  /** Returns how a platform is shown; an unknown one is neutral, with its first two letters. */
  of(name: string): PlatformLook {
    const found = this.looks[name];
    if (found !== undefined) return found;
    const badge = name.slice(0, 1).toUpperCase() + name.slice(1, 2).toLowerCase();
    return { title: name, badge: badge || "?", hue: NEUTRAL };
  }

  /** Writes the hues into the style of a view's root. */
  dress(root: HTMLElement): void {
    this.names.forEach((name, index) => {
      const look = this.of(name);
      const hue = look.badge === "K" && look.hue === "" ? null : valid(look.hue);
      const dark = hue === null ? null : valid(look.dark ?? look.hue);
      const colour = hue === null ? "var(--wy-ink)" : `light-dark(${hue}, ${dark})`;
      const ink = hue === null || dark === null ? "var(--wy-surface)" : `light-dark(${inkOn(hue)}, ${inkOn(dark)})`;
      root.style.setProperty(`--wy-p${index}`, colour);
      root.style.setProperty(`--wy-bg-p${index}`, look.outlined ? "var(--wy-surface)" : colour);
      root.style.setProperty(`--wy-on-p${index}`, look.outlined ? "var(--wy-ink)" : ink);
    });
  }

  /** Returns the stroke of a platform's hue. */
  hue(name: string): string {
    return this.variable("p", name, NEUTRAL);
  }

  /** The badge of a platform in a drawing: its letters on its hue. */
  badge(x: number, y: number, name: string): SVGGElement {
    const { badge, title } = this.of(name);
    const width = badge.length === 1 ? 14.5 : 18.5;
    const fill = this.variable("bg-p", name, NEUTRAL);
    const words = svg("text", { x: x + 0.75 + width / 2, y: y + 11.5, class: "bt", "text-anchor": "middle" }, badge);
    words.style.fill = this.variable("on-p", name, "#111111");
    const box = svg("rect", { x: x + 0.75, y: y + 0.75, width, height: 13.5, rx: 3, "stroke-width": 1.5 });
    box.style.fill = fill;
    box.style.stroke = this.hue(name);
    return svg("g", {}, svg("title", {}, title), box, words);
  }

  /** The badge of a platform in text. */
  inline(name: string): HTMLSpanElement {
    const badge = html("span", { class: "jp-Wayang-badge", "aria-hidden": "true" }, this.of(name).badge);
    badge.style.background = this.variable("bg-p", name, NEUTRAL);
    badge.style.borderColor = this.hue(name);
    badge.style.color = this.variable("on-p", name, "#111111");
    return badge;
  }

  private variable(kind: string, name: string, otherwise: string): string {
    const index = this.names.indexOf(name);
    return index < 0 ? otherwise : `var(--wy-${kind}${index})`;
  }
}

function valid(hue: string): string {
  return HEX.test(hue) ? hue : NEUTRAL;
}
