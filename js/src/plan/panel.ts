// What stands beside the drawing: why an operator runs where it does and what else there was, or what changed.
import type { Looks } from "../shared/looks.js";
import { type Child, html, inlineIcon } from "../shared/svg.js";
import { duration, mean, share, signedDuration, size } from "../shared/units.js";
import type { OperatorState } from "../state/progress.js";
import type { Alternative, ExecutionOperator, ExecutionPlan, Lane } from "../wire.js";
import { moves, rowsFrom, rowsText } from "./captions.js";
import { button, symbol } from "./controls.js";
import type { Change, Changes } from "./picture.js";

/** So many columns of a schema are shown at once. */
const SHORT = 6;
const TOLD_SITES = 2;

/** What a panel about an operator says. */
export interface Subject {
  readonly operator: ExecutionOperator;
  readonly plan: ExecutionPlan;
  readonly lane: Lane | undefined;
  /** The sites that it stands for; null where it runs at no site. */
  readonly sites: readonly string[] | null;
  readonly share: number | undefined;
  readonly state: OperatorState | undefined;
  /** Whether it can be pinned; else why not. */
  readonly pinning: true | string;
  /** When other platforms would win, in words; empty where it is not known. */
  readonly wins: string;
}

/** What a person can do from a panel. */
export interface Actions {
  pin(platform: string): void;
  unpin(): void;
  copy(text: string): void;
  close(): void;
  show(operator: string): void;
}

/** The words of a cell that pin an operator. */
export function pinText(platform: string, sites: readonly string[] | null): string {
  if (sites === null) return `.on("${platform}")`;
  return sites.map((site) => `.on("${platform}", site="${site}")`).join("");
}

/** The parts of an alternative's own cost: compute, move in, move out. */
export function parts(one: Alternative): readonly [number, number, number] {
  const seconds = (part: Alternative["compute_s"]): number => (part === null ? 0 : mean(part));
  return [seconds(one.compute_s), seconds(one.move_in_s), seconds(one.move_out_s)];
}

/** Alternatives as they are listed: the chosen one, then the cheapest whole plan; what is impossible comes last. */
export function listed(operator: ExecutionOperator): readonly Alternative[] {
  const rank = (one: Alternative): number =>
    one.impossible !== null ? 2 : one.platform === operator.decision.platform ? 0 : 1;
  return [...operator.decision.alternatives].sort(
    (a, b) => rank(a) - rank(b) || (a.difference_s ?? Number.POSITIVE_INFINITY) - (b.difference_s ?? Number.POSITIVE_INFINITY),
  );
}

function header(title: string, actions: Actions): HTMLElement {
  const close = button("close", "", { "aria-label": "Close" });
  close.addEventListener("click", () => actions.close());
  return html("div", { class: "jp-Wayang-head" }, html("h3", { tabindex: "-1" }, title), close);
}

/** Fills the panel with why an operator runs where it does. */
export function whyPanel(subject: Subject, looks: Looks, actions: Actions): readonly HTMLElement[] {
  const { operator, lane } = subject;
  const { decision } = operator;
  const look = looks.of(decision.platform);
  const why = decision.pinned ? `Pinned to ${look.title}` : `Why ${look.title}?`;
  const title = operator.kind === "aggregate" ? `${operator.verb} at the execution kernel` : why;
  const where = lane === undefined || lane.kind === "here" || operator.kind === "aggregate" ? "" : ` at ${lane.title}`;
  const facts = [rowsText(operator), rowsFrom(operator), operator.bytes === null ? "" : size(mean(operator.bytes)), timeText(subject)].filter(Boolean);
  const lead = html("p", {}, html("b", {}, `${operator.verb}${where}`), `${facts.length > 0 ? `, ${facts.join(", ")}` : ""}. ${decision.reason}`);
  const shown: (HTMLElement | null)[] = [header(title, actions), lead, stateLine(subject)];
  if (decision.alternatives.length > 0) shown.push(...bars(subject, looks, actions), ...pinSection(subject, actions));
  shown.push(movements(subject), code(operator), schema(operator));
  return shown.filter((part) => part !== null);
}

function timeText({ operator, share: part }: Subject): string {
  const often = operator.iterations > 1 ? ` in ${operator.iterations} rounds` : "";
  const of = part ? `, ${share(part)} of all` : "";
  if (operator.measured_s !== null) return `${duration(operator.measured_s)} measured${of}`;
  return operator.compute_s === null ? "" : `${duration(mean(operator.compute_s))} estimated${often}${of}`;
}

function stateLine({ state }: Subject): HTMLElement | null {
  return state === undefined ? null : html("p", {}, inlineIcon(state), ` ${state}`);
}

