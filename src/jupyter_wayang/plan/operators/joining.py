"""Two collections side by side."""

from __future__ import annotations

from typing import Literal

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import AnyExpression, text, type_of
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in, scalar
from jupyter_wayang.plan.schema import Schema, common_type
from jupyter_wayang.plan.types import DataType, item_of

__all__ = ["Join", "JoinHow"]

JoinHow = Literal["inner", "left", "full", "semi", "anti", "cross"]


class Join(Operator, frozen=True, kw_only=True, tag="join"):
    """Joins two collections on equal keys; null keys match nothing.

    ``on`` has pairs of (left, right) column names; it is empty for ``cross``, and may be with ``where`` or ``as_of``. A
    right key is left out of the result, other right columns whose name is taken get the suffix. In a full join the key
    is that of whichever side has the row, in a type that holds both.

    ``where`` is a condition on the columns of both (:meth:`matched`) that must also be true for two rows to match.
    ``as_of`` has a column of each side: of the right rows that match, only the last is taken whose column is not above
    that of the left row. If several have that value, it is the one that comes last when they are sorted by all columns
    from left to right, nulls last. ``broadcast`` asks an engine on several machines to send the right rows to all.
    """

    on: tuple[tuple[str, str], ...] = ()
    how: JoinHow = "inner"
    suffix: str = "_right"
    where: AnyExpression | None = None
    as_of: tuple[str, str] | None = None
    broadcast: bool = False

    def right_names(self, left: Schema, right: Schema) -> tuple[tuple[str, str], ...]:
        """Return (name in the right input, name in the result) of the right columns that the result has."""
        return () if self.how in ("semi", "anti") else self.sides(left, right)

    def sides(self, left: Schema, right: Schema) -> tuple[tuple[str, str], ...]:
        """Return the same pairs for the columns that ``where`` reads, whatever the result has."""
        keys = {name for _, name in self.on}
        return tuple((c.name, c.name + self.suffix if c.name in left else c.name) for c in right if c.name not in keys)

    def matched(self, left: Schema, right: Schema) -> Schema:
        """Return the columns that ``where`` reads: the left ones, and the right ones as an inner join names them."""
        added = [(new, right[old].type) for old, new in self.sides(left, right)]
        return self._schema([*((c.name, c.type) for c in left), *added])

    def _check(self) -> None:
        keyless = not self.on and self.where is None and self.as_of is None
        if (self.how == "cross") != keyless:
            raise OperatorError(
                f"{'an' if self.how[0] in 'ai' else 'a'} {self.how} join needs keys: on=…"
                if keyless
                else "a cross join takes neither keys nor a condition"
            )
        if self.as_of is not None and (self.how not in ("inner", "left") or self.where is not None):
            raise OperatorError(
                'a join with as_of= is "inner" or "left", and takes no where=', hint="filter() before or after it"
            )

    def _schema(self, columns: list[tuple[str, DataType]]) -> Schema:
        names = [name for name, _ in columns]
        twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
        if twice is not None:
            raise OperatorError(
                f'the column "{twice}" would be there twice after the join',
                found=twice,
                hint=f'give another suffix, as in suffix="{self.suffix}_2"',
            )
        return Schema.from_pairs(columns)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the left columns, then the right ones."""
        self._check()
        left, right = rows_in(self, inputs, 0), rows_in(self, inputs, 1)
        types = {c.name: c.type for c in left}
        for ours, theirs in (*self.on, *((self.as_of,) if self.as_of else ())):
            first, second = left[ours].type, right[theirs].type
            common = common_type(first, second)
            if common is None:
                raise ExpressionTypeError(
                    f"{ours} is {first} and {theirs} is {second}: they cannot be equal",
                    hint="make both one type with cast()",
                )
            if item_of(common):
                raise ExpressionTypeError(f"join() does not compare lists, and {ours} is {first}", found=ours)
            if self.how == "full":
                types[ours] = common
        if self.where is not None:
            scalar(self.where, "join")
            found = type_of(self.where, self.matched(left, right))
            if found not in ("bool", "null"):
                raise ExpressionTypeError(f"where= takes a condition, but {text(self.where)} is {found}", found=found)
        added = [(new, right[old].type) for old, new in self.right_names(left, right)]
        return (self._schema([*types.items(), *added]),)

    def describe(self) -> str:
        """Return kind, keys and condition."""
        parts = [a if a == b else f"{a} = {b}" for a, b in self.on]
        if self.as_of is not None:
            parts.append(f"as of {' ≥ '.join(self.as_of)}")
        keys = ", ".join(parts)
        if self.where is not None:
            keys = f"{keys} where {text(self.where)}".strip()
        return keys if self.how == "inner" else f"{self.how} {keys}".strip()
