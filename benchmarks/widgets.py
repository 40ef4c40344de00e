"""How soon the widgets draw, in a headless Chromium: plans and a long run on a bare page, a cell in JupyterLab.

The bare page loads what the notebook loads (``notebook/static``); JupyterLab is served with this tree's extension. The
clock of the kernel and that of the page are one, as both are on this machine.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec

import jupyter_wayang as wy
from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.notebook.widgets.bundle import bundled, is_built
from jupyter_wayang.notebook.widgets.display import plan_display
from jupyter_wayang.notebook.widgets.frames import Frame, frame_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_ROOT = Path(__file__).parents[1]
_OPERATORS = (10, 100, 300)
_AIMS_MS = {"plan of 300": 500, "event to pixel": 400, "cell to plan": 300}
_EVENTS_A_FRAME = 6_000
"""As the stream sends them four times a second when a run makes forty rounds of a hundred sites in a second."""

# Until the pixels are there: the task after the next frame begins when it has been painted.
_PAINTED = "const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"

_LOAD = """async ([name, text]) => {
  window[name] = await import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
}"""

_DRAW_PLAN = f"""async (text) => {{
  {_PAINTED}
  const place = document.body.appendChild(document.createElement('div'));
  const display = JSON.parse(text);
  await painted();
  const began = performance.now();
  const dispose = window.plan.drawPlan(place, display);
  await painted();
  const took = performance.now() - began;
  const cards = place.querySelectorAll('[data-operator]').length;
  dispose();
  place.remove();
  return [took, cards];
}}"""

_OPEN_RUN = """() => {
  const hears = new Set();
  const model = {
    get: () => ({}), send: () => undefined,
    on: (name, hear) => { if (name === 'msg:custom') hears.add(hear); },
    off: (name, hear) => hears.delete(hear),
  };
  const el = document.createElement('div');
  window.run.default().render({ model, el });
  Object.assign(window, { hears, el });
}"""

# What the page's one thread does for a frame: reading it, and from the callback before the view's to the paint.
_FRAME = """async ([head, body]) => {
  const bytes = Uint8Array.from(atob(body), (one) => one.charCodeAt(0));
  const now = () => performance.now();
  let began = 0;
  requestAnimationFrame(() => { began = now(); });
  const heard = now();
  for (const hear of window.hears) hear({ type: 'frame', head: JSON.parse(head) }, [new DataView(bytes.buffer)]);
  const read = now() - heard;
  // As in a notebook, where a view is put into the page after it was rendered.
  if (!window.el.isConnected) document.body.append(window.el);
  const drawn = await new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(now() - began))));
  const root = document.querySelector('.jp-Wayang-run');
  return [read + drawn, Number(root.dataset.seq), Number(root.dataset.missed)];
}"""

# Notes when the run view of a cell had drawn which event: its number is written in the frame that draws it, and the task
# after that begins when it has been painted.
_WATCH = """(index) => {
  window.drawn = [];
  new MutationObserver((changes) => {
    const seq = Number(changes.at(-1).target.dataset.seq);
    setTimeout(() => window.drawn.push([seq, Date.now()]));
  }).observe(window.panel.content.widgets[index].node, { subtree: true, attributes: true, attributeFilter: ['data-seq'] });
}"""

_RUN_CELL = f"""async (index) => {{
  {_PAINTED}
  const app = window.jupyterapp, panel = window.panel;
  panel.content.mode = 'command';
  panel.content.activeCellIndex = index;
  await painted();
  const cell = panel.content.widgets[index].node;
  const there = () => cell.querySelector('.jp-Wayang-plan [data-operator]') !== null;
  const began = performance.now();
  const drawn = new Promise((done) => {{
    const watch = new MutationObserver(() => {{ if (there()) {{ watch.disconnect(); done(); }} }});
    watch.observe(cell, {{ subtree: true, childList: true }});
  }});
  void app.commands.execute('notebook:run-cell');
  await drawn;
  await painted();
  return performance.now() - began;
}}"""

_CLEAR = "() => { for (const cell of window.panel.content.widgets) cell.outputArea?.model.clear(); }"

# The name is bound to the run while that goes on, and to its result after a short one.
_SEEN = """
import json
from pathlib import Path
run = getattr(heart, "run", heart)
run.wait()
Path("events.json").write_text(json.dumps([[event.seq, event.at_s] for event in run.events()]))
"""


def table(*, quick: bool = False) -> list[str]:
    """Time what the widgets draw, and return a Markdown table, or one line that says why there is none."""
    if not is_built():
        return ["Widgets are not timed: they were not built (`npm run build` in js/)."]
    with _chromium() as browser:
        if browser is None:
            return ["Widgets are not timed: there is no Playwright or no Chromium."]
        lines = ["| from … until it is painted | p50 ms | p95 ms | aim ms |", "|---|---:|---:|---:|"]
        lines += [
            _line(f"a plan of {count} operators", times, _AIMS_MS.get(f"plan of {count}"), last=False)
            for count, times in _plans(browser, 3 if quick else 11).items()
        ]
        sites, rounds = (10, 50) if quick else (100, 1_000)
        frames, megabytes, count = _long_run(browser, sites, rounds, _EVENTS_A_FRAME // (10 if quick else 1))
        what = f"a frame of {sites} sites × {rounds:,} rounds × 3 metrics ({count:,} events in {len(frames)} frames)"
        lines.append(_line(what, frames, None))
        events, cells = _in_jupyterlab(browser, 3 if quick else 9, 3 if quick else 30)
        lines.append(
            _line(f"an event in the kernel, JupyterLab ({len(events)} events)", events, _AIMS_MS["event to pixel"])
        )
        lines.append(
            _line("running a cell until its plan, JupyterLab", cells[1:], _AIMS_MS["cell to plan"], last=False)
        )
    kept = f"The run view of {sites} sites × {rounds:,} rounds holds {megabytes:.1f} MB after a collection."
    return [*lines, "", f"The first cell, which loads the widgets, shows its plan after {cells[0]:,.0f} ms. {kept}"]


def _line(what: str, times: Sequence[float], aim: int | None, *, last: bool = True) -> str:
    """Return a row; of few times there is no p95 to speak of, only the slowest."""
    high = quantiles(times, n=20, method="inclusive")[-1] if last else max(times)
    name = f"{high:,.0f}" if last else f"{high:,.0f} (slowest)"
    return f"| {what} | {median(times):,.0f} | {name} | {'–' if aim is None else f'< {aim}'} |"


@contextmanager
def _chromium() -> Iterator[Browser | None]:
    """Give a browser if one is on the machine; none is installed for this."""
    sys.path.insert(0, str(_ROOT / "tests" / "browser"))
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield None
        return
    import chromium

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        path = next((found for name in (*chromium.NAMES, own) if (found := shutil.which(name))), None)
        if path is None:
            yield None
            return
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _bare(browser: Browser, name: str) -> Iterator[Page]:
    """Give a page with one of the widgets' programs and their style, and nothing else."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    try:
        page = context.new_page()
        page.set_content('<!doctype html><body data-jp-theme-light="true"></body>')
        page.add_style_tag(content=bundled("wayang.css"))
        page.evaluate(_LOAD, [name, bundled(f"{name}.js")])
        yield page
    finally:
        context.close()


