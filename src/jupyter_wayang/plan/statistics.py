"""What is known of the rows of a source without reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_wayang.plan.execution import Interval

__all__ = ["SourceStatistics"]


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
    origin
        Where this is known from, as a person would say it: "Parquet footer", "counted", "sampled".
    """

    rows: Interval
    bytes: Interval | None = None
    distinct: Mapping[str, int] = field(default_factory=dict)
    origin: str = "counted"
