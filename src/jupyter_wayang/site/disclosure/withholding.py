"""What is taken out of an aggregation before it leaves: groups that are small, and numbers about few values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Expression, Named, text, walk
from jupyter_wayang.plan.operators import GroupBy
from jupyter_wayang.site.disclosure.suppression import told

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Guarded", "Looked", "guarded", "withhold"]

SAFE_AGGREGATES = frozenset({"count", "sum", "mean", "var", "std"})
_ROWS = "__site_rows"


@dataclass(frozen=True)
class Looked:
    """What the contributions of rows allow: by column the groups whose number may leave; and why others may not."""

    told: dict[str, set[tuple[Hashable, ...]]]
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Guarded:
    """An aggregation that also counts what its numbers are about, and for each of them the names of those counts."""

    operator: GroupBy
    keys: tuple[str, ...]
    guards: dict[str, tuple[str, ...]]


def guarded(operator: GroupBy) -> Guarded:
    """Return an aggregation with a hidden count of rows, and a hidden count of values for every number.

    Raises
    ------
    DisclosureError
        If an aggregate shows values of single rows (min, max, quantile, n_unique and the like).

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef
    >>> age = Aggregate(function="sum", arg=ColumnRef(name="age"))
    >>> guarded(GroupBy(aggregates=(Named(name="s", expression=age),))).operator.describe()
    's=sum(age), __site_rows=count(), __site_rows_0=count(age)'
    """
    hidden: dict[AnyExpression, str] = {}
    guards = {column.name: tuple(_guards(column.expression, hidden)) for column in operator.aggregates}
    counts = (
        Named(name=_ROWS, expression=Aggregate(function="count")),
        *(Named(name=name, expression=Aggregate(function="count", arg=arg)) for arg, name in hidden.items()),
    )
    counted = msgspec.structs.replace(operator, aggregates=operator.aggregates + counts)
    return Guarded(counted, tuple(key.name for key in operator.keys), guards)


def _guards(expression: Expression, hidden: dict[AnyExpression, str]) -> Iterable[str]:
    for part in walk(expression):
        if isinstance(part, Aggregate):
            if part.function not in SAFE_AGGREGATES:
                raise DisclosureError(
                    f"{text(part)} would show the value of a single row",
                    hint="allowed: " + ", ".join(sorted(SAFE_AGGREGATES)),
                )
            if part.arg is not None:
                yield hidden.setdefault(part.arg, f"{_ROWS}_{len(hidden)}")


def withhold(table: pa.Table, made: Guarded, minimum: int, looked: Looked | None = None) -> tuple[pa.Table, str | None]:
    """Take out of a guarded aggregation what is about too few rows.

    Groups under the minimum are left out, and with them as many as it takes that no total gives them away
    (:mod:`~jupyter_wayang.site.disclosure.suppression`); numbers over too few values are null, by the same rule.
    None at all are few too: "none" and "one" have the same answer.

    Parameters
    ----------
    table
        The guarded aggregation: keys, aggregates, hidden counts.
    made
        What was guarded.
    minimum
        The least number of rows that a number may be about.
    looked
        What the contributions of rows allow.

    Returns
    -------
    tuple
        The table without hidden columns, and what was withheld, in words.
    """
    import pyarrow as pa

    rows = table[_ROWS].to_pylist()
    groups = list(zip(*(table[key].to_pylist() for key in made.keys), strict=True)) if made.keys else [()] * len(rows)
    sizes = dict(zip(groups, rows, strict=True))
    counted = looked is None or any(looked.told.values())
    # Without a number there is no total to subtract from, and a group need only be large enough itself.
    shown = told(sizes, minimum) if counted else {group for group, size in sizes.items() if size >= minimum}
    kept = table.filter(pa.array([group in shown for group in groups], pa.bool_()))
    notes = ["groups under the site's minimum were left out"] if kept.num_rows < table.num_rows else []
    groups = [group for group in groups if group in shown]
    for name, hidden in made.guards.items():
        open_ = set(groups)
        for guard in hidden:
            open_ &= told(dict(zip(groups, kept[guard].to_pylist(), strict=True)), minimum)
        if len(open_) < len(groups):
            notes.append("numbers about fewer values than the site's minimum were left out")
        if looked is not None:
            open_ &= looked.told.get(name, set())
        index = kept.schema.get_field_index(name)
        values = [
            value if group in open_ else None for group, value in zip(groups, kept[name].to_pylist(), strict=True)
        ]
        kept = kept.set_column(index, kept.schema.field(index), pa.array(values, kept.schema.field(index).type))
    if looked is not None:
        notes += looked.reasons
    hidden_names = [name for name in kept.column_names if name.startswith(_ROWS)]
    return kept.drop_columns(hidden_names), "; ".join(dict.fromkeys(notes)) or None
