// The curves of one metric: a line per site and a thick one for the global model; of many sites a band and the worst three.
import uPlot from "uplot";
import { cut, measured } from "../shared/svg.js";
import { metric as written } from "../shared/units.js";
import type { Axis } from "./axis.js";
import { goalOf, MANY } from "./facts.js";
import type { ColourName, Palette } from "./palette.js";
import { apart, Band, reduced, ticks } from "./series.js";
import { GLOBAL, type Metric, type RunState } from "./state.js";

/** A line: what it is called at its end, its numbers by round, and how it looks. */
interface Line {
  readonly label: string;
  readonly values: ArrayLike<number>;
  readonly colour: ColourName;
  readonly width: number;
  readonly strong: boolean;
  /** The line's end bears its label. */
  readonly named: boolean;
}

/** What all drawings of a view share while one picture is made. */
export interface Scene {
  readonly state: RunState;
  readonly axis: Axis;
  readonly palette: Palette;
  readonly marks: ReadonlyMap<string, string>;
  /** The sites that get a line of their own above eight. */
  readonly chosen: readonly string[];
  readonly stalled: ReadonlySet<string>;
}

const TOP = 8;
const LABEL = 13;
/** The most points of a line that are drawn; all are kept. */
const MOST = 1500;

/** Draws a metric with uPlot; made anew only when the lines are other ones. */
export class Lines {
  private plot: uPlot | null = null;
  private key = "";
  private scene: Scene | null = null;
  private lines: readonly Line[] = [];
  private x: ArrayLike<number> = [];
  private range: readonly [number, number] = [0, 1];
  private readonly band = new Band();
  private height = 0;

  constructor(
    readonly element: HTMLElement,
    readonly metric: Metric,
    private readonly least: number,
  ) {}

  /** Draws what is known. */
  update(scene: Scene): void {
    this.scene = scene;
    const many = scene.state.sites.length > MANY;
    this.lines = many ? this.banded(scene) : this.single(scene);
    // Names at the ends of the lines must not lie on each other.
    this.height = Math.max(this.least, this.lines.filter((line) => line.named).length * LABEL + TOP + 12);
    const data = this.data(scene.state, scene.axis);
    const key = [many, scene.axis.start, scene.axis.width - scene.axis.end, ...this.lines.map((line) => `${line.label}${line.width}`)].join("|");
    if (this.plot === null || key !== this.key) {
      this.plot?.destroy();
      this.key = key;
      this.plot = new uPlot(this.options(scene, many), data, this.element);
    } else {
      if (this.plot.width !== scene.axis.width || this.plot.height !== this.height) this.plot.setSize({ width: scene.axis.width, height: this.height });
      this.plot.setData(data);
    }
  }

