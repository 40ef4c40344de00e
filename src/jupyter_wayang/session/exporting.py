"""Plans as files: pictures, graphs, and Wayang's JSON."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.errors import DataError, NameUnknownError, OperatorError, closest
from jupyter_wayang.session.plans import Plan

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ENDINGS", "export"]

ENDINGS = {
    "svg": "svg",
    "png": "png",
    "html": "html",
    "dot": "dot",
    "mermaid": "mmd",
    "json": "json",
    "wayang-json": "wayang.json",
}
"""What files of a format end in."""


def export(
    plan: Plan, format: str, where: str | Path | None, folder: Path, frames: Mapping[str, pa.Table]
) -> tuple[Path, tuple[str, ...]]:
    """Write a plan into a file; return where it is, and what its reader should know.

    Parameters
    ----------
    plan
        The plan.
    format
        One of :data:`ENDINGS`.
    where
        The file; None: named after the plan, in the folder.
    folder
        Where relative paths start.
    frames
        Tables in memory by key, which Wayang's JSON has in it.

    Raises
    ------
    NameUnknownError
        If there is no such format.
    DataError
        If the file cannot be written.
    OperatorError
        If the plan cannot be written so, or nothing on this machine can; the message says what could.
    """
    if format not in ENDINGS:
        guess = closest(format, ENDINGS)
        raise NameUnknownError(
            f"there is no format {format}." + (f" Did you mean {guess}?" if guess else ""),
            found=format,
            expected=tuple(ENDINGS),
            hint="formats: " + ", ".join(ENDINGS),
        )
    path = folder / (where or f"{_stem(plan.execution.name)}.{ENDINGS[format]}")
    notes: tuple[str, ...] = ()
    if format == "wayang-json":
        body, notes = _wayang_json(plan, frames)
    else:
        body = _BODIES[format](plan)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
    return path, notes


def _stem(name: str) -> str:
    plain = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in name).strip("-")
    return plain[:60] or "plan"


def _wayang_json(plan: Plan, frames: Mapping[str, pa.Table]) -> tuple[bytes, tuple[str, ...]]:
    from jupyter_wayang.language.wayang_export import to_wayang_json

    if plan.making is None:
        raise OperatorError("this plan was read, not made in this session: only pictures of it can be written")
    made = to_wayang_json(plan.making.logical, frames)
    return made.text.encode(), made.notes


def _html(plan: Plan) -> bytes:
    from html import escape

    from jupyter_wayang.drawing.html import plan_html

    title = escape(plan.execution.name or "plan")
    body = plan_html(plan.execution)
    return f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n{body}\n</html>\n'.encode()


def _dot(plan: Plan) -> bytes:
    from jupyter_wayang.drawing.graphs import dot

    return dot(plan.execution).encode()


def _mermaid(plan: Plan) -> bytes:
    from jupyter_wayang.drawing.mermaid import mermaid

    return mermaid(plan.execution).encode() + b"\n"


def _png(plan: Plan) -> bytes:
    """Draw with whatever is there: our picture if something reads SVG, else the graph by Graphviz."""
    picture = plan.to_svg("light").encode()
    if find_spec("cairosvg") is not None:
        drawn: bytes = import_module("cairosvg").svg2png(bytestring=picture, scale=2)
        return drawn
    program = shutil.which("rsvg-convert")
    if program is not None:
        done = subprocess.run([program, "--zoom", "2"], input=picture, capture_output=True, check=False)  # noqa: S603
        if done.returncode == 0:
            return done.stdout
    if find_spec("pygraphviz") is not None:
        import pygraphviz

        graph: bytes = pygraphviz.AGraph(string=_dot(plan).decode()).draw(format="png", prog="dot")
        return graph
    raise OperatorError(
        "nothing here can draw a PNG", hint="pip install cairosvg or pygraphviz, or --format svg, which needs nothing"
    )


_BODIES: dict[str, Callable[[Plan], bytes]] = {
    "svg": lambda plan: plan.to_svg("light").encode(),
    "png": _png,
    "html": _html,
    "dot": _dot,
    "mermaid": _mermaid,
    "json": lambda plan: plan.explain(wins=False).to_json().encode() + b"\n",
}
