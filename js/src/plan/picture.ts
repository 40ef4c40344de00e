// Generated from picture.schema.json by `npm run wire`; not to be edited.

/**
 * A platform that was considered for an operator.
 *
 * `compute_s`, `move_in_s`, `move_out_s`: the parts of the operator's own cost in the best whole plan with that
 * platform; `difference_s`: that whole plan minus the chosen one. `impossible`: why it cannot run there.
 */
export interface Alternative {
  readonly platform: string;
  readonly compute_s: Interval | null;
  readonly move_in_s: Interval | null;
  readonly move_out_s: Interval | null;
  readonly difference_s: number | null;
  readonly impossible: string | null;
}

/** A rectangle. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An operator's card, its column (the same in all lanes) and its row within the lane. */
export interface CardPlace {
  readonly id: string;
  readonly lane: string;
  readonly column: number;
  readonly row: number;
  readonly box: Box;
}

/**
 * One difference.
 *
 * `moved`: an operator (`operator`) went from one platform to another; `pinned` and `unpinned`: only the pin
 * differs. A conversion is named by the operator that takes its rows; `before` and `after` are then
 * `from → to` platforms. `start` is a platform that is started in one plan only; it has no operator.
 * `difference_s` is the operator's own cost or the conversion's, over all rounds.
 */
export interface Change {
  readonly kind: "added" | "conversion" | "moved" | "pinned" | "removed" | "start" | "unpinned";
  readonly operator: string;
  readonly lane: string;
  readonly verb: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly by_hand: boolean;
  readonly difference_s: number;
  readonly bytes: number;
}

/**
 * All differences between two plans.
 *
 * `sentence` says the most important, `more` what follows from it. `operators` are the ids in the new plan that
 * are to be marked, `edges` the indices of the new plan's edges whose conversion is new or another.
 */
export interface Changes {
  readonly sentence: string;
  readonly more: string;
  readonly items: readonly Change[];
  readonly operators: readonly string[];
  readonly edges: readonly number[];
  readonly before_s: number;
  readonly after_s: number;
  readonly conversions_before: number;
  readonly conversions_after: number;
}

/** A named column and its type. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

/** The platform chosen for an operator, the reason in one sentence, and what else there was. */
export interface Decision {
  readonly platform: string;
  readonly reason: string;
  readonly pinned: boolean;
  readonly alternatives: readonly Alternative[];
}

/** What flows from an operator's port to another's input: rows (solid) or only aggregates and updates (dashed). */
export interface Edge {
  readonly source: Port;
  readonly target: string;
  readonly input: number;
  readonly kind: "facts" | "model" | "rows" | "update";
  readonly back: boolean;
  readonly label: string | null;
  readonly rows: Interval | null;
  readonly bytes: Interval | null;
  readonly movement: Movement | null;
}

/**
 * The line of an edge.
 *
 * `edge` is its index in the plan. Edges between a kernel's operator and many sites share one trunk: only one has
 * the trunk in its `points`, the others name it as `via` and have the stub that is theirs. `label` is the middle
 * of the text about what flows (None where there is no room), `mark` the middle of a conversion's two bars, both on
 * the line; `inline` says that the text stands on a line of its own below the cards.
 */
export interface EdgePlace {
  readonly edge: number;
  readonly points: readonly (readonly [number, number])[];
  readonly heads: readonly Head[];
  readonly label: readonly [number, number] | null;
  readonly mark: readonly [number, number] | null;
  readonly inline: boolean;
  readonly via: number | null;
}

/**
 * An operator on a platform.
 *
 * `id` is unique in the plan (`cleveland/scale`); `logical` is the id of the node in the logical plan (several
 * operators may stem from one node); `rows` is the estimate for output 0 and `counted` what was counted, if it was
 * and may be shown; `rows_from` says where the estimate comes from; `work` is what one execution is thought to do,
 * in the sizes that its cost was estimated from; `code` is generated SQL, where a platform makes some. `iterations` is how often it runs.
 * `checkpoint` says that rows are counted after it: what comes later is planned again if they are not as expected.
 * `kept`: what it makes is kept for the turns of a loop, because to make it anew in each would cost more.
 * `kind`: `aggregate` marks a combination at the execution kernel that never sees rows.
 */
export interface ExecutionOperator {
  readonly id: string;
  readonly logical: string;
  readonly lane: string;
  readonly verb: string;
  readonly text: string;
  readonly decision: Decision;
  readonly schema: Schema | null;
  readonly rows: Interval | null;
  readonly rows_from: string;
  readonly bytes: Interval | null;
  readonly compute_s: Interval | null;
  readonly work: Work | null;
  readonly checkpoint: boolean;
  readonly kept: boolean;
  readonly counted: number | null;
  readonly measured_s: number | null;
  readonly iterations: number;
  readonly stage: number;
  readonly code: string | null;
  readonly kind: "aggregate" | "rows";
}

/**
 * All of it: lanes, operators in an order in which inputs come first, edges, the loop, and totals.
 *
 * `start_up_s` has the seconds charged once for each platform that must be started. `captured` lists notebook
 * variables that went into the plan, `notes` what a person should know (a site left out, a platform missing), `takes`
 * what it takes of each site of a federation.
 */
