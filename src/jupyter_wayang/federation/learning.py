"""Preprocessing steps learn their global values from aggregates: sites hand over small tables, never rows."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping
from functools import singledispatch
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError, SiteError
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Binary, Cast, ColumnRef, Literal, Named
from jupyter_wayang.plan.models import BinFacts, Facts, ImputeFacts, OneHotFacts, ScaleFacts
from jupyter_wayang.plan.operators import Bin, GroupBy, Impute, OneHot, Scale
from jupyter_wayang.plan.operators.operator import Operator
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ROWS", "Learning", "describe", "learn"]

ROWS = "__rows"
"""The column by which a site sees how many rows a group has."""

Learning = Generator[GroupBy, "Mapping[str, pa.Table]", Facts]
"""Yields what every site is to aggregate, takes the tables by site, returns what was learned."""

_ENCODED = ("bool", "int64", "float64", "string")


@singledispatch
def _learn(operator: Operator, schema: Schema) -> Learning:
    raise OperatorError(f"{operator.verb}() learns nothing", expected=("impute", "scale", "one_hot", "bin"))


def learn(operator: Impute | Scale | OneHot | Bin, schema: Schema) -> Learning:
    """Learn what a preprocessing step does from aggregates over the rows that enter it.

    Parameters
    ----------
    operator
        The step.
    schema
        The columns that enter it.

    Returns
    -------
    Generator
        It yields an aggregation for every site to run; send it the answers by site, in the order of the sites (sums of
        floats depend on it). It returns the facts.

    Raises
    ------
    OperatorError
        If no site has a value of a column, or if a column cannot be encoded.
    SiteError
        If a site answers with something that is no number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> learning = learn(Impute(columns=("chol",)), Schema.of(chol="float64"))
    >>> next(learning).describe()
    'n0=count(cast(chol, float64)), s0=sum(cast(chol, float64)), __rows=count()'
    >>> try:
    ...     learning.send({"a": pa.table({"n0": [2], "s0": [6.0]}), "b": pa.table({"n0": [1], "s0": [0.0]})})
    ... except StopIteration as end:
    ...     end.value
    ImputeFacts(values=(('chol', 2.0),))
    """
    operator.outputs((schema,))
    return _learn(operator, schema)


@_learn.register(Impute)
def _(operator: Impute, schema: Schema) -> Learning:
    if operator.how == "value":
        if operator.value is None:
            raise OperatorError("impute() needs the value to put where a number is missing, as in impute(0)")
        return ImputeFacts(values=tuple((name, float(operator.value)) for name in operator.columns))
    means = yield from _means(operator.verb, operator.columns)
    return ImputeFacts(values=tuple(zip(operator.columns, means, strict=True)))


@_learn.register(Scale)
def _(operator: Scale, schema: Schema) -> Learning:
    values = yield from _spreads(operator.verb, operator.columns)
    return ScaleFacts(values=values)


@_learn.register(Bin)
def _(operator: Bin, schema: Schema) -> Learning:
    ((_, mean, deviation),) = yield from _spreads(operator.verb, operator.columns)
    return BinFacts(column=operator.column, cuts=_round_cuts(mean, deviation, operator.bins))


def _round_cuts(mean: float, deviation: float, bins: int) -> tuple[float, ...]:
    """Return round numbers with equal steps that cut what is within three deviations of a mean into about so many bins.

    At most one value in nine lies outside, whatever the distribution (Chebyshev). Sums of floats depend on their order;
    round numbers do not.

    Examples
    --------
    >>> _round_cuts(54.4, 9.1, 6)
    (20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0)
    """
    least = 6 * deviation / bins
    if least == 0:
        return (mean,)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= least)
    first, last = math.floor((mean - 3 * deviation) / step), math.ceil((mean + 3 * deviation) / step)
    # As they are written: 0.3 and not 0.30000000000000004.
    return tuple(float(f"{number * step:.12g}") for number in range(first, last + 1))


def _spreads(
    verb: str, columns: tuple[str, ...]
) -> Generator[GroupBy, Mapping[str, pa.Table], tuple[tuple[str, float, float], ...]]:
    """Learn (name, mean, deviation over n) of every column."""
    means = yield from _means(verb, columns)
    # A second pass about the mean: the sum of squares minus the squared sum would lose digits.
    away = [Binary(op="-", left=_float(n), right=Literal.of(m)) for n, m in zip(columns, means, strict=True)]
    squares = [Binary(op="*", left=distance, right=distance) for distance in away]
    answers = yield _sums(squares)
    values = []
    for index, (name, mean) in enumerate(zip(columns, means, strict=True)):
        n, total = _total(answers, f"n{index}"), _total(answers, f"s{index}")
        if n == 0:
            raise _unknown(verb, name)
        values.append((name, mean, math.sqrt(max(total, 0.0) / n)))
    return tuple(values)


@_learn.register(OneHot)
def _(operator: OneHot, schema: Schema) -> Learning:
    found = []
    for name in operator.columns:
        kind = schema[name].type
        if kind not in _ENCODED:
            raise OperatorError(f"one_hot() works on numbers, texts and booleans, and {name} is {kind}", found=kind)
        key = Named(name="level", expression=_float(name) if kind in ("int64", "float64") else ColumnRef(name=name))
        answers = yield GroupBy(keys=(key,), aggregates=(Named(name=ROWS, expression=Aggregate(function="count")),))
        levels: set[float | str | bool] = {
            level for table in answers.values() for level in table["level"].to_pylist() if level is not None
        }
        if not levels:
            raise OperatorError(f"one_hot(): no site has a level of {name} that it may tell")
        found.append((name, tuple(sorted(levels))))
    return OneHotFacts(levels=tuple(found))


def _means(verb: str, columns: tuple[str, ...]) -> Generator[GroupBy, Mapping[str, pa.Table], list[float]]:
    answers = yield _sums([_float(name) for name in columns])
    means = []
    for index, name in enumerate(columns):
        n = _total(answers, f"n{index}")
        if n == 0:
            raise _unknown(verb, name)
        means.append(_total(answers, f"s{index}") / n)
    return means


def _sums(expressions: Iterable[AnyExpression]) -> GroupBy:
    """Ask for the number and the sum of values; a count stands beside each sum, so that a site can withhold both."""
    wanted = [
        Named(name=f"{letter}{index}", expression=Aggregate(function=function, arg=expression))
        for index, expression in enumerate(expressions)
        for letter, function in (("n", "count"), ("s", "sum"))
    ]
    return GroupBy(aggregates=(*wanted, Named(name=ROWS, expression=Aggregate(function="count"))))


def _total(answers: Mapping[str, pa.Table], column: str) -> float:
    values = []
    for site, table in answers.items():
        for value in table[column].to_pylist():
            if value is not None and not math.isfinite(value):
                raise SiteError(f"{site} answered {value} where a number was asked for", found=str(value))
            values.append(0.0 if value is None else float(value))
    return math.fsum(values)


def _float(name: str) -> Cast:
    return Cast(arg=ColumnRef(name=name), to="float64")


def _unknown(verb: str, name: str) -> OperatorError:
    return OperatorError(
        f"{verb}(): no site has a value of {name} that it may tell",
        found=name,
        hint=f"leave it out with drop({name}), or give a value with impute(0, {name})",
    )


def describe(facts: Facts) -> str:
    """Write down what a step learned, for people.

    Examples
    --------
    >>> describe(ScaleFacts(values=(("age", 53.5, 9.25), ("chol", 246.58, 52.0))))
    'age 53.5 ± 9.25, chol 246.6 ± 52'
    >>> describe(OneHotFacts(levels=(("cp", (1.0, 2.0)),)))
    'cp: 1, 2'
    """
    match facts:
        case ImputeFacts(values=values):
            return ", ".join(f"{name} unknown" if value is None else f"{name} {value:.4g}" for name, value in values)
        case ScaleFacts(values=scaled):
            return ", ".join(f"{name} {mean:.4g} ± {deviation:.4g}" for name, mean, deviation in scaled)
        case OneHotFacts(levels=levels):
            return "; ".join(f"{name}: {', '.join(map(_level, some))}" for name, some in levels)
        case BinFacts(column=name, cuts=cuts):
            return f"{name}: {len(cuts) + 1} bins, cut at {cuts[0]:g} to {cuts[-1]:g}"


def _level(level: float | str | bool) -> str:
    return f"{level:g}" if isinstance(level, float) else str(level)
