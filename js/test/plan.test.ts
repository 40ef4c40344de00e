import { afterEach, describe, expect, it, vi } from "vitest";
import type { AnyModel } from "@anywidget/types";
import { findings } from "../src/plan/findings.js";
import widget, { type State } from "../src/plan/index.js";
import { grouped, listed, pinText } from "../src/plan/panel.js";
import type { Change, Changes } from "../src/plan/picture.js";
import { type Backend, PlanView } from "../src/plan/view.js";
import { Looks } from "../src/shared/looks.js";
import { around, events, operator, picture, plan } from "./plans.js";

afterEach(() => document.body.replaceChildren());

function backend(): Backend {
  return { pin: vi.fn<Backend["pin"]>(), unpin: vi.fn<Backend["unpin"]>(), undo: vi.fn<Backend["undo"]>(), inspect: vi.fn<Backend["inspect"]>() };
}

function press(target: Element, key: string, more: KeyboardEventInit = {}): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

function card(view: PlanView, id: string): Element {
  const found = view.root.querySelector(`[data-operator="${id}"]`);
  if (found === null) throw new Error(`no card ${id}`);
  return found;
}

function never(): never {
  throw new Error("no layout");
}

const moved = (verb: string, byHand = false, lane = "lyon"): Change => ({
  kind: "moved", operator: `${lane}/${verb}`, lane, verb, before: ["duckdb"], after: ["polars"], by_hand: byHand, difference_s: 0.1, bytes: 0,
});

const changes: Changes = {
  sentence: "scale at lyon now runs in polars.", more: "", items: [moved("scale", true), moved("read")],
  operators: ["lyon/scale", "lyon/read"], edges: [], before_s: 1, after_s: 1.2, conversions_before: 1, conversions_after: 1,
};

