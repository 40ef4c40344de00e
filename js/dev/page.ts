// The program of the page: ?theme=dark&case=2&open=OPERATOR&events=120&width=640 says what is shown.
import type { Changes, PlanPicture } from "../src/plan/picture.js";
import { PlanView } from "../src/plan/view.js";
import type { AnyEvent } from "../src/wire.js";

interface Case {
  readonly title: string;
  readonly display: PlanPicture;
  readonly changes: Changes | null;
  readonly events: readonly AnyEvent[];
}

const query = new URLSearchParams(location.search);
document.body.dataset["jpThemeLight"] = String(query.get("theme") !== "dark");
const cases = JSON.parse(document.getElementById("data")?.textContent ?? "[]") as readonly Case[];
const place = document.getElementById("place");
const shown = cases[Number(query.get("case") ?? 0)];
if (place !== null && shown !== undefined) {
  const width = query.get("width");
  if (width !== null) place.style.width = `${width}px`;
  const told = (what: string) => (...of: readonly unknown[]): void => console.log(what, JSON.stringify(of));
  const backend = query.has("saved") ? null : { pin: told("pin"), unpin: told("unpin"), undo: told("undo"), inspect: told("inspect") };
  const before = performance.now();
  const view = new PlanView(place, shown.display, { backend, changes: shown.changes, undoable: shown.changes !== null });
  view.take(shown.events.slice(0, Number(query.get("events") ?? 0)));
  const open = query.get("open");
  if (open !== null) view.select(open);
  requestAnimationFrame(() => requestAnimationFrame(() => {
    document.title = `${shown.title}: drawn in ${(performance.now() - before).toFixed(0)} ms`;
    console.log(document.title);
  }));
  Object.assign(window, { view });
}
