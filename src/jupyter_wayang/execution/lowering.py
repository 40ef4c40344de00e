"""From the operators of a plan to the base operators that engines run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from jupyter_wayang.errors import PlanError
from jupyter_wayang.plan.expressions import Call, Case, ColumnRef, IsNull, Literal, Named, Not
from jupyter_wayang.plan.models import DISTANCE, nearest, sigmoid
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Bin,
    Filter,
    Impute,
    OneHot,
    Predict,
    Prepare,
    Ready,
    Scale,
    Select,
)
from jupyter_wayang.plan.schema import Schema

__all__ = ["LEARNED", "lower"]

LEARNED = (Impute, Scale, OneHot, Bin, Prepare, Ready, Predict)
"""Operators whose columns are known only after something was learned."""


def lower(
    operator: AnyOperator, schemas: tuple[Schema, ...], learned: tuple[Named, ...] | None
) -> tuple[AnyOperator, ...]:
    """Return the base operators that do the work of an operator, to be run one after the other.

    Parameters
    ----------
    operator
        Any operator that runs on rows.
    schemas
        The columns of its inputs.
    learned
        What a learned operator does, if that is known.

    Raises
    ------
    PlanError
        If the operator learns and what it does is not known yet.

    Examples
    --------
    >>> from jupyter_wayang.plan.operators import Drop
    >>> lower(Drop(columns=("a",)), (Schema.of(a="int64", b="int64"),), None)[0].describe()
    'b'
    """
    if isinstance(operator, LEARNED):
        if learned is None:
            raise PlanError(f"{operator.verb} has not learned yet")
        select = Select(columns=learned)
        if isinstance(operator, Predict) and operator.link != "identity":
            # What was told gets columns of its own first: the sigmoid and the nearest of centres read them several times.
            said = _nearest(learned, operator) if operator.link == "nearest" else _linked(learned, operator)
            return (select, Select(columns=said))
        if isinstance(operator, Prepare):
            return (Filter(condition=Not(arg=IsNull(arg=operator.target))), select)
        return (select,)
    return cast("tuple[AnyOperator, ...]", operator.lowered(schemas))


def _linked(learned: tuple[Named, ...], predict: Predict) -> tuple[Named, ...]:
    value = ColumnRef(name=predict.column)
    mean = sigmoid(value) if predict.link == "logit" else Call(function="exp", args=(value,))
    kept = (named.name for named in learned if named.name != predict.column)
    return (*_same(kept), Named(name=predict.column, expression=mean))


def _nearest(learned: tuple[Named, ...], predict: Predict) -> tuple[Named, ...]:
    names = [named.name for named in learned if named.name.startswith(DISTANCE)]
    number = nearest(names, [Literal.of(index) for index in range(len(names))])
    unknown = IsNull(arg=ColumnRef(name=names[0]))
    said = Case(condition=unknown, then=Literal(value=None, type="int64"), otherwise=number)
    kept = (named.name for named in learned if named.name not in names)
    return (*_same(kept), Named(name=predict.column, expression=said))


def _same(names: Iterable[str]) -> Iterator[Named]:
    return (Named(name=name, expression=ColumnRef(name=name)) for name in names)