function bars(subject: Subject, looks: Looks, actions: Actions): HTMLElement[] {
  const { operator } = subject;
  const all = listed(operator);
  const longest = Math.max(...all.map((one) => parts(one).reduce((sum, part) => sum + part, 0)), 1e-12);
  const key = (kind: string, words: string): HTMLElement => html("span", {}, html("i", { class: kind }), words);
  const keys = html("div", { class: "jp-Wayang-keys", "aria-hidden": "true" }, key("compute", "compute"), key("in", "move in"), key("out", "move out"));
  const rows = all.map((other) => (other.impossible === null ? bar(other, subject, longest, looks, actions) : impossible(other, looks)));
  const { sites } = subject;
  const one = sites !== null && sites.length > 1 ? ` Both are for one of the ${sites.length} sites.` : "";
  const note = html("p", { class: "note" }, `A bar is this operator in the best whole plan with that platform; the difference is between the whole plans of this place.${one}`);
  const wins = subject.wins === "" ? [] : [html("p", { class: "wins" }, `${subject.wins.charAt(0).toUpperCase()}${subject.wins.slice(1)}.`)];
  return [keys, html("div", { class: "jp-Wayang-alternatives", role: "list" }, ...rows), ...wins, note];
}

function bar(one: Alternative, subject: Subject, longest: number, looks: Looks, actions: Actions): HTMLElement {
  const { operator } = subject;
  const chosen = one.platform === operator.decision.platform;
  const [compute, into, out] = parts(one);
  const look = looks.of(one.platform);
  const said = `compute ${duration(compute)}, move in ${duration(into)}, move out ${duration(out)}`;
  const track = html("span", { class: "jp-Wayang-track", role: "img", "aria-label": said, title: said });
  for (const [kind, seconds] of [["compute", compute], ["in", into], ["out", out]] as const) {
    if (seconds <= 0) continue;
    const part = html("i", { class: kind });
    part.style.width = `${(seconds / longest) * 100}%`;
    track.append(part);
  }
  const difference = chosen ? html("b", {}, duration(compute + into + out)) : one.difference_s === null ? "" : signedDuration(one.difference_s);
  return html(
    "div",
    { class: `jp-Wayang-alternative${chosen ? " chosen" : ""}`, role: "listitem" },
    html("span", { class: "who" }, looks.inline(one.platform), look.title),
    track,
    html("span", { class: "difference" }, difference),
    control(one, subject, look.title, actions),
  );
}

function control(one: Alternative, subject: Subject, title: string, actions: Actions): HTMLElement {
  const { decision } = subject.operator;
  const chosen = one.platform === decision.platform;
  if (chosen && decision.pinned) return act("Unpin", `Unpin from ${title}`, subject.pinning, () => actions.unpin());
  if (chosen) return html("span", { class: "mark" }, "chosen");
  return act("Pin", `Pin to ${title}`, subject.pinning, () => actions.pin(one.platform));
}

function act(words: string, said: string, able: true | string, action: () => void): HTMLElement {
  const made = button(null, words, able === true ? { "aria-label": said, title: said } : { "aria-label": said, "aria-disabled": "true", title: able });
  if (able === true) made.addEventListener("click", action);
  return made;
}

function impossible(one: Alternative, looks: Looks): HTMLElement {
  const who = html("span", { class: "who" }, looks.inline(one.platform), looks.of(one.platform).title);
  return html("div", { class: "jp-Wayang-alternative no", role: "listitem" }, who, html("span", { class: "why" }, one.impossible ?? ""));
}

function pinSection(subject: Subject, actions: Actions): HTMLElement[] {
  if (subject.pinning !== true) return [html("section", {}, html("h4", {}, "Pin"), html("p", {}, subject.pinning))];
  const { decision } = subject.operator;
  const { sites } = subject;
  const shown = pinText(decision.platform, sites?.slice(0, TOLD_SITES) ?? null);
  const more = sites !== null && sites.length > TOLD_SITES ? ` … ${sites.length - TOLD_SITES} more sites` : "";
  const title = decision.pinned ? "Pinned by you, as text" : "The pin as text";
  return [html("section", {}, html("h4", {}, title), copyBox(shown + more, pinText(decision.platform, sites), actions))];
}

function copyBox(shown: string, text: string, actions: Actions): HTMLElement {
  const copy = button("copy", "", { "aria-label": "Copy", title: "Copy" });
  copy.addEventListener("click", () => actions.copy(text));
  return html("div", { class: "jp-Wayang-copy" }, html("code", {}, shown), copy);
}

function section(title: string, ...children: readonly Child[]): HTMLElement {
  return html("section", {}, html("h4", {}, title), ...children);
}

function movements({ operator, plan }: Subject): HTMLElement | null {
  const into = plan.edges.flatMap((edge) => (edge.target === operator.id && edge.movement !== null && moves(edge) ? [{ edge, movement: edge.movement }] : []));
  if (into.length === 0) return null;
  const lines = into.map(({ edge, movement }) =>
    html("p", {}, `${size(mean(movement.bytes))}, ${duration(mean(movement.cost_s))} from ${edge.source.node}: ${movement.channels.join(" → ")}`),
  );
  return section("Rows are converted for it", ...lines);
}

function schema(operator: ExecutionOperator): HTMLElement | null {
  const columns = operator.schema?.columns ?? [];
  if (columns.length === 0) return null;
  const rows = columns.map((column) => html("tr", {}, html("td", {}, column.name), html("td", {}, column.type)));
  const head = html("thead", {}, html("tr", {}, html("th", { scope: "col" }, "column"), html("th", { scope: "col" }, "type")));
  const summary = html("summary", {}, `Schema, ${columns.length} column${columns.length === 1 ? "" : "s"}`);
  return html("section", {}, html("details", { open: columns.length <= SHORT }, summary, html("table", {}, head, html("tbody", {}, ...rows))));
}

