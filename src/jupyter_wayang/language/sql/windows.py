"""Window functions of SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from jupyter_wayang.language.sql.functions import AGGREGATES, WINDOWS
from jupyter_wayang.plan.expressions import Window

if TYPE_CHECKING:
    from jupyter_wayang.language.sql.scalars import Scalars

__all__ = ["read_window"]

_FRAMES = (
    "a window has no frame here, or RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW, which is the same; "
    "an aggregate may be of all rows, BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
)


def read_window(node: exp.Window, scalars: Scalars) -> Window:
    """Return a function over a window.

    Raises
    ------
    OperatorError
        If it is none of those that are read, or has a frame of its own.
    """
    page = scalars.page
    page.only(node, ("this", "partition_by", "order", "spec"), "in a window")
    function = node.this
    known = {**AGGREGATES, **WINDOWS}
    if type(function) not in known:
        raise page.unsupported(
            node, page.text(node), "ROW_NUMBER, RANK, DENSE_RANK, LAG, LEAD, FIRST_VALUE and aggregates are"
        )
    word, places = known[type(function)]
    star = isinstance(function.this, exp.Star) if isinstance(function, exp.Count) else False
    order = node.args["order"].expressions if node.args.get("order") is not None else []
    spec = node.args.get("spec")
    if spec is not None and type(function) in AGGREGATES and _is_whole(spec):
        order = []  # of all rows of the partition, so that none comes first
    elif spec is not None and not (order and _is_default(spec)):
        raise page.unsupported(node, "this frame of a window", _FRAMES)
    for part in order:
        if part.args.get("nulls_first"):
            raise page.unsupported(part, "NULLS FIRST in a window", "nulls come last")
    return Window(
        function=word,
        args=() if star else tuple(scalars.arguments(function, places)),
        partition=tuple(scalars.read(part) for part in node.args.get("partition_by") or ()),
        order=tuple(scalars.read(part.this) for part in order),
        descending=tuple(bool(part.args.get("desc")) for part in order),
    )


def _is_default(spec: exp.WindowSpec) -> bool:
    return _given(spec) == {"kind": "RANGE", "start": "UNBOUNDED", "start_side": "PRECEDING", "end": "CURRENT ROW"}


def _is_whole(spec: exp.WindowSpec) -> bool:
    whole = {"start": "UNBOUNDED", "start_side": "PRECEDING", "end": "UNBOUNDED", "end_side": "FOLLOWING"}
    return any(_given(spec) == {"kind": kind, **whole} for kind in ("ROWS", "RANGE", "GROUPS"))


def _given(spec: exp.WindowSpec) -> dict[str, str]:
    return {name: str(value).upper() for name, value in spec.args.items() if value}
