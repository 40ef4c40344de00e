"""Rows that are drawn by chance, the same on every platform."""

from __future__ import annotations

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import AnyExpression, text, type_of
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in, scalar

__all__ = ["Split"]


class Split(Operator, frozen=True, kw_only=True, tag="split"):
    """Cuts a collection in two, the first with ``fraction`` of the rows of every stratum.

    The same rows on every platform: rows are sorted by all columns, permuted by (seed, site), and cut per stratum
    (:mod:`jupyter_wayang.platforms.relational.split`).
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
        for expression in self.by:
            scalar(expression, "split")
            type_of(expression, schema)
        return (schema, schema)

    def describe(self) -> str:
        """Return fraction and strata."""
        by = ", ".join(text(expression) for expression in self.by)
        return f"{self.fraction:g}" + (f" by {by}" if by else "")
