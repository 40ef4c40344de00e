"""The words that sum a table up. Each is written in other words, so that it runs wherever these do, at sites too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.expressions import E, col, lift, lit, where
from jupyter_wayang.language.functional import held_at_sites
from jupyter_wayang.language.functions import named
from jupyter_wayang.language.words import WORDS, Word, worded
from jupyter_wayang.plan.expressions import type_of
from jupyter_wayang.plan.models import HIGH, LOW, BinFacts, applied
from jupyter_wayang.plan.operators import AnyOperator, Bin, Pivot, Select
from jupyter_wayang.plan.schema import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_wayang.language.builder import Collection
    from jupyter_wayang.plan.logical import VertexPort
    from jupyter_wayang.plan.schema import Schema

__all__ = ["SummaryWords"]

_QUARTERS = {"q25": 0.25, "median": 0.5, "q75": 0.75}


class SummaryWords(ABC):
    """Histograms, tables of counts, curves of survival, and the figures of every column."""

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """The columns and their types."""

    @property
    @abstractmethod
    def port(self) -> VertexPort:
        """The output in the plan."""

    @worded
    def describe(self) -> Collection:
        """Make a row of every numeric column: values, nulls, mean, deviation, quartiles."""
        columns = [column.name for column in self.schema if column.type in NUMERIC]
        if not columns:
            raise OperatorError("describe() finds no numeric column", hint="columns: " + ", ".join(self.schema.names))
        figures: dict[str, object] = {}
        for number, name in enumerate(columns):
            of = {
                "n": named("count")(col[name]),
                "nulls": named("count")() - named("count")(col[name]),
                "mean": named("mean")(col[name]),
                "std": named("std")(col[name]),
                **{word: named("quantile")(col[name], part) for word, part in _QUARTERS.items()},
            }
            figures |= {f"{word}_{number}": value for word, value in of.items()}
        row = _as_collection(self).agg(**figures)
        words = ("n", "nulls", "mean", "std", *_QUARTERS)
        rows = [
            row.select(column=lit(name), **{word: col[f"{word}_{number}"] for word in words})
            for number, name in enumerate(columns)
        ]
        return reduce(lambda above, below: above.union(below), rows)

    @worded
    def histogram(self, column: object, bins: int | Sequence[float] = 10, by: object = ()) -> Collection:
        """Count values between numbers: columns ``low``, ``high`` and ``n``.

        A bin holds the values from ``low`` up to below ``high``; the outermost have no end. Bins without a value are left
        out, and so are nulls.

        Parameters
        ----------
        column
            A numeric column.
        bins
            About how many bins, cut at round numbers within three deviations of the mean; or where to cut.
        by
            Columns whose groups are counted apart.
        """
        word = WORDS[".histogram"]
        name, keys = given.column_name(column, word), _columns(by, word)
        known = _as_collection(self).filter(~col[name].is_null())
        if isinstance(bins, list | tuple):
            cuts = tuple(given.number("bins", cut, word) for cut in bins)
            if not cuts or any(low >= high for low, high in pairwise(cuts)):
                raise OperatorError("bins= takes numbers in ascending order", hint="as in bins=[20, 40, 60]")
            binned = _then(known, Select(columns=applied(BinFacts(column=name, cuts=cuts), known.schema)))
        else:
            binned = _then(known, Bin(column=name, bins=given.whole("bins", bins, word)))
        counted = binned.group_by(*keys, low=col[LOW], high=col[HIGH]).agg(n=named("count")())
        return counted.sort(*keys, "high")

    @worded
    def crosstab(self, rows: object, columns: object, levels: object = None) -> Collection:
        """Count the rows of every pair of values.

        Parameters
        ----------
        rows, columns
            Two columns: the values of the first become rows, those of the second columns.
        levels
            The values that become columns; of a column of true and false they are known. Where there are none it says 0,
            and over sites null: there may be too few to be told.
        """
        word = WORDS[".crosstab"]
        down, across = given.column_name(rows, word), given.column_name(columns, word)
        known = given.levels(levels, across, self.schema[across].type, word)
        counted = _as_collection(self).group_by(down, across).agg(__n=named("count")())
        table = _then(counted, Pivot(on=across, values="__n", function="sum", levels=known))
        if not held_at_sites(self.port):
            zeros = {name: named("coalesce")(col[name], 0) for name in table.columns if name != down}
            table = table.with_columns(**zeros)
        return table.sort(down)

    @worded
    def kaplan_meier(self, time: object, event: object, by: object = (), every: float | None = None) -> Collection:
        """Estimate which part lives on after every time (Kaplan & Meier, 1958).

        Of ``at_risk`` who are watched until a time, ``events`` meet it then, and S(t) = ∏ (1 - events / at_risk) over the
        times up to t. ``std_error`` is Greenwood's, S(t) √ Σ events / (at_risk (at_risk - events)).

        Parameters
        ----------
        time
            The column that says how long somebody was watched. Rows without it are left out.
        event
            Whether it ended with the event, and not with the end of watching. Null is not known, and is left out.
        by
            Columns whose groups have curves of their own.
        every
            Times are rounded up to multiples of this. Over sites it makes groups that are large enough to be told.
        """
        word = WORDS[".kaplan_meier"]
        name, keys, met = given.column_name(time, word), _columns(by, word), E(given.key(event))
        if type_of(lift(met), self.schema) != "bool":
            raise OperatorError(
                f"kaplan_meier() asks whether there was an event, and {met!r} does not say it",
                hint="as in kaplan_meier(day, status == 1)",
            )
        ending = col[name]
        if every is not None:
            step = given.number("every", every, word)
            if step <= 0:
                raise OperatorError("every= is more than 0", found=str(every))
            ending = named("ceil")(col[name] / step) * step
        watched = _as_collection(self).filter(~col[name].is_null() & ~met.is_null())
        counted = watched.group_by(*keys, time=ending).agg(events=named("sum")(where(met, 1, 0)), __n=named("count")())
        return _survival(counted, keys)


def _survival(counted: Collection, keys: tuple[str, ...]) -> Collection:
    """Return the curves of groups from how many left at each time (``__n``), and how many of them by the event."""
    over = {"order_by": col.time}
    gone = counted.with_columns(
        __gone=named("cum_sum")(col["__n"]).over(*keys, **over), __all=named("sum")(col["__n"]).over(*keys)
    )
    watched = gone.with_columns(at_risk=col["__all"] - col["__gone"] + col["__n"])
    some = col.events < col.at_risk
    factors = watched.with_columns(
        __log=where(some, named("log")(1 - col.events / col.at_risk), None),
        __share=where(some, col.events / (col.at_risk * (col.at_risk - col.events)), None),
    )
    summed = factors.with_columns(
        __logs=named("cum_sum")(col["__log"]).over(*keys, **over),
        __shares=named("cum_sum")(col["__share"]).over(*keys, **over),
    )
    curve = summed.with_columns(survival=where(some, named("exp")(col["__logs"]), 0.0))
    error = where(some, col.survival * named("sqrt")(col["__shares"]), 0.0)
    return curve.select(*keys, "time", "at_risk", "events", "survival", std_error=error).sort(*keys, "time")


def _then(collection: Collection, operator: AnyOperator) -> Collection:
    return collection._then(operator)  # noqa: SLF001 -- one of its own kind


def _as_collection(words: SummaryWords) -> Collection:
    return cast("Collection", words)


def _columns(by: object, word: Word) -> tuple[str, ...]:
    return given.column_names(by if isinstance(by, list | tuple) else [by], word, least=0)
