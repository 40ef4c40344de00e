// A small plan with two sites, a loop, a conversion and what the execution kernel does; and the events of its run.
import type { PlanPicture } from "../src/plan/picture.js";
import type { AnyEvent, Edge, ExecutionOperator, ExecutionPlan, Interval } from "../src/wire.js";

export const around = (value: number): Interval => ({ low: value, high: value, confidence: 1 });

export function operator(id: string, lane: string, verb: string, platform: string, more: Partial<ExecutionOperator> = {}): ExecutionOperator {
  return {
    id,
    logical: verb,
    lane,
    verb,
    text: `${verb} text`,
    decision: {
      platform,
      reason: "It is there already.",
      pinned: false,
      alternatives: [
        { platform, compute_s: around(0.002), move_in_s: around(0), move_out_s: around(0), difference_s: 0, impossible: null },
        { platform: "polars", compute_s: around(0.001), move_in_s: around(0.003), move_out_s: around(0), difference_s: 0.6, impossible: null },
        { platform: "spark", compute_s: null, move_in_s: null, move_out_s: null, difference_s: null, impossible: "no Java here" },
      ],
    },
    schema: { columns: [{ name: "age", type: "int64" }] },
    rows: around(100),
    rows_from: "Parquet footer",
    bytes: around(1000),
    compute_s: around(0.002),
    work: null,
    checkpoint: false,
    counted: null,
    measured_s: null,
    iterations: 1,
    stage: 0,
    code: null,
    kind: "rows",
    ...more,
  };
}

export function edge(source: string, target: string, kind: Edge["kind"] = "rows", more: Partial<Edge> = {}): Edge {
  return { source: { node: source, port: 0 }, target, input: 0, kind, back: false, label: null, rows: around(100), bytes: around(1000), movement: null, ...more };
}

const aggregate = (id: string, verb: string, logical: string): ExecutionOperator =>
  operator(id, "kernel", verb, "kernel", { logical, kind: "aggregate", rows: null, compute_s: null, decision: { platform: "kernel", reason: "Only aggregates come here.", pinned: false, alternatives: [] } });

export function plan(): ExecutionPlan {
  const sites = ["lyon", "turin"];
  const movement = { channels: ["a", "b"], bytes: around(800), cost_s: around(0.004) };
  return {
    name: "heart",
    lanes: [
      { id: "kernel", title: "Execution kernel", kind: "kernel", platforms: [], note: "", rows: null },
      ...sites.map((id) => ({ id, title: id, kind: "site" as const, platforms: ["duckdb"], note: "", rows: 100 })),
    ],
    operators: [
      ...sites.flatMap((site) => [
        operator(`${site}/read`, site, "read", "duckdb"),
        operator(`${site}/scale`, site, "scale", "duckdb"),
        operator(`${site}/fit_update`, site, "local_update", "numpy", { rows: null, iterations: 3 }),
      ]),
      aggregate("kernel/scale_facts", "mean, sd", "scale"),
      aggregate("kernel/fit_aggregate", "aggregate", "fit"),
    ],
    edges: [
      ...sites.flatMap((site) => [
        edge(`${site}/read`, `${site}/scale`),
        edge(`${site}/scale`, `${site}/fit_update`, "rows", { movement }),
        edge(`${site}/read`, "kernel/scale_facts", "facts"),
        edge("kernel/scale_facts", `${site}/scale`, "facts"),
        edge(`${site}/fit_update`, "kernel/fit_aggregate", "update"),
        edge("kernel/fit_aggregate", `${site}/fit_update`, "model", { back: true }),
      ]),
    ],
    loop: { operators: ["lyon/fit_update", "turin/fit_update", "kernel/fit_aggregate"], rounds: 3, until: null, round: null },
    cost_s: around(1),
    start_up_s: [],
    planned_s: 0,
    captured: [],
    notes: [],
  };
}

const LANES = ["kernel", "lyon", "turin"];
const COLUMNS: Readonly<Record<string, number>> = { read: 0, scale: 1, scale_facts: 1, fit_update: 2, fit_aggregate: 2 };

export function picture(shown: ExecutionPlan = plan()): PlanPicture {
  const cards = shown.operators.map(({ id, lane }) => {
    const column = COLUMNS[id.split("/")[1] ?? ""] ?? 0;
    return { id, lane, column, row: 0, box: { x: 150 * column + 10, y: 100 * LANES.indexOf(lane) + 30, width: 120, height: 58 } };
  });
  const look = (title: string, badge: string, hue: string) => ({ title, badge, hue, dark: null, outlined: false });
  return {
    version: 1,
    kind: "plan",
    plan: shown,
    layout: {
      width: 460,
      height: 300,
      lanes: LANES.map((id, index) => ({ id, box: { x: 0, y: 100 * index, width: 460, height: 96 } })),
      cards,
      edges: shown.edges.map((_, index) => ({ edge: index, points: [[130, 60], [160, 60]] as const, heads: [], label: [145, 60] as const, mark: null, inline: false, via: null })),
      frame: { box: { x: 300, y: 4, width: 150, height: 290 }, title: [310, 20], pill: [305, 110] },
      engine: "layers",
    },
    overview: null,
    looks: { duckdb: look("DuckDB", "Du", "#f0e442"), polars: look("polars", "Pl", "#0072b2"), numpy: look("NumPy", "Np", "#e69f00"), spark: look("Spark", "Sp", "#d55e00"), kernel: look("kernel", "K", "") },
    pinnable: Object.fromEntries(shown.operators.filter((one) => one.kind === "rows").map((one) => [one.id, one.verb])),
  };
}

export function events(): AnyEvent[] {
  let seq = 0;
  const base = () => ({ run: "r", seq: ++seq, at_s: seq });
  const finished = (operator_: string, rows: number | null): AnyEvent => ({ tag: "operator_finished", ...base(), operator: operator_, rows, seconds: 0.5 });
  const found: AnyEvent[] = [{ tag: "run_started", ...base(), name: "heart", sites: ["lyon", "turin"], rounds: 3, resumes: null }];
  for (const site of ["lyon", "turin"]) found.push(finished(`${site}/read`, 1200));
  found.push({ tag: "facts_learned", ...base(), operator: "scale", text: "age 50" });
  for (const site of ["lyon", "turin"]) found.push(finished(`${site}/scale`, 100));
  for (const round of [1, 2, 3]) {
    found.push({ tag: "round_started", ...base(), round, sites: ["lyon", "turin"] });
    for (const site of ["lyon", "turin"]) {
      found.push(finished(`${site}/fit_update`, null));
      found.push({ tag: "site_reported", ...base(), round, site, seconds: 0.5, error: null, missing: null });
    }
    found.push({ tag: "round_finished", ...base(), round, seconds: 1, sites: ["lyon", "turin"] });
  }
  found.push({ tag: "run_finished", ...base(), state: "done", reason: "all rounds", error: null, rounds: 3, seconds: 4 });
  return found;
}
