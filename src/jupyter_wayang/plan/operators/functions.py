"""Python functions of the notebook as operators.

A plan has no code in it: an operator names its function by a key, under which the session that made it holds the
function. A plan that is sent away therefore takes no function with it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import Aggregate, Named, text, type_of, walk
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in
from jupyter_wayang.plan.schema import Schema, common_type

__all__ = [
    "FUNCTION_OPERATORS",
    "VALUE",
    "Calling",
    "CoGroup",
    "FilterBy",
    "FlatMap",
    "FunctionRef",
    "Map",
    "MapBatches",
    "Reduce",
    "ReduceBy",
    "gets",
]

Given = Literal["row", "value"]
"""What a function is given of a row: the row, or the value of its only column."""


VALUE = "value"
"""The column of what a function makes that is no row."""


class FunctionRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A function as a plan knows it: its name, the key under which it is held, a digest of its text.

    The key changes with the function and with what it captured; ``digest`` is null where there is no text.
    """

    name: str
    key: str
    digest: str | None = None


class Calling(Operator, frozen=True, kw_only=True):
    """What all operators share that call a function of the notebook."""

    function: FunctionRef

    def describe(self) -> str:
        """Return the name of the function."""
        return self.function.name


class Producing(Calling, frozen=True, kw_only=True):
    """An operator whose function makes rows of its own; ``output`` is null until their columns are known.

    ``learned``: no hint says the columns, they are those of the first rows.
    """

    output: Schema | None = None
    learned: bool = False

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the columns that the function makes."""
        rows_in(self, inputs)
        if self.output is None:
            raise OperatorError(
                f"which columns {self.function.name} makes in {self.verb}() is not known",
                hint="a hint says it, as in def f(row) -> dict(word=str, n=int)",
            )
        if not self.output.columns:
            raise OperatorError(f"{self.verb}() needs a function that makes at least one column")
        return (self.output,)


class Map(Producing, frozen=True, kw_only=True, tag="map"):
    """Makes a row of every row."""

    given: Given = "row"


class FlatMap(Producing, frozen=True, kw_only=True, tag="flat_map"):
    """Makes any number of rows of every row."""

    given: Given = "row"


class FilterBy(Calling, frozen=True, kw_only=True, tag="filter_by"):
    """Keeps the rows for which the function is true; None is not."""

    given: Given = "row"

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "filter"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        return (rows_in(self, inputs),)


class MapBatches(Producing, frozen=True, kw_only=True, tag="map_batches"):
    """Makes an Arrow table of a table of some rows; where the rows are cut is not promised."""


class Reduce(Calling, frozen=True, kw_only=True, tag="reduce"):
    """Makes one row of all, two at a time; of no rows it makes none."""

    given: Given = "row"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        return (rows_in(self, inputs),)


class ReduceBy(Calling, frozen=True, kw_only=True, tag="reduce_by"):
    """Makes one row of all rows of a key, two at a time; null is a key."""

    keys: tuple[Named, ...]
    given: Given = "row"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        schema = rows_in(self, inputs)
        if not self.keys:
            raise OperatorError("reduce_by() needs a key", hint="reduce(f) makes one row of all")
        for key in self.keys:
            if any(isinstance(part, Aggregate) for part in walk(key.expression)):
                raise OperatorError(f"reduce_by() takes no aggregates: {text(key.expression)}")
            type_of(key.expression, schema)
        return (schema,)

    def describe(self) -> str:
        """Return the key and the name of the function."""
        return f"{', '.join(text(key.expression) for key in self.keys)}, {self.function.name}"


class CoGroup(Producing, frozen=True, kw_only=True, tag="co_group"):
    """Makes rows of all rows of both inputs that have the same key.

    Null matches nothing: rows with a null in their key come to the function without rows of the other side.
    """

    on: tuple[tuple[str, str], ...]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the columns that the function makes."""
        left, right = rows_in(self, inputs), rows_in(self, inputs, 1)
        if not self.on:
            raise OperatorError("co_group() needs on=", hint="as in co_group(wards, on=ward, f=pair)")
        for ours, theirs in self.on:
            types = left[ours].type, right[theirs].type
            if common_type(*types) is None:
                raise OperatorError(f"co_group() cannot compare {ours} ({types[0]}) with {theirs} ({types[1]})")
        return super().outputs(inputs)

    def describe(self) -> str:
        """Return the keys and the name of the function."""
        keys = ", ".join(ours if ours == theirs else f"{ours} = {theirs}" for ours, theirs in self.on)
        return f"{keys}, {self.function.name}"


FUNCTION_OPERATORS = (Map, FlatMap, FilterBy, MapBatches, Reduce, ReduceBy, CoGroup)
"""The operators that call a function of the notebook."""


def gets(operator: Calling) -> Given:
    """Return what the function of an operator is given of a row."""
    return getattr(operator, "given", "row")
