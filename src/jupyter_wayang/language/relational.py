"""The words of rows and columns."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast, get_args

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.expressions import lift
from jupyter_wayang.language.unknown import guessed
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.expressions import Aggregate, Named, settled_columns
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Distinct,
    Drop,
    Except,
    Filter,
    GroupBy,
    Intersect,
    Join,
    JoinHow,
    Limit,
    Rename,
    Select,
    Sort,
    SortKey,
    Split,
    TopK,
    Union,
    WithColumns,
)

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection
    from jupyter_wayang.plan.schema import Schema

__all__ = ["Grouped", "Pair", "RelationalWords", "parts"]


class RelationalWords(ABC):
    """Rows that are kept, put together, ordered and drawn; columns that are made, named and left out."""

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """The columns and their types."""

    @abstractmethod
    def _then(self, operator: AnyOperator, *more: VertexPort) -> Collection:
        """Apply an operator."""

    @abstractmethod
    def _other(self, value: object, verb: str) -> Collection:
        """Return another collection of the session, or a table as one."""

    @abstractmethod
    def _hinted(self, **changes: object) -> Self:
        """Tell the optimizer something about the operator."""

    @abstractmethod
    def _filter_by(self, f: Callable[..., Any]) -> Collection:
        """Keep the rows for which a function is true."""

    @worded
    def filter(self, condition: object) -> Collection:
        """Keep the rows where a condition is true; null is not. The condition may be a function of the notebook."""
        if callable(condition):
            return self._filter_by(condition)
        return self._then(Filter(condition=lift(condition)))

    @worded
    def select(self, /, *columns: object, **named: object) -> Collection:
        """Keep these columns, old ones by name and new ones by expression."""
        return self._then(
            Select(columns=settled_columns(given.named_columns(columns, named, WORDS[".select"]), self.schema))
        )

    @worded
    def with_columns(self, /, **named: object) -> Collection:
        """Add columns, or replace those of the same name."""
        made = given.named_columns((), named, WORDS[".with_columns"])
        if not made:
            raise OperatorError("with_columns() needs at least one column", hint="as in with_columns(old=col.age > 60)")
        return self._then(WithColumns(columns=settled_columns(made, self.schema)))

    @worded
    def drop(self, *columns: object) -> Collection:
        """Leave columns out."""
        return self._then(Drop(columns=given.column_names(columns, WORDS[".drop"])))

    @worded
    def rename(self, /, **names: str) -> Collection:
        """Give columns new names: ``rename(old="new")``."""
        pairs = tuple((old, given.text(old, new, WORDS[".rename"])) for old, new in names.items())
        return self._then(Rename(names=pairs))

    @worded
    def group_by(self, /, *columns: object, **named: object) -> Grouped:
        """Group rows; :meth:`Grouped.agg` says what becomes of a group."""
        keys = given.named_columns(columns, named, WORDS[".group_by"])
        if not keys:
            raise OperatorError("group_by() needs at least one column", hint="for one row of all: agg(n=count())")
        return Grouped(cast("Collection", self), keys)

    @worded
    def agg(self, /, **named: object) -> Collection:
        """Aggregate all rows into one."""
        return self._then(GroupBy(aggregates=given.named_columns((), named, WORDS[".agg"])))

    @worded
    def distinct(self, *columns: object) -> Collection:
        """Keep one of equal rows; null equals null. With columns: what is different of these, and only they."""
        return self._then(Distinct(columns=given.column_names(columns, WORDS[".distinct"], least=0)))

    @worded
    def union(self, other: object) -> Collection:
        """Put the rows of another collection below these; columns go together by name."""
        return self._then(Union(), self._other(other, "union").port)

    @worded
    def intersect(self, other: object) -> Collection:
        """Keep the rows that the other collection has too: each as often as in the one that has fewer of it."""
        return self._then(Intersect(), self._other(other, "intersect").port)

    @worded
    def except_(self, other: object) -> Collection:
        """Keep the rows that the other collection does not have: each row there takes one away here."""
        return self._then(Except(), self._other(other, "except_").port)

    @worded
    def count(self) -> Collection:
        """Count the rows: one row with a column ``count``."""
        return self._then(GroupBy(aggregates=(Named(name="count", expression=Aggregate(function="count")),)))

    @worded
    def join(
        self,
        other: object,
        on: object = (),
        how: str = "inner",
        suffix: str = "_right",
        *,
        where: object = None,
        as_of: object = None,
    ) -> Collection:
        """Join rows of both whose keys are equal; null keys match nothing.

        Parameters
        ----------
        other
            Another collection, a DataFrame or an Arrow table.
        on
            A column of both, or a list of them and of pairs (column here, column there).
        how
            ``inner``, ``left``, ``full``, ``semi``, ``anti`` or ``cross``.
        suffix
            What the name of a column of ``other`` gets if it is taken.
        where
            A condition on the columns of both that must be true too, as in ``col.day < col.until``.
        as_of
            A column of both, or a pair (column here, column there): of the rows of ``other`` that match, only the last
            whose column is not above the one here. Of several with that value it is the one that comes last when they
            are sorted by all columns from left to right, nulls last.
        """
        if how not in get_args(JoinHow):
            kinds = get_args(JoinHow)
            raise OperatorError(
                guessed(f'there is no join "{how}".', str(how), kinds), hint="joins: " + ", ".join(kinds)
            )
        right = self._other(other, "join")
        operator = Join(
            on=given.join_keys(on),
            how=cast("JoinHow", how),
            suffix=given.text("suffix", suffix, WORDS[".join"]),
            where=None if where is None else lift(where),
            as_of=None if as_of is None else given.join_key(as_of),
            broadcast=right._hints.broadcast,  # noqa: SLF001 -- one of its own kind
        )
        return self._then(operator, right.port)

    @worded
    def sort(self, *columns: object, descending: bool | Sequence[bool] = False) -> Collection:
        """Order rows; nulls come last, and equal rows keep their order.

        Parameters
        ----------
        columns
            Columns or expressions.
        descending
            From high to low: one answer for all, or one for each.
        """
        return self._then(Sort(keys=_sort_keys(columns, descending)))

    @worded
    def top_k(self, n: int, by: object, descending: bool | Sequence[bool] = True) -> Collection:
        """Keep the rows that come first in an order: the highest, unless ``descending=False``.

        Parameters
        ----------
        n
            How many.
        by
            A column or expression, or a list of them.
        descending
            From high to low: one answer for all, or one for each.
        """
        keys = by if isinstance(by, list | tuple) else [by]
        return self._then(TopK(rows=given.whole("n", n, WORDS[".top_k"]), keys=_sort_keys(keys, descending)))

    @worded
    def limit(self, rows: int) -> Collection:
        """Keep the first rows."""
        return self._then(Limit(rows=given.whole("rows", rows, WORDS[".limit"])))

    @worded
    def split(self, fraction: float, seed: int = 0, by: object = ()) -> Pair:
        """Cut in two, the same rows on every platform.

        Parameters
        ----------
        fraction
            Which part of the rows the first of the two gets.
        seed
            Another seed cuts otherwise.
        by
            Expressions; the cut is made in every group of equal values.
        """
        strata = by if isinstance(by, list | tuple) else [by]
        operator = Split(
            fraction=given.number("fraction", fraction, WORDS[".split"]),
            seed=given.whole("seed", seed, WORDS[".split"]),
            by=tuple(given.key(stratum) for stratum in strata),
        )
        first = self._then(operator)
        return Pair(first, dataclasses.replace(first, made=VertexPort(first.made.vertex, 1)))

    @worded
    def selectivity(self, part: float) -> Self:
        """Tell the optimizer which part of the rows the operator keeps, between 0 and 1."""
        value = given.number("part", part, WORDS[".selectivity"])
        if not 0 <= value <= 1:
            raise OperatorError("selectivity() takes a part between 0 and 1", found=str(part))
        return self._hinted(selectivity=value)

    @worded
    def cache(self) -> Self:
        """Have what the operator makes computed once and held, also where one operator reads it only."""
        return self._hinted(cache=True)

    @worded
    def broadcast(self) -> Self:
        """Have joins on Spark send these rows, the right ones, whole to wherever the others are."""
        return self._hinted(broadcast=True)

    @worded
    def name(self, text: str) -> Self:
        """Call what the operator makes by a name in plans and pictures."""
        return self._hinted(name=given.text("text", text, WORDS[".name"]))

    @worded
    def rows(self, number: int) -> Self:
        """Tell the optimizer how many rows come out of the operator."""
        value = given.whole("number", number, WORDS[".rows"])
        if value < 0:
            raise OperatorError("rows() takes a number of 0 or more", found=str(number))
        return self._hinted(rows=value)


@dataclass(frozen=True, eq=False)
class Grouped:
    """Groups of rows, waiting for :meth:`agg`."""

    collection: Collection
    keys: tuple[Named, ...]

    @worded
    def agg(self, /, **named: object) -> Collection:
        """Make one row of every group."""
        if not named:
            raise OperatorError(
                "agg() needs at least one aggregate, as in agg(n=count())",
                hint="for the different values alone: distinct(…)",
            )
        operator = GroupBy(keys=self.keys, aggregates=given.named_columns((), named, WORDS[".agg"]))
        return self.collection._then(operator)  # noqa: SLF001 -- the other half of one operator


class Pair(NamedTuple):
    """The two parts of a split."""

    first: Collection
    second: Collection

    def on(self, platform: str, site: str | None = None) -> Pair:
        """Pin the split to a platform: see :meth:`Planned.on`."""
        vertex = self.first.on(platform, site).made.vertex
        return parts(vertex, self)


def parts(vertex: Vertex, pair: Pair) -> Pair:
    """Return the two parts that another vertex makes."""
    return Pair(*(dataclasses.replace(part, made=VertexPort(vertex, part.made.port)) for part in pair))


def _sort_keys(columns: Sequence[object], descending: bool | Sequence[bool]) -> tuple[SortKey, ...]:
    keys = [given.key(column) for column in columns]
    down = [descending] * len(keys) if isinstance(descending, bool) else descending
    if (
        not isinstance(down, list | tuple)
        or len(down) != len(keys)
        or not all(isinstance(answer, bool) for answer in down)
    ):
        raise OperatorError(
            f"descending= takes True or False, or a list of {len(keys)} of them", found=repr(descending)
        )
    return tuple(SortKey(expression=k, descending=d) for k, d in zip(keys, down, strict=True))
