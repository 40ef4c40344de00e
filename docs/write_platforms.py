"""Writes ``platforms.md`` from what the platforms declare: ``python docs/write_platforms.py``. A test finds a stale one."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_wayang.optimizer.inflation import set_at_a_time
from jupyter_wayang.platforms.platform import (
    BASE_OPERATORS,
    FUNCTION_TAGS,
    GRAPH_OPERATORS,
    LEARNING_OPERATORS,
    MODEL_OPERATORS,
    Platform,
)
from jupyter_wayang.platforms.registry import installed

__all__ = ["PAGE", "RESULTS", "page", "tpch"]

PAGE = Path(__file__).with_name("platforms.md")

_HEAD = """\
# Platforms

<!-- Written by docs/write_platforms.py from what the platforms declare. Do not edit. -->

What each platform declares: the optimizer considers a platform for an operator only if it is declared here, and one conformance suite proves that every operator gives the same rows wherever it is declared.
A task's words are lowered to these operators: `with_columns`, `drop` and `rename` become `select`, `count` and `agg` become `group_by`, the preprocessing steps become aggregates and a `select`. A platform that has joins and groupings runs the operators of graphs as loops of them ("as joins").

"""

_TAGS = (*BASE_OPERATORS, *FUNCTION_TAGS, *GRAPH_OPERATORS, *LEARNING_OPERATORS, *MODEL_OPERATORS)

_WORDS = {
    "read_file": "read a file",
    "read_frame": "read a frame of the notebook",
    "read_table": "read a table of a database",
    "filter_by": "`filter` by a function of the notebook",
    "local_update": "train (a site's part of a round)",
    "minibatch_update": "train by batches of rows",
    "score": "evaluate",
    **{tag: f"fit a `{tag.removeprefix('fit_')}`" for tag in MODEL_OPERATORS if tag.startswith("fit_")},
    "infer": "`predict` by a model that is no line",
    "measure": "`evaluate` of a model of rows at hand",
}

_TAIL = """
## What each needs, and what starting it costs

Start-up is charged once for a plan that uses the platform and does not find it running. Costs in seconds are shipped as measured by the scripts in `benchmarks/`; `%wayang explain` shows them.

"""

_FORMS = """
## Forms of rows

Every platform takes and makes rows in a form (channel) of its own. Between two of them the optimizer takes the cheapest way through these conversions:

"""

_ALL = """
`%wayang platforms` says which of them can be used on your machine, and what is missing for the others. A platform that is not installed, or that lacks its Java, is never planned, and a plan says so.
"""


_TPCH = """
## TPC-H

The 22 queries of TPC-H as [SQL](sql.md), at scale 0.01, on each platform alone and freely planned: how many give the rows that DuckDB makes of the text by itself. SQLite has no decimals and is given floats.

"""

RESULTS = PAGE.parents[1] / "benchmarks" / "tpch" / "results.json"
"""What `python -m benchmarks.tpch.check --store` kept; the tests find what is not so."""


def tpch(platforms: list[Platform]) -> str:
    """Return the table of TPC-H from what was stored."""
    titles = {platform.name: platform.title for platform in platforms} | {"free": "freely planned"}
    stored = json.loads(RESULTS.read_text(encoding="utf-8"))
    lines = "".join(f"| {titles[name]} | {len(numbers)}/22 |\n" for name, numbers in stored.items())
    return f"{_TPCH}| platform | the same rows |\n|---|---|\n{lines}"


def page() -> str:
    """Return the page."""
    platforms = list(installed().values())
    head = f"| operator | {' | '.join(p.title for p in platforms)} |\n|---|{'---|' * len(platforms)}\n"
    rows = "".join(_row(tag, platforms) for tag in _TAGS)
    start = "| platform | word | badge | starts in |\n|---|---|---|---|\n" + "".join(
        f"| {p.title} | `{p.name}` | {p.badge} | {_seconds(p.costs.start_up_s)} |\n" for p in platforms
    )
    ways = "| from | to | by |\n|---|---|---|\n" + "".join(
        f"| `{c.source}` | `{c.target}` | {p.title} |\n" for p in platforms for c in p.conversions
    )
    return _HEAD + head + rows + tpch(platforms) + _TAIL + start + _FORMS + ways + _ALL


def _row(tag: str, platforms: list[Platform]) -> str:
    cells = " | ".join(
        "yes" if tag in platform.operators else "as joins" if set_at_a_time(tag, platform) else "–"
        for platform in platforms
    )
    return f"| {_WORDS.get(tag, f'`{tag}`')} | {cells} |\n"


def _seconds(seconds: float) -> str:
    # Rounded: the page need not be written anew whenever costs are fitted anew.
    return f"about {seconds:.0f} s" if seconds >= 1 else "under 1 s"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
