// A cell per site and round: its length is time, its mark the state. Of many sites a heat map, the worst first.
import { cut } from "../shared/svg.js";
import { roundAt, stepOf, xOf } from "./axis.js";
import { Canvas } from "./canvas.js";
import type { Scene } from "./lines.js";
import type { ColourName } from "./palette.js";
import { spread, ticks } from "./series.js";
import type { Metric } from "./state.js";

/** A cell that somebody chose. */
export interface Chosen {
  readonly site: string;
  readonly round: number;
}

const ROW = 23;
const TOP = 2;
/** Cells narrower than this show time by their height. */
const NARROW = 9;

/** Draws the cells; knows which one lies at a place. */
export class Strip {
  readonly canvas: Canvas;
  private readonly small: HTMLCanvasElement;
  private rows: readonly string[] = [];
  private high = ROW;
  private scene: Scene | null = null;

  constructor(document: Document) {
    this.canvas = new Canvas(document);
    this.small = document.createElement("canvas");
  }

  /** The cell at a place of the canvas. */
  at(x: number, y: number): Chosen | null {
    const scene = this.scene;
    const site = this.rows[Math.floor((y - TOP) / this.high)];
    if (scene === null || site === undefined || x < scene.axis.start || x > scene.axis.end) return null;
    return { site, round: roundAt(scene.axis, x, "within") };
  }

  /** The sites from top to bottom. */
  get order(): readonly string[] {
    return this.rows;
  }

  /** Draws up to eight sites, and says the scale. */
  few(scene: Scene, chosen: Chosen | null): string {
    this.scene = scene;
    this.rows = scene.state.sites;
    this.high = ROW;
    const full = fullCell(scene);
    const step = stepOf(scene.axis);
    this.canvas.draw(scene.axis.width, this.rows.length * ROW + TOP * 2, (context) => {
      this.rows.forEach((site, index) => {
        const y = TOP + index * ROW;
        this.name(context, scene, site, y + (ROW - 4) / 2);
        for (let round = 1; round <= scene.axis.rounds; round += 1) this.cell(context, scene, site, round, y, full);
      });
      if (chosen !== null) this.ring(context, scene, chosen);
    });
    return `${step < NARROW ? "height" : "length"} = time, full cell = ${full >= 1 ? `${full} s` : `${Math.round(full * 1000)} ms`}`;
  }

  private name(context: CanvasRenderingContext2D, scene: Scene, site: string, y: number): void {
    const waits = scene.stalled.has(site);
    context.font = `${waits ? 600 : 400} 11px ${scene.palette.family}`;
    context.fillStyle = scene.palette[waits ? "stall" : "ink-2"];
    context.textAlign = "left";
    context.fillText(cut(scene.state.title(site), scene.axis.start - 18, context.font), 12, y);
  }

  private cell(context: CanvasRenderingContext2D, scene: Scene, site: string, round: number, y: number, full: number): void {
    const { palette, axis, state } = scene;
    const step = stepOf(axis);
    const gap = step < 4 ? 0 : step < NARROW ? 1 : 2;
    const x = xOf(axis, round - 1) + gap / 2;
    const width = Math.max(step - gap, 0.5);
    const high = ROW - 4;
    const kind = state.cell(site, round);
    if (kind === "queued") {
      if (step >= 4) dot(context, palette.edge, x + width / 2, y + high / 2);
      return;
    }
    const refused = kind === "failed" || kind === "rejected";
    const stalled = kind === "late" || (kind === "awaited" && scene.stalled.has(site));
    const shown = stalled ? "stall-wash" : kind === "awaited" ? "lane-strong" : refused ? "failed-wash" : "lane";
    box(context, palette[shown], x, y, width, high, step < NARROW ? 0 : 2);
    if (kind === "done") {
      const part = Math.min((state.seconds.get(site)?.get(round) ?? 0) / full, 1);
      if (step < NARROW) box(context, palette.edge, x, y + high - Math.max(part * high, 1), width, Math.max(part * high, 1), 0);
      else box(context, palette.edge, x, y + 4, Math.max(part * width, 1.5), high - 8, 1.5);
    } else if (refused) {
      outline(context, palette.failed, x, y, width, high);
      (kind === "failed" ? cross : slash)(context, palette.failed, x + width / 2, y + high / 2, Math.min(width, 9) / 2.4);
    } else if (kind === "late") {
      outline(context, palette["stall-mark"], x, y, width, high);
      if (width >= 12) hourglass(context, palette.stall, x + width / 2, y + high / 2);
    } else if (kind === "absent" || kind === "unanswered") {
      bar(context, palette["ink-3"], x + width / 2, y + high / 2, Math.min(width * 0.4, 8));
    } else {
      this.wait(context, scene, site, x, y, width, high);
    }
  }