function code(operator: ExecutionOperator): HTMLElement | null {
  return operator.code ? section("Generated SQL", html("pre", { tabindex: "0" }, operator.code)) : null;
}

/** Fills the panel with what changed. */
export function changesPanel(changes: Changes, plan: ExecutionPlan, looks: Looks, actions: Actions): readonly HTMLElement[] {
  const operators = changes.items.filter((change) => change.operator !== "" && change.kind !== "conversion").length;
  const conversions = changes.items.filter((change) => change.kind === "conversion").length;
  const counted = [many(operators, "operator"), many(conversions, "conversion")].filter(Boolean).join(" and ");
  const items = grouped(changes.items).map((group) => item(group, plan, looks, actions));
  const whole = html(
    "li",
    {},
    html("b", {}, "Whole plan"),
    html("span", { class: "difference" }, signedDuration(rounded(changes.after_s - changes.before_s, changes.after_s))),
    html("small", {}, `${duration(changes.before_s)} → ${duration(changes.after_s)}, estimated. Places work side by side: the slowest counts.`),
  );
  return [
    header("What changed", actions),
    html("p", {}, counted === "" ? "Nothing." : `${counted}.`),
    html("ul", { class: "jp-Wayang-changes" }, ...items, whole),
  ];
}

/** Changes that are told as one: operators of a place that went the same way without being asked to. */
export function grouped(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups = new Map<string, Change[]>();
  changes.forEach((change, index) => {
    const together = change.kind === "moved" && !change.by_hand;
    const key = together ? [change.lane, ...change.before, "→", ...change.after].join(" ") : `${index}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [change]);
    else group.push(change);
  });
  return [...groups.values()];
}

function rounded(difference: number, of: number): number {
  return Math.abs(difference) <= 1e-6 * Math.abs(of) ? 0 : difference;
}

function many(amount: number, word: string): string {
  return amount === 0 ? "" : `${amount} ${word}${amount === 1 ? "" : "s"}`;
}

function item(group: readonly Change[], plan: ExecutionPlan, looks: Looks, actions: Actions): HTMLElement {
  const change = group[0];
  if (change === undefined) return html("li");
  const names = group.flatMap((one, index): Child[] => [index > 0 ? ", " : "", named(one, plan, looks, actions)]);
  const way = change.kind === "conversion" ? (change.after.length > 0 ? change.after : change.before) : [...change.before, ...change.after];
  const badges = way.flatMap((name, index): Child[] => [index > 0 ? " → " : " ", looks.inline(name)]);
  const spokenWay = html("span", { class: "jp-Wayang-unseen" }, way.map((name) => looks.of(name).title).join(" to "));
  const lane = plan.lanes.find((one) => one.id === change.lane);
  const sum = group.reduce((total, one) => total + one.difference_s, 0);
  return html(
    "li",
    {},
    html("span", {}, ...names, ...badges, spokenWay),
    html("span", { class: "difference" }, sum === 0 ? "" : signedDuration(sum)),
    html("small", {}, [lane === undefined || lane.kind === "here" ? "" : lane.title, reason(change, looks)].filter(Boolean).join(": ")),
  );
}

function named(change: Change, plan: ExecutionPlan, looks: Looks, actions: Actions): HTMLElement {
  const words = change.kind === "conversion" ? `conversion before ${change.verb}` : change.kind === "start" ? "start-up" : change.verb;
  if (!plan.operators.some((operator) => operator.id === change.operator)) return html("b", {}, words);
  const open = html("button", { type: "button", title: looks.of(change.after[0] ?? "").title }, html("b", {}, words));
  open.addEventListener("click", () => actions.show(change.operator));
  return open;
}

function reason(change: Change, looks: Looks): string {
  const amount = change.bytes > 0 ? `, ${size(change.bytes)}` : "";
  switch (change.kind) {
    case "moved":
      return change.by_hand ? "by your pin, or without it" : "moves with it";
    case "pinned":
      return "you pinned it where it was";
    case "unpinned":
      return "you took the pin off";
    case "added":
      return "new";
    case "removed":
      return "gone";
    case "start":
      return change.difference_s > 0 ? "has to be started" : "need not be started";
    case "conversion":
      if (change.before.length === 0) return `new${amount}`;
      if (change.after.length === 0) return `gone${amount}`;
      return `was ${change.before.map((name) => looks.of(name).title).join(" → ")}${amount}`;
  }
}

/** The banner that says in one sentence what changed. */
export function saidBanner(words: string, more: string, wrong: boolean, controls: readonly HTMLElement[]): HTMLElement {
  const text = html("p", {}, html("b", {}, words), more === "" ? "" : ` ${more}`);
  return html("div", { class: `jp-Wayang-said${wrong ? " wrong" : ""}` }, wrong ? null : symbol("pin"), text, ...controls);
}
