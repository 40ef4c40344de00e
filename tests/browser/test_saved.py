"""A notebook that was executed by a program, and is opened where nothing runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from cells import SETUP, heart
from jupyter import ROOT, Notebook, outputs, page_of, served, write_notebook
from nbclient import NotebookClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE = """
from pathlib import Path
from jupyter_wayang.notebook.page import page_of
Path("page.html").write_text(page_of(heart.run, title="Four hospitals"), encoding="utf-8")
"""
OURS = "application/vnd.wayang+json"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    path = write_notebook(folder / "heart.ipynb", [SETUP, heart("--sites hospitals --wait", rounds=400), PAGE])
    notebook = nbformat.read(path, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT / "src"))
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(notebook, path)
    return path


def test_a_program_that_executes_gets_no_widget_and_the_final_state(executed: Path) -> None:
    plan, run, *_ = (data for data in outputs(executed)[1] if OURS in data)
    assert set(plan) == set(run) == {OURS, "text/html", "text/plain"}
    assert run[OURS]["events"][-1]["tag"] == "run_finished"
    assert run[OURS]["events"][-1]["state"] == "done"
    assert any(operator["counted"] is not None for operator in plan[OURS]["plan"]["operators"])


def test_opened_without_a_kernel_and_untrusted_it_shows_plan_and_curves(executed: Path, browser: Browser) -> None:
    with served(executed.parent) as address, page_of(browser) as page:
        page.route("**/api/sessions*", lambda route: route.abort())
        page.route("**/api/kernels*", lambda route: route.abort())
        notebook = Notebook(page, address, executed.name).open(kernel=False)
        cell = notebook.cell(1)
        cell.locator(".jp-Wayang-run canvas").first.wait_for()
        assert not page.evaluate("() => window.panel.content.widgets.some((one) => one.model.trusted)")
        plan = cell.locator(".jp-Wayang-plan")
        assert all(name in plan.inner_text() for name in ("Execution kernel", "Cleveland", "VA Long Beach"))
        assert plan.locator("[data-operator]").count() > 20
        assert cell.locator(".jp-Wayang-phase").get_attribute("data-phase") == "done"
        assert not notebook.errors


def test_without_the_extension_it_shows_pictures(executed: Path, browser: Browser) -> None:
    with served(executed.parent, extension=False) as address, page_of(browser) as page:
        notebook = Notebook(page, address, executed.name).open()
        images = notebook.cell(1).locator("img[src^='data:image/svg']")
        images.nth(1).wait_for()
        assert page.evaluate("() => [...document.images].every((one) => one.naturalWidth > 300)")


def test_nbconvert_shows_pictures(executed: Path, browser: Browser) -> None:
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output", "heart.html", str(executed)]
    subprocess.run(command, check=True, capture_output=True, cwd=executed.parent)
    with page_of(browser) as page:
        page.goto((executed.parent / "heart.html").as_uri())
        images = page.locator("img[src^='data:image/svg']")
        assert images.count() == 2
        assert page.evaluate("() => [...document.images].every((one) => one.naturalWidth > 300)")


def test_a_report_draws_plan_and_curves_by_itself(executed: Path, browser: Browser) -> None:
    with page_of(browser) as page:
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((executed.parent / "page.html").as_uri())
        page.locator(".jp-Wayang-run canvas").first.wait_for()
        page.locator("[data-operator^='va/']").first.click()
        page.locator(".jp-Wayang-alternative").first.wait_for()
        assert page.locator("[data-wayang-picture]").count() == 0
        assert not errors
        assert [url for url in asked if not url.startswith("file:")] == [], "a report loads nothing"
