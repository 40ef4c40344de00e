// Generated from wire.schema.json by `npm run wire`; not to be edited.

/** A small table of aggregates as an Arrow IPC stream, and what was withheld, in words. */
export interface Aggregated {
  readonly tag: "aggregated";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly body: string;
  readonly note: string | null;
}

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

/** A site's answer was not used: it came too late, or twice. */
export interface AnswerDropped {
  readonly tag: "answer_dropped";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly round: number;
  readonly site: string;
  readonly reason: string;
}

/** An arithmetic, comparing or boolean operation of two operands. */
export interface Binary {
  readonly tag: "binary";
  readonly op: "!=" | "%" | "*" | "**" | "+" | "-" | "/" | "//" | "<" | "<=" | "==" | ">" | ">=" | "and" | "or";
  readonly left: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly right: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
}

/** A message crossed a site's border: `up` left the site, `down` went to it. `rows` of data in it: always 0. */
export interface BytesMoved {
  readonly tag: "bytes_moved";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly site: string;
  readonly direction: "down" | "up";
  readonly kind: string;
  readonly bytes: number;
  readonly round: number | null;
  readonly rows: number;
}

/** A function from :data:`FUNCTIONS`. */
export interface Call {
  readonly tag: "call";
  readonly function: string;
  readonly args: readonly (ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window)[];
}

/** What a name holds at the beginning of a turn: its input in the first, and then what the turn before has made. */
export interface Carry {
  readonly tag: "carry";
  readonly name: string;
}

/** `then` where the condition is true, else `otherwise` (also where the condition is null). */
export interface Case {
  readonly tag: "case";
  readonly condition: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly then: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly otherwise: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
}

/** The operand as another type; float to int truncates; what cannot be read is an error. */
export interface Cast {
  readonly tag: "cast";
  readonly arg: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly to: string;
}

/**
 * The coordinator adds noise to the sum of clipped updates: the model does not show whether a site took part.
 *
 * `clip` is the largest norm of an update, or `adaptive`: it begins at `first_clip` and follows the `quantile`
 * of the norms, by `clip_rate` a round.
 */
export interface CentralDP {
  readonly tag: "central_dp";
  readonly epsilon: number;
  readonly delta: number;
  readonly accountant: "pld" | "rdp";
  readonly seed: number | null;
  readonly clip: number | "adaptive";
  readonly first_clip: number;
  readonly quantile: number;
  readonly clip_rate: number;
}

/**
 * Makes rows of all rows of both inputs that have the same key.
 *
 * Null matches nothing: rows with a null in their key come to the function without rows of the other side.
 */
export interface CoGroup {
  readonly tag: "co_group";
  readonly function: FunctionRef;
  readonly output: Schema | null;
  readonly learned: boolean;
  readonly on: readonly (readonly [string, string])[];
}

/** Hand over the rows of a port. Refused by every policy but that of the notebook's own machine. */
export interface Collect {
  readonly tag: "collect";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly port: Port;
}

/** A named column and its type. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

/** The value of a column. */
export interface ColumnRef {
  readonly tag: "column";
  readonly name: string;
}

/** Puts together the nodes that edges connect, whichever way they go; a component is called by its least node. */
export interface ConnectedComponents {
  readonly tag: "connected_components";
  readonly src: string;
  readonly dst: string;
}

/** The platform chosen for an operator, the reason in one sentence, and what else there was. */
export interface Decision {
  readonly platform: string;
  readonly reason: string;
  readonly pinned: boolean;
  readonly alternatives: readonly Alternative[];
}

/** A tree of questions whether a feature is at most so much; without `depth`, until its leaves are pure. */
export interface DecisionTree {
  readonly tag: "decision_tree";
  readonly depth: number | null;
  readonly seed: number;
}

/** Ask for the columns of a table. */
export interface Describe {
  readonly tag: "describe";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly table: string;
}

/** The columns of a table. */
export interface Description {
  readonly tag: "description";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly schema: Schema;
}

/** Keeps one of rows that are equal in every column; null equals null. With `columns`, of these columns only. */
export interface Distinct {
  readonly tag: "distinct";
  readonly columns: readonly string[];
}

