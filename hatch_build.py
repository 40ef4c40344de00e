"""Builds what runs in the browser when it is missing, so that ``pip install .`` works from a clone, without Node too."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "src/jupyter_wayang/notebook/static"
EXTENSION = "share/jupyter/labextensions/jupyter-wayang"
FILES = ("plan.js", "run.js", "wayang.css", "page.js", "labextension/package.json")


class Bundle(BuildHookInterface[Any]):
    """Builds the bundle and puts it into wheel and source distribution."""

    def dependencies(self) -> list[str]:
        """Ask for a Node in a wheel if one is needed and this machine has none."""
        npm = self._npm()
        return [npm.NODE_WHEEL] if self._missing() and npm.npm_command() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing, and name it: it is ignored by Git, and so by Hatch."""
        if self._missing():
            self._build(needed=version != "editable")
        if self._missing():
            return
        if self.target_name == "wheel":
            # In the package it would be there twice.
            build_data["shared_data"][f"{STATIC}/labextension"] = EXTENSION
            build_data["artifacts"] += [f"/{STATIC}/*.js", f"/{STATIC}/*.css"]
        else:
            build_data["artifacts"].append(f"/{STATIC}/")

    def _missing(self) -> list[str]:
        return [name for name in FILES if not (Path(self.root) / STATIC / name).exists()]

    def _build(self, *, needed: bool) -> None:
        """Build the bundle; work from a clone goes on without it, with pictures in place of live views."""
        npm = self._npm()
        if npm.run("ci", "--omit=dev") == 0 and npm.run("run", "build") == 0 and not self._missing():
            return
        said = (
            "the widgets could not be built, see above. js/ needs npm's registry once; "
            f"a built {STATIC} is used as it is"
        )
        if needed:
            raise RuntimeError(said)
        self.app.display_warning(said)

    def _npm(self) -> Any:
        spec = importlib.util.spec_from_file_location("wayang_npm", Path(self.root) / "js" / "npm.py")
        if spec is None or spec.loader is None:
            raise RuntimeError("js/npm.py is missing")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
