"""Counting inside a site: aggregations of its own tables that its checks need, and that never leave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from jupyter_wayang.catalog import Catalog
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import AnyOperator, Filter, GroupBy, ReadFrame, Select
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.site.disclosure.lineage import Cut
from jupyter_wayang.transport.bodies import to_bytes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Counting"]

_ROW, _FRAME = "__row", "__table"

Computed = Callable[[LogicalPlan, "Mapping[str, pa.Table]"], "pa.Table"]
"""Computes the one result of a plan on the platforms of the site."""


class Counting:
    """Aggregates tables of a site where they are, on whatever platforms it has.

    Parameters
    ----------
    catalog
        The tables.
    computed
        Runs a plan.
    """

    def __init__(self, catalog: Catalog, computed: Computed) -> None:
        self._catalog = catalog
        self._computed = computed
        self._drawn_from: dict[str, bytes] = {}
        self._members: dict[str, dict[str, pa.Array]] = {}

    def aggregate(
        self, table: str, condition: AnyExpression | None, operator: GroupBy, cuts: tuple[Cut, ...] = ()
    ) -> pa.Table:
        """Aggregate the rows of a table where a condition is true.

        Parameters
        ----------
        table
            Its name.
        condition
            The condition; None: all rows.
        operator
            The aggregation, over columns of the table and of the cuts.
        cuts
            Rows that were drawn by chance. They are drawn again, which needs the rows in one place; without cuts the
            database or file is asked for the result only.
        """
        if not cuts:
            return self._chain(self._catalog.named(table), _filtered(condition, operator), {})
        frame = self._drawn(table, cuts)
        return self._chain(_reading(frame), _filtered(condition, operator), {_FRAME: frame})

    def _drawn(self, table: str, cuts: tuple[Cut, ...]) -> pa.Table:
        """Return the rows of a table with a column for every cut: whether the row is in it."""
        import pyarrow as pa

        whole = self._chain(self._catalog.named(table), (), {})
        numbers = pa.array(range(whole.num_rows), pa.int64())
        frame = whole.append_column(_ROW, numbers)
        digest = hashlib.sha256(to_bytes(whole)).digest()
        if self._drawn_from.get(table) != digest:
            self._drawn_from[table], self._members[table] = digest, {}
        for cut in cuts:
            frame = frame.append_column(cut.name, self._member(table, cut, frame))
        return frame

    def _member(self, table: str, cut: Cut, frame: pa.Table) -> pa.Array:
        """Return of every row whether it is in a cut, which is drawn once for as long as the table stays as it is."""
        import pyarrow.compute as pc

        known = self._members[table]
        if cut.name not in known:
            # The number of a row comes last, so that it says nothing but which of two equal rows was drawn.
            columns = (*cut.columns, Named(name=_ROW, expression=ColumnRef(name=_ROW)))
            steps = (*_filtered(cut.condition), Select(columns=columns), cut.operator)
            kept = self._chain(_reading(frame), steps, {_FRAME: frame}, cut.port)[_ROW]
            known[cut.name] = pc.is_in(frame[_ROW], value_set=kept.combine_chunks())
        return known[cut.name]

    def _chain(
        self, source: AnyOperator, steps: tuple[AnyOperator, ...], frames: Mapping[str, pa.Table], port: int = 0
    ) -> pa.Table:
        nodes = tuple(
            Node(id=f"n{place}", operator=operator, inputs=(Port(node=f"n{place - 1}"),) if place else ())
            for place, operator in enumerate((source, *steps))
        )
        return self._computed(LogicalPlan(nodes=nodes, results=(Port(node=nodes[-1].id, port=port),)), frames)


def _filtered(condition: AnyExpression | None, *then: AnyOperator) -> tuple[AnyOperator, ...]:
    return (Filter(condition=condition), *then) if condition is not None else then


def _reading(frame: pa.Table) -> ReadFrame:
    return ReadFrame(key=_FRAME, label="table", schema=schema_of(frame.schema))