  /** Marks a round on the lines, or none. */
  point(round: number | null): void {
    const plot = this.plot;
    if (plot === null) return;
    const known = round !== null && Array.from(this.x).includes(round);
    plot.setCursor(known ? { left: plot.valToPos(round, "x"), top: 1 } : { left: -10, top: -10 }, false);
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  private column(state: RunState, site: string): ArrayLike<number> {
    return state.line(this.metric, site)?.view() ?? [];
  }

  private single(scene: Scene): Line[] {
    const { state } = scene;
    const sites = state.sites.map((site): Line => {
      const stalled = scene.stalled.has(site);
      return {
        label: scene.marks.get(site) ?? site,
        values: this.column(state, site),
        colour: stalled ? "stall-mark" : "edge",
        width: stalled ? 1.75 : 1.25,
        strong: false,
        named: true,
      };
    });
    return [...sites, this.global(state)];
  }

  private global(state: RunState): Line {
    return { label: GLOBAL, values: this.column(state, GLOBAL), colour: "ink", width: 2.5, strong: true, named: true };
  }

  private banded(scene: Scene): Line[] {
    const { state } = scene;
    const spreads = this.band.update(state.sites.map((site) => this.column(state, site)));
    const part = (index: 0 | 1 | 2 | 3 | 4): number[] => Array.from(spreads, (spread) => spread?.[index] ?? Number.NaN);
    const plain = { colour: "edge", strong: false } as const;
    return [
      { ...plain, label: "minimum", values: part(0), width: 0, named: true },
      { ...plain, label: "low", values: part(1), width: 0, named: false },
      { ...plain, label: "high", values: part(3), width: 0, named: false },
      { ...plain, label: "maximum", values: part(4), width: 0, named: false },
      { ...plain, label: "median", values: part(2), width: 1.25, named: true },
      ...scene.chosen.map((site): Line => ({
        label: state.title(site),
        values: this.column(state, site),
        colour: scene.stalled.has(site) ? "stall-mark" : "accent-ink",
        width: 1.5,
        strong: true,
        named: true,
      })),
      this.global(state),
    ];
  }

  /** Rounds in which anything was measured, reduced to what can be seen. */
  private data(state: RunState, axis: Axis): uPlot.AlignedData {
    const length = this.lines.reduce((most, line) => Math.max(most, line.values.length), 0);
    const rounds: number[] = [];
    for (let round = 0; round < length; round += 1) {
      if (this.lines.some((line) => !Number.isNaN(line.values[round] ?? Number.NaN))) rounds.push(round);
    }
    const lines = this.lines.map((line) => rounds.map((round) => line.values[round] ?? Number.NaN));
    // More points than pixels cost time and show nothing.
    const rows = reduced({ x: rounds, lines }, Math.min(MOST, Math.max(Math.round(axis.end - axis.start), 200)));
    this.x = rows.x;
    this.range = this.rangeOf(rows.lines, state);
    const shown = rows.lines.map((line) => Array.from(line, (value) => (Number.isNaN(value) ? null : value)));
    return [Array.from(rows.x), ...shown];
  }

  private rangeOf(lines: readonly ArrayLike<number>[], state: RunState): readonly [number, number] {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const line of lines) {
      for (const value of Array.from(line)) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    const goal = goalOf(state.until);
    if (goal?.metric === this.metric) {
      low = Math.min(low, goal.threshold);
      high = Math.max(high, goal.threshold);
    }
    if (low > high) return [0, 1];
    const room = Math.max((high - low) * 0.06, 0.01);
    const inside = (value: number): number => (this.metric === "log_loss" ? Math.max(value, 0) : Math.min(Math.max(value, 0), 1));
    return [inside(low - room), inside(high + room)];
  }

  private options(scene: Scene, many: boolean): uPlot.Options {
    const colour = (name: ColourName) => (): string => this.scene?.palette[name] ?? "";
    const { axis, palette } = scene;
    const none = (): null => null;
    const marks = Math.max(Math.floor(this.height / 36), 3);
    return {
      width: axis.width,
      height: this.height,
      padding: [TOP, axis.width - axis.end, 6, 0],
      legend: { show: false },
      cursor: {
        x: false,
        y: false,
        drag: { x: false, y: false },
        points: { size: 6, width: 1, fill: (plot, index) => this.stroke(plot, index), stroke: colour("surface") },
        // The view moves the cursor, snapped to rounds and in all drawings at once: uPlot shall not listen.
        bind: { mousedown: none, mouseup: none, click: none, dblclick: none, mousemove: none, mouseleave: none, mouseenter: none },
      },
      scales: { x: { time: false, range: () => [0, this.scene?.axis.rounds ?? 1] }, y: { range: () => [...this.range] } },
      axes: [
        { show: false },
        {
          side: 3,
          size: axis.start,
          gap: 8,
          font: `11px ${palette.family}`,
          stroke: colour("ink-3"),
          grid: { stroke: colour("grid"), width: 1 },
          ticks: { show: false },
          splits: () => ticks(this.range[0], this.range[1], marks),
          values: (_, splits) => splits.map((value) => value.toFixed(decimals(splits))),
        },
      ],
      series: [{}, ...this.lines.map((line): uPlot.Series => ({
        label: line.label,
        stroke: (plot, index) => this.stroke(plot, index),
        width: line.width,
        points: { show: false },
        spanGaps: false,
      }))],
      ...(many ? { bands: [{ series: [4, 1], fill: colour("lane-strong") }, { series: [3, 2], fill: colour("line") }] } : {}),
      hooks: { draw: [(plot) => this.decorate(plot)] },
    };
  }

  private stroke(_: uPlot, index: number): string {
    const line = this.lines[index - 1];
    if (line === undefined || line.width === 0) return "transparent";
    return this.scene?.palette[line.colour] ?? "";
  }

  /** Draws the goal and, at the ends of the lines, their names and last values. */
  private decorate(plot: uPlot): void {
    const scene = this.scene;
    if (scene === null) return;
    const context = plot.ctx;
    const ratio = uPlot.pxRatio;
    context.save();
    context.scale(ratio, ratio);
    context.textBaseline = "middle";
    const y = (value: number): number => plot.valToPos(value, "y") + plot.bbox.top / ratio;
    const x = (round: number): number => plot.valToPos(round, "x") + plot.bbox.left / ratio;
    this.drawGoal(context, scene, y, this.ends(plot, scene, context, x, y));
    context.restore();
  }

  private ends(plot: uPlot, scene: Scene, context: CanvasRenderingContext2D, x: (round: number) => number, y: (value: number) => number): number {
    const ends = this.lines.flatMap((line) => {
      if (!line.named) return [];
      let round = line.values.length - 1;
      while (round >= 0 && Number.isNaN(line.values[round] ?? Number.NaN)) round -= 1;
      const value = line.values[round];
      return value === undefined ? [] : [{ line, round, value, y: y(value) }];
    });
    if (ends.length === 0) return 0;
    const from = Math.max(...ends.map((end) => x(end.round)));
    const places = apart(ends.map((end) => end.y), LABEL, TOP + 2, plot.height - 8);
    const palette = scene.palette;
    const font = (strong: boolean): string => `${strong ? 600 : 400} 11px ${palette.family}`;
    const room = Math.max(scene.axis.width - from - 62, 20);
    const widest = Math.min(Math.max(...ends.map((end) => measured(end.line.label, font(true)))), room);
    ends.forEach((end, index) => {
      const place = places[index] ?? end.y;
      const tone = end.line.colour === "edge" ? "ink-2" : end.line.colour === "stall-mark" ? "stall" : end.line.colour;
      context.strokeStyle = palette[end.line.colour];
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x(end.round) + 3, end.y);
      context.lineTo(from + 13, place);
      context.stroke();
      context.fillStyle = palette[tone];
      context.font = font(end.line.label !== "median" && end.line.label !== "minimum");
      context.textAlign = "left";
      context.fillText(cut(end.line.label, room, context.font), from + 17, place);
      context.font = font(end.line.strong);
      context.fillText(written(end.value), from + 17 + widest + 6, place);
    });
    return from + 17 + widest + 44;
  }

  private drawGoal(context: CanvasRenderingContext2D, scene: Scene, y: (value: number) => number, labels: number): void {
    const goal = goalOf(scene.state.until);
    if (goal?.metric !== this.metric) return;
    const at = Math.round(y(goal.threshold)) + 0.5;
    context.strokeStyle = scene.palette["ink-3"];
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(scene.axis.start, at);
    context.lineTo(scene.axis.end, at);
    context.stroke();
    context.setLineDash([]);
    const words = `until ${goal.metric} ${goal.op} ${goal.threshold}`;
    context.font = `11px ${scene.palette.family}`;
    if (scene.axis.end - measured(words, context.font) < labels) return;
    context.fillStyle = scene.palette["ink-2"];
    context.textAlign = "right";
    context.fillText(words, scene.axis.end, at - 8);
  }
}

function decimals(splits: readonly number[]): number {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  return step >= 0.0999 ? 1 : step >= 0.00999 ? 2 : 3;
}