  private wait(context: CanvasRenderingContext2D, scene: Scene, site: string, x: number, y: number, width: number, high: number): void {
    const stalled = scene.stalled.has(site);
    const colour = scene.palette[stalled ? "stall-mark" : "edge"];
    outline(context, colour, x, y, width, high);
    if (width >= 12) hourglass(context, scene.palette[stalled ? "stall" : "ink-2"], x + width / 2, y + high / 2);
    if (!stalled) return;
    context.font = `600 11px ${scene.palette.family}`;
    context.fillStyle = scene.palette.surface;
    const words = "awaited";
    const from = x + width + 6;
    if (from + context.measureText(words).width > scene.axis.width) return;
    context.fillRect(from - 3, y, context.measureText(words).width + 6, high);
    context.fillStyle = scene.palette.stall;
    context.textAlign = "left";
    context.fillText(words, from, y + high / 2);
  }

  private ring(context: CanvasRenderingContext2D, scene: Scene, chosen: Chosen): void {
    const index = this.rows.indexOf(chosen.site);
    if (index < 0) return;
    const width = Math.max(stepOf(scene.axis), 4);
    const x = (xOf(scene.axis, chosen.round - 1) + xOf(scene.axis, chosen.round)) / 2 - width / 2;
    const high = Math.max(this.high, 5);
    context.strokeStyle = scene.palette.accent;
    context.lineWidth = 2;
    context.beginPath();
    context.roundRect(x, TOP + index * this.high + (this.high - high) / 2 - 1, width, high - (this.high > 12 ? 2 : 0), Math.min(4, high / 3));
    context.stroke();
  }

  /** Draws many sites, the worst first, and returns the limits between the six steps. */
  many(scene: Scene, rows: readonly string[], metric: Metric, chosen: Chosen | null): number[] {
    this.scene = scene;
    this.rows = rows;
    this.high = Math.min(Math.max(400 / rows.length, 1), 14);
    const limits = limitsOf(scene, metric);
    const height = rows.length * this.high + TOP * 2;
    this.canvas.draw(scene.axis.width, height, (context) => {
      box(context, scene.palette.lane, scene.axis.start, TOP, scene.axis.end - scene.axis.start, rows.length * this.high, 0);
      if (stepOf(scene.axis) > 3) rows.forEach((site, index) => this.heat(context, scene, site, TOP + index * this.high, metric, limits));
      else this.dense(context, scene, metric, limits);
      this.ranks(context, scene);
      if (chosen !== null) this.ring(context, scene, chosen);
    });
    return limits;
  }

  /** Draws a site's cells one by one. */
  private heat(context: CanvasRenderingContext2D, scene: Scene, site: string, y: number, metric: Metric, limits: readonly number[]): void {
    const width = stepOf(scene.axis) - 0.8;
    const high = this.high - (this.high > 3 ? 0.6 : 0);
    for (let round = 1; round <= Math.max(scene.state.round, scene.state.finished); round += 1) {
      const tone = this.tone(scene, site, round, metric, limits);
      const x = xOf(scene.axis, round - 1);
      if (tone === "absent") bar(context, scene.palette["ink-3"], x + width / 2, y + high / 2, Math.min(width * 0.6, 8));
      else if (tone !== null) box(context, scene.palette[tone], x, y, width, high, 0);
    }
  }