def _plans(browser: Browser, repeats: int) -> dict[int, list[float]]:
    """Draw plans in turns, each once for nothing; milliseconds by their number of operators."""
    with TemporaryDirectory() as scratch:
        session = wy.Session(scratch)
        displays = {count: json.dumps(_plan(session, count)) for count in _OPERATORS}
        session.close()
    times: dict[int, list[float]] = {count: [] for count in displays}
    with _bare(browser, "plan") as page:
        for turn in range(repeats + 1):
            for count, display in displays.items():
                took, cards = page.evaluate(_DRAW_PLAN, display)
                assert cards >= count, f"{cards} of {count} operators were drawn"
                if turn > 0:
                    times[count].append(took)
    return times


def _plan(session: wy.Session, operators: int) -> dict[str, Any]:
    """Plan so many operators, none of which stands for others."""
    rows = session.read(heart_disease()["cleveland"])
    for number in range(operators - 1):
        rows = rows.sort(wy.col.age) if number % 2 else rows.with_columns(older=wy.col.age + number)
    plan = rows.plan(name="long")
    assert len(plan.execution.operators) == operators
    return plan_display(plan.execution)


def _long_run(browser: Browser, sites: int, rounds: int, together: int) -> tuple[list[float], float, int]:
    """Stream a made run into a run view; milliseconds a frame, megabytes after a collection, number of events."""
    sys.path.insert(0, str(_ROOT / "js" / "dev"))
    from runs import made

    events = made([f"Site {number:03}" for number in range(1, sites + 1)], rounds, rounds)
    times = []
    with _bare(browser, "run") as page:
        page.evaluate(_OPEN_RUN)
        for start in range(0, len(events), together):
            part = events[start : start + together]
            frame = frame_of(part, since=start, now_s=part[-1].at_s)
            took, seq, missed = page.evaluate(_FRAME, _sent(frame))
            assert (seq, missed) == (frame.seq, 0), f"drawn up to {seq}, {missed} missed"
            times.append(took)
        tools = page.context.new_cdp_session(page)
        tools.send("HeapProfiler.collectGarbage")
        usage = tools.send("Runtime.getHeapUsage")
        # Curves are typed arrays, which stand beside the heap.
        used = usage["usedSize"] + usage["backingStorageSize"]
        assert page.locator(".jp-Wayang-run canvas").first.is_visible(), "no curves were drawn"
    return times, used / 1e6, len(events)


