"""What holds for the views in a page: nothing is left when they are closed, and everybody can read them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from bare import run_view, send
from cells import DEV, SETUP, heart
from jupyter import ROOT, Notebook, page_of, served, write_notebook

from jupyter_wayang.events import RunStarted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from jupyter_wayang.events import AnyEvent

AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"

# Notes what our programs begin and have not ended: who calls is read from the stack.
WATCH = """() => {
  const ours = () => /blob:|jupyter-wayang/.test(new Error().stack ?? '');
  const left = window.left = { listeners: new Set(), timers: new Set(), observers: new Set() };
  const add = EventTarget.prototype.addEventListener, remove = EventTarget.prototype.removeEventListener;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (ours()) left.listeners.add({ target: this, type, listener, stack: new Error().stack });
    return add.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    for (const one of left.listeners) {
      if (one.target === this && one.type === type && one.listener === listener) left.listeners.delete(one);
    }
    return remove.call(this, type, listener, options);
  };
  for (const [begin, end] of [['setTimeout', 'clearTimeout'], ['setInterval', 'clearInterval'],
                              ['requestAnimationFrame', 'cancelAnimationFrame']]) {
    const begins = window[begin], ends = window[end];
    window[begin] = (action, ...rest) => {
      const mine = ours();
      const id = begins.call(window, (...given) => {
        if (begin !== 'setInterval') left.timers.delete(begin + id);
        return action(...given);
      }, ...rest);
      if (mine) left.timers.add(begin + id);
      return id;
    };
    window[end] = (id) => { left.timers.delete(begin + id); return ends.call(window, id); };
  }
  for (const name of ['MutationObserver', 'ResizeObserver', 'IntersectionObserver']) {
    const Real = window[name];
    window[name] = class extends Real {
      observe(...given) { if (ours()) left.observers.add(this); return super.observe(...given); }
      disconnect() { left.observers.delete(this); return super.disconnect(); }
    };
  }
}"""

# A listener on an element that is gone goes with it; one on a window, a document or an element that stays is left.
# Two that are none of a view's: uPlot watches the pixel ratio once for each program that is loaded, and what listens to
# the signal that ends it ends with it.
LEFT = """() => {
  const stays = (target) => (target instanceof Node ? target.isConnected
    : !(target instanceof AbortSignal) && !(target instanceof MediaQueryList && target.media.includes('resolution')));
  const listeners = [...window.left.listeners].filter(({ target }) => stays(target));
  return {
    listeners: listeners.map(({ target, type, stack }) => `${target} ${type} ${stack}`),
    timers: [...window.left.timers],
    observers: window.left.observers.size,
  };
}"""

# What is written, and every drawn pixel.
PICTURE = """() => {
  const root = document.querySelector('.jp-Wayang-run');
  return [root.outerHTML, ...[...root.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())];
}"""

COMMS = """async () => {
  const { kernel } = window.panel.sessionContext.session;
  const { content } = await kernel.requestCommInfo({ target_name: 'jupyter.widget' });
  return Object.keys(content.comms).length;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("views")
    write_notebook(folder / "heart.ipynb", [SETUP, heart(rounds=400), "1 + 1"])
    with served(folder) as found:
        yield found


def test_nothing_is_left_when_a_view_is_closed(browser: Browser, address: str) -> None:
    with page_of(browser) as page:
        page.add_init_script(f"({WATCH})()")
        notebook = Notebook(page, address, "heart.ipynb").open()
        notebook.run(0)
        notebook.run(1)
        cell = notebook.cell(1)
        cell.locator(".jp-Wayang-run canvas").first.wait_for()
        cell.locator("[data-operator]").first.click()
        begun = page.evaluate(LEFT)
        assert begun["observers"] > 0, "the watch sees nothing"
        comms = page.evaluate(COMMS)
        notebook.run(1)
        cell.locator(".jp-Wayang-run canvas").first.wait_for()
        assert page.evaluate(COMMS) <= comms, "the views of a cell that ran again are still there"
        page.evaluate("() => window.panel.content.widgets[1].outputArea.model.clear()")
        cell.locator(".jp-Wayang").first.wait_for(state="detached")
        page.wait_for_function(f"() => {{ const left = ({LEFT})(); return left.timers.length === 0; }}")
        assert page.evaluate(LEFT) == {"listeners": [], "timers": [], "observers": 0}


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_no_serious_violation_of_accessibility(browser: Browser, address: str, theme: str) -> None:
    with page_of(browser) as page:
        notebook = Notebook(page, address, "heart.ipynb").open()
        notebook.theme(theme)
        notebook.run(0)
        notebook.run(1)
        cell = notebook.cell(1)
        cell.locator(".jp-Wayang-run canvas").first.wait_for()
        cell.locator("[data-operator^='va/']").first.click()
        cell.locator(".jp-Wayang-alternative").first.wait_for()
        page.add_script_tag(path=AXE)
        found: list[dict[str, Any]] = page.evaluate(
            "async () => (await axe.run({ include: [['.jp-Wayang']] })).violations"
        )
        serious = {
            one["id"]: [(node["target"], node["failureSummary"]) for node in one["nodes"][:3]]
            for one in found
            if one["impact"] in ("serious", "critical")
        }
        assert serious == {}


def events_of(sites: list[str], rounds: int) -> list[AnyEvent]:
    sys.path.insert(0, str(DEV))
    from runs import made

    events: list[AnyEvent] = made(sites, rounds, rounds)
    return events


def test_a_view_that_stood_before_the_first_round_draws_it(browser: Browser) -> None:
    events = events_of(["Aarhus", "Basel"], 5)
    # Of some runs there is nothing to draw at first: they read and plan before they know their rounds.
    before = [
        msgspec.structs.replace(event, rounds=0) if isinstance(event, RunStarted) else event for event in events[:1]
    ]
    with run_view(browser) as page:
        send(page, before)
        page.get_by_text("No rounds in this run.").wait_for()
        send(page, events[1:])
        page.locator(".jp-Wayang-run canvas").first.wait_for()
        assert not page.get_by_text("No rounds in this run.").is_visible()


@pytest.mark.parametrize("sites", [4, 12])
def test_a_journal_that_is_replayed_gives_the_picture_of_the_live_run(browser: Browser, sites: int) -> None:
    events = events_of([f"Site {number:02}" for number in range(1, sites + 1)], 12)
    with run_view(browser) as live:
        for start in range(0, len(events), 17):
            send(live, events[start : start + 17])
        streamed = live.evaluate(PICTURE)
    with run_view(browser) as replayed:
        send(replayed, events)
        at_once = replayed.evaluate(PICTURE)
    assert streamed == at_once
