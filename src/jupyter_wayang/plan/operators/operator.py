"""What every operator has: a verb, a short text, and outputs derived from its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import Aggregate, Expression, Named, has_window, text, type_of, walk
from jupyter_wayang.plan.model_specs import Makes
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.types import item_of

__all__ = [
    "ModelShape",
    "Operator",
    "Output",
    "OverArrow",
    "comparable",
    "expressions_of",
    "ordered",
    "rows_in",
    "scalar",
    "typed",
]


class ModelShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="model", tag_field="tag"):
    """What a fitted model is, as far as a plan knows: its kind, the columns that it reads, and what it says of a row.

    ``width`` is how many columns that takes.
    """

    kind: str
    columns: Schema
    makes: Makes = "probability"
    width: int = 1


Output = Schema | ModelShape
"""What flows on an edge: rows of a schema, or a model."""


class Operator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    """The root of all operators.

    ``verb`` is the word of the cell language, ``outputs`` derives what leaves each port from what comes in (and raises
    a typed error where that cannot be), ``describe`` is the short text of a card.
    """

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return type(self).__struct_config__.tag  # type: ignore[return-value]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return what leaves each port."""
        raise NotImplementedError

    def lowered(self, inputs: tuple[Schema, ...]) -> tuple[Operator, ...]:
        """Return the operators that do its work, one after the other; the first of them takes the inputs."""
        return (self,)

    def describe(self) -> str:
        """Return a short text, up to about 40 characters."""
        return ""


class OverArrow(Operator, frozen=True, kw_only=True):
    """What one implementation over Arrow does for every platform, so that rows are the same on all.

    A platform that declares ``split`` runs them all (:mod:`jupyter_wayang.platforms.relational.over_arrow`).
    """


def expressions_of(held: object) -> Iterator[Expression]:
    """Yield the expressions of an operator, wherever in it they stand."""
    if isinstance(held, Expression):
        yield held
    elif isinstance(held, tuple):
        for one in held:
            yield from expressions_of(one)
    elif isinstance(held, msgspec.Struct):
        for field in held.__struct_fields__:
            yield from expressions_of(getattr(held, field))


def rows_in(operator: Operator, inputs: tuple[Output, ...], index: int = 0) -> Schema:
    """Return the schema of an input that must be rows."""
    if index >= len(inputs) or not isinstance(inputs[index], Schema):
        raise OperatorError(f"{operator.verb}() works on a collection, and this is a model")
    return inputs[index]  # type: ignore[return-value]


def scalar(expression: Expression, where: str) -> None:
    """Refuse an expression with an aggregate in it, or with a window where only columns may be made of one."""
    if any(isinstance(part, Aggregate) for part in walk(expression)):
        raise OperatorError(
            f"{where}() takes no aggregates: {text(expression)}", hint="aggregate with .agg(…) or group_by(…).agg(…)"
        )
    if where not in ("select", "with_columns") and has_window(expression):
        raise OperatorError(
            f"{where}() takes no window function: {text(expression)}",
            hint="name it first: with_columns(place=rank().over(…)), then use the column",
        )


def ordered(expression: Expression, schema: Schema, where: str) -> None:
    """Refuse a list where values are compared: lists are neither equal nor in order."""
    found = type_of(expression, schema)
    if item_of(found):
        raise ExpressionTypeError(f"{where}() does not compare lists, and {text(expression)} is {found}", found=found)


def comparable(schema: Schema, where: str) -> None:
    """Refuse rows with lists in them where whole rows are compared."""
    for column in schema:
        if item_of(column.type):
            raise ExpressionTypeError(
                f"{where}() compares whole rows, and {column.name} is a {column.type}: lists do not compare",
                found=column.name,
                hint=f"drop({column.name}), or explode({column.name}) first",
            )


def typed(columns: Iterable[Named], schema: Schema) -> Schema:
    """Return the schema of columns that are made of others."""
    return Schema.from_pairs((column.name, type_of(column.expression, schema)) for column in columns)
