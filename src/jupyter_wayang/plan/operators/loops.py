"""Loops: what a name holds at the beginning of a turn, and what it holds when the turns are over.

A loop is no plan inside of a plan. Its body is made of ordinary operators of the same plan: those that need a carried
value and that the loop needs (:mod:`jupyter_wayang.plan.loops`). What the body reads and does not change is outside of
it, and runs once.
"""

from __future__ import annotations

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in
from jupyter_wayang.plan.schema import Schema

__all__ = ["MOST_TURNS", "Carry", "Repeat"]

MOST_TURNS = 1000
"""The turns of a loop at most, unless ``limit=`` says more."""


class Carry(Operator, frozen=True, kw_only=True, tag="carry"):
    """What a name holds at the beginning of a turn: its input in the first, and then what the turn before has made."""

    name: str

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        return (rows_in(self, inputs),)

    def describe(self) -> str:
        """Return the name."""
        return self.name


class Repeat(Operator, frozen=True, kw_only=True, tag="repeat"):
    """Takes turns, and makes what its names hold after the last.

    Inputs are the carried values, in the order of ``names``; then what a turn makes of each; and without ``turns`` a
    condition, one row with one truth value, which is looked at before every turn. ``limit`` bounds the turns.
    """

    names: tuple[str, ...]
    turns: int | None = None
    limit: int = MOST_TURNS

    def __post_init__(self) -> None:
        if not self.names:
            raise OperatorError("a loop must change something that was there before it")
        if self.limit < 0:
            raise OperatorError("limit= of a loop is a number of 0 or more", found=str(self.limit))
        if self.turns is not None and not 0 <= self.turns <= self.limit:
            raise OperatorError(
                f"a loop takes between 0 and {self.limit:,} turns",
                found=str(self.turns),
                hint="more are taken with limit=, as in repeat(5000, limit=5000)",
            )

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "repeat" if self.turns is not None else "while"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schemas of the carried values: a turn leaves them as they are."""
        count = len(self.names)
        schemas = tuple(rows_in(self, inputs, index) for index in range(2 * count))
        for name, before, after in zip(self.names, schemas[:count], schemas[count:], strict=True):
            if before != after:
                raise _changed(name, before, after)
        if self.turns is None:
            _condition(rows_in(self, inputs, 2 * count))
        return schemas[:count]

    def describe(self) -> str:
        """Return the number of turns and the names."""
        turns = f"{self.turns} turns" if self.turns is not None else f"{self.limit:,} turns at most"
        return f"{turns} of {', '.join(self.names)}"


def _changed(name: str, before: Schema, after: Schema) -> ExpressionTypeError:
    types = {column.name: column.type for column in before}
    other = next((c for c in after if c.name in types and types[c.name] != c.type), None)
    if other is not None:
        return ExpressionTypeError(
            f"{name}.{other.name} is {types[other.name]} before the loop and {other.type} after a turn",
            hint=f"make both one type, as in with_columns({other.name}=cast({other.name}, {types[other.name]}))",
        )
    return ExpressionTypeError(
        f"a turn must leave {name} with the columns that it had, in their order",
        facts=(("before", ", ".join(before.names)), ("after a turn", ", ".join(after.names))),
        hint="select(…) puts columns in order",
    )


def _condition(schema: Schema) -> None:
    if len(schema) != 1 or schema.columns[0].type not in ("bool", "null"):
        columns = ", ".join(f"{column.name} {column.type}" for column in schema)
        raise ExpressionTypeError(
            "the condition of a loop is a collection of one row and one column that is true or false",
            found=columns,
            facts=(("found", columns),),
            hint="as in while error.select(go=error > 1e-6): …",
        )
