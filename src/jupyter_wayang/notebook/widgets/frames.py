"""Events as frames: what there are many of as columns of numbers, the rest as JSON. Little-endian, words by number.

A frame holds the events of a run with numbers above ``since`` up to ``seq``, without a gap. Its head says what its bytes
are::

    {"since": 4, "seq": 9, "now_s": …, "words": ["lyon", …], "tables": [["metrics_measured", 3, [["seq", "u4"], …]], …],
     "events": [the rest, as in the journal]}

and its bytes are the columns of the tables one after the other, each from a multiple of eight. A word (``w4``) is a
number from 1 into ``words``, 0 is null; a missing number (``f8``) is NaN.
"""

from __future__ import annotations

import sys
from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from jupyter_wayang.events import AnyEvent, BytesMoved, MetricsMeasured, OperatorFinished, SiteReported

__all__ = ["Frame", "frame_of"]

_Kind = Literal["u4", "f8", "w4"]
_NAN = float("nan")

_COLUMNS: dict[type[AnyEvent], tuple[tuple[str, _Kind], ...]] = {
    MetricsMeasured: (
        ("seq", "u4"),
        ("at_s", "f8"),
        ("round", "u4"),
        ("site", "w4"),
        ("on", "w4"),
        ("rows", "f8"),
        ("log_loss", "f8"),
        ("accuracy", "f8"),
        ("auc", "f8"),
        ("auc_error", "f8"),
        ("note", "w4"),
    ),
    SiteReported: (
        ("seq", "u4"),
        ("at_s", "f8"),
        ("round", "u4"),
        ("site", "w4"),
        ("seconds", "f8"),
        ("error", "w4"),
        ("missing", "w4"),
    ),
    BytesMoved: (
        ("seq", "u4"),
        ("at_s", "f8"),
        ("site", "w4"),
        ("direction", "w4"),
        ("kind", "w4"),
        ("bytes", "f8"),
        ("round", "f8"),
        ("rows", "f8"),
    ),
    OperatorFinished: (("seq", "u4"), ("at_s", "f8"), ("operator", "w4"), ("rows", "f8"), ("seconds", "f8")),
}


@dataclass(frozen=True)
class Frame:
    """A head that JSON can carry, and bytes."""

    head: dict[str, Any]
    body: bytes

    @property
    def since(self) -> int:
        """The number above which its events begin."""
        return int(self.head["since"])

    @property
    def seq(self) -> int:
        """The number of its last event."""
        return int(self.head["seq"])


def frame_of(events: Sequence[AnyEvent], *, since: int, now_s: float) -> Frame:
    """Put events into a frame.

    Parameters
    ----------
    events
        Events of one run in their order, without a gap; the first has the number after ``since``.
    since
        The number that they come after.
    now_s
        Seconds since 1970, by which the other side knows how old they are.

    Examples
    --------
    >>> event = SiteReported(run="r", seq=1, at_s=5.0, round=1, site="lyon", seconds=0.5)
    >>> frame = frame_of([event], since=0, now_s=6.0)
    >>> frame.head["tables"][0][:2], frame.head["words"], len(frame.body)
    (['site_reported', 1], ['lyon'], 56)
    """
    words: dict[str, int] = {}
    tables: dict[type[AnyEvent], list[AnyEvent]] = defaultdict(list)
    rest = []
    for event in events:
        if type(event) in _COLUMNS:
            tables[type(event)].append(event)
        else:
            rest.append(msgspec.to_builtins(event))
    body = bytearray()
    shapes = []
    for kind, rows in tables.items():
        columns = _COLUMNS[kind]
        for name, form in columns:
            body += _column([getattr(row, name) for row in rows], form, words)
            body += bytes(-len(body) % 8)
        shapes.append([kind.__struct_config__.tag, len(rows), [[name, form] for name, form in columns]])
    head = {
        "run": events[0].run if events else "",
        "since": since,
        "seq": events[-1].seq if events else since,
        "now_s": now_s,
        "words": list(words),
        "tables": shapes,
        "events": rest,
    }
    return Frame(head, bytes(body))


def _column(values: list[Any], form: _Kind, words: dict[str, int]) -> bytes:
    if form == "f8":
        column: array[Any] = array("d", [_NAN if value is None else value for value in values])
    elif form == "u4":
        column = array("I", values)
    else:
        column = array("I", [0 if value is None else words.setdefault(value, len(words) + 1) for value in values])
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()
