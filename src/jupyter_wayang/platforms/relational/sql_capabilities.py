"""What SQL engines refuse: asked before a plan is made, so nothing here imports an engine."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.expressions import text, type_of, walk
from jupyter_wayang.plan.operators import AnyOperator, ReadTable
from jupyter_wayang.plan.operators.operator import expressions_of
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.plan.types import decimal_of, item_of

__all__ = ["elsewhere", "without_types"]


def elsewhere(operator: AnyOperator, platform: str, title: str) -> str | None:
    """Return why a platform does not read a table that lives in another one, or None."""
    if isinstance(operator, ReadTable) and operator.platform != platform:
        return f"{operator.describe()} lives in {operator.platform}, which {title} does not read"
    return None


def without_types(
    operator: AnyOperator,
    inputs: tuple[Schema, ...],
    title: str,
    *,
    decimals: bool = True,
    lists: bool = True,
    nested: bool = True,
) -> str | None:
    """Return why a platform that lacks decimals, lists, or lists of lists cannot run an operator, or None."""

    def lacks(type_: DataType) -> str | None:
        if decimal_of(type_) and not decimals:
            return "decimals"
        item = item_of(type_)
        if item and not lists:
            return "lists"
        return "lists of lists" if item and item_of(item) and not nested else None

    for name, type_ in _types(operator, inputs):
        kind = lacks(type_)
        if kind:
            return f"{title} has no {kind}, and {name} is a {type_}"
    return None


def _types(operator: AnyOperator, inputs: tuple[Schema, ...]) -> Iterator[tuple[str, DataType]]:
    """Return what is computed with: columns in, columns out, and every part of every expression."""
    for schema in inputs:
        yield from ((column.name, column.type) for column in schema)
    for made in operator.outputs(inputs):
        if isinstance(made, Schema):
            yield from ((column.name, column.type) for column in made)
    for expression in expressions_of(operator):
        for part in walk(expression):
            try:
                yield text(part), type_of(part, inputs[0])
            except WayangError:
                continue  # a part that has no type of its own stands within one that has