/** Nothing to say but that it is done. */
export interface Done {
  readonly tag: "done";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
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

/** Measures a model (input 0) on rows (input 1): a row for `global` and one per site. */
export interface Evaluate {
  readonly tag: "evaluate";
  readonly bins: number;
}

/** The rows of the first without those of the second: each row there takes one away here. */
export interface Except {
  readonly tag: "except_";
}

/**
 * An operator on a platform.
 *
 * `id` is unique in the plan (`cleveland/scale`); `logical` is the id of the node in the logical plan (several
 * operators may stem from one node); `rows` is the estimate for output 0 and `counted` what was counted, if it was
 * and may be shown; `rows_from` says where the estimate comes from; `work` is what one execution is thought to do,
 * in the sizes that its cost was estimated from; `code` is generated SQL, where a platform makes some. `iterations` is how often it runs.
 * `checkpoint` says that rows are counted after it: what comes later is planned again if they are not as expected.
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
 * variables that went into the plan, `notes` what a person should know (a site left out, a platform missing).
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
}

/** Makes a row of every item of a list, in the place of the list; none of an empty list, and none of null. */
export interface Explode {
  readonly tag: "explode";
  readonly column: string;
}

/** A preprocessing step learned its global values; the text shows them. */
export interface FactsLearned {
  readonly tag: "facts_learned";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly operator: string;
  readonly text: string;
}

/** The site answers that it cannot. */
export interface Fail {
  readonly tag: "fail";
  readonly site: string;
  readonly rounds: number | null;
  readonly first: number;
  readonly chance: number;
}

/**
 * It could not be done. `kind` is the name of an error class of this project, the text is disclosure-checked.
 *
 * `facts` are label and text, and `span` a place in the cell, from the person's own machine only.
 */
export interface Failure {
  readonly tag: "failure";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly kind: string;
  readonly message: string;
  readonly hint: string | null;
  readonly facts: readonly (readonly [string, string])[];
  readonly span: Span | null;
}

/** Keeps the rows where the condition is true; null is not. */
export interface Filter {
  readonly tag: "filter";
  readonly condition: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
}

/** Keeps the rows for which the function is true; None is not. */
export interface FilterBy {
  readonly tag: "filter_by";
  readonly function: FunctionRef;
  readonly given: "row" | "value";
}

/**
 * Fits a model on rows: all columns that the target does not read are features, unless they are named.
 *
 * `features` are named as they are before the preprocessing steps: an encoded one stands for all its indicators.
 */
export interface Fit {
  readonly tag: "fit";
  readonly model: LogisticRegression | LinearRegression | KMeans | NaiveBayes | PrincipalComponents | DecisionTree | RandomForest | GradientBoosting | NeuralNetwork;
  readonly target: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly features: readonly string[] | null;
  readonly options: FitOptions;
}

/**
 * How a federated fit proceeds.
 *
 * `strategy` is the name of a strategy, `arguments` its parameters. Without a strategy the model is fitted to
 * convergence where the rows are, in one round. In every round the fraction `participation` of the sites trains, drawn
 * by `seed`; `quorum` of them must answer within `deadline_s` (None: all). `faults` are what is to go wrong,
 * `privacy` is what protects the updates.
 */
export interface FitOptions {
  readonly rounds: number;
  readonly strategy: string | null;
  readonly arguments: readonly (readonly [string, number | number | string | null])[];
  readonly until: Goal | null;
  readonly privacy: readonly (SecureAggregation | CentralDP | LocalDP | RecordDP)[];
  readonly participation: number;
  readonly seed: number;
  readonly quorum: number | null;
  readonly deadline_s: number;
  readonly faults: readonly (FaultsDrop | Slow | Fail | Spoil | Replay)[];
}

/** A model that was fitted before. */
export interface Fitted {
  readonly tag: "fitted";
  readonly model: Model;
  readonly label: string;
}

/** Makes any number of rows of every row. */
export interface FlatMap {
  readonly tag: "flat_map";
  readonly function: FunctionRef;
  readonly output: Schema | null;
  readonly learned: boolean;
  readonly given: "row" | "value";
}

/**
 * A function as a plan knows it: its name, the key under which it is held, a digest of its text.
 *
 * The key changes with the function and with what it captured; `digest` is null where there is no text.
 */
export interface FunctionRef {
  readonly name: string;
  readonly key: string;
  readonly digest: string | null;
}

/** Stop as soon as the global metric is past the threshold. */
export interface Goal {
  readonly metric: "accuracy" | "auc" | "log_loss";
  readonly op: "<" | "<=" | ">" | ">=";
  readonly threshold: number;
}

/** A sum of small trees, each of which is fitted to what those before it got wrong. */
export interface GradientBoosting {
  readonly tag: "gradient_boosting";
  readonly trees: number;
  readonly depth: number;
  readonly learning_rate: number;
  readonly seed: number;
}

/**
 * Aggregates groups of rows; without keys, all rows into one. Null is a group of its own.
 *
 * An aggregate column is an expression over :class:`~jupyter_wayang.plan.expressions.Aggregate` and constants, as in
 * `sum(x) / count()`. Groups come in no order. Keys alone make the different rows.
 */
export interface GroupBy {
  readonly tag: "group_by";
  readonly keys: readonly Named[];
  readonly aggregates: readonly Named[];
}

/**
 * What a site does to its update before it leaves: what changed is shortened to the norm `clip`.
 *
 * With a `noise_multiplier` (over twice the norm) noise is added; `tells`: whether it was within the norm is sent
 * along, in one bit. `seed` is for teaching.
 */
export interface Guard {
  readonly clip: number;
  readonly noise_multiplier: number | null;
  readonly tells: boolean;
  readonly seed: number | null;
}

/**
 * What a person told the optimizer about an operator.
 *
 * `selectivity` and `rows` win over all estimates. `cache`: what it makes is computed once and held, also where
 * one operator reads it only. `broadcast`: a join sends it whole to wherever the other side is. `name` is what its
 * first output is called in the plan.
 */
export interface Hints {
  readonly pins: readonly Pin[];
  readonly selectivity: number | null;
  readonly rows: number | null;
  readonly cache: boolean;
  readonly broadcast: boolean;
  readonly name: string | null;
}

/** Puts a value where a number is null: the mean of the training rows, or a constant. Makes floats. */
export interface Impute {
  readonly tag: "impute";
  readonly columns: readonly string[];
  readonly how: "mean" | "value";
  readonly value: number | null;
}

/** The value that stands for null, per column. None: no value is known at any site. */
export interface ImputeFacts {
  readonly tag: "impute";
  readonly values: readonly (readonly [string, number | null])[];
}

/** Give a site the boxes that others sealed for it. `by_rows`: its vector counts for its rows, else for 1. */
export interface Inbox {
  readonly tag: "inbox";
  readonly session: string;
  readonly boxes: readonly (readonly [string, string])[];
  readonly by_rows: boolean;
}

/** Says what a model says of rows that are ready: its arrays arrive before the operator runs. */
export interface Infer {
  readonly tag: "infer";
  readonly model: LogisticRegression | LinearRegression | KMeans | NaiveBayes | PrincipalComponents | DecisionTree | RandomForest | GradientBoosting | NeuralNetwork;
  readonly made: readonly (readonly [string, string])[];
}

/**
 * Say of rows with columns `features` what a model says: add it as `columns`, and leave the features out.
 *
 * `makes` says whether it is a probability, a number, a cluster or several components.
 */
export interface InferTask {
  readonly model: LogisticRegression | LinearRegression | KMeans | NaiveBayes | PrincipalComponents | DecisionTree | RandomForest | GradientBoosting | NeuralNetwork;
  readonly makes: "cluster" | "components" | "number" | "probability";
  readonly features: readonly string[];
  readonly parameters: readonly NamedArray[];
  readonly columns: readonly string[];
}

/** End the function of the notebook that the run has called, whatever else is being answered. */
export interface Interrupt {
  readonly tag: "interrupt";
  readonly version: number;
  readonly run: string;
  readonly id: string;
}

/** The rows that are in both, each as often as in the one that has fewer of it. */
export interface Intersect {
  readonly tag: "intersect";
}

/** A quantity that is not known exactly: bounds, and how sure it is that the truth lies between. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

/** Whether the operand equals one of some constants; null if the operand is null. */
export interface IsIn {
  readonly tag: "is_in";
  readonly arg: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly values: readonly Literal[];
}

/** Whether the operand is null; never null itself. */
export interface IsNull {
  readonly tag: "is_null";
  readonly arg: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
}

/**
 * Joins two collections on equal keys; null keys match nothing.
 *
 * `on` has pairs of (left, right) column names; it is empty for `cross`, and may be with `where` or `as_of`. A
 * right key is left out of the result, other right columns whose name is taken get the suffix. In a full join the key
 * is that of whichever side has the row, in a type that holds both.
 *
 * `where` is a condition on the columns of both (:meth:`matched`) that must also be true for two rows to match.
 * `as_of` has a column of each side: of the right rows that match, only the last is taken whose column is not above
 * that of the left row. If several have that value, it is the one that comes last when they are sorted by all columns
 * from left to right, nulls last. `broadcast` asks an engine on several machines to send the right rows to all.
 */
export interface Join {
  readonly tag: "join";
  readonly on: readonly (readonly [string, string])[];
  readonly how: "anti" | "cross" | "full" | "inner" | "left" | "semi";
  readonly suffix: string;
  readonly where: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window | null;
  readonly as_of: readonly [string, string] | null;
  readonly broadcast: boolean;
}

/** Lloyd's algorithm from ten starts that are spread out (k-means++), the best of which is kept. */
export interface KMeans {
  readonly tag: "kmeans";
  readonly k: number;
  readonly seed: number;
}

/** Tell a site the keys of all that take part, and ask for its shares. */
export interface KeyRing {
  readonly tag: "key_ring";
  readonly session: string;
  readonly keys: readonly (readonly [string, PublicKeys])[];
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

/** What a learned operator does, now that it is known: all its columns as expressions over its input, or a model. */
export interface Learned {
  readonly tag: "learned";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly node: string;
  readonly columns: readonly Named[];
  readonly model: InferTask | null;
}

/** Keeps the first rows. */
export interface Limit {
  readonly tag: "limit";
  readonly rows: number;
}

/**
 * Least squares: half of the mean squared error plus `l2 / 2` times the squared norm of the weights.
 *
 * The intercept is not penalized. With `l2` this is ridge regression.
 */
export interface LinearRegression {
  readonly tag: "linear_regression";
  readonly l2: number;
}

/** A constant. Dates, timestamps and decimals are text with their type; a null has type `null` or the one asked for. */
export interface Literal {
  readonly tag: "literal";
  readonly value: boolean | number | number | string | null;
  readonly type: string;
}

/** Every site clips its update to the norm `clip` and adds noise itself: nobody else has to be trusted. */
export interface LocalDP {
  readonly tag: "local_dp";
  readonly epsilon: number;
  readonly delta: number;
  readonly accountant: "pld" | "rdp";
  readonly seed: number | null;
  readonly clip: number;
}

/**
 * Train a model on rows with columns `features` and :data:`TARGET` (0 or 1), all floats without nulls.
 *
 * What is made small is declared, so that no strategy needs a platform to know of it:
 *
 * .. math:: F(w) = f(w) + \frac{\lambda}{2} \lVert w \rVert^2
 * + \frac{\rho}{2} \lVert w - a \rVert^2 + \langle g, w \rangle,
 *
 * with f the mean log loss, λ the model's `l2` (intercept left out unless the model penalizes it), ρ `proximal`,
 * a `anchor` and g `linear`. `solver="gradient"`: `epochs` passes of steps w ← w - learning_rate · ∇F(w), each
 * over all rows or over `batch` of them. `solver="exact"`: to convergence (the norm of ∇F below 1e-10). Both start
 * at the parameters.
 *
 * `anchor` are the parameters where it is empty, `linear` is 0 where it is. `loss` asks for the data loss with
 * the model's penalty at the parameters, before any step. `batch`: each pass puts the rows into another order, made
 * of `seed` and of nothing else, and takes the next `batch` rows for each step; the last step of a pass takes what
 * is left. `personal` is trained after the rest.
 *
 * `noise` is added to the gradients of every step, each row's clipped; `guard` says what is done to the update before
 * it leaves the site.
 */
export interface LocalTask {
  readonly model: LogisticRegression | LinearRegression | KMeans | NaiveBayes | PrincipalComponents | DecisionTree | RandomForest | GradientBoosting | NeuralNetwork;
  readonly features: readonly string[];
  readonly parameters: readonly NamedArray[];
  readonly solver: "exact" | "gradient";
  readonly epochs: number;
  readonly learning_rate: number;
  readonly makes: "cluster" | "components" | "number" | "probability";
  readonly proximal: number;
  readonly anchor: readonly NamedArray[];
  readonly linear: readonly NamedArray[];
  readonly loss: boolean;
  readonly batch: number | null;
  readonly seed: number;
  readonly personal: PersonalTask | null;
  readonly noise: RecordNoise | null;
  readonly guard: Guard | null;
}

/**
 * At a site: trains the model of the round on the prepared rows and sends what changed. Runs once a round.
 *
 * `private`: gradients of rows are clipped and get noise, which not every platform does.
 */
export interface LocalUpdate {
  readonly tag: "local_update";
  readonly model: LogisticRegression | LinearRegression | KMeans | NaiveBayes | PrincipalComponents | DecisionTree | RandomForest | GradientBoosting | NeuralNetwork;
  readonly rounds: number;
  readonly epochs: number;
  readonly batch: number | null;
  readonly private: boolean;
}

/**
 * Nodes in an order in which inputs come first, and the ports whose rows are asked for.
 *
 * Raises
 * ------
 * PlanError
 * If an input is not there or comes later, or if an id is there twice.
 */
export interface LogicalPlan {
  readonly nodes: readonly Node[];
  readonly results: readonly Port[];
}

/**
 * Binary logistic regression.
 *
 * The loss is the mean log loss plus `l2 / 2` times the squared norm of the weights; the intercept is left out of
 * the penalty unless `penalize_intercept`.
 */
export interface LogisticRegression {
  readonly tag: "logistic_regression";
  readonly l2: number;
  readonly penalize_intercept: boolean;
}

/** Operators that run once a round, drawn as one frame. */
export interface Loop {
  readonly operators: readonly string[];
  readonly rounds: number;
  readonly until: string | null;
  readonly round: number | null;
}

/** Makes a row of every row. */
export interface Map {
  readonly tag: "map";
  readonly function: FunctionRef;
  readonly output: Schema | null;
  readonly learned: boolean;
  readonly given: "row" | "value";
}

/** Makes an Arrow table of a table of some rows; where the rows are cut is not promised. */
export interface MapBatches {
  readonly tag: "map_batches";
  readonly function: FunctionRef;
  readonly output: Schema | null;
  readonly learned: boolean;
}

/** A site's vector under all its masks: integers mod 2¹²⁸, 16 bytes for every value. */
export interface Masked {
  readonly tag: "masked";
  readonly session: string;
  readonly words: string;
}

/** Measure a model on the prepared rows that enter a node, exactly. For the person's own machine only. */
export interface Measure {
  readonly tag: "measure";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly node: string;
  readonly task: InferTask;
}

/** Measures a model on prepared rows, exactly: it runs where all rows are. */
export interface MeasureRows {
  readonly tag: "measure";
  readonly model: LogisticRegression | LinearRegression | KMeans | NaiveBayes | PrincipalComponents | DecisionTree | RandomForest | GradientBoosting | NeuralNetwork;
}

/** The figures of a model, and under `rows` how many rows there were. */
export interface Measured {
  readonly tag: "measured";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly values: readonly (readonly [string, number | null])[];
}

/** What leaves a site of its score cells: a class and the bins `low_bin` to `high_bin`, both inclusive. */
export interface MergedCell {
  readonly low_bin: number;
  readonly high_bin: number;
  readonly target: number;
  readonly n: number;
  readonly log_loss: number;
  readonly correct: number;
}

/**
 * Metrics of the global model after a round (0: before the first), at a site, or `global`.
 *
 * A value is null where it may not be shown or cannot be computed; `note` says why. `on` says which rows.
 * `auc_error` bounds the error of an AUC that comes from binned scores.
 */
export interface MetricsMeasured {
  readonly tag: "metrics_measured";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly round: number;
  readonly site: string;
  readonly on: "test" | "train";
  readonly rows: number | null;
  readonly log_loss: number | null;
  readonly accuracy: number | null;
  readonly auc: number | null;
  readonly auc_error: number | null;
  readonly note: string | null;
}

/**
 * A fitted model: specification, preprocessing, features in order, target, and named arrays.
 *
 * `parameters` are `weights` (one per feature) and `intercept` (one number) of a linear model, and what
 * :mod:`jupyter_wayang.platforms.numpy.inference` says of the others. `personal` are those of sites that have their
 * own, by site.
 */
export interface Model {
  readonly spec: LogisticRegression | LinearRegression | KMeans | NaiveBayes | PrincipalComponents | DecisionTree | RandomForest | GradientBoosting | NeuralNetwork;
  readonly steps: readonly (ImputeFacts | ScaleFacts | OneHotFacts)[];
  readonly inputs: Schema;
  readonly features: readonly string[];
  readonly target: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly parameters: readonly NamedArray[];
  readonly personal: readonly (readonly [string, readonly NamedArray[]])[];
}

/** How the rows of an edge change their form: the channels passed, what moves, what it costs (seconds). */
export interface Movement {
  readonly channels: readonly string[];
  readonly bytes: Interval;
  readonly cost_s: Interval;
}

/** Gaussian naive Bayes: in each class every feature is normal, and independent of the others. */
export interface NaiveBayes {
  readonly tag: "naive_bayes";
}

/** An expression and the name of the column that it makes. */
export interface Named {
  readonly name: string;
  readonly expression: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
}

/** An array of 64-bit floats: name, shape, and the values as little-endian bytes in row-major order. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: string;
}

/** Minus a number. */
export interface Negate {
  readonly tag: "negate";
  readonly arg: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
}

/**
 * Layers of rectified linear units, trained with Adam in batches of up to 200 rows.
 *
 * The loss has `l2 / 2` times the squared norm of all weights, divided by the rows of a batch.
 */
export interface NeuralNetwork {
  readonly tag: "mlp";
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly l2: number;
  readonly seed: number;
}

/** An operator in a plan: its id, its inputs, its hints, the names of its outputs and its place in the cell. */
export interface Node {
  readonly id: string;
  readonly operator: ReadFile | ReadFrame | ReadTable | ReadFederated | Filter | Select | WithColumns | ColumnsDrop | Rename | GroupBy | Join | Sort | Limit | Split | Distinct | TopK | Union | Intersect | Except | SamplingSample | ZipWithId | Pivot | Unpivot | Explode | WriteFile | Map | FilterBy | FlatMap | MapBatches | Reduce | ReduceBy | CoGroup | Impute | Scale | OneHot | Fit | Fitted | Predict | Evaluate | Prepare | LocalUpdate | LearningScore | Ready | Infer | MeasureRows | Carry | Repeat | PageRank | ConnectedComponents | ShortestPaths;
  readonly inputs: readonly Port[];
  readonly hints: Hints;
  readonly names: readonly (string | null)[];
  readonly span: Span | null;
}

/** Three-valued negation: not null is null. */
export interface Not {
  readonly tag: "not";
  readonly arg: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
}

/** Ask a site to take part: who else may, without how many there is no sum, and how many values are added up. */
export interface Offer {
  readonly tag: "offer";
  readonly session: string;
  readonly sites: readonly string[];
  readonly threshold: number;
  readonly length: number;
}

/** Replaces columns by an indicator per level. The levels are learned: the schema shows the rest of the columns. */
export interface OneHot {
  readonly tag: "one_hot";
  readonly columns: readonly string[];
}

/** The levels of every column, sorted. A value that is no level, and null, is 0 in every column. */
export interface OneHotFacts {
  readonly tag: "one_hot";
  readonly levels: readonly (readonly [string, readonly (number | string | boolean)[]])[];
}

/** An operator of the execution plan finished. `rows` is null where it was not counted or may not be shown. */
export interface OperatorFinished {
  readonly tag: "operator_finished";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly operator: string;
  readonly rows: number | null;
  readonly seconds: number;
}

/**
 * Ranks nodes by a random walk along the edges.
 *
 * With probability `damping` the walk follows an edge of its node, all alike; otherwise, and where there is none, it
 * goes to any node. Exactly `iterations` steps are taken from equal ranks; the ranks add up to 1.
 */
export interface PageRank {
  readonly tag: "pagerank";
  readonly src: string;
  readonly dst: string;
  readonly damping: number;
  readonly iterations: number;
}

/** Somebody asked the run to pause: it waits at its next step. Answers that are under way are kept. */
export interface Paused {
  readonly tag: "paused";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
}

/** Train a second model on the same rows, from parameters of its own, held near those that the task starts from. */
export interface PersonalTask {
  readonly parameters: readonly NamedArray[];
  readonly proximal: number;
  readonly epochs: number;
}

/** A platform that an operator must run on, everywhere or at one site. */
export interface Pin {
  readonly platform: string;
  readonly site: string | null;
}

/**
 * Makes a column of every level of a column, out of the values of another.
 *
 * Rows that agree in all other columns become one, and their values are aggregated. The columns of a plan are known
 * before it runs, so that the levels are a part of it; rows of other levels count nowhere.
 */
export interface Pivot {
  readonly tag: "pivot";
  readonly on: string;
  readonly values: string;
  readonly function: string;
  readonly levels: readonly Literal[];
}

/** An output of a node. */
export interface Port {
  readonly node: string;
  readonly port: number;
}

/**
 * Adds what a model (input 0) says of rows (input 1) as a column; of several components, as `column_1` and so on.
 *
 * Where it runs, what the model does arrives as something learned, and the rows are its only input. `link` says
 * whether that is a probability by its log-odds, or the number itself.
 */
export interface Predict {
  readonly tag: "predict";
  readonly column: string;
  readonly link: "identity" | "logit";
}

/**
 * Preferences of a session, or of one cell.
 *
 * `objective` is one of :data:`OBJECTIVES`; `prices` has, for `money`, what an hour on a platform costs (1 where
 * nothing is said); `memory_bytes` is how much one operator may hold at once (None: as much as the machine has).
 *
 * Examples
 * --------
 * >>> Preferences(objective="money", prices=(("spark", 2.5),)).objective
 * 'money'
 */
export interface Preferences {
  readonly objective: string;
  readonly prices: readonly (readonly [string, number])[];
  readonly memory_bytes: number | null;
}

/**
 * At a site: rows down to features and the target, with the `steps` (verbs) of a fit applied at once.
 *
 * Rows without a target are left out. What the steps learned arrives before the operator runs.
 */
export interface Prepare {
  readonly tag: "prepare";
  readonly steps: readonly string[];
  readonly target: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly features: readonly string[];
}

/** The directions in which rows vary most; of each, the largest part in absolute value is positive. */
export interface PrincipalComponents {
  readonly tag: "pca";
  readonly n: number;
}

/**
 * What rounds have spent so far of a privacy budget: `epsilon` of `budget` at `delta`, per `unit`.
 *
 * `repeatable`: the noise came from a seed, for teaching; who knows that can take it away.
 */
export interface PrivacySpent {
  readonly tag: "privacy_spent";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly round: number;
  readonly mechanism: string;
  readonly unit: string;
  readonly epsilon: number;
  readonly budget: number;
  readonly delta: number;
  readonly repeatable: boolean;
}

/** An operator that ran while the answer was made. `rows` is null where the policy does not show it. */
export interface Progress {
  readonly node: string;
  readonly rows: number | null;
  readonly seconds: number;
}

/** The first thing a site says: keys by which others seal shares for it, and agree on masks. */
export interface PublicKeys {
  readonly tag: "public_keys";
  readonly session: string;
  readonly sealing: string;
  readonly masking: string;
}

/** The mean of trees over rows that are drawn with repetition. */
export interface RandomForest {
  readonly tag: "random_forest";
  readonly trees: number;
  readonly depth: number | null;
  readonly seed: number;
}

/** The table of this name in every site's catalog; its rows stay at the sites. */
export interface ReadFederated {
  readonly tag: "read_federated";
  readonly schema: Schema;
  readonly federation: string;
  readonly table: string;
  readonly sites: readonly string[];
}

/**
 * A file: CSV or TSV (`delimiter`), Parquet, JSON lines, or text, whose lines are the column `line`.
 *
 * `header` says whether the first line of a CSV file names the columns, `nulls` which texts mean null. The schema
 * has the columns in the order of the file.
 */
export interface ReadFile {
  readonly tag: "read_file";
  readonly schema: Schema;
  readonly path: string;
  readonly format: "csv" | "jsonl" | "parquet" | "text";
  readonly header: boolean;
  readonly nulls: readonly string[];
  readonly delimiter: string;
}

/** A DataFrame or Arrow table of the notebook, handed to the run as an Arrow table under a key. */
export interface ReadFrame {
  readonly tag: "read_frame";
  readonly schema: Schema;
  readonly key: string;
  readonly label: string;
}

/**
 * A table of a database, or the rows of a `query` there.
 *
 * `platform` is where the database lives, and the only one that reads it; `database` is the path of a file, or the
 * name of a connection. Addresses with passwords are never in a plan.
 */
export interface ReadTable {
  readonly tag: "read_table";
  readonly schema: Schema;
  readonly database: string;
  readonly table: string;
  readonly query: string;
  readonly platform: string;
}

/** Puts the features of a model beside the columns of raw rows. What they are arrives before the operator runs. */
export interface Ready {
  readonly tag: "ready";
  readonly steps: readonly string[];
}

/**
 * Every site clips the gradient of each row to the norm `clip` and adds noise to their sum: rows are protected.
 *
 * `sample` is the part of its rows that a site draws for a step, each by itself.
 */
export interface RecordDP {
  readonly tag: "record_dp";
  readonly epsilon: number;
  readonly delta: number;
  readonly accountant: "pld" | "rdp";
  readonly seed: number | null;
  readonly clip: number;
  readonly sample: number;
}

/** What a local task says of noise on the gradients of rows; `noise_multiplier` is over `clip`. */
export interface RecordNoise {
  readonly clip: number;
  readonly noise_multiplier: number;
  readonly sample: number;
  readonly seed: number | null;
}

/** Makes one row of all, two at a time; of no rows it makes none. */
export interface Reduce {
  readonly tag: "reduce";
  readonly function: FunctionRef;
  readonly given: "row" | "value";
}

/** Makes one row of all rows of a key, two at a time; null is a key. */
export interface ReduceBy {
  readonly tag: "reduce_by";
  readonly function: FunctionRef;
  readonly keys: readonly Named[];
  readonly given: "row" | "value";
}

/** The run is over: free what it holds. */
export interface Release {
  readonly tag: "release";
  readonly version: number;
  readonly run: string;
  readonly id: string;
}

/** Gives columns new names: pairs of (old, new). */
export interface Rename {
  readonly tag: "rename";
  readonly names: readonly (readonly [string, string])[];
}

/**
 * Takes turns, and makes what its names hold after the last.
 *
 * Inputs are the carried values, in the order of `names`; then what a turn makes of each; and without `turns` a
 * condition, one row with one truth value, which is looked at before every turn. `limit` bounds the turns.
 */
export interface Repeat {
  readonly tag: "repeat";
  readonly names: readonly string[];
  readonly turns: number | null;
  readonly limit: number;
}

/** The site sends what it would have sent in the round before. */
export interface Replay {
  readonly tag: "replay";
  readonly site: string;
  readonly rounds: number | null;
  readonly first: number;
  readonly chance: number;
}

/** A result can be fetched: its key, its rows, and its columns as (name, type). */
export interface ResultReady {
  readonly tag: "result_ready";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly key: string;
  readonly rows: number;
  readonly columns: readonly (readonly [string, string])[];
}

/** Somebody asked a paused run to go on. */
export interface Resumed {
  readonly tag: "resumed";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
}

/** Ask for shares: of the seeds of those whose vectors arrived, and of the masking keys of the others. */
export interface Reveal {
  readonly tag: "reveal";
  readonly session: string;
  readonly arrived: readonly string[];
  readonly dropped: readonly string[];
}

/** A site's shares of others' secrets: never both of one site. */
export interface Revealed {
  readonly tag: "revealed";
  readonly session: string;
  readonly seeds: readonly (readonly [string, string])[];
  readonly keys: readonly (readonly [string, string])[];
}

/** A round ended with a new global model. */
export interface RoundFinished {
  readonly tag: "round_finished";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly round: number;
  readonly seconds: number;
  readonly sites: readonly string[];
}

/** A round began with these sites. */
export interface RoundStarted {
  readonly tag: "round_started";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly round: number;
  readonly sites: readonly string[];
}

/** Rows as an Arrow IPC stream. */
export interface Rows {
  readonly tag: "rows";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly body: string;
}

/** The last event of a run: how it ended, and why. */
export interface RunFinished {
  readonly tag: "run_finished";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly state: "done" | "failed" | "stopped";
  readonly reason: string;
  readonly error: string | null;
  readonly rounds: number;
  readonly seconds: number;
}

/** A run began; `resumes` is the one whose rounds it goes on with. */
export interface RunStarted {
  readonly tag: "run_started";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly name: string;
  readonly sites: readonly string[];
  readonly rounds: number;
  readonly resumes: string | null;
}

/** Centres columns at their mean and divides by their standard deviation (over n). */
export interface Scale {
  readonly tag: "scale";
  readonly columns: readonly string[];
}

/** Mean and standard deviation (dividing by n) per column: (name, mean, deviation). */
export interface ScaleFacts {
  readonly tag: "scale";
  readonly values: readonly (readonly [string, number, number])[];
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
 * Score rows with a model and count them per class and score bin.
 *
 * The bin of a score p in [0, 1] is `min(floor(p * bins), bins - 1)`.
 */
export interface ScoreTask {
  readonly model: LogisticRegression | LinearRegression | KMeans | NaiveBayes | PrincipalComponents | DecisionTree | RandomForest | GradientBoosting | NeuralNetwork;
  readonly features: readonly string[];
  readonly parameters: readonly NamedArray[];
  readonly bins: number;
}

/** Score cells after disclosure control, and what was withheld, in words. */
export interface Scored {
  readonly tag: "scored";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly round: number;
  readonly cells: readonly MergedCell[];
  readonly note: string | null;
}

/** A site's secrets in shares, one box for each other site, and a digest by which its seed is recognised. */
export interface SealedShares {
  readonly tag: "sealed_shares";
  readonly session: string;
  readonly boxes: readonly (readonly [string, string])[];
  readonly seed_digest: string;
}

/** Ask for keys or shares of the secure sum of a round. */
export interface Secure {
  readonly tag: "secure";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly node: string;
  readonly round: number;
  readonly asked: Offer | KeyRing | Reveal;
}

/**
 * Sites mask their updates so that only the sum of at least `threshold` of them can be read.
 *
 * None: more than half of the sites, and at least three.
 */
export interface SecureAggregation {
  readonly tag: "secure_aggregation";
  readonly threshold: number | null;
}

/** What a site says in the secure sum of a round: keys, shares, or its update under masks. */
export interface Secured {
  readonly tag: "secured";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly round: number;
  readonly said: PublicKeys | SealedShares | Masked | Revealed;
}

/** Makes exactly these columns, in this order. */
export interface Select {
  readonly tag: "select";
  readonly columns: readonly Named[];
}

/**
 * A date or timestamp moved by an interval; a month too short for the day gives its last day.
 *
 * Months are added first, then days, then microseconds. With microseconds a date becomes a timestamp.
 */
export interface Shift {
  readonly tag: "shift";
  readonly arg: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly months: number;
  readonly days: number;
  readonly microseconds: number;
}

/**
 * Counts the edges of the shortest way from `start` to every node that can be reached, the start itself among them.
 *
 * Without the start in the graph nothing is reached.
 */
export interface ShortestPaths {
  readonly tag: "shortest_paths";
  readonly src: string;
  readonly dst: string;
  readonly start: Literal;
}

/** A site takes no part, and why. */
export interface SiteLeftOut {
  readonly tag: "site_left_out";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly site: string;
  readonly reason: string;
}

/** A site answered in a round, or the round goes on without it: `error` says why, `missing` in a word. */
export interface SiteReported {
  readonly tag: "site_reported";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly round: number;
  readonly site: string;
  readonly seconds: number;
  readonly error: string | null;
  readonly missing: "failed" | "late" | "rejected" | null;
}

/** Sites were asked for something and are awaited until bytes of each have come `up`. */
export interface SitesAsked {
  readonly tag: "sites_asked";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly kind: string;
  readonly sites: readonly string[];
  readonly round: number | null;
}

/** The site answers `seconds` later than it would. */
export interface Slow {
  readonly tag: "slow";
  readonly site: string;
  readonly rounds: number | null;
  readonly first: number;
  readonly chance: number;
  readonly seconds: number;
}

/** Orders rows, stable; nulls last; text by code point. */
export interface Sort {
  readonly tag: "sort";
  readonly keys: readonly SortKey[];
}

/** What to sort by, and whether from high to low. Nulls come last both ways. */
export interface SortKey {
  readonly expression: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window;
  readonly descending: boolean;
}

/** A place in a cell: lines count from 1, columns are characters from 0, the end is exclusive. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly end_line: number;
  readonly end_column: number;
}

/**
 * Cuts a collection in two, the first with `fraction` of the rows of every stratum.
 *
 * The same rows on every platform: rows are sorted by all columns, permuted by (seed, site), and cut per stratum
 * (:mod:`jupyter_wayang.platforms.relational.over_arrow`).
 */
export interface Split {
  readonly tag: "split";
  readonly fraction: number;
  readonly seed: number;
  readonly by: readonly (ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window)[];
}

/** The site trains, and its update is of no use: NaN or infinity in it, of another shape, or too large. */
export interface Spoil {
  readonly tag: "spoil";
  readonly site: string;
  readonly rounds: number | null;
  readonly first: number;
  readonly chance: number;
  readonly how: "infinity" | "nan" | "shape" | "size";
}

/** Somebody asked the run to stop; it does so at its next step. */
export interface StopRequested {
  readonly tag: "stop_requested";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
}

/**
 * Plan this part of a task on your own platforms, from your own statistics, and say how.
 *
 * `iterations` has (node id, how often it runs) of the operators of a loop; `frames` tables by key as Arrow IPC
 * streams, for the person's own machine only. With a `scale` the plan is what it would be if every source had so many
 * times its rows: to be looked at.
 */
export interface SubmitPlan {
  readonly tag: "submit_plan";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly plan: LogicalPlan;
  readonly iterations: readonly (readonly [string, number])[];
  readonly platforms: readonly string[] | null;
  readonly scale: number;
  readonly frames: readonly (readonly [string, string])[];
  readonly preferences: Preferences;
}

/** Keeps the first rows of an order. Rows with equal keys stay in their order, and the later ones are cut off. */
export interface TopK {
  readonly tag: "top_k";
  readonly rows: number;
  readonly keys: readonly SortKey[];
}

/** Train on the prepared rows that enter a node; with an inbox, mask the update. */
export interface Train {
  readonly tag: "train";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly node: string;
  readonly round: number;
  readonly task: LocalTask;
  readonly inbox: Inbox | null;
}

/** The update of a round. */
export interface Trained {
  readonly tag: "trained";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly round: number;
  readonly update: Update;
}

/** Take a turn of a loop; `round` counts from 1, and 0 brings the loop before its first turn. */
export interface Turn {
  readonly tag: "turn";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly node: string;
  readonly round: number;
}

/** The turn was taken. `more`: there is another. */
export interface Turned {
  readonly tag: "turned";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly round: number;
  readonly more: boolean;
}

/** The rows of both, each as often as it is in the two together. */
export interface Union {
  readonly tag: "union";
}

/** Makes a row of every one of some columns: its name in one column, its value in another; nulls too. */
export interface Unpivot {
  readonly tag: "unpivot";
  readonly columns: readonly string[];
  readonly name: string;
  readonly value: string;
}

/**
 * The parameters after local training and the number of rows they were trained on.
 *
 * `loss` and `personal` (the parameters of the personal model) are there if the task asked for them.
 * `within` says whether what changed was within the norm of the task's guard, if that asks for it.
 */
export interface Update {
  readonly parameters: readonly NamedArray[];
  readonly rows: number;
  readonly loss: number | null;
  readonly personal: readonly NamedArray[];
  readonly within: boolean | null;
}

/**
 * A value for every row, of the rows that are with it in a partition.
 *
 * Without an order an aggregate is of the whole partition; with one, of the rows up to this one and of those that are
 * equal to it in the order. `rank` and the other :data:`RANKS` need an order. Nulls come last in it.
 */
export interface Window {
  readonly tag: "window";
  readonly function: string;
  readonly args: readonly (ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window)[];
  readonly partition: readonly (ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window)[];
  readonly order: readonly (ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window)[];
  readonly descending: readonly boolean[];
}

/** Adds columns, or replaces those of the same name in their place. */
export interface WithColumns {
  readonly tag: "with_columns";
  readonly columns: readonly Named[];
}

/** A site kept numbers back that its policy does not let out; the text says which kind, never how many. */
export interface Withheld {
  readonly tag: "withheld";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly site: string;
  readonly operator: string;
  readonly reason: string;
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
 */
export interface Work {
  readonly platform: string | null;
  readonly tag: string;
  readonly rows: number;
  readonly out: number;
  readonly bytes: number;
}

/**
 * Writes rows into a file, and makes one row that says where and how many.
 *
 * The file is there in whole or not at all: it is written beside its place and then put there. `mode` says what
 * becomes of a file that is there already: it is an error, it is replaced, or the rows are added to it.
 */
export interface WriteFile {
  readonly tag: "write_file";
  readonly path: string;
  readonly format: "csv" | "parquet";
  readonly mode: "append" | "error" | "overwrite";
  readonly delimiter: string;
}

/** Numbers rows from 0 in the order of all their columns, left to right, nulls last. */
export interface ZipWithId {
  readonly tag: "zip_with_id";
  readonly name: string;
}

/** The execution plan was made: its JSON, as of :mod:`jupyter_wayang.plan.wire`. */
export interface EventsPlanned {
  readonly tag: "planned";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly plan: string;
  readonly planned_s: number;
}

/** A function of the notebook printed something, on the person's own machine. */
export interface EventsPrinted {
  readonly tag: "printed";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly operator: string;
  readonly text: string;
}

/** What had not run yet was planned again: after which operator, why and what changed, and the plan as it is now. */
export interface EventsReplanned {
  readonly tag: "replanned";
  readonly run: string;
  readonly seq: number;
  readonly at_s: number;
  readonly operator: string;
  readonly text: string;
  readonly plan: string;
}

/**
 * One value for a group of rows. Nulls are left out; of no values it is null, and a count is 0.
 *
 * `other` is the second operand of those that have two: the part of `quantile`, what `first`, `last`,
 * `arg_min` and `arg_max` go by, the other column of `corr` and `cov`.
 */
export interface NodesAggregate {
  readonly tag: "aggregate";
  readonly function: string;
  readonly arg: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window | null;
  readonly other: ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | NodesAggregate | Window | null;
}

/** The site hears nothing and answers nothing: the deadline notices. */
export interface FaultsDrop {
  readonly tag: "drop";
  readonly site: string;
  readonly rounds: number | null;
  readonly first: number;
  readonly chance: number;
}

/** Leaves columns out. */
export interface ColumnsDrop {
  readonly tag: "drop";
  readonly columns: readonly string[];
}

/** At a site: scores the prepared rows with the global model and counts them per class and score bin. */
export interface LearningScore {
  readonly tag: "score";
  readonly bins: number;
  readonly rounds: number;
}

/**
 * Draws some rows by chance: so many, or so large a part; at sites, of each.
 *
 * They are the rows that :class:`Split` draws first.
 */
export interface SamplingSample {
  readonly tag: "sample";
  readonly rows: number | null;
  readonly fraction: number | null;
  readonly seed: number;
}

/** Aggregate the rows of a port. `purpose` is the word that the policy must allow. */
export interface MessagesAggregate {
  readonly tag: "aggregate";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly port: Port;
  readonly operator: GroupBy;
  readonly purpose: string;
}

/** How the site will run its part. `empty`: the table has no rows, so that the site has no part in it. */
export interface MessagesPlanned {
  readonly tag: "planned";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly progress: readonly Progress[];
  readonly replanned: readonly MessagesReplanned[];
  readonly printed: readonly MessagesPrinted[];
  readonly plan: ExecutionPlan;
  readonly empty: boolean;
}

/** What a function of the notebook printed while the answer was made, on the person's own machine. */
export interface MessagesPrinted {
  readonly node: string;
  readonly text: string;
}

/** What had not run was planned again while the answer was made, because of the rows of a node; the text says it. */
export interface MessagesReplanned {
  readonly node: string;
  readonly text: string;
  readonly plan: ExecutionPlan;
}

/**
 * Run a function on the first rows of what a plan makes, to learn which columns it makes.
 *
 * For the person's own machine only. The results of the plan are the inputs of the operator.
 */
export interface MessagesSample {
  readonly tag: "sample";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly plan: LogicalPlan;
  readonly operator: ReadFile | ReadFrame | ReadTable | ReadFederated | Filter | Select | WithColumns | ColumnsDrop | Rename | GroupBy | Join | Sort | Limit | Split | Distinct | TopK | Union | Intersect | Except | SamplingSample | ZipWithId | Pivot | Unpivot | Explode | WriteFile | Map | FilterBy | FlatMap | MapBatches | Reduce | ReduceBy | CoGroup | Impute | Scale | OneHot | Fit | Fitted | Predict | Evaluate | Prepare | LocalUpdate | LearningScore | Ready | Infer | MeasureRows | Carry | Repeat | PageRank | ConnectedComponents | ShortestPaths;
}

/** Score the prepared rows that enter a node. */
export interface MessagesScore {
  readonly tag: "score";
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly node: string;
  readonly round: number;
  readonly task: ScoreTask;
}

export type AnyRequest =
  | Describe
  | SubmitPlan
  | Learned
  | MessagesAggregate
  | Train
  | Secure
  | MessagesScore
  | Measure
  | Turn
  | Collect
  | MessagesSample
  | Interrupt
  | Release;

export type AnyAnswer =
  | Description
  | MessagesPlanned
  | Aggregated
  | Trained
  | Secured
  | Scored
  | Measured
  | Turned
  | Rows
  | Done
  | Failure;

export type AnyEvent =
  | RunStarted
  | EventsPlanned
  | SiteLeftOut
  | Withheld
  | FactsLearned
  | OperatorFinished
  | EventsPrinted
  | EventsReplanned
  | SitesAsked
  | BytesMoved
  | RoundStarted
  | SiteReported
  | AnswerDropped
  | MetricsMeasured
  | RoundFinished
  | PrivacySpent
  | Paused
  | Resumed
  | StopRequested
  | ResultReady
  | RunFinished;
