// Frames back to events: the twin of notebook/widgets/frames.py, which says how they are laid out.
import type { AnyEvent } from "../wire.js";

type Kind = "u4" | "f8" | "w4";

export interface Head {
  readonly run: string;
  readonly since: number;
  readonly seq: number;
  readonly now_s: number;
  readonly words: readonly string[];
  readonly tables: readonly (readonly [tag: string, rows: number, columns: readonly (readonly [string, Kind])[]])[];
  readonly events: readonly AnyEvent[];
}

const BYTES: Readonly<Record<Kind, number>> = { u4: 4, w4: 4, f8: 8 };

/** Returns the events of a frame, in their order. */
export function eventsOf(head: Head, body: DataView): AnyEvent[] {
  const events = new Array<AnyEvent | undefined>(Math.max(head.seq - head.since, 0));
  const place = (event: AnyEvent): void => {
    events[event.seq - head.since - 1] = event;
  };
  let offset = 0;
  for (const [tag, count, columns] of head.tables) {
    const rows = Array.from({ length: count }, (): Record<string, unknown> => ({ tag, run: head.run }));
    for (const [name, kind] of columns) {
      const size = BYTES[kind];
      rows.forEach((row, index) => {
        row[name] = value(body, offset + index * size, kind, head.words);
      });
      offset += Math.ceil((count * size) / 8) * 8;
    }
    for (const row of rows) place(row as unknown as AnyEvent);
  }
  for (const event of head.events) place(event);
  return events.filter((event) => event !== undefined);
}

function value(body: DataView, offset: number, kind: Kind, words: readonly string[]): number | string | null {
  if (kind === "f8") {
    const number = body.getFloat64(offset, true);
    return Number.isNaN(number) ? null : number;
  }
  const number = body.getUint32(offset, true);
  if (kind === "u4") return number;
  return number === 0 ? null : (words[number - 1] ?? null);
}