export interface ExecutionPlan {
  readonly name: string;
  readonly lanes: readonly Lane[];
  readonly operators: readonly ExecutionOperator[];
  readonly edges: readonly Edge[];
  readonly loop: Loop | null;
  readonly cost_s: Interval;
  readonly start_up_s: readonly (readonly [string, number])[];
  readonly planned_s: number;
  readonly captured: readonly string[];
  readonly notes: readonly string[];
  readonly takes: readonly Takes[];
}

/** The frame of a loop: its box, the baseline start of its title, the left middle of the pill on the back edge. */
export interface FramePlace {
  readonly box: Box;
  readonly title: readonly [number, number];
  readonly pill: readonly [number, number];
}

/** The tip of an arrow, and where it points. */
export interface Head {
  readonly at: readonly [number, number];
  readonly to: "down" | "left" | "right" | "up";
}

/** A quantity that is not known exactly: bounds, and how sure it is that the truth lies between. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

/** A place where operators run: a site, the execution kernel, or this machine. */
export interface Lane {
  readonly id: string;
  readonly title: string;
  readonly kind: "here" | "kernel" | "site";
  readonly platforms: readonly string[];
  readonly note: string;
  readonly rows: number | null;
}

/** A lane's band. */
export interface LanePlace {
  readonly id: string;
  readonly box: Box;
}

/** The places of everything in a plan. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly LanePlace[];
  readonly cards: readonly CardPlace[];
  readonly edges: readonly EdgePlace[];
  readonly frame: FramePlace | null;
  readonly engine: "graphviz" | "layers";
}

/** How a platform is shown: title, two letters, a hue, and the hue in the dark where it differs. */
export interface Look {
  readonly title: string;
  readonly badge: string;
  readonly hue: string;
  readonly dark: string | null;
  readonly outlined: boolean;
}

/** Operators that run once a round, drawn as one frame. */
export interface Loop {
  readonly operators: readonly string[];
  readonly rounds: number;
  readonly until: string | null;
  readonly round: number | null;
}

/** How the rows of an edge change their form: the channels passed, what moves, what it costs (seconds). */
export interface Movement {
  readonly channels: readonly string[];
  readonly bytes: Interval;
  readonly cost_s: Interval;
}

/** The plan with sites of equal plans as one lane, its places, and by lane and operator those it stands for. */
export interface Overview {
  readonly plan: ExecutionPlan;
  readonly layout: Layout;
  readonly stacks: Readonly<Record<string, readonly string[]>>;
}

/** Two plans to be drawn side by side: what they are called, what is different, and which operators are the same. */
export interface PlanComparison {
  readonly before: PlanPicture;
  readonly after: PlanPicture;
  readonly names: readonly [string, string];
  readonly changes: Changes;
  readonly pairs: readonly (readonly [string, string])[];
  readonly version: number;
  readonly kind: "comparison";
}

/**
 * All that is needed to draw a plan without a kernel.
 *
 * `layout` is None above 300 operators, `overview` where no two sites have equal plans. `pinnable` are the
 * operators that can be pinned, by id, with the verb that the pin's text goes after; None where nothing can.
 */
export interface PlanPicture {
  readonly plan: ExecutionPlan;
  readonly layout: Layout | null;
  readonly overview: Overview | null;
  readonly looks: Readonly<Record<string, Look>>;
  readonly pinnable: Readonly<Record<string, string>> | null;
  readonly version: number;
  readonly kind: "plan";
}

/** An output of a node. */
export interface Port {
  readonly node: string;
  readonly port: number;
}

/**
 * Columns in order. Names are exact in case and unique.
 *
 * Examples
 * --------
 * >>> schema = Schema.of(age="int64", name="string")
 * >>> schema.names
 * ('age', 'name')
 * >>> schema["age"].type
 * 'int64'
 */
export interface Schema {
  readonly columns: readonly Column[];
}

/**
 * What a federated task takes of a site.
 *
 * `bytes` leave it in all, `round_bytes` in each round of a fit; `seconds` and `memory_bytes` are of its own part.
 * `budget` is what a round spends of a privacy budget (epsilon), if there is one. Of a run, `left_bytes` were counted
 * and `took_s` measured.
 */
export interface Takes {
  readonly site: string;
  readonly bytes: Interval;
  readonly round_bytes: Interval | null;
  readonly seconds: Interval;
  readonly memory_bytes: Interval;
  readonly budget: number | null;
  readonly left_bytes: number | null;
  readonly took_s: number | null;
}

/**
 * One execution of an operator or a conversion.
 *
 * Parameters
 * ----------
 * platform
 * Whose engine did it; None: a conversion that needs none.
 * tag
 * The tag of the base operator, or `"a>b"` of a conversion.
 * rows, out, bytes
 * Rows in, rows out and bytes in, as a :class:`~jupyter_wayang.platforms.platform.Coefficient` counts them.
 * operations, decimals
 * Operations of expressions over all rows, and those of them that read decimals.
 */
export interface Work {
  readonly platform: string | null;
  readonly tag: string;
  readonly rows: number;
  readonly out: number;
  readonly bytes: number;
  readonly operations: number;
  readonly decimals: number;
}
