// The head: what runs, how far it is, when it will be done, what it can do now, and what a person may do.
import type { Owner } from "../shared/owner.js";
import { html, svg } from "../shared/svg.js";
import { duration } from "../shared/units.js";
import { about, left, listed, METRIC_NAMES, phaseOf, stallOf, type Phase } from "./facts.js";
import { GLOBAL, type RunState } from "./state.js";

export type Command = "pause" | "resume" | "stop";

/** How the view hangs on a kernel: not at all, well, or no longer. */
export type Link = { readonly kind: "none" | "live" } | { readonly kind: "gone"; readonly why: string };

const ICONS: Readonly<Record<Phase, readonly string[]>> = {
  waiting: ["M10.2 6a4.2 4.2 0 1 1-8.4 0a4.2 4.2 0 1 1 8.4 0"],
  planning: ["M6 1.6a4.4 4.4 0 1 1-4.2 5.7"],
  learning: ["M6 1.6a4.4 4.4 0 1 1-4.2 5.7"],
  measuring: ["M6 1.6a4.4 4.4 0 1 1-4.2 5.7"],
  running: ["M6 1.6a4.4 4.4 0 1 1-4.2 5.7"],
  paused: ["M4 2v8M8 2v8"],
  stopping: ["M2.5 2.5h7v7h-7z"],
  done: ["M2.2 6.6 4.9 9.2 10 3.2"],
  stopped: ["M2.5 2.5h7v7h-7z"],
  failed: ["M2.5 2.5l7 7M9.5 2.5l-7 7"],
};
const BUTTONS: Readonly<Record<Command, readonly [words: string, d: string]>> = {
  pause: ["Pause", "M4.5 3v8M9.5 3v8"],
  resume: ["Resume", "M4 2.5v9l7-4.5z"],
  stop: ["Stop", "M3 3h8v8H3z"],
};

/** Why a command can do nothing now, or null. */
export function refusal(state: RunState, link: Link, command: Command): string | null {
  if (link.kind === "gone") return link.why;
  if (state.end !== null) return `The run is ${state.end.state}.`;
  if (state.stopping) return "The run stops at its next step.";
  if (command === "pause" && state.paused_s !== null) return "The run is paused already.";
  if (command === "resume" && state.paused_s === null) return "Nothing is paused.";
  return null;
}

/** A figure: a number or word, and beneath it what it is. */
class Figure {
  readonly element: HTMLElement;
  private readonly value = html("b");
  private readonly label = html("span");

  constructor(kind = "") {
    this.element = html("div", { class: `jp-Wayang-stat ${kind}`.trim() }, this.value, this.label);
  }

  write(value: string, label: string, before: Element | null = null): void {
    this.element.hidden = value === "";
    if (before !== null || this.value.textContent !== value) this.value.replaceChildren(...(before === null ? [] : [before]), value);
    if (this.label.textContent !== label) this.label.textContent = label;
  }
}

/** The bar of figures and buttons, the progress, and the banner under it. */
export class Head {
  readonly element: HTMLElement;
  private readonly name = html("h3", { class: "jp-Wayang-name" });
  private readonly sub = html("div", { class: "jp-Wayang-sub" });
  private readonly phase = new Figure("jp-Wayang-phase");
  private readonly reported = new Figure();
  private readonly left = new Figure();
  private readonly loss = new Figure();
  private readonly auc = new Figure();
  private readonly id = new Figure("jp-Wayang-id");
  private readonly buttons = new Map<Command, HTMLButtonElement>();
  private readonly bar = html("i");
  private readonly progress: HTMLElement;
  private readonly banner = html("div", { class: "jp-Wayang-banner", hidden: true });
  private readonly controls: HTMLElement;
  private shownPhase = "";
  private shownBanner = "";

