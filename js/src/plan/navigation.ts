// Where an arrow key leads: along edges to the left and right, to the neighbour in the column up and down.
import type { ExecutionPlan } from "../wire.js";
import type { CardPlace, Layout } from "./picture.js";

export type Step = "left" | "right" | "up" | "down" | "first" | "last";

/** Answers where a key leads from an operator. */
export class Navigation {
  private readonly places: ReadonlyMap<string, CardPlace>;
  private readonly after = new Map<string, string[]>();
  private readonly before = new Map<string, string[]>();

  constructor(plan: ExecutionPlan, layout: Layout) {
    this.places = new Map(layout.cards.map((place) => [place.id, place]));
    // Rows first: the way of the data is what an arrow follows where there is a choice.
    const edges = plan.edges.filter((edge) => !edge.back).sort((a, b) => Number(a.kind !== "rows") - Number(b.kind !== "rows"));
    for (const edge of edges) {
      push(this.after, edge.source.node, edge.target);
      push(this.before, edge.target, edge.source.node);
    }
  }

  /** The operator that has the tab stop first: the upper left one that reads rows. */
  start(): string | undefined {
    const sources = [...this.places.values()].filter((place) => !this.before.has(place.id));
    const from = sources.length > 0 ? sources : [...this.places.values()];
    return from.sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x)[0]?.id;
  }

  /** Returns the operator that a step leads to, or the one it starts from where there is none. */
  step(id: string, to: Step): string {
    const place = this.places.get(id);
    if (place === undefined) return this.start() ?? id;
    switch (to) {
      case "right":
        return this.along(place, this.after) ?? id;
      case "left":
        return this.along(place, this.before) ?? id;
      case "up":
      case "down":
        return this.across(place, to) ?? id;
      case "first":
      case "last":
        return this.end(place, to) ?? id;
    }
  }

  private along(place: CardPlace, edges: ReadonlyMap<string, readonly string[]>): string | undefined {
    const others = (edges.get(place.id) ?? []).flatMap((id) => this.places.get(id) ?? []);
    const own = others.filter((other) => other.lane === place.lane);
    return nearest(place, own.length > 0 ? own : others)?.id;
  }

  private across(place: CardPlace, to: "up" | "down"): string | undefined {
    const side = [...this.places.values()].filter((other) =>
      to === "up" ? other.box.y < place.box.y - 1 : other.box.y > place.box.y + 1,
    );
    const column = side.filter((other) => other.column === place.column);
    if (column.length > 0) return nearest(place, column)?.id;
    // No card above or below: the next row that has any, and there the one closest by.
    const next = side.reduce((best, other) => Math.min(best, Math.abs(other.box.y - place.box.y)), Number.POSITIVE_INFINITY);
    const row = side.filter((other) => Math.abs(Math.abs(other.box.y - place.box.y) - next) < 1);
    return nearest(place, row)?.id;
  }

  private end(place: CardPlace, to: "first" | "last"): string | undefined {
    const lane = [...this.places.values()].filter((other) => other.lane === place.lane);
    return lane.sort((a, b) => (a.box.x - b.box.x) * (to === "first" ? 1 : -1) || a.box.y - b.box.y)[0]?.id;
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

function nearest(from: CardPlace, places: readonly CardPlace[]): CardPlace | undefined {
  const distance = (place: CardPlace): number =>
    Math.hypot(place.box.x - from.box.x, place.box.y - from.box.y) + Math.abs(place.row - from.row) * 0.1;
  return [...places].sort((a, b) => distance(a) - distance(b))[0];
}
