"""Quantiles over a federation: bounds from moments, narrowed by histograms, so that no value of a row is asked for."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.federation.learning import ROWS
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    Case,
    IsNull,
    Literal,
    Named,
    text,
    type_of,
)
from jupyter_wayang.plan.operators import GroupBy
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Bounds", "Found", "Group", "Quantile", "Search", "checked_part", "groups_of", "search", "within"]

Group = tuple[object, ...]
"""The keys of a group."""

_CELL = "__cell"
_OUTERMOST = 0.05
"""Nearer to the ends a quantile is the value of a row; DataSHIELD shows 5 % to 95 % too."""

_REQUESTS = 4
_MOST_CELLS = 64
_ENOUGH = 20
"""Rows that a site is to have in a cell on average: where fewer are, the site keeps the cell to itself."""

_MOST_GROUPS = 100
_ROUNDING = 1e-9


class Quantile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quantile that is wanted of every group.

    ``name`` is the column that it goes to, ``value`` what it is of (a float), ``part`` from 0 to 1, ``shown`` how it was
    written; ``count``, ``total`` and ``squares`` are the columns in which sites tell the number of values, their sum, and
    the sum of squares about their mean.
    """

    name: str
    value: AnyExpression
    part: float
    shown: str
    count: str
    total: str
    squares: str


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Where a quantile certainly is: above ``low`` and at most ``high``, and at most how many ``rows`` are there."""

    low: float
    high: float
    rows: int

    @property
    def middle(self) -> float:
        """The value that is farthest off by :attr:`error`."""
        return self.low + (self.high - self.low) / 2

    @property
    def error(self) -> float:
        """How far the quantile of the pooled rows is from the middle, at most."""
        return (self.high - self.low) / 2


Found = Mapping[Group, Bounds]
"""Bounds of a quantile by group."""

Search = Generator[GroupBy, "Mapping[str, pa.Table]", dict[str, Found]]
"""Yields what every site is to count, takes the tables by site, returns bounds by column."""


def checked_part(aggregate: Aggregate) -> float:
    """Return which part of the rows is below a quantile.

    Raises
    ------
    DisclosureError
        If it is so near to 0 or 1 that it would show the value of a row.
    """
    part = aggregate.other.value if isinstance(aggregate.other, Literal) else 0.5
    share = float(part or 0.0)
    if not _OUTERMOST <= share <= 1 - _OUTERMOST:
        raise DisclosureError(
            f"{text(aggregate)} would show about the value of a single row.",
            found=f"{share:g}",
            hint=f"over a federation the part is from {_OUTERMOST:g} to {1 - _OUTERMOST:g}",
        )
    return share


def groups_of(partial: GroupBy, table: pa.Table) -> list[Group]:
    """Return the group of every row of a table that a site answered."""
    if not partial.keys:
        return [()] * table.num_rows
    return list(zip(*(table[key.name].to_pylist() for key in partial.keys), strict=True))


def search(partial: GroupBy, wanted: Sequence[Quantile], schema: Schema, answers: Mapping[str, pa.Table]) -> Search:
    """Look for quantiles.

    Of n values with mean μ and deviation σ (over n) the k-th lies between μ - σ √((n - k) / k) and
    μ + σ √((k - 1) / (n - k + 1)) (Hawkins, 1971), which needs nothing but moments. Sites then count their rows in the
    cells of this range, each so wide that a site may tell; the bounds that follow are true whatever a site withholds,
    because it has told how many rows it has. The range is cut again as long as enough rows are left in it.

    Parameters
    ----------
    partial
        The aggregation that sites have answered.
    wanted
        The quantiles.
    schema
        The columns of the rows.
    answers
        What the sites answered.

    Raises
    ------
    OperatorError
        If there are too many groups.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from jupyter_wayang.plan.expressions import ColumnRef
    >>> median = Quantile(
    ...     name="m", value=ColumnRef(name="x"), part=0.5, shown="median(x)", count="n", total="s", squares="q"
    ... )
    >>> moments = {"a": pa.table({"n": [9], "s": [45.0], "q": [60.0]})}
    >>> try:
    ...     next(search(GroupBy(aggregates=()), [median], Schema.of(x="float64"), moments))
    ... except StopIteration as end:
    ...     bounds = end.value["m"][()]  # so few rows are counted in no cells
    >>> f"{bounds.middle:.3g} ± {bounds.error:.3g}"
    '5 ± 2.31'
    """
    found: dict[str, Found] = {}
    for value in dict.fromkeys(quantile.value for quantile in wanted):
        one = _OneValue(partial, value, [quantile for quantile in wanted if quantile.value == value], schema, answers)
        for _ in range(_REQUESTS):
            request = one.request()
            if request is None:
                break
            try:
                counted = yield request
            except DisclosureError:
                break  # a site tells no more: what is known until here holds
            one.count(counted)
        found |= one.found()
    return found


def within(wanted: Iterable[Quantile], found: Mapping[str, Found]) -> str:
    """Say how exactly quantiles are known.

    Examples
    --------
    >>> median = Quantile(
    ...     name="m", value=Literal.of(1.0), part=0.5, shown="median(x)", count="n", total="s", squares="q"
    ... )
    >>> within([median], {"m": {("f",): Bounds(low=4.0, high=5.0, rows=9), ("m",): Bounds(low=1.0, high=1.5, rows=9)}})
    'median(x) ± 0.5'
    """
    errors = ((one.shown, max((bounds.error for bounds in found[one.name].values()), default=0.0)) for one in wanted)
    return ", ".join(f"{shown} ± {error:.2g}" for shown, error in errors)


@dataclass(frozen=True)
class _Moments:
    rows: int
    total: float
    squares: float


class _OneValue:
    """The search for all quantiles of one value, in all groups."""

    def __init__(
        self,
        partial: GroupBy,
        value: AnyExpression,
        wanted: Sequence[Quantile],
        schema: Schema,
        answers: Mapping[str, pa.Table],
    ) -> None:
        self.partial, self.value, self.schema = partial, value, schema
        self.moments = _moments(partial, wanted[0], answers)
        self.bounds = {
            (quantile.name, group): _at_first(quantile.part, list(sites.values()))
            for quantile in wanted
            for group, sites in self.moments.items()
        }
        self.parts = {quantile.name: quantile.part for quantile in wanted}
        self.cuts: dict[Group, list[float]] = {}

    def request(self) -> GroupBy | None:
        """Return what sites are to count next; None: as much is known as can be."""
        by_group: dict[Group, list[Bounds]] = {}
        for (_, group), bounds in self.bounds.items():
            by_group.setdefault(group, []).append(bounds)
        self.cuts = {group: cuts for group, some in by_group.items() if (cuts := _cuts(some, len(self.moments[group])))}
        if not self.cuts:
            return None
        if len(self.cuts) > _MOST_GROUPS:
            raise OperatorError(
                f"quantiles over sites are of at most {_MOST_GROUPS} groups, and there are {len(self.cuts)}",
                hint="group by less, or ask for mean() and std()",
            )
        rows = Named(name=ROWS, expression=Aggregate(function="count"))
        return GroupBy(keys=(*self.partial.keys, Named(name=_CELL, expression=self.cell())), aggregates=(rows,))

    def cell(self) -> AnyExpression:
        """Return the number of cuts below a value, which is null where the value is."""
        cell: AnyExpression = Literal.of(0)
        for group, cuts in self.cuts.items():
            inside = _tree(self.value, cuts)
            cell = Case(condition=self.is_in(group), then=inside, otherwise=cell) if group else inside
        return Case(condition=IsNull(arg=self.value), then=Literal(value=None, type="int64"), otherwise=cell)

    def is_in(self, group: Group) -> AnyExpression:
        """Return the condition that a row is of a group."""
        found: AnyExpression | None = None
        for key, level in zip(self.partial.keys, group, strict=True):
            type_ = type_of(key.expression, self.schema)
            plain = level if isinstance(level, bool | int | float | str) else str(level)
            same: AnyExpression = (
                IsNull(arg=key.expression)
                if level is None
                else Binary(op="==", left=key.expression, right=Literal(value=plain, type=type_))
            )
            found = same if found is None else Binary(op="and", left=found, right=same)
        if found is None:
            raise OperatorError("a group has at least one key")
        return found

    def count(self, answers: Mapping[str, pa.Table]) -> None:
        """Narrow the bounds by what sites have counted."""
        shown: dict[Group, dict[str, dict[int, int]]] = {group: {} for group in self.cuts}
        for site, table in answers.items():
            rows = zip(groups_of(self.partial, table), table[_CELL].to_pylist(), table[ROWS].to_pylist(), strict=True)
            for group, cell, n in rows:
                if cell is not None and n is not None and site in self.moments.get(group, {}) and group in shown:
                    shown[group].setdefault(site, {})[cell] = n
        for (name, group), bounds in self.bounds.items():
            if group in shown:
                sites = [(one.rows, shown[group].get(site, {})) for site, one in self.moments[group].items()]
                self.bounds[name, group] = _narrowed(bounds, self.parts[name], self.cuts[group], sites)

    def found(self) -> dict[str, Found]:
        """Return the bounds by column and group."""
        made: dict[str, dict[Group, Bounds]] = {name: {} for name in self.parts}
        for (name, group), bounds in self.bounds.items():
            made[name][group] = bounds
        return dict(made)


def _moments(partial: GroupBy, one: Quantile, answers: Mapping[str, pa.Table]) -> dict[Group, dict[str, _Moments]]:
    """Return what is known of every group, by site; a site that withholds a group has no part in its quantile."""
    found: dict[Group, dict[str, _Moments]] = {}
    for site, table in answers.items():
        columns = (table[name].to_pylist() for name in (one.count, one.total, one.squares))
        for group, *values in zip(groups_of(partial, table), *columns, strict=True):
            if None not in values and values[0] > 0:
                found.setdefault(group, {})[site] = _Moments(*values)
    return found


def _places(part: float, rows: int) -> tuple[int, int]:
    """Return between which values, counted from 1 in ascending order, a quantile is."""
    place = (rows - 1) * part
    below = math.floor(place) + 1
    return below, below if place == math.floor(place) else min(below + 1, rows)


def _at_first(part: float, sites: Sequence[_Moments]) -> Bounds:
    rows = sum(site.rows for site in sites)
    mean = math.fsum(site.total for site in sites) / rows
    squares = math.fsum(site.squares + site.rows * (site.total / site.rows - mean) ** 2 for site in sites)
    deviation = math.sqrt(max(squares, 0.0) / rows)
    first, last = _places(part, rows)
    low = mean - deviation * math.sqrt((rows - first) / first)
    high = mean + deviation * math.sqrt((last - 1) / (rows - last + 1))
    slack = _ROUNDING * max(abs(low), abs(high))
    return Bounds(low=low - slack, high=high + slack, rows=rows)


def _cuts(some: Iterable[Bounds], sites: int) -> list[float]:
    """Return where to cut ranges next: into so many cells that a site has enough rows in each."""
    ranges: list[Bounds] = []
    for one in sorted(some, key=lambda one: (one.low, one.high)):
        if ranges and one.low < ranges[-1].high:
            last = ranges.pop()
            ranges.append(replace(last, high=max(last.high, one.high), rows=max(last.rows, one.rows)))
        else:
            ranges.append(one)
    cuts: dict[float, None] = {}
    for bounds in ranges:
        cells = min(_MOST_CELLS, bounds.rows // (sites * _ENOUGH))
        if cells > 1:
            width = bounds.high - bounds.low
            cuts.update(dict.fromkeys(bounds.low + width * step / cells for step in range(cells + 1)))
    return list(cuts)


def _tree(value: AnyExpression, cuts: Sequence[float], first: int = 0) -> AnyExpression:
    """Return the number of cuts below a value; a tree, whose depth is the logarithm of their number."""
    if not cuts:
        return Literal.of(first)
    middle = len(cuts) // 2
    return Case(
        condition=Binary(op="<=", left=value, right=Literal.of(cuts[middle])),
        then=_tree(value, cuts[:middle], first),
        otherwise=_tree(value, cuts[middle + 1 :], first + middle + 1),
    )


def _narrowed(
    bounds: Bounds, part: float, cuts: Sequence[float], sites: Sequence[tuple[int, Mapping[int, int]]]
) -> Bounds:
    """Return the bounds that follow from the rows that sites have, and those that they have told of, by cell."""
    rows = sum(n for n, _ in sites)
    first, last = _places(part, rows)
    least, most = [0] * len(cuts), [0] * len(cuts)
    for n, told in sites:
        hidden = n - sum(told.values())
        secret = [cell for cell in range(len(cuts) + 1) if cell not in told] or [0, len(cuts)]
        for index in range(len(cuts)):
            below = sum(count for cell, count in told.items() if cell <= index)
            least[index] += below + (hidden if secret[-1] <= index else 0)
            most[index] += below + (hidden if secret[0] <= index else 0)
    before = [index for index, count in enumerate(most) if count < first]
    after = [index for index, count in enumerate(least) if count >= last]
    found = replace(bounds, rows=(most[after[0]] if after else rows) - (least[before[-1]] if before else 0))
    if before:
        found = replace(found, low=max(found.low, cuts[before[-1]]))
    if after:
        found = replace(found, high=min(found.high, cuts[after[0]]))
    return found
