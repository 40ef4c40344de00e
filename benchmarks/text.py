"""The papers' tasks over text, on each platform beside Python and freely planned, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tasks import simwords, word2nvec, word_count

import jupyter_wayang as wy
from jupyter_wayang.execution.measuring import interleaved
from jupyter_wayang.platforms.registry import installed

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection

TASKS: dict[str, Callable[[wy.Session, int], Collection]] = {
    "WordCount": word_count.made,
    "Word2NVec": word2nvec.made,
    "SimWords": simwords.made,
}
_BESIDE = ("pandas", "polars", "duckdb")
_ENOUGH_S = 30.0


def sets(*, without_spark: bool) -> dict[str, list[str] | None]:
    """Return sets of platforms by title: Python and one that counts and joins, Spark, and all of them."""
    found: dict[str, list[str] | None] = {}
    for name in _BESIDE:
        if installed()[name].missing() is None:
            found[f"Python, {installed()[name].title}"] = ["python", name]
    if not without_spark and installed()["spark"].missing() is None:
        found["Spark"] = ["spark"]
    usable = sorted({name for names in found.values() if names for name in names})
    return {**found, "free": usable}


def table(sizes: Iterable[int], repeats: int, *, without_spark: bool) -> list[str]:
    """Time all tasks at all sizes (lines of text), and return a Markdown table."""
    chosen = sets(without_spark=without_spark)
    lines = [
        "| task, lines, ms | " + " | ".join(chosen) + " | times the best |",
        "|---|" + "---:|" * (len(chosen) + 1),
    ]
    with TemporaryDirectory() as scratch:
        session = wy.Session(scratch)
        for name, make in TASKS.items():
            for size in sizes:
                task = make(session, size)
                jobs: dict[str, Callable[[], object]] = {
                    title: partial(task.run, platforms=platforms) for title, platforms in chosen.items()
                }
                times = {
                    title: median(found) * 1e3
                    for title, found in interleaved(jobs, repeats, enough_s=_ENOUGH_S).items()
                }
                best = min(took for title, took in times.items() if title != "free")
                shown = " | ".join(f"{took:.0f}" for took in times.values())
                lines.append(f"| {name}, {size:,} | {shown} | {times['free'] / best:.2f} |")
        session.close()
    return lines
