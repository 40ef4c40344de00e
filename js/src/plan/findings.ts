// What a person should notice, in words: the fact, its numbers, its consequence. At most two.
import { compact, count, duration, mean, share } from "../shared/units.js";
import type { Looks } from "../shared/looks.js";
import type { ExecutionPlan } from "../wire.js";
import { mismatch, moves, shares } from "./captions.js";

export interface Finding {
  readonly title: string;
  readonly text: string;
  readonly operator: string;
}

const MOST = 2;
const LARGE_SHARE = 0.4;

/** Returns what stands out in a plan, the most important first. */
export function findings(plan: ExecutionPlan, looks: Looks): readonly Finding[] {
  return [...misjudged(plan), ...slow(plan, looks), ...converted(plan, looks)].slice(0, MOST);
}

function at(plan: ExecutionPlan, lane: string): string {
  const found = plan.lanes.find((one) => one.id === lane);
  return found === undefined || found.kind === "here" ? "" : ` at ${found.title}`;
}

function misjudged(plan: ExecutionPlan): readonly Finding[] {
  const found = plan.operators.flatMap((operator) => {
    const off = mismatch(operator);
    return off === null ? [] : [{ operator, off }];
  });
  const worst = found.sort((a, b) => b.off.factor - a.off.factor)[0];
  if (worst === undefined || worst.operator.rows === null) return [];
  const { operator, off } = worst;
  const more = found.length > 1 ? ` ${found.length - 1} more operator${found.length > 2 ? "s are" : " is"} off by ten times or more.` : "";
  return [
    {
      title: `${compact(off.factor)}× ${off.under ? "more" : "fewer"} rows than estimated`,
      text: `${operator.verb}${at(plan, operator.lane)}: about ${compact(mean(worst.operator.rows))} estimated, ${count(operator.counted ?? 0)} counted.${more}`,
      operator: operator.id,
    },
  ];
}

function slow(plan: ExecutionPlan, looks: Looks): readonly Finding[] {
  const parts = shares(plan);
  const measured = plan.operators.some((operator) => operator.measured_s !== null);
  const top = plan.operators
    .map((operator) => ({ operator, part: parts.get(operator.id) ?? 0 }))
    .sort((a, b) => b.part - a.part)[0];
  if (top === undefined || top.part < LARGE_SHARE || plan.operators.length < 3) return [];
  const { operator, part } = top;
  const seconds = operator.measured_s ?? (operator.compute_s === null ? 0 : mean(operator.compute_s));
  const rounds = operator.iterations > 1 ? ` in ${operator.iterations} rounds` : "";
  return [
    {
      title: `${operator.verb}${at(plan, operator.lane)} takes ${share(part)} of the time`,
      text: `${duration(seconds)}${rounds} on ${looks.of(operator.decision.platform).title}, ${measured ? "measured" : "estimated"}. ${operator.decision.reason}`,
      operator: operator.id,
    },
  ];
}

function converted(plan: ExecutionPlan, looks: Looks): readonly Finding[] {
  const costs = plan.edges.flatMap((edge) => (edge.movement !== null && moves(edge) ? [{ edge, cost: mean(edge.movement.cost_s) }] : []));
  const total = costs.reduce((sum, { cost }) => sum + cost, 0);
  const compute = plan.operators.reduce((sum, operator) => sum + (operator.compute_s === null ? 0 : mean(operator.compute_s)), 0);
  const worst = costs.sort((a, b) => b.cost - a.cost)[0];
  if (worst === undefined || total < 0.3 * (compute + total)) return [];
  const source = plan.operators.find((operator) => operator.id === worst.edge.source.node);
  const target = plan.operators.find((operator) => operator.id === worst.edge.target);
  if (source === undefined || target === undefined) return [];
  const way = `${looks.of(source.decision.platform).title} to ${looks.of(target.decision.platform).title}`;
  return [
    {
      title: `Conversions take ${share(total / (compute + total))} of the time`,
      text: `The dearest is ${way} before ${target.verb}${at(plan, target.lane)}: ${duration(worst.cost)}.`,
      operator: target.id,
    },
  ];
}
