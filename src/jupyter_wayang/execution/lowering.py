"""From the operators of a plan to the base operators that engines run."""

from __future__ import annotations

from typing import cast

from jupyter_wayang.errors import PlanError
from jupyter_wayang.plan.expressions import ColumnRef, IsNull, Named, Not
from jupyter_wayang.plan.models import sigmoid
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
        if isinstance(operator, Predict) and operator.link == "logit":
            # The linear predictor gets a column of its own first: the sigmoid reads it several times.
            return (select, Select(columns=tuple(_probability(named, operator.column) for named in learned)))
        if isinstance(operator, Prepare):
            return (Filter(condition=Not(arg=IsNull(arg=operator.target))), select)
        return (select,)
    return cast("tuple[AnyOperator, ...]", operator.lowered(schemas))


def _probability(named: Named, column: str) -> Named:
    value = ColumnRef(name=named.name)
    return Named(name=named.name, expression=sigmoid(value) if named.name == column else value)
