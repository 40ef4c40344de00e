// Bytes by round: up from the middle what left the sites, down from it what went to them.
import { size } from "../shared/units.js";
import { stepOf, xOf } from "./axis.js";
import { Canvas } from "./canvas.js";
import type { Scene } from "./lines.js";

const HALF = 22;

/** Draws the bytes of every round. */
export class Bytes {
  readonly canvas: Canvas;

  constructor(document: Document) {
    this.canvas = new Canvas(document);
  }

  update(scene: Scene): void {
    const { state, axis, palette } = scene;
    const most = Math.max(...state.up.view().filter(Number.isFinite), ...state.down.view().filter(Number.isFinite), 1);
    const step = stepOf(axis);
    const gap = step < 4 ? 0 : step < 9 ? 1 : Math.min(step * 0.24, 8);
    this.canvas.draw(axis.width, HALF * 2 + 4, (context) => {
      const middle = HALF + 2;
      const bars = (column: { get(round: number): number }, colour: string, sign: 1 | -1): void => {
        context.fillStyle = colour;
        for (let round = 1; round <= axis.rounds; round += 1) {
          const bytes = column.get(round);
          if (Number.isNaN(bytes)) continue;
          const high = Math.max((bytes / most) * HALF, 1);
          context.fillRect(xOf(axis, round - 1) + gap / 2, sign === 1 ? middle - high : middle + 1, Math.max(step - gap, 1), high);
        }
      };
      bars(state.up, palette["ink-2"], 1);
      bars(state.down, palette["cost-in"], -1);
      context.fillStyle = palette.line;
      context.fillRect(axis.start, middle, axis.end - axis.start, 1);
      context.font = `11px ${palette.family}`;
      context.fillStyle = palette["ink-3"];
      context.textAlign = "right";
      const [up, down] = axis.narrow ? ["↑", "↓"] : ["up", "down"];
      context.fillText(`${up} ${size(Math.max(...state.up.view().filter(Number.isFinite), 0))}`, axis.start - 10, middle - HALF / 2);
      context.fillText(`${down} ${size(Math.max(...state.down.view().filter(Number.isFinite), 0))}`, axis.start - 10, middle + HALF / 2 + 2);
    });
  }
}