  /** Draws cells that are too many to be drawn one by one as a picture of as many pixels; marks come over it. */
  private dense(context: CanvasRenderingContext2D, scene: Scene, metric: Metric, limits: readonly number[]): void {
    const last = Math.max(scene.state.round, scene.state.finished);
    if (last === 0) return;
    const image = new ImageData(last, this.rows.length);
    const pixels = new DataView(image.data.buffer);
    const colours = new Map<string, number>();
    const marked: (readonly [site: number, round: number, tone: ColourName])[] = [];
    this.rows.forEach((site, index) => {
      for (let round = 1; round <= last; round += 1) {
        const tone = this.tone(scene, site, round, metric, limits);
        if (tone === null || tone === "absent") continue;
        let colour = colours.get(tone);
        if (colour === undefined) colours.set(tone, (colour = packed(scene.palette[tone])));
        pixels.setUint32((index * last + round - 1) * 4, colour);
        if (tone === "failed" || tone === "stall-mark") marked.push([index, round, tone]);
      }
    });
    this.small.width = last;
    this.small.height = this.rows.length;
    this.small.getContext("2d")?.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.small, scene.axis.start, TOP, xOf(scene.axis, last) - scene.axis.start, this.rows.length * this.high);
    // A single cell may be narrower than a pixel.
    for (const [index, round, tone] of marked) box(context, scene.palette[tone], xOf(scene.axis, round - 1), TOP + index * this.high, Math.max(stepOf(scene.axis), 2), this.high, 0);
  }

  /** What a cell of the heat map is filled with. */
  private tone(scene: Scene, site: string, round: number, metric: Metric, limits: readonly number[]): ColourName | "absent" | null {
    const { state } = scene;
    if (state.errorOf(site, round) !== null) return state.cell(site, round) === "late" ? "stall-mark" : "failed";
    const value = state.line(metric, site)?.get(round) ?? Number.NaN;
    if (!Number.isNaN(value)) return heatName(limits, value, metric);
    const kind = state.cell(site, round);
    if (kind === "absent" || kind === "unanswered") return "absent";
    return kind === "awaited" && scene.stalled.has(site) ? "stall-mark" : null;
  }

  /** Names the worst three, and else the ranks; all of them where there is room. */
  private ranks(context: CanvasRenderingContext2D, scene: Scene): void {
    const { palette, state, axis } = scene;
    context.textAlign = "right";
    const write = (index: number, y: number, words: string, strong: boolean): void => {
      context.font = `${strong ? 600 : 400} 11px ${palette.family}`;
      context.fillStyle = palette[strong ? "accent-ink" : "ink-3"];
      context.fillText(cut(words, axis.start - 20, context.font), axis.start - 14, y);
      context.strokeStyle = palette[strong ? "accent" : "line"];
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(axis.start - 11, y);
      context.lineTo(axis.start - 2, TOP + (index + 0.5) * this.high);
      context.stroke();
    };
    if (this.high >= 12) {
      this.rows.forEach((site, index) => write(index, TOP + (index + 0.5) * this.high, state.title(site), scene.chosen.includes(site)));
      return;
    }
    const chosen = this.rows.flatMap((site, index) => (scene.chosen.includes(site) ? [index] : []));
    let y = 0;
    for (const index of chosen) {
      y = Math.max(TOP + (index + 0.5) * this.high, y + 13, 8);
      write(index, y, state.title(this.rows[index] ?? ""), true);
    }
    const last = this.rows.length - 1;
    for (const [index, words] of [[Math.round(last / 4), "¼"], [Math.round(last / 2), "median"], [Math.round((last * 3) / 4), "¾"], [last, "best"]] as const) {
      const place = TOP + (index + 0.5) * this.high;
      if (place > y + 14 && !chosen.some((other) => Math.abs(TOP + (other + 0.5) * this.high - place) < 13)) {
        write(index, Math.min(place, TOP + this.rows.length * this.high - 6), words === "¼" ? `rank ${index + 1}` : words === "¾" ? `rank ${index + 1}` : words, false);
      }
    }
  }
}

