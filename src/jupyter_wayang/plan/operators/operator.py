"""What every operator has: a verb, a short text, and outputs derived from its inputs."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import Aggregate, Expression, Named, text, type_of, walk
from jupyter_wayang.plan.schema import Schema

__all__ = ["ModelShape", "Operator", "Output", "rows_in", "scalar", "typed"]


class ModelShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="model", tag_field="tag"):
    """What a fitted model is, as far as a plan knows: its kind and the columns that it reads."""

    kind: str
    columns: Schema


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


def rows_in(operator: Operator, inputs: tuple[Output, ...], index: int = 0) -> Schema:
    """Return the schema of an input that must be rows."""
    if index >= len(inputs) or not isinstance(inputs[index], Schema):
        raise OperatorError(f"{operator.verb}() works on a collection, and this is a model")
    return inputs[index]  # type: ignore[return-value]


def scalar(expression: Expression, where: str) -> None:
    """Refuse an expression with an aggregate in it."""
    if any(isinstance(part, Aggregate) for part in walk(expression)):
        raise OperatorError(
            f"{where}() takes no aggregates: {text(expression)}", hint="aggregate with .agg(…) or group_by(…).agg(…)"
        )


def typed(columns: Iterable[Named], schema: Schema) -> Schema:
    """Return the schema of columns that are made of others."""
    return Schema.from_pairs((column.name, type_of(column.expression, schema)) for column in columns)
