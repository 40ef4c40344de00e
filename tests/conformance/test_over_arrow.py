"""What is written once over Arrow makes the same rows on every platform, in whatever order they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_wayang.plan.operators import Sample, Split, ZipWithId
from jupyter_wayang.platforms.relational.over_arrow import over_arrow
from jupyter_wayang.testing.build import op
from jupyter_wayang.testing.cases import EMPTY, MEASURED, TIES, TWINS
from jupyter_wayang.testing.runner import Table

if TYPE_CHECKING:
    from jupyter_wayang.testing.runner import Bench

OPERATORS = {
    "split": (MEASURED, Split(fraction=0.5, seed=7)),
    "split in strata": (TIES, Split(fraction=0.8, seed=1, by=(op("k", ">", 2),))),
    "split of odd names": (TWINS, Split(fraction=0.3, seed=2)),
    "sample of some": (TIES, Sample(rows=10, seed=3)),
    "sample of a part": (MEASURED, Sample(fraction=0.5)),
    "sample of more than there are": (MEASURED, Sample(rows=100)),
    "sample of nothing": (EMPTY, Sample(rows=3)),
    "ids": (MEASURED, ZipWithId()),
    "ids of odd names": (TWINS, ZipWithId(name="ID")),
    "ids of nothing": (EMPTY, ZipWithId()),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_rows_are_those_of_the_one_implementation(bench: Bench, name: str) -> None:
    table, operator = OPERATORS[name]
    assert bench.refusal(operator, (table,)) is None
    found = bench.apply(operator, Table(schema=table.schema, rows=table.rows[::-1]))
    wanted = over_arrow(operator, table.arrow(), "here")
    assert [part.to_pylist() for part in found] == [part.to_pylist() for part in wanted]