/** A round number of seconds that nearly all cells stay below. */
function fullCell(scene: Scene): number {
  let most = 0;
  for (const column of scene.state.seconds.values()) {
    const high = spread(column.view());
    most = Math.max(most, Math.min(high[4], Math.max(high[3] * 2, high[2] * 2)));
  }
  if (!(most > 0)) return 1;
  return ticks(0, most, 2).at(-1) === undefined ? most : roundUp(most);
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value) ?? 10) * power).toPrecision(3));
}

/** Five limits for six steps, from the numbers of the last rounds. */
function limitsOf(scene: Scene, metric: Metric): number[] {
  const values: number[] = [];
  for (const site of scene.state.sites) {
    const line = scene.state.line(metric, site);
    if (line === undefined) continue;
    for (let round = Math.max(1, Math.floor(line.length / 3)); round < line.length; round += Math.max(1, Math.floor(line.length / 40))) values.push(line.get(round));
  }
  const [low, , , , high] = spread(values);
  if (!(high > low)) return [];
  return [1, 2, 3, 4, 5].map((n) => low + ((high - low) * n) / 6);
}

const HEATS = ["heat-0", "heat-1", "heat-2", "heat-3", "heat-4", "heat-5"] as const;

function heatName(limits: readonly number[], value: number, metric: Metric): ColourName {
  let above = 0;
  for (const limit of limits) if (value >= limit) above += 1;
  return HEATS[metric === "log_loss" ? above : HEATS.length - 1 - above] ?? "heat-0";
}

/** A colour as the style computes it, as red, green, blue and opacity in one number. */
function packed(colour: string): number {
  const parts = (colour.match(/[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
  const scale = colour.startsWith("color(") ? 255 : 1;
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Math.round(part * scale));
  return ((red << 24) | (green << 16) | (blue << 8) | 255) >>> 0;
}

function box(context: CanvasRenderingContext2D, colour: string, x: number, y: number, width: number, height: number, radius: number): void {
  context.fillStyle = colour;
  if (radius === 0) {
    context.fillRect(x, y, width, height);
    return;
  }
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(radius, width / 2));
  context.fill();
}

function outline(context: CanvasRenderingContext2D, colour: string, x: number, y: number, width: number, height: number): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(x + 0.5, y + 0.5, Math.max(width - 1, 1), height - 1, Math.min(2, width / 3));
  context.stroke();
}

function dot(context: CanvasRenderingContext2D, colour: string, x: number, y: number): void {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, 1.3, 0, Math.PI * 2);
  context.fill();
}

function cross(context: CanvasRenderingContext2D, colour: string, x: number, y: number, arm: number): void {
  stroke(context, colour, 1.7, [[x - arm, y - arm, x + arm, y + arm], [x + arm, y - arm, x - arm, y + arm]]);
}

/** What came, and was not taken. */
function slash(context: CanvasRenderingContext2D, colour: string, x: number, y: number, arm: number): void {
  stroke(context, colour, 1.7, [[x - arm, y + arm, x + arm, y - arm]]);
}

function bar(context: CanvasRenderingContext2D, colour: string, x: number, y: number, length: number): void {
  stroke(context, colour, 1.6, [[x - length / 2, y, x + length / 2, y]]);
}

function stroke(context: CanvasRenderingContext2D, colour: string, width: number, lines: readonly (readonly [number, number, number, number])[]): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = "round";
  context.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.stroke();
  context.lineCap = "butt";
}

function hourglass(context: CanvasRenderingContext2D, colour: string, x: number, y: number): void {
  context.strokeStyle = colour;
  context.lineWidth = 1.3;
  context.beginPath();
  context.moveTo(x - 4, y - 5);
  context.lineTo(x + 4, y - 5);
  context.moveTo(x - 4, y + 5);
  context.lineTo(x + 4, y + 5);
  context.moveTo(x - 3, y - 5);
  context.bezierCurveTo(x - 3, y, x + 3, y, x + 3, y + 5);
  context.moveTo(x + 3, y - 5);
  context.bezierCurveTo(x + 3, y, x - 3, y, x - 3, y + 5);
  context.stroke();
}
