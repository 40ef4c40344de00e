"""Starts Jupyter with our extension from this tree, and drives a notebook by commands, not by menus and keys."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import nbformat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "jupyter_wayang" / "notebook" / "static"
App = Literal["lab", "notebook"]


def write_notebook(path: Path, cells: list[str]) -> Path:
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text.strip("\n")) for text in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, path)
    return path


@contextmanager
def served(folder: Path, app: App = "lab", *, python: str = sys.executable, extension: bool = True) -> Iterator[str]:
    """Serve a folder of notebooks, with settings of its own, with or without our extension, and give the address."""
    own = Path(tempfile.mkdtemp(prefix="wayang-jupyter-"))
    labextensions = own / "share" / "labextensions"
    labextensions.mkdir(parents=True, exist_ok=True)
    link = labextensions / "jupyter-wayang"
    link.symlink_to(STATIC / "labextension")
    if not extension:
        config = own / "config" / "labconfig"
        config.mkdir(parents=True)
        (config / "page_config.json").write_text('{"disabledExtensions": {"jupyter-wayang": true}}')
    settings = own / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    port = _free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "JUPYTER_PATH": str(own / "share"),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "IPYTHONDIR": str(own / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
    }
    command = [
        *(python, "-m", "jupyter", app, "--no-browser", "--allow-root", "--expose-app-in-browser"),
        *(f"--port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"),
        *("--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
        f"--ServerApp.root_dir={folder}",
    ]
    log = own / f"{app}.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api/status", process, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(own, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


_READY = """async () => {
  const app = window.jupyterapp;
  await app.started; await app.restored;
  const pause = () => new Promise((done) => setTimeout(done, 50));
  const find = () => [...app.shell.widgets('main')].find((one) => one.context && one.content?.widgets);
  let panel = find();
  for (let i = 0; i < 400 && !panel; i++) { await pause(); panel = find(); }
  await panel.context.ready; await panel.revealed;
  window.panel = panel;
}"""

_CONNECTED = """async () => {
  const context = window.panel.sessionContext;
  await context.ready;
  const pause = () => new Promise((done) => setTimeout(done, 50));
  for (let i = 0; i < 400 && context.session?.kernel?.connectionStatus !== 'connected'; i++) await pause();
  await context.session.kernel.info;
}"""

_RUN = """async (index) => {
  const app = window.jupyterapp, panel = window.panel;
  app.shell.activateById(panel.id);
  panel.content.mode = 'command';
  panel.content.activeCellIndex = index;
  void app.commands.execute('notebook:run-cell');
}"""

_PROMPT = """(index) => {
  const cell = window.panel.content.widgets[index];
  return cell.model.executionCount !== null && cell.model.executionState !== 'running'
    && !(cell.node.querySelector('.jp-InputPrompt')?.textContent ?? '').includes('*');
}"""


class Notebook:
    """A notebook in a page."""

    def __init__(self, page: Page, address: str, name: str, app: App = "lab") -> None:
        self.page = page
        self._errors: list[str] = []
        page.on("pageerror", lambda error: self._errors.append(error.stack or str(error)))
        self._where = f"{address}/lab/tree/{name}?reset" if app == "lab" else f"{address}/notebooks/{name}"
        self._app = app

    def open(self, *, kernel: bool = True) -> Notebook:
        """Open it, and wait until its kernel is connected."""
        self.page.goto(self._where)
        self.ready(kernel=kernel)
        return self

    def ready(self, *, kernel: bool = True) -> None:
        """Wait until the notebook is there, after the page was loaded or loaded again."""
        self.page.wait_for_function("() => Boolean(window.jupyterapp)", timeout=60_000)
        self.page.evaluate(_READY)
        if kernel:
            self.page.evaluate(_CONNECTED)

    @property
    def errors(self) -> list[str]:
        """The errors in the page that are ours: of the extension, or of a widget, whose program is a blob."""
        return [error for error in self._errors if "jupyter-wayang" in error or "blob:" in error]

    def start(self, index: int) -> None:
        """Run a cell, and do not wait for it."""
        self.page.evaluate(_RUN, index)

    def run(self, index: int, timeout_s: float = 120) -> None:
        """Run a cell to its end."""
        self.start(index)
        self.page.wait_for_function(_PROMPT, arg=index, timeout=timeout_s * 1000)

    def write(self, index: int, source: str) -> None:
        """Write something else into a cell."""
        self.page.evaluate(
            "([index, source]) => window.panel.content.widgets[index].model.sharedModel.setSource(source)",
            [index, source],
        )

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => window.panel.context.save()")

    def cell(self, index: int) -> Any:
        """Return the locator of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def alone(self) -> None:
        """Show the notebook without the panels beside it."""
        self.page.evaluate("() => { window.jupyterapp.shell.collapseLeft(); window.jupyterapp.shell.collapseRight(); }")

    def top(self, index: int) -> None:
        """Scroll until a cell is on top."""
        self.cell(index).evaluate("(cell) => cell.scrollIntoView({ block: 'start' })")

    def theme(self, name: str) -> None:
        """Change the theme."""
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)


@contextmanager
def page_of(browser: Browser, *, width: int = 1400, height: int = 1000) -> Iterator[Page]:
    """Give a page that is closed afterwards."""
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    try:
        yield context.new_page()
    finally:
        context.close()


def outputs(path: Path) -> list[list[dict[str, Any]]]:
    """Return, by cell of a saved notebook, the data of its outputs."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [[output["data"] for output in cell.get("outputs", ()) if "data" in output] for cell in cells]
