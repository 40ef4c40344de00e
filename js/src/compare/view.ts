// Two plans side by side. The second says what is different, and who looks at an operator of one sees the same of the other.
import type { PlanComparison } from "../plan/picture.js";
import { type Backend, PlanView } from "../plan/view.js";
import { html } from "../shared/svg.js";

const NOTHING = (): void => undefined;

/** Two plans in a page. */
export class ComparisonView {
  readonly root: HTMLElement;
  readonly before: PlanView;
  readonly after: PlanView;

  constructor(el: HTMLElement, comparison: PlanComparison) {
    const { changes, names, pairs } = comparison;
    const sides = names.map((name) => html("section", { class: "jp-Wayang-side", "aria-label": name }, html("h4", {}, name)));
    const [first = html("section"), second = html("section")] = sides;
    this.root = html("div", { class: "jp-Wayang-comparison" }, first, second);
    el.append(this.root);
    const forth = new Map(pairs);
    const back = new Map(pairs.map(([before, after]) => [after, before] as const));
    this.before = new PlanView(first, comparison.before, { backend: following((id) => this.after.select(id), forth) });
    this.after = new PlanView(second, comparison.after, { backend: following((id) => this.before.select(id), back), changes });
  }

  /** Ends both views, and their elements. */
  dispose(): void {
    this.before.dispose();
    this.after.dispose();
    this.root.remove();
  }

  /** How many listeners, timers and observers both have. */
  get owned(): number {
    return this.before.owned + this.after.owned;
  }
}

/** Makes another view show what stands for an operator there; plans that are compared are not made again. */
function following(select: (operator: string | null) => void, same: ReadonlyMap<string, string>): Backend {
  return {
    pin: NOTHING,
    unpin: NOTHING,
    undo: NOTHING,
    inspect: (operator) => select(operator === null ? null : (same.get(operator) ?? null)),
  };
}
