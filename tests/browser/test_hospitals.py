"""The whole way of a person through four hospitals: look, ask, pin, run, watch, pause, resume, reload, stop."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from cells import SETUP, heart
from jupyter import ROOT, App, Notebook, outputs, page_of, served, write_notebook

from jupyter_wayang.datasets import postgres

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

OURS = "application/vnd.wayang+json"
MANY_ROUNDS = 3000
NOTEBOOK = ROOT / "notebooks" / "01-hospitals.ipynb"

EVENTS = """
import json
print(json.dumps([(event.seq, event.at_s, event.tag if hasattr(event, "tag") else type(event).__name__)
                  for event in heart.events()]))
"""


def test_the_whole_way_in_jupyterlab(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / NOTEBOOK.name
    shutil.copy(NOTEBOOK, path)
    sources = [cell["source"] for cell in nbformat.read(path, as_version=4).cells]
    fit = next(index for index, source in enumerate(sources) if source.startswith("%%wayang heart <<"))
    with served(tmp_path) as address, page_of(browser) as page:
        notebook = Notebook(page, address, path.name).open()
        for index in range(fit + 1):
            notebook.run(index)
        cell = notebook.cell(fit)
        cell.locator(".jp-Wayang-phase[data-phase=done]").wait_for()
        look_and_pin(cell.locator(".jp-Wayang-plan"))
        # As a person does who wants to watch: many more rounds, and not waiting for them.
        notebook.write(fit, sources[fit].replace(" --wait", "").replace("rounds=30", f"rounds={MANY_ROUNDS}"))
        notebook.start(fit)
        cell.locator(".jp-Wayang-phase[data-phase=running], .jp-Wayang-phase[data-phase=measuring]").wait_for()
        run = cell.locator(".jp-Wayang-run")
        seen = watch(run)
        pause_and_resume(run, page)
        notebook.save()
        events = reload_and_stop(notebook, page, path, fit)
        at_s = {seq: at for seq, at, _ in events}
        # What was seen had just happened, and long before the end.
        late_s = [round(wall - at_s[seq], 2) for seq, wall in seen]
        assert all(0 <= late < 5 for late in late_s), late_s
        assert seen[-1][1] < at_s[len(events)]
        assert not notebook.errors


def look_and_pin(plan: Locator) -> None:
    """See five lanes, ask one operator for its alternatives, pin it, and read what that changed."""
    plan.wait_for()
    titles = plan.locator(".lane-title, [data-lane]").all_inner_texts()
    for name in ("Execution kernel", "Cleveland", "Hungary", "Switzerland", "VA Long Beach"):
        assert name in plan.inner_text(), titles
    operator = plan.locator("[data-operator^='cleveland/']").filter(has_text="local_update").first
    operator.click()
    panel = plan.locator(".jp-Wayang-panel")
    alternatives = panel.locator(".jp-Wayang-alternative:not(.no)")
    alternatives.first.wait_for()
    assert alternatives.count() >= 2
    assert all(re.search(r"\d (s|ms|µs)", text) for text in alternatives.locator(".difference").all_inner_texts())
    database, title = ("duckdb", "DuckDB") if postgres.missing() else ("postgres", "PostgreSQL")
    panel.get_by_role("button", name=f"Pin to {title}").click()
    plan.locator(".jp-Wayang-said", has_text=title).wait_for()
    operator.click()
    panel.get_by_text(f'.on("{database}"').wait_for()


def seq_of(run: Locator) -> int:
    return int(run.get_attribute("data-seq") or 0)


def later(run: Locator, seq: int, timeout_s: float = 30) -> int:
    """Wait until a view has more than some events, and return how many."""
    until = time.monotonic() + timeout_s
    while (now := seq_of(run)) <= seq:
        assert time.monotonic() < until, f"the view stays at event {now}"
        run.page.wait_for_timeout(50)
    return now


def watch(run: Locator) -> list[tuple[int, float]]:
    """See points arrive while the run goes on, and note when how many were there."""
    run.wait_for()
    seen = [(later(run, 50), time.time())]
    for _ in range(4):
        seen.append((later(run, seen[-1][0]), time.time()))
    assert run.locator(".jp-Wayang-phase").get_attribute("data-phase") in ("running", "measuring"), seen
    return seen


def pause_and_resume(run: Locator, page: Page) -> None:
    run.get_by_role("button", name="Pause").click()
    run.locator(".jp-Wayang-phase[data-phase=paused]").wait_for()
    still = seq_of(run)
    page.wait_for_timeout(1500)
    paused = seq_of(run)
    assert paused - still < 20, "a paused run goes on"
    run.get_by_role("button", name="Resume").click()
    later(run, paused + 40)


def reload_and_stop(notebook: Notebook, page: Page, path: Path, index: int) -> list[tuple[int, float, str]]:
    """Load the page again in mid-run, find every event, stop, and find the end in the saved notebook."""
    page.reload()
    notebook.ready()
    run = notebook.cell(index).locator(".jp-Wayang-run")
    run.wait_for()
    later(run, later(run, 100))
    assert run.get_attribute("data-missed") == "0"
    run.get_by_role("button", name="Stop").click()
    run.locator(".jp-Wayang-phase[data-phase=stopped]").wait_for()
    notebook.write(index + 2, EVENTS)
    notebook.run(index + 2)
    events = json.loads(notebook.cell(index + 2).locator(".jp-OutputArea-output").inner_text())
    assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1))
    later(run, len(events) - 1)
    assert run.get_attribute("data-missed") == "0"
    kept_at_end(notebook, path, index)
    return events


def kept_at_end(notebook: Notebook, path: Path, index: int) -> list[str]:
    """Wait until the saved notebook has the end of a cell's run, and return the kinds of what it keeps."""
    until = time.monotonic() + 30
    while True:
        notebook.save()
        notebook.page.wait_for_timeout(200)
        kept = [data[OURS] for data in outputs(path)[index] if OURS in data]
        if kept and kept[-1]["events"][-1]["tag"] == "run_finished":
            return [one["kind"] for one in kept]
        assert time.monotonic() < until, "the notebook was not told of the end"


@pytest.mark.parametrize("app", ["notebook"])
def test_the_main_path_in_notebook_7(browser: Browser, tmp_path: Path, app: App) -> None:
    path = write_notebook(tmp_path / "heart.ipynb", [SETUP, heart(rounds=400)])
    with served(tmp_path, app) as address, page_of(browser) as page:
        notebook = Notebook(page, address, path.name, app).open()
        notebook.run(0)
        notebook.run(1)
        cell = notebook.cell(1)
        cell.locator(".jp-Wayang-plan").wait_for()
        cell.locator(".jp-Wayang-phase[data-phase=done]").wait_for(timeout=90_000)
        assert cell.locator(".jp-Wayang-run").get_attribute("data-missed") == "0"
        assert kept_at_end(notebook, path, 1) == ["plan", "run"]
        assert not notebook.errors
