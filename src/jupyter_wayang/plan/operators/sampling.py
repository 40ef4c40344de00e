"""Rows that are drawn by chance, the same on every platform."""

from __future__ import annotations

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import AnyExpression, text, type_of
from jupyter_wayang.plan.operators.operator import Output, OverArrow, comparable, rows_in, scalar
from jupyter_wayang.plan.schema import Column, Schema

__all__ = ["Sample", "Split", "ZipWithId"]


class Split(OverArrow, frozen=True, kw_only=True, tag="split"):
    """Cuts a collection in two, the first with ``fraction`` of the rows of every stratum.

    The same rows on every platform: rows are sorted by all columns, permuted by (seed, site), and cut per stratum
    (:mod:`jupyter_wayang.platforms.relational.over_arrow`).
    """

    fraction: float
    seed: int = 0
    by: tuple[AnyExpression, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise OperatorError(
                "split() needs a fraction between 0 and 1", found=str(self.fraction), hint="as in split(0.8)"
            )

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input, twice."""
        schema = rows_in(self, inputs)
        comparable(schema, self.verb)
        for expression in self.by:
            scalar(expression, "split")
            type_of(expression, schema)
        return (schema, schema)

    def describe(self) -> str:
        """Return fraction and strata."""
        by = ", ".join(text(expression) for expression in self.by)
        return f"{self.fraction:g}" + (f" by {by}" if by else "")


class Sample(OverArrow, frozen=True, kw_only=True, tag="sample"):
    """Draws some rows by chance: so many, or so large a part; at sites, of each.

    They are the rows that :class:`Split` draws first.
    """

    rows: int | None = None
    fraction: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.rows is None) == (self.fraction is None):
            raise OperatorError("sample() needs n= or fraction=, one of them", hint="as in sample(100)")
        if self.rows is not None and self.rows < 0:
            raise OperatorError("sample() needs a number of rows of 0 or more", found=str(self.rows))
        if self.fraction is not None and not 0 < self.fraction <= 1:
            raise OperatorError(
                "sample() needs a fraction above 0 and up to 1",
                found=str(self.fraction),
                hint="as in sample(fraction=0.1)",
            )

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        schema = rows_in(self, inputs)
        comparable(schema, self.verb)
        return (schema,)

    def describe(self) -> str:
        """Return how much is drawn."""
        return str(self.rows) if self.rows is not None else f"{self.fraction:g}"


class ZipWithId(OverArrow, frozen=True, kw_only=True, tag="zip_with_id"):
    """Numbers rows from 0 in the order of all their columns, left to right, nulls last."""

    name: str = "id"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input with the column of the numbers."""
        schema = rows_in(self, inputs)
        comparable(schema, self.verb)
        return (Schema(columns=(*schema.columns, Column(name=self.name, type="int64"))),)

    def describe(self) -> str:
        """Return the name of the column."""
        return self.name
