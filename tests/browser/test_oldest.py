"""The main path on the oldest JupyterLab and Notebook that are claimed, as servers of an environment of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest
from cells import SETUP, heart
from jupyter import App, Notebook, page_of, served, write_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

OLDEST = ("jupyterlab==4.2.0", "notebook==7.2.0", "ipywidgets==8.1.5", "anywidget", "setuptools<81")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("oldest")
    venv.create(folder, with_pip=True)
    own = folder / "bin" / "python"
    subprocess.run([own, "-m", "pip", "install", "-qq", *OLDEST], check=True)
    # The kernel is this environment's: old servers, new jupyter-wayang.
    spec = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "language": "python"}
    kernel = folder / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True, exist_ok=True)
    kernel.write_text(json.dumps({**spec, "display_name": "Python 3"}))
    return str(own)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_the_main_path_on_the_oldest(browser: Browser, python: str, tmp_path: Path, app: App) -> None:
    path = write_notebook(tmp_path / "heart.ipynb", [SETUP, heart(rounds=400)])
    with served(tmp_path, app, python=python) as address, page_of(browser) as page:
        notebook = Notebook(page, address, path.name, app).open()
        notebook.run(0)
        notebook.run(1)
        cell = notebook.cell(1)
        cell.locator("[data-operator^='va/']").first.click()
        cell.locator(".jp-Wayang-alternative").first.wait_for()
        cell.locator(".jp-Wayang-phase[data-phase=done]").wait_for(timeout=90_000)
        assert cell.locator(".jp-Wayang-run").get_attribute("data-missed") == "0"
        assert not notebook.errors