  constructor(owner: Owner, command: (command: Command) => void) {
    for (const [name, [words, d]] of Object.entries(BUTTONS) as [Command, readonly [string, string]][]) {
      const button = html("button", { type: "button", class: "jp-Wayang-button" }, svg("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, svg("path", { d })), words);
      if (name === "pause") button.append(html("kbd", {}, "Space"));
      owner.on(button, "click", () => command(name));
      this.buttons.set(name, button);
    }
    this.controls = html("div", { class: "jp-Wayang-buttons", role: "group", "aria-label": "the run" }, ...this.buttons.values());
    this.progress = html("div", { class: "jp-Wayang-progress", role: "progressbar", "aria-label": "rounds" }, this.bar);
    const figures = [this.phase, this.reported, this.left, this.loss, this.auc, this.id].map((figure) => figure.element);
    this.element = html(
      "div",
      {},
      html("div", { class: "jp-Wayang-bar" }, html("div", { class: "jp-Wayang-title" }, this.name, this.sub), ...figures, html("span", { class: "jp-Wayang-grow" }), this.controls),
      this.progress,
      this.banner,
    );
  }

  write(state: RunState, now_s: number, link: Link, refused: string): void {
    this.name.textContent = state.name === "" ? `run ${state.run}` : state.name;
    this.id.element.classList.toggle("is-said", state.name === "");
    this.sub.textContent = state.what;
    this.figures(state, now_s);
    this.id.write(`run ${state.run}`, Number.isNaN(state.started_s) ? "" : `since ${clock(state.started_s)}`);
    this.controls.hidden = link.kind === "none";
    for (const [command, button] of this.buttons) {
      const why = refusal(state, link, command);
      button.setAttribute("aria-disabled", String(why !== null));
      button.title = why ?? "";
    }
    const part = state.rounds === 0 ? Number(state.end !== null) : (state.finished + within(state)) / state.rounds;
    this.bar.style.width = `${Math.min(part, 1) * 100}%`;
    this.progress.setAttribute("aria-valuemax", String(state.rounds));
    this.progress.setAttribute("aria-valuenow", String(state.finished));
    this.announce(state, now_s, link, refused);
  }

  private figures(state: RunState, now_s: number): void {
    const phase = phaseOf(state);
    const round = state.end === null ? state.round : state.finished;
    const rounds = state.rounds === 0 ? `${state.operators} operators` : round === 0 ? `${state.rounds} rounds planned` : `round ${round} of ${state.rounds}`;
    const changed = phase !== this.shownPhase;
    this.shownPhase = phase;
    this.phase.element.dataset["phase"] = phase;
    this.phase.write(` ${phase}`, rounds, changed ? phaseIcon(phase) : null);
    const asked = state.sitesOf(state.round).length;
    const came = state.reported.get(state.round);
    this.reported.write(asked === 0 ? "" : `${Number.isNaN(came) ? 0 : came} of ${asked}`, "sites reported");
    const rest = left(state, now_s);
    const stall = stallOf(state, now_s);
    const awaited = stall === null ? "" : `, once ${listed(stall.sites.map((site) => state.title(site)))} ${stall.sites.length === 1 ? "answers" : "answer"}`;
    if (state.end !== null) this.left.write(duration(state.end.seconds), "in all");
    else this.left.write(Number.isNaN(rest) ? "" : rest < 1 ? "under 1 s" : `about ${about(rest)}`, `left${state.until === null ? "" : " at most"}${awaited}`);
    const value = (metric: "log_loss" | "auc"): readonly [string, string] => {
      const line = state.line(metric, GLOBAL);
      const last = line?.last() ?? -1;
      if (line === undefined || last < 0) return ["", ""];
      const from = metric === "log_loss" && last > 0 ? `, from ${line.get(0).toFixed(3)}` : "";
      return [line.get(last).toFixed(3), METRIC_NAMES[metric] + from];
    };
    this.loss.write(...value("log_loss"));
    this.auc.write(...value("auc"));
  }

  /** One line: the gravest thing that a person should know. */
  private announce(state: RunState, now_s: number, link: Link, refused: string): void {
    const [kind, strong, words] = said(state, now_s, link, refused);
    const text = `${kind}|${strong}|${words}`;
    if (text === this.shownBanner) return;
    this.shownBanner = text;
    this.banner.hidden = kind === "";
    this.banner.className = `jp-Wayang-banner is-${kind}`;
    this.banner.replaceChildren(html("span", {}, html("b", {}, strong), words === "" ? "" : ` ${words}`));
  }
}

type Said = readonly [kind: "" | "gone" | "failed" | "stall" | "paused", strong: string, words: string];

function said(state: RunState, now_s: number, link: Link, refused: string): Said {
  if (link.kind === "gone" && state.end === null) return ["gone", link.why, `What is shown is as of ${clock(state.at_s)}.`];
  if (refused !== "") return ["gone", refused, ""];
  if (state.end?.state === "failed") return ["failed", "The run failed.", state.end.reason];
  if (state.paused_s !== null) {
    const work = [...state.awaited.keys()].map((site) => state.title(site));
    const kept = work.length === 0 ? "" : ` What ${listed(work)} ${work.length === 1 ? "was" : "were"} at work on is kept.`;
    return ["paused", `Paused since ${clock(state.paused_s)}.`, `The run waits at its next step.${kept}`];
  }
  const stall = stallOf(state, now_s);
  if (stall === null) return ["", "", ""];
  const usual = Number.isNaN(stall.usual_s) ? "" : `, usually ${duration(stall.usual_s)}`;
  const names = listed(stall.sites.map((site) => state.title(site)));
  const round = state.round === 0 ? "" : `Round ${state.round} waits for ${stall.sites.length === 1 ? "its answer" : "their answers"} until the deadline.`;
  return ["stall", `Waiting for ${names}: silent for ${about(Math.floor(stall.silent_s))}${usual}.`, round];
}

function within(state: RunState): number {
  const asked = state.sitesOf(state.round).length;
  if (asked === 0 || state.finished >= state.round) return 0;
  const came = state.reported.get(state.round);
  return Number.isNaN(came) ? 0 : came / asked;
}

function phaseIcon(phase: Phase): SVGSVGElement {
  const moving = phase === "running" || phase === "planning" || phase === "learning";
  const ring = moving ? svg("path", { d: "M10.4 6a4.4 4.4 0 1 1-8.8 0a4.4 4.4 0 1 1 8.8 0", opacity: 0.35 }) : null;
  return svg("svg", { class: `jp-Wayang-icon${moving ? " is-moving" : ""}`, viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, ring, ...ICONS[phase].map((d) => svg("path", { d })));
}

function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
}
