"""Two collections one below the other: columns go together by name."""

from __future__ import annotations

from jupyter_wayang.errors import ColumnError, ExpressionTypeError, closest
from jupyter_wayang.plan.operators.operator import Operator, Output, comparable, rows_in
from jupyter_wayang.plan.schema import DataType, Schema, common_type

__all__ = ["Except", "Intersect", "SetOperation", "Union"]


class SetOperation(Operator, frozen=True, kw_only=True):
    """What all of them share: the columns are those of the first, in its order, in a type that holds both.

    They work on bags: equal rows count as often as they are there, and null equals null.
    """

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the columns of the first input."""
        left, right = rows_in(self, inputs, 0), rows_in(self, inputs, 1)
        for here, there, which in ((left, right, "second"), (right, left, "first")):
            missing = [name for name in here.names if name not in there]
            if missing:
                raise self._missing(missing[0], which, there)
        if not isinstance(self, Union):
            comparable(left, self.verb)
        return (Schema.from_pairs((c.name, self._type(c.name, c.type, right[c.name].type)) for c in left),)

    def _missing(self, name: str, which: str, there: Schema) -> ColumnError:
        guess = closest(name, there.names)
        return ColumnError(
            f"{self.verb}() needs the same columns in both, and the {which} collection has no {name}."
            + (f" Did you mean {guess}?" if guess else ""),
            found=name,
            expected=there.names,
            hint=f"the {which} collection has: {', '.join(there.names)}",
        )

    def _type(self, name: str, first: DataType, second: DataType) -> DataType:
        common = common_type(first, second)
        if common is None:
            raise ExpressionTypeError(
                f"{self.verb}(): {name} is {first} in the first collection and {second} in the second",
                found=name,
                hint="make both one type with cast()",
            )
        return common


class Union(SetOperation, frozen=True, kw_only=True, tag="union"):
    """The rows of both, each as often as it is in the two together."""


class Intersect(SetOperation, frozen=True, kw_only=True, tag="intersect"):
    """The rows that are in both, each as often as in the one that has fewer of it."""


class Except(SetOperation, frozen=True, kw_only=True, tag="except_"):
    """The rows of the first without those of the second: each row there takes one away here."""
