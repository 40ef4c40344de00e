"""How a site computes sums: columns made of its prepared rows, and what of them is added up, on any relational platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Binary, BinaryOp, ColumnRef, Literal, Named
from jupyter_wayang.plan.operators import GroupBy, Select

if TYPE_CHECKING:
    import numpy as np

    Columns: TypeAlias = Mapping[str, np.ndarray]

__all__ = [
    "GROUP",
    "ROWS",
    "Statement",
    "binary",
    "centred",
    "column",
    "number",
    "paired",
    "picked",
    "square",
    "symmetric",
    "total",
]

ROWS = "rows"
"""The column that counts the rows of a group."""

GROUP = "group"
"""The column that numbers the groups from 0."""

_AT_ONCE = 400


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Steps that make columns of prepared rows, and the expressions over the last of them that are added up by name.

    ``key`` numbers the ``groups``, where there is more than one.
    """

    derived: tuple[Select, ...]
    sums: tuple[Named, ...]
    key: AnyExpression | None = None
    groups: int = 1

    def aggregates(self) -> Iterator[GroupBy]:
        """Yield the aggregations: no platform is asked for more than 400 columns at once.

        Examples
        --------
        >>> next(Statement(derived=(), sums=(Named(name="s", expression=column("x")),)).aggregates()).describe()
        's=sum(x), rows=count()'
        """
        keys = (Named(name=GROUP, expression=self.key),) if self.key is not None else ()
        rows = Named(name=ROWS, expression=Aggregate(function="count"))
        for start in range(0, len(self.sums), _AT_ONCE):
            part = self.sums[start : start + _AT_ONCE]
            summed = (Named(name=s.name, expression=Aggregate(function="sum", arg=s.expression)) for s in part)
            yield GroupBy(keys=keys, aggregates=(*summed, rows))


def column(name: str) -> ColumnRef:
    """Return a column."""
    return ColumnRef(name=name)


def number(value: float) -> Literal:
    """Return a constant."""
    return Literal.of(float(value))


def binary(op: BinaryOp, left: AnyExpression, right: AnyExpression) -> Binary:
    """Return an operation of two operands."""
    return Binary(op=op, left=left, right=right)


def square(value: AnyExpression) -> Binary:
    """Return a value times itself."""
    return binary("*", value, value)


def total(terms: Sequence[AnyExpression]) -> AnyExpression:
    """Return the sum of terms, as a tree of little depth.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import text
    >>> text(total([column("a"), column("b"), column("c")]))
    'a + (b + c)'
    """
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return binary("+", total(terms[:middle]), total(terms[middle:]))


def centred(features: Iterable[str], centres: Iterable[float]) -> tuple[Named, ...]:
    """Return the features less their centres, as columns ``u0``, ``u1`` and so on."""
    return tuple(
        Named(name=f"u{index}", expression=binary("-", column(name), number(centre)))
        for index, (name, centre) in enumerate(zip(features, centres, strict=True))
    )


def paired(names: Sequence[str], prefix: str, weight: AnyExpression | None = None) -> tuple[Named, ...]:
    """Return the products of every two columns (or weighted ones), named by the places of both.

    Examples
    --------
    >>> [named.name for named in paired(["a", "b"], "h")]
    ['h0_0', 'h0_1', 'h1_1']
    """
    made = []
    for i, left in enumerate(names):
        for j, right in enumerate(names[i:], start=i):
            factors = [column(left), column(right), *([weight] if weight is not None else [])]
            made.append(Named(name=f"{prefix}{i}_{j}", expression=reduce(lambda a, b: binary("*", a, b), factors)))
    return tuple(made)


def symmetric(columns: Columns, size: int, prefix: str) -> np.ndarray:
    """Return the matrix of the sums of :func:`paired`."""
    import numpy as np

    made = np.empty((size, size))
    for i in range(size):
        for j in range(i, size):
            made[i, j] = made[j, i] = columns[f"{prefix}{i}_{j}"][0]
    return made


def picked(columns: Columns, size: int, prefix: str) -> np.ndarray:
    """Return the sums ``prefix0``, ``prefix1`` and so on, of shape (groups, size)."""
    import numpy as np

    return np.column_stack([columns[f"{prefix}{index}"] for index in range(size)])