def _sent(frame: Frame) -> list[str]:
    return [msgspec.json.encode(frame.head).decode(), base64.b64encode(frame.body).decode()]


def _in_jupyterlab(browser: Browser, cells: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each event of a run of slow rounds, and of each cell until its plan."""
    from cells import SETUP, heart
    from jupyter import Notebook, page_of, served, write_notebook

    # So many local epochs that a round takes about half a second.
    slow = heart(rounds=rounds).replace("local_epochs=5", "local_epochs=2000")
    written = [SETUP, slow, _SEEN, *[heart(rounds=2)] * cells]
    with TemporaryDirectory() as folder:
        write_notebook(Path(folder) / "timed.ipynb", written)
        with served(Path(folder)) as address, page_of(browser) as page:
            notebook = Notebook(page, address, "timed.ipynb").open()
            notebook.run(0)
            page.evaluate(_WATCH, 1)
            times = [page.evaluate(_RUN_CELL, 1)]
            notebook.run(2, timeout_s=240)
            seen = json.loads((Path(folder) / "events.json").read_text(encoding="utf-8"))
            page.wait_for_function("(seq) => window.drawn.some(([drawn]) => drawn >= seq)", arg=seen[-1][0])
            drawn: list[tuple[int, float]] = page.evaluate("() => window.drawn")
            for index in range(3, len(written)):
                # JupyterLab draws no cell that is out of sight.
                page.evaluate(_CLEAR)
                times.append(page.evaluate(_RUN_CELL, index))
                notebook.run(2)
    return _latencies(seen, drawn), times


def _latencies(events: Sequence[tuple[int, float]], drawn: Sequence[tuple[int, float]]) -> list[float]:
    """Return, by event, the milliseconds from its stamp until the first drawing that holds it.

    What came before the view was there is not counted: it was waiting for the view, not for its frame.
    """
    first = next(seq for seq, _ in drawn if seq > 0)
    return [next(at_ms for up_to, at_ms in drawn if up_to >= seq) - at_s * 1e3 for seq, at_s in events if seq > first]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small run, few repeats")
    print("\n".join(table(quick=parser.parse_args().quick)))


if __name__ == "__main__":
    main()
