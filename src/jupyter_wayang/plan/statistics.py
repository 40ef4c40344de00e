"""What is known of the rows of a source without reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_wayang.plan.execution import Interval

_FEW = 20  # rows a value, where values are thought to repeat

__all__ = ["FunctionStatistics", "SourceStatistics"]


@dataclass(frozen=True, kw_only=True)
class SourceStatistics:
    """What is known of a source.

    Parameters
    ----------
    rows
        How many rows it has.
    bytes
        How many bytes are read; None: rows times the width of the schema.
    distinct
        Distinct values by column, nulls left out, where they are known.
    quantiles
        By column of numbers or dates (as days since 1970) the bounds of equal parts of its values, where they are known.
    origin
        Where this is known from, as a person would say it: "Parquet footer", "counted", "sampled".
    """

    rows: Interval
    bytes: Interval | None = None
    distinct: Mapping[str, int] = field(default_factory=dict)
    quantiles: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    origin: str = "counted"

    def times(self, factor: float) -> SourceStatistics:
        """Return what would be known of so many times the rows; how many values differ is not known then.

        Examples
        --------
        >>> SourceStatistics(rows=Interval.exact(5)).times(10).rows.high
        50
        """
        if factor == 1.0:
            return self
        # As many times the rows, as many times the keys; a column of few values still has few.
        few = {name: n for name, n in self.distinct.items() if n * _FEW <= self.rows.high}
        many = {name: max(1, int(n * factor)) for name, n in self.distinct.items() if name not in few}
        return SourceStatistics(
            rows=self.rows.times(factor),
            bytes=None if self.bytes is None else self.bytes.times(factor),
            distinct={**few, **many},
            quantiles=self.quantiles,
            origin=self.origin,
        )


@dataclass(frozen=True, kw_only=True)
class FunctionStatistics:
    """What a function of the notebook took when it was called last: seconds a row, and rows out for a row in."""

    rows: int
    row_s: float
    share: float

    @classmethod
    def of(cls, rows: int, out: int, seconds: float, before: FunctionStatistics | None = None) -> FunctionStatistics:
        """Make statistics of a measured call.

        What fewer rows say does not replace what more rows have said; nor does what comes to nearly the same, so that a
        plan that was made with it is still the plan.

        Examples
        --------
        >>> known = FunctionStatistics.of(100, 50, 0.2)
        >>> known
        FunctionStatistics(rows=100, row_s=0.002, share=0.5)
        >>> FunctionStatistics.of(110, 56, 0.25, known) is known
        True
        """
        if rows == 0 or (before is not None and before.rows > rows):
            return before or cls(rows=0, row_s=0.0, share=1.0)
        now = cls(rows=rows, row_s=seconds / rows, share=out / rows)
        return before if before is not None and now._near(before) else now

    def _near(self, other: FunctionStatistics) -> bool:
        pairs = ((self.rows, other.rows, 2.0), (self.row_s, other.row_s, 2.0), (self.share, other.share, 1.1))
        return all(max(one, two) <= factor * min(one, two) for one, two, factor in pairs)
