"""What a site knows of its sources before it plans, as far as its plans may tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_wayang.catalog import Catalog
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.operators import AnyOperator, ReadFrame
from jupyter_wayang.plan.sampled import distinct_values, quantiles, sample
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.site.policy import Policy

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Statistics"]


class Statistics:
    """Statistics of a catalog's sources, and of tables in memory, which are sampled once.

    Parameters
    ----------
    catalog
        The sources.
    kept
        The tables that stay in memory, by key.
    """

    def __init__(self, catalog: Catalog, kept: Mapping[str, pa.Table]) -> None:
        self._catalog = catalog
        self._kept = kept
        self._sampled: dict[str, tuple[pa.Table, SourceStatistics]] = {}

    def of(self, operator: AnyOperator, frames: Mapping[str, pa.Table], policy: Policy) -> SourceStatistics:
        """Return what a plan may follow from, under a policy: plans leave the site."""
        if isinstance(operator, ReadFrame):
            table = frames.get(operator.key)
            if table is None:
                return SourceStatistics(rows=Interval(low=1, high=1000, confidence=0.5), origin="not made yet")
            return self._in_memory(operator.key, table)
        known = self._catalog.statistics(operator)
        if 0 < known.rows.high < policy.minimum_rows:
            # Plans leave the site, and every estimate in them follows from this: so it is made of no small count.
            return SourceStatistics(rows=Interval(low=1, high=policy.minimum_rows), origin="under the minimum")
        # Where rows may not leave, what a sample says of their values does not either, in the guise of an estimate.
        return known if policy.allows_rows else replace(known, distinct={}, quantiles={})

    def _in_memory(self, key: str, table: pa.Table) -> SourceStatistics:
        """Return what a sample of a table says; of one that is looked at again, what it said."""
        known = self._sampled.get(key)
        if known is None or known[0] is not table:
            some, rows = sample(table), table.num_rows
            found = SourceStatistics(
                rows=Interval.exact(rows),
                origin="in memory",
                distinct=distinct_values(some, rows),
                quantiles=quantiles(some),
            )
            known = (table, found)
            if key in self._kept:
                self._sampled[key] = known
        return known[1]
