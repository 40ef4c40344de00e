// A run that a kernel tells of: begins with the snapshot, asks for what is missing, notices when nobody answers.
import type { AnyModel } from "@anywidget/types";
import { eventsOf, type Head } from "./frames.js";
import type { RunDisplay } from "../display.js";
import type { Command, Link } from "./head.js";
import { RunState } from "./state.js";

/** What crosses: the traits of notebook/widgets/run.py. */
export interface RunModel {
  run_id: string;
  snapshot: { readonly seq?: number; readonly head?: Head; readonly body?: DataView };
}

type Message =
  | { readonly type: "frame"; readonly head: Head }
  | { readonly type: "beat"; readonly now_s: number }
  | { readonly type: "refused"; readonly text: string }
  | { readonly type: "display"; readonly display: RunDisplay };

const SILENT_MS = 12_000;
const RESTARTED = "The notebook's kernel was restarted or is gone.";

/** Follows a run; all views of a model share one. Listens while at least one view is attached. */
export class LiveRun {
  readonly state = new RunState();
  private readonly views = new Set<() => void>();
  private offset_s = 0;
  private heard_ms = Date.now();
  private asked_ms = Number.NEGATIVE_INFINITY;
  private dead = false;
  private refusedText = "";
  private keep: ((display: RunDisplay) => void) | null = null;

  constructor(private readonly model: AnyModel<RunModel>) {}

  /** Tells a view of all changes until the returned function is called. */
  attach(changed: () => void): () => void {
    if (this.views.size === 0) {
      this.model.on("msg:custom", this.message);
      this.model.on("change:snapshot", this.snapshot);
      this.model.on("comm_live_update", this.lost);
      this.heard_ms = Date.now();
      this.asked_ms = Number.NEGATIVE_INFINITY;
      this.snapshot();
      this.ask();
    }
    this.views.add(changed);
    return () => {
      this.views.delete(changed);
      if (this.views.size > 0) return;
      this.model.off("msg:custom", this.message);
      this.model.off("change:snapshot", this.snapshot);
      this.model.off("comm_live_update", this.lost);
    };
  }

  /** Seconds since 1970 by the kernel's clock. */
  now(): number {
    return Date.now() / 1000 + this.offset_s;
  }

  link(): Link {
    if (this.dead) return { kind: "gone", why: RESTARTED };
    const silent = Date.now() - this.heard_ms;
    if (this.state.end === null && silent > SILENT_MS) return { kind: "gone", why: `No word from the notebook's kernel for ${Math.round(silent / 1000)} s.` };
    return { kind: "live" };
  }

  refused(): string {
    return this.refusedText;
  }

  command(command: Command): void {
    this.refusedText = "";
    this.model.send({ type: command });
  }

  /** Asks the notebook for what is to be kept of the run. */
  final(keep: (display: RunDisplay) => void): void {
    this.keep = keep;
    this.model.send({ type: "display" });
  }

  private ask(): void {
    if (Date.now() - this.asked_ms < 1000) return;
    this.asked_ms = Date.now();
    this.model.send({ type: "since", seq: this.state.seq });
  }

  private readonly lost = (): void => {
    this.dead = true;
    this.tell();
  };

  private readonly snapshot = (): void => {
    const { seq, head, body } = this.model.get("snapshot");
    if (seq === undefined || seq <= this.state.seq) return;
    if (head !== undefined && body !== undefined) this.frame(head, body);
  };

  private readonly message = (message: Message, buffers: readonly DataView[]): void => {
    this.heard_ms = Date.now();
    this.dead = false;
    if (message.type === "display") {
      this.keep?.(message.display);
      this.keep = null;
      return;
    }
    if (message.type === "refused") {
      this.refusedText = message.text;
    } else if (message.type === "beat") {
      this.offset_s = message.now_s - Date.now() / 1000;
    } else {
      const body = buffers[0];
      this.offset_s = message.head.now_s - Date.now() / 1000;
      if (body !== undefined) this.frame(message.head, body);
    }
    this.tell();
  };

  private frame(head: Head, body: DataView): void {
    if (head.since > this.state.seq) {
      this.ask();
      return;
    }
    for (const event of eventsOf(head, body)) this.state.take(event);
    this.tell();
  }

  private tell(): void {
    for (const changed of this.views) changed();
  }
}
