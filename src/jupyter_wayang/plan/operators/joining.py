"""Two collections side by side."""

from __future__ import annotations

from typing import Literal

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in
from jupyter_wayang.plan.schema import Schema, common_type

JoinHow = Literal["inner", "left", "full", "semi", "anti", "cross"]

__all__ = ["Join", "JoinHow"]


class Join(Operator, frozen=True, kw_only=True, tag="join"):
    """Joins two collections on equal keys; null keys match nothing.

    ``on`` has pairs of (left, right) column names; it is empty for ``cross`` only. A right key is left out of the
    result, other right columns whose name is taken get the suffix. In a full join the key is that of whichever side
    has the row.
    """

    on: tuple[tuple[str, str], ...]
    how: JoinHow = "inner"
    suffix: str = "_right"

    def right_names(self, left: Schema, right: Schema) -> tuple[tuple[str, str], ...]:
        """Return (name in the right input, name in the result) of the right columns that the result has."""
        if self.how in ("semi", "anti"):
            return ()
        keys = {name for _, name in self.on}
        return tuple((c.name, c.name + self.suffix if c.name in left else c.name) for c in right if c.name not in keys)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the left columns, then the right ones."""
        left, right = rows_in(self, inputs, 0), rows_in(self, inputs, 1)
        if (self.how == "cross") == bool(self.on):
            raise OperatorError("a cross join takes no keys" if self.on else f"a {self.how} join needs keys: on=…")
        for ours, theirs in self.on:
            first, second = left[ours].type, right[theirs].type
            if common_type(first, second) is None:
                raise ExpressionTypeError(
                    f"{ours} is {first} and {theirs} is {second}: they cannot be equal",
                    hint="make both one type with cast()",
                )
        added = [(new, right[old].type) for old, new in self.right_names(left, right)]
        return (Schema.from_pairs([(c.name, c.type) for c in left] + added),)

    def describe(self) -> str:
        """Return kind and keys."""
        keys = ", ".join(a if a == b else f"{a} = {b}" for a, b in self.on)
        return keys if self.how == "inner" else f"{self.how} {keys}".strip()
