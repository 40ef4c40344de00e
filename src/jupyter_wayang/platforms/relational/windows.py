"""Windows over Arrow columns, for the frames: see :class:`~jupyter_wayang.plan.expressions.Window` for their meaning.

Only engines import this module. Everything is computed in the order of partition and window; the value of a row is that
at the last of the rows which are equal to it in the order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_wayang.plan.expressions import Literal, Window
from jupyter_wayang.plan.rows import arrow_type
from jupyter_wayang.plan.types import DataType, decimal_of
from jupyter_wayang.platforms.relational.segments import Column, Numbers, grouped, order_of

__all__ = ["windowed"]


@dataclass(frozen=True)
class _Sorted:
    """Rows by partition and order: their places, and for each row the bounds of its partition and of its equals."""

    order: Numbers
    start: Numbers
    end: Numbers
    first_peer: Numbers
    last_peer: Numbers


def _bounds(codes: Numbers) -> tuple[Numbers, Numbers]:
    """Return the first and the last place of the run that each row is in."""
    rows = len(codes)
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    begins = np.concatenate(([True], codes[1:] != codes[:-1]))
    number = np.cumsum(begins) - 1
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], rows) - 1
    return firsts[number], lasts[number]


def _sorted(window: Window, partition: list[Column], keys: list[Column], rows: int) -> _Sorted:
    groups = grouped(partition, rows)
    order = order_of(groups.codes, keys, window.descending)
    start, end = _bounds(groups.codes[order])
    if not keys:
        return _Sorted(order, start, end, start, end)
    equal = grouped([*partition, *keys], rows)
    return _Sorted(order, start, end, *_bounds(equal.codes[order]))


def windowed(window: Window, to: DataType, columns: list[Column], rows: int) -> Column:
    """Compute a window.

    Parameters
    ----------
    window
        What to compute.
    to
        The type that it makes.
    columns
        The columns of the first argument (if any), of the partition and of the order.
    rows
        How many rows there are.

    Raises
    ------
    pyarrow.ArrowInvalid
        If a sum does not fit.
    """
    parts = len(window.partition)
    args, rest = (
        columns[: len(columns) - parts - len(window.order)],
        columns[len(columns) - parts - len(window.order) :],
    )
    place = _sorted(window, rest[:parts], rest[parts:], rows)
    made = _computed(window, to, args, place)
    back = np.empty(rows, np.int64)
    back[place.order] = np.arange(rows)
    return pa.chunked_array([made.take(pa.array(back))])


def _computed(window: Window, to: DataType, args: list[Column], place: _Sorted) -> pa.Array:
    function = window.function
    if function == "rank":
        return pa.array(place.first_peer - place.start + 1)
    if function == "dense_rank":
        begun = np.cumsum(place.first_peer == np.arange(len(place.order)))
        return pa.array(begun - begun[place.start] + 1)
    if function == "row_number":
        return pa.array(np.arange(len(place.order)) - place.start + 1)
    if not args:
        return pa.array(place.last_peer - place.start + 1)
    values = args[0].combine_chunks().take(pa.array(place.order))
    if function in ("lag", "lead"):
        return _moved(window, to, values, place)
    if function in ("first", "last"):
        return values.take(pa.array(place.start if function == "first" else place.last_peer))
    known = values.is_valid().to_numpy(zero_copy_only=False)
    counts = _running(known.astype(np.int64), place, np.cumsum)
    if function == "count":
        return pa.array(counts[place.last_peer])
    return _aggregated(function, to, values, known, counts, place)


def _moved(window: Window, to: DataType, values: pa.Array, place: _Sorted) -> pa.Array:
    steps, default = (_constant(window, index) for index in (1, 2))
    distance = 1 if steps is None else int(steps)
    target = np.arange(len(place.order)) + (distance if window.function == "lead" else -distance)
    outside = (target < place.start) | (target > place.end)
    made = values.take(pa.array(target, mask=outside))
    if default is None:
        return made
    held = Decimal(str(default)) if decimal_of(to) else float(default) if to == "float64" else default
    filled = pa.scalar(held).cast(arrow_type(to)) if not decimal_of(to) else pa.scalar(held, arrow_type(to))
    return pc.if_else(pa.array(outside), filled, made)


def _constant(window: Window, index: int) -> Any:
    held = window.args[index] if index < len(window.args) else None
    return held.value if isinstance(held, Literal) else None


def _running(values: Numbers, place: _Sorted, accumulate: Callable[[Numbers], Numbers]) -> Numbers:
    """Accumulate within each partition."""
    made = np.empty_like(values)
    for start in np.unique(place.start):
        part = slice(int(start), int(place.end[start]) + 1)
        made[part] = accumulate(values[part])
    return made


def _aggregated(
    function: str, to: DataType, values: pa.Array, known: Numbers, counts: Numbers, place: _Sorted
) -> pa.Array:
    if function in ("min", "max", "any", "all"):
        return _extreme(function, values, known, place)
    if to != "float64":
        return _exact_sum(to, values, counts, place)
    numbers = np.where(known, values.to_numpy(zero_copy_only=False).astype(float), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        if function in ("sum", "cum_sum", "mean"):
            made = _running(numbers, place, np.cumsum)
            made, least = (made / counts, 1) if function == "mean" else (made, 1)
        else:
            made, least = _spread(numbers, known, counts, place), 2
            made = np.sqrt(made) if function == "std" else made
    made = np.where(counts >= least, made, np.nan)
    return pa.array(made[place.last_peer], from_pandas=True)


def _spread(numbers: Numbers, known: Numbers, counts: Numbers, place: _Sorted) -> Numbers:
    # About the mean of the partition, so that nothing cancels.
    total = _running(numbers, place, np.cumsum)[place.end]
    centred = np.where(known, numbers - total / counts[place.end], 0.0)
    sums, squares = (_running(v, place, np.cumsum) for v in (centred, centred * centred))
    made: Numbers = (squares - sums * sums / counts) / (counts - 1)
    return np.maximum(made, 0.0)


def _exact_sum(to: DataType, values: pa.Array, counts: Numbers, place: _Sorted) -> pa.Array:
    """Sum integers or decimals as Python's integers, which do not wrap."""
    numbers = np.array([0 if held is None else held for held in values.to_pylist()], object)
    made = _running(numbers, place, np.cumsum)[place.last_peer]
    some = counts[place.last_peer] > 0
    try:
        return pa.array([held if here else None for held, here in zip(made, some, strict=True)], arrow_type(to))
    except OverflowError as error:
        raise pa.ArrowInvalid("overflow of a sum") from error


def _extreme(function: str, values: pa.Array, known: Numbers, place: _Sorted) -> pa.Array:
    least = function in ("min", "all")
    order = order_of(np.zeros(len(values), np.int64), [pa.chunked_array([values])], [False])
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.arange(len(values))
    missing = len(values) if least else -1
    ranks = np.where(known, ranks, missing)
    best = _running(ranks, place, np.minimum.accumulate if least else np.maximum.accumulate)[place.last_peer]
    nothing = best == missing
    rows = order[np.where(nothing, 0, best)] if len(values) else order
    return values.take(pa.array(rows, mask=nothing))