describe("the plan view", () => {
  it("keeps the operator open that a person looks at when the output is drawn anew", () => {
    const held: State = { display: picture(), changes: null, undoable: false, wins: {}, notice: null, answered: 0 };
    const model = {
      get: (name: keyof State) => held[name], send: () => undefined, on: () => undefined, off: () => undefined,
    } as unknown as AnyModel<State>;
    const made = (widget as () => { render: (props: unknown) => () => void })();
    const drawn = (): { readonly el: HTMLElement; readonly end: () => void } => {
      const el = document.body.appendChild(document.createElement("div"));
      return { el, end: made.render({ model, el, signal: new AbortController().signal }) };
    };
    const first = drawn();
    const name = first.el.querySelector<HTMLElement>("[data-operator]")?.dataset["operator"] ?? never();
    first.el.querySelector(`[data-operator="${name}"]`)?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const words = first.el.querySelector(".jp-Wayang-panel h3")?.textContent;
    expect(words).toBeTruthy();
    first.end();
    expect(drawn().el.querySelector(".jp-Wayang-panel h3")?.textContent).toBe(words);
  });

  it("says when other platforms would win, as soon as that is known", () => {
    const view = new PlanView(document.body, picture(), { backend: backend() });
    press(card(view, "lyon/scale"), "Enter");
    const said = (): string => view.root.querySelector(".jp-Wayang-panel")?.textContent ?? "";
    expect(said()).not.toContain("would win");
    view.win({ "lyon/scale": "others would win: Spark from about 40 million rows" });
    expect(said()).toContain("Others would win: Spark from about 40 million rows.");
    view.dispose();
  });

  it("has one tab stop, and arrow keys move it", () => {
    const view = new PlanView(document.body, picture(), {});
    const stops = (): string[] => [...view.root.querySelectorAll('[data-operator][tabindex="0"]')].map((one) => one.getAttribute("data-operator") ?? "");
    expect(stops()).toEqual(["lyon/read"]);
    press(card(view, "lyon/read"), "ArrowRight");
    expect(stops()).toEqual(["lyon/scale"]);
    view.dispose();
  });

  it("tells why on Enter, with a bar per platform and what is impossible", () => {
    const view = new PlanView(document.body, picture(), { backend: backend() });
    press(card(view, "lyon/scale"), "Enter");
    const panel = view.root.querySelector(".jp-Wayang-panel");
    expect(panel?.querySelector("h3")?.textContent).toBe("Why DuckDB?");
    expect(panel?.querySelectorAll(".jp-Wayang-track")).toHaveLength(2);
    expect(panel?.textContent).toContain("no Java here");
    expect(panel?.textContent).toContain("+600 ms");
    expect(panel?.querySelector("code")?.textContent).toBe('.on("duckdb", site="lyon")');
    press(card(view, "lyon/scale"), "Escape");
    expect(view.root.querySelector(".jp-Wayang-panel")).toBeNull();
    view.dispose();
  });

  it("asks for a pin beside the bar, and by P", () => {
    const asked = backend();
    const view = new PlanView(document.body, picture(), { backend: asked });
    press(card(view, "turin/scale"), "Enter");
    view.root.querySelector<HTMLElement>('[aria-label="Pin to polars"]')?.click();
    expect(asked.pin).toHaveBeenCalledWith("turin/scale", "polars", ["turin"]);
    view.show(picture(), changes, true);
    press(card(view, "turin/read"), "p");
    expect(asked.pin).toHaveBeenLastCalledWith("turin/read", "duckdb", ["turin"]);
    view.dispose();
  });

  it("keeps the focus on the operator when the plan is made again", () => {
    const view = new PlanView(document.body, picture(), { backend: backend() });
    card(view, "turin/scale").dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
    (card(view, "turin/scale") as SVGElement).focus();
    view.show(picture(), changes, true);
    expect(document.activeElement?.getAttribute("data-operator")).toBe("turin/scale");
    view.dispose();
  });

  it("cannot pin without a kernel, and says so", () => {
    const view = new PlanView(document.body, picture(), {});
    press(card(view, "turin/scale"), "Enter");
    const pin = view.root.querySelector('[aria-label="Pin to polars"]');
    expect(pin?.getAttribute("aria-disabled")).toBe("true");
    expect(view.root.querySelector(".jp-Wayang-panel")?.textContent).toContain("Only a live notebook");
    view.dispose();
  });

  it("says when the kernel is gone, and goes on without it", () => {
    const asked = backend();
    const view = new PlanView(document.body, picture(), { backend: asked });
    view.lost("The kernel is gone.");
    expect(view.root.querySelector(".jp-Wayang-said.wrong")?.textContent).toContain("The kernel is gone.");
    press(card(view, "turin/scale"), "p");
    expect(asked.pin).not.toHaveBeenCalled();
    view.dispose();
  });

  it("says when nobody answers", () => {
    vi.useFakeTimers();
    const view = new PlanView(document.body, picture(), { backend: backend() });
    press(card(view, "turin/scale"), "p");
    expect(view.root.textContent).toContain("The plan is made again");
    vi.advanceTimersByTime(5000);
    expect(view.root.textContent).toContain("No answer yet");
    view.dispose();
    vi.useRealTimers();
  });

  it("stacks equal sites where there are many, and shows each again", () => {
    const shown = picture();
    const lanes = [...shown.plan.lanes, ...Array.from({ length: 8 }, (_, index) => ({ id: `s${index}`, title: `s${index}`, kind: "site" as const, platforms: [], note: "", rows: null }))];
    const overview = { plan: { ...shown.plan, operators: shown.plan.operators.filter((one) => one.lane !== "turin") }, layout: picture().layout ?? never(), stacks: { lyon: ["lyon", "turin"], "lyon/read": ["lyon/read", "turin/read"], "lyon/scale": ["lyon/scale", "turin/scale"] } };
    const asked = backend();
    const view = new PlanView(document.body, { ...shown, plan: { ...shown.plan, lanes }, overview }, { backend: asked });
    view.take(events());
    press(card(view, "lyon/scale"), "p");
    expect(asked.pin).toHaveBeenCalledWith("lyon/scale", "duckdb", ["lyon", "turin"]);
    const toggle = [...view.root.querySelectorAll("button")].find((one) => one.textContent === "Stack equal sites");
    expect(toggle?.getAttribute("aria-pressed")).toBe("true");
    toggle?.click();
    expect(card(view, "turin/scale")).not.toBeNull();
    view.dispose();
  });

  it("says what changed, marks it, and undoes it", () => {
    const asked = backend();
    const view = new PlanView(document.body, picture(), { backend: asked });
    view.show(picture(), changes, true);
    expect(view.root.querySelector(".jp-Wayang-said")?.textContent).toContain(changes.sentence);
    expect(view.root.querySelector("[aria-live]")?.textContent).toContain(changes.sentence);
    expect(card(view, "lyon/scale").textContent).toContain("was Du");
    expect(card(view, "turin/scale").textContent).not.toContain("was Du");
    press(view.root, "z", { ctrlKey: true });
    expect(asked.undo).toHaveBeenCalledOnce();
    view.dispose();
  });

  it("shows states, counted rows and the round, and speaks at most once a round", async () => {
    const view = new PlanView(document.body, picture(), {});
    const spoken: string[] = [];
    const live = view.root.querySelector("[aria-live]");
    const observer = new MutationObserver(() => spoken.push(live?.textContent ?? ""));
    if (live !== null) observer.observe(live, { childList: true, characterData: true, subtree: true });
    for (const event of events()) {
      view.take([event]);
      await new Promise((done) => requestAnimationFrame(done));
    }
    expect(card(view, "lyon/read").getAttribute("aria-label")).toContain("1 200 counted");
    expect(card(view, "lyon/read").textContent).toContain("▲ 12× under");
    expect(view.root.textContent).toContain("3/3 done");
    expect(spoken.length).toBeLessThanOrEqual(5);
    observer.disconnect();
    view.dispose();
  });

  it("draws nothing anew while the pointer is down, so that no click is lost", async () => {
    const view = new PlanView(document.body, picture(), {});
    const frame = (): Promise<unknown> => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const target = card(view, "lyon/read").querySelector("text") ?? never();
    target.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    view.take(events());
    await frame();
    expect(target.isConnected).toBe(true);
    target.dispatchEvent(new Event("pointerup", { bubbles: true }));
    target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(view.root.querySelector(".jp-Wayang-panel h3")).not.toBeNull();
    await frame();
    await frame();
    expect(target.isConnected).toBe(false);
    expect(card(view, "lyon/read").getAttribute("aria-label")).toContain("1 200 counted");
    view.dispose();
  });

  it("looks the same whether the events came live or from a journal", async () => {
    const live = new PlanView(document.body, picture(), {});
    for (const event of events()) {
      live.take([event]);
      await new Promise((done) => requestAnimationFrame(done));
    }
    const late = new PlanView(document.body, picture(), { events: events() });
    const drawn = (view: PlanView): string | undefined => view.root.querySelector("svg.jp-Wayang-drawing")?.outerHTML;
    expect(drawn(late)).toBe(drawn(live));
    live.dispose();
    late.dispose();
  });

  it("finds operators, and shows them as a table", () => {
    const view = new PlanView(document.body, picture(), {});
    const input = view.root.querySelector("input");
    if (input === null) throw new Error("no search");
    input.value = "turin";
    input.dispatchEvent(new Event("input"));
    expect(view.root.querySelectorAll(".operator.faded")).toHaveLength(5);
    press(card(view, "turin/read"), "t");
    expect(view.root.querySelectorAll(".jp-Wayang-table tbody tr[data-operator]")).toHaveLength(8);
    view.dispose();
  });

  it("leaves no listener, timer or element", () => {
    const added = vi.spyOn(document, "addEventListener");
    const removed = vi.spyOn(document, "removeEventListener");
    const view = new PlanView(document.body, picture(), { backend: backend(), events: events() });
    press(card(view, "lyon/scale"), "Enter");
    view.show(picture(), changes, true);
    // Held, and not let go.
    card(view, "lyon/scale").dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, button: 0, pointerType: "mouse" }));
    expect(added.mock.calls.length).toBeGreaterThan(0);
    expect(view.owned).toBeGreaterThan(0);
    view.dispose();
    expect(view.owned).toBe(0);
    expect(added.mock.calls.length).toBe(removed.mock.calls.length);
    expect(document.body.childElementCount).toBe(0);
    vi.restoreAllMocks();
  });

  it("shows text from outside as text", () => {
    const evil = "<img src=x onerror=alert(1)>";
    const shown = plan();
    const operators = shown.operators.map((one) => (one.id === "lyon/scale" ? { ...one, text: evil, verb: evil, code: evil } : one));
    const view = new PlanView(document.body, picture({ ...shown, name: evil, operators }), {});
    press(card(view, "lyon/scale"), "Enter");
    expect(view.root.querySelector("img")).toBeNull();
    expect(view.root.querySelector("pre")?.textContent).toBe(evil);
    view.dispose();
  });
});

