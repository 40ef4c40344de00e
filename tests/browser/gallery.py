"""Takes the pictures of docs/gallery.md in JupyterLab: ``python tests/browser/gallery.py docs/pictures``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import chromium
from cells import MANY, SETUP, failed, heart
from jupyter import Notebook, page_of, served, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

MOST_BYTES = 300_000
ENDED_MS = 240_000
PLAN, RUN = ".jp-Wayang-plan", ".jp-Wayang-run"
UPDATE = "[data-operator='cleveland/fit_update']"


class Gallery:
    """Takes pictures into a folder.

    Parameters
    ----------
    browser
        The browser.
    address
        Where Jupyter is served.
    folder
        Where the pictures go.
    """

    def __init__(self, browser: Browser, address: str, folder: Path) -> None:
        self.browser = browser
        self.address = address
        self.folder = folder

    def keep(self, name: str, of: Locator) -> None:
        """Take a picture of a part of a page, or fail if it is too large to be kept in the repository."""
        of.page.mouse.move(0, 0)
        of.page.wait_for_timeout(600)
        path = self.folder / f"{name}.png"
        of.screenshot(path=path, animations="disabled")
        size = path.stat().st_size
        sys.stdout.write(f"{path}  {size // 1000} kB\n")
        if size > MOST_BYTES:
            raise SystemExit(f"{path} has more than {MOST_BYTES // 1000} kB")

    def hospitals(self) -> None:
        """Four hospitals: the plan, why, a pin, and the run, in both themes."""
        with page_of(self.browser, width=1480, height=1150) as page:
            notebook = Notebook(page, self.address, "heart.ipynb").open()
            notebook.alone()
            notebook.run(0)
            notebook.run(1)
            plan = notebook.cell(1).locator(PLAN)
            plan.wait_for()
            self.keep("plan", plan)
            plan.locator(UPDATE).click()
            plan.locator(".jp-Wayang-alternative").first.wait_for()
            self.keep("alternatives", plan)
            plan.get_by_role("button", name="Pin to DuckDB").click()
            plan.locator(".jp-Wayang-said", has_text="DuckDB").wait_for()
            self.keep("pinned", plan)
            notebook.run(2, timeout_s=ENDED_MS / 1000)
            run = notebook.cell(2).locator(RUN)
            run.locator("[data-phase=done]").wait_for(timeout=ENDED_MS)
            self.keep("run", run)
            notebook.theme("JupyterLab Dark")
            self.keep("run-dark", run)
            plan = notebook.cell(2).locator(PLAN)
            plan.locator(UPDATE).click()
            plan.scroll_into_view_if_needed()
            self.keep("plan-dark", plan)
            notebook.theme("JupyterLab Light")
            notebook.top(2)
            self.keep("lab", page.locator("#main"))
            notebook.save()

    def narrow(self) -> None:
        """The same in a narrow window, from the saved notebook."""
        with page_of(self.browser, width=720, height=1750) as page:
            notebook = Notebook(page, self.address, "heart.ipynb").open()
            notebook.alone()
            plan = notebook.cell(2).locator(PLAN)
            plan.wait_for()
            plan.locator(UPDATE).click()
            self.keep("narrow-plan", plan)
            self.keep("narrow-run", notebook.cell(2).locator(RUN))

    def many(self) -> None:
        """Eight and a hundred sites, and one that fails."""
        with page_of(self.browser, width=1480, height=1450) as page:
            notebook = Notebook(page, self.address, "many.ipynb").open()
            notebook.alone()
            notebook.run(0)
            for index, name in ((1, "sites-8"), (2, "sites-100")):
                notebook.start(index)
                cell = notebook.cell(index)
                cell.locator(RUN).locator("[data-phase=done]").wait_for(timeout=ENDED_MS)
                self.keep(name, cell.locator(RUN))
                self.keep(f"{name}-plan", cell.locator(PLAN))
            notebook.run(3)
            run = notebook.cell(3).locator(RUN)
            run.wait_for()
            self.keep("failed", run)


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        notebooks = Path(name)
        explained = heart("--sites hospitals --explain", rounds=60)
        write_notebook(notebooks / "heart.ipynb", [SETUP, explained, "%wayang run -o heart"])
        cells = [MANY, heart("--sites eight", rounds=40), heart("--sites hundred", rounds=40), failed()]
        write_notebook(notebooks / "many.ipynb", cells)
        with served(notebooks) as address, chromium.launched() as browser:
            if browser is None:
                raise SystemExit("no Chromium was found")
            gallery = Gallery(browser, address, folder)
            chosen = sys.argv[2:] or ["hospitals", "narrow", "many"]
            for part in chosen:
                getattr(gallery, part)()


if __name__ == "__main__":
    main()
