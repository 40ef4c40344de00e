"""Finds a Chromium: on the path, Playwright's own, or else installs Debian's package as root, Playwright's as a user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without a sandbox it runs as root; without the rest it asks nobody on the network for anything.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
]


def find(playwright: Playwright) -> str | None:
    """Return the path of a Chromium, or None if there is none."""
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if on_path is not None:
        return on_path
    own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=False)
        return shutil.which("chromium")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return own if Path(own).exists() else None


@contextmanager
def launched() -> Iterator[Browser | None]:
    """Give a browser, or None if none can be had."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = find(playwright)
        if path is None:
            yield None
            return
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def main() -> None:
    """See to it that there is a Chromium; says so, and fails, if none can be had."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        if find(playwright) is None:
            sys.exit("No Chromium on the path, none of Playwright's, and none could be installed.")


if __name__ == "__main__":
    main()
