"""Measuring what calling functions of the notebook costs, apart from what a function itself does: these do little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.operators.functions import (
    Calling,
    CoGroup,
    FilterBy,
    FlatMap,
    FunctionRef,
    Map,
    MapBatches,
    Reduce,
    ReduceBy,
)
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FIRST", "Case", "cases"]

_PAIR = Schema.of(key="int64", x0="float64")


@dataclass(frozen=True, kw_only=True)
class Case:
    """An operator, its function, and how many of the tables (rows, lookup) it reads."""

    operator: Calling
    function: Callable[..., Any]
    inputs: int = 1


def _pair(row: Any) -> dict[str, Any]:
    return {"key": row.key, "x0": row.x0}


def _twice(row: Any) -> list[dict[str, Any]]:
    return [{"key": row.key, "x0": row.x0}, {"key": row.key, "x0": None}]


def _positive(row: Any) -> bool:
    return bool(row.x0 > 0)


def _same(batch: pa.Table) -> pa.Table:
    return batch.select(["key", "x0"])


def _any(row: Any) -> bool:
    return True


def _first(one: Any, other: Any) -> Any:
    return one


def _matched(ours: list[Any], theirs: list[Any]) -> Iterator[dict[str, Any]]:
    for row in ours:
        yield {"key": row.key, "x0": row.x0}


_HELD = FunctionRef(name="measured", key="measured")

FIRST = Case(operator=FilterBy(function=_HELD), function=_any)
"""What is called over any rows, for the first call of an engine."""


def cases() -> tuple[Case, ...]:
    """Return an operator of every kind that calls a function, over :func:`~jupyter_wayang.execution.workload.rows`."""
    key = Named(name="key", expression=ColumnRef(name="key"))
    return (
        Case(operator=Map(function=_HELD, output=_PAIR), function=_pair),
        Case(operator=FlatMap(function=_HELD, output=_PAIR), function=_twice),
        Case(operator=FilterBy(function=_HELD), function=_positive),
        Case(operator=MapBatches(function=_HELD, output=_PAIR), function=_same),
        Case(operator=Reduce(function=_HELD), function=_first),
        Case(operator=ReduceBy(function=_HELD, keys=(key,)), function=_first),
        Case(operator=CoGroup(function=_HELD, output=_PAIR, on=(("key", "key"),)), function=_matched, inputs=2),
    )
