"""The split cuts the same rows on every platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.build import op
from conformance.cases import MEASURED, TIES, TWINS

from jupyter_wayang.plan.operators import Split
from jupyter_wayang.platforms.relational.split import split

if TYPE_CHECKING:
    from conformance.runner import Bench


def test_both_parts_are_those_of_the_one_implementation(bench: Bench) -> None:
    for table, operator in (
        (MEASURED, Split(fraction=0.5, seed=7)),
        (TIES, Split(fraction=0.8, seed=1, by=(op("k", ">", 2),))),
        (TWINS, Split(fraction=0.3, seed=2)),
    ):
        found = bench.apply(operator, table)
        wanted = split(table.arrow(), operator, "here")
        assert [part.to_pylist() for part in found] == [part.to_pylist() for part in wanted]
        assert sum(len(part) for part in found) == len(table.rows)
