"""Rows in groups, in order: the aggregates and windows that frames compute over Arrow columns.

Only engines import this module. Groups are numbered by where they first occur; null is a group of its own. Nulls come
last in every order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_wayang.plan.expressions import Aggregate, Literal

__all__ = [
    "Column",
    "Groups",
    "Numbers",
    "aggregated",
    "collect",
    "correlation",
    "extreme",
    "grouped",
    "order_of",
    "quantile",
]

Column: TypeAlias = Any
"""A chunked array of Arrow, which has no types of its own."""

Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Groups:
    """The number of each row's group, how many groups there are, and the first row of each."""

    codes: Numbers
    count: int
    firsts: Numbers


def grouped(keys: Sequence[Column], rows: int) -> Groups:
    """Number the groups of rows whose keys are equal; without keys all rows are one."""
    codes = np.zeros(rows, np.int64)
    if not keys:
        return Groups(codes, 1, np.zeros(1, np.int64))
    for key in map(_one_zero, keys):
        encoded = key.combine_chunks().dictionary_encode(null_encoding="encode")
        here = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        _, codes = np.unique(codes * (int(here.max(initial=0)) + 1) + here, return_inverse=True)
    _, firsts, inverse = np.unique(codes, return_index=True, return_inverse=True)
    place = np.empty(len(firsts), np.int64)
    place[np.argsort(firsts, kind="stable")] = np.arange(len(firsts))
    return Groups(place[inverse], len(firsts), np.sort(firsts))


def _one_zero(key: Column) -> Column:
    """Make 0.0 of -0.0, which is the same value and not the same bytes."""
    return pc.add(key, 0.0) if pa.types.is_floating(key.type) else key


def order_of(codes: Numbers, keys: Sequence[Column], descending: Sequence[bool]) -> Numbers:
    """Return the rows by group and, within one, in order; stable, nulls last."""
    table = pa.table([pa.array(codes), *map(_one_zero, keys)], names=["group", *(f"k{i}" for i in range(len(keys)))])
    orders = [("group", "ascending")]
    orders += [(f"k{i}", "descending" if down else "ascending") for i, down in enumerate(descending)]
    made: Numbers = pc.sort_indices(table, sort_keys=orders).to_numpy()
    return made.astype(np.int64)


def _known(groups: Groups, *columns: Column) -> tuple[Numbers, list[Column]]:
    """Return the groups and values of the rows where no column is null."""
    kept = np.ones(len(groups.codes), bool)
    for column in columns:
        kept &= column.is_valid().to_numpy()
    mask = pa.array(kept)
    return groups.codes[kept], [column.filter(mask) for column in columns]


def quantile(groups: Groups, column: Column, part: float) -> pa.Array:
    """Return the value at a part of each group's ordered values, interpolated between the two beside the place."""
    codes, (values,) = _known(groups, column)
    numbers = values.to_numpy()
    order = np.lexsort((numbers, codes))
    numbers, counts = numbers[order], np.bincount(codes, minlength=groups.count)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])) if groups.count else np.zeros(0, np.int64)
    some = counts > 0
    place = (counts[some] - 1) * part
    low = np.floor(place).astype(np.int64)
    rest = place - low
    first = numbers[starts[some] + low]
    second = numbers[starts[some] + np.minimum(low + 1, counts[some] - 1)]
    made = np.full(groups.count, np.nan)
    with np.errstate(invalid="ignore"):
        made[some] = np.where(rest > 0, first * (1 - rest) + second * rest, first)
    return pa.array(made, from_pandas=True)


def extreme(groups: Groups, column: Column, by: Column, *, greatest: bool) -> pa.Array:
    """Return the value where ``by`` is least or greatest; among equals the least or greatest value."""
    codes, (values, keys) = _known(groups, column, by)
    order = order_of(codes, [keys, values], [greatest, greatest])
    present, at = np.unique(codes[order], return_index=True)
    places = np.full(groups.count, -1, np.int64)
    places[present] = order[at]
    return values.combine_chunks().take(pa.array(places, mask=places < 0))


def collect(groups: Groups, column: Column) -> pa.Array:
    """Return each group's values as a list in ascending order; null where there is none."""
    codes, (values,) = _known(groups, column)
    order = order_of(codes, [values], [False])
    counts = np.bincount(codes, minlength=groups.count)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    empty = np.append(counts == 0, False)
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32(), mask=empty), values.take(pa.array(order)).combine_chunks()
    )


def correlation(groups: Groups, first: Column, second: Column, *, scaled: bool) -> pa.Array:
    """Return the covariance (over n - 1) of two columns, or their correlation."""
    codes, (a, b) = _known(groups, first, second)
    x, y = a.to_numpy(), b.to_numpy()
    counts = np.bincount(codes, minlength=groups.count).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        dx, dy = (v - (np.bincount(codes, v, groups.count) / counts)[codes] for v in (x, y))
        together: Callable[[Numbers], Numbers] = lambda v: np.bincount(codes, v, groups.count)  # noqa: E731
        made = together(dx * dy)
        made = made / np.sqrt(together(dx * dx) * together(dy * dy)) if scaled else made / (counts - 1)
    made[(counts < 2) | ~np.isfinite(made)] = np.nan
    return pa.array(made, from_pandas=True)


def aggregated(aggregate: Aggregate, groups: Groups, args: Sequence[Column]) -> pa.Array:
    """Compute an aggregate that needs the values of a group in order, or twice."""
    match aggregate.function:
        case "quantile":
            part = aggregate.other.value if isinstance(aggregate.other, Literal) else None
            return quantile(groups, args[0], float(part or 0.0))
        case "collect":
            return collect(groups, args[0])
        case "arg_min" | "arg_max":
            return extreme(groups, args[0], args[1], greatest=aggregate.function == "arg_max")
        case _:
            return correlation(groups, args[0], args[1], scaled=aggregate.function == "corr")