describe("the panel", () => {
  it("writes a pin as the words of a cell", () => {
    expect(pinText("duckdb", null)).toBe('.on("duckdb")');
    expect(pinText("duckdb", ["a", "b"])).toBe('.on("duckdb", site="a").on("duckdb", site="b")');
  });

  it("lists the chosen first and the impossible last", () => {
    const one = operator("x", "here", "scale", "duckdb");
    const mixed = { ...one, decision: { ...one.decision, alternatives: [...one.decision.alternatives].reverse() } };
    expect(listed(mixed).map((alternative) => alternative.platform)).toEqual(["duckdb", "polars", "spark"]);
  });

  it("tells operators that moved together as one, and what was asked for by itself", () => {
    const groups = grouped([moved("scale", true), moved("read"), moved("split"), moved("read", false, "turin")]);
    expect(groups.map((group) => group.map((change) => change.operator))).toEqual([["lyon/scale"], ["lyon/read", "lyon/split"], ["turin/read"]]);
  });
});

describe("findings", () => {
  const looks = new Looks({});

  it("name the worst estimate first, with both numbers", () => {
    const shown = plan();
    const operators = shown.operators.map((one) => (one.id === "lyon/read" ? { ...one, counted: 1200, measured_s: 9 } : one.id === "lyon/scale" ? { ...one, counted: 1001 } : one));
    const [first, second] = findings({ ...shown, operators }, looks);
    expect(first).toMatchObject({ operator: "lyon/read", title: "12× more rows than estimated", text: "read at lyon: about 100 estimated, 1 200 counted. 1 more operator is off by ten times or more." });
    expect(second?.title).toBe("read at lyon takes 100 % of the time");
  });

  it("say nothing where nothing stands out", () => {
    const shown = plan();
    const calm = shown.edges.map((one) => ({ ...one, movement: one.movement === null ? null : { ...one.movement, cost_s: around(0.0001) } }));
    expect(findings({ ...shown, edges: calm }, looks)).toEqual([]);
  });
});
