"""A run is planned again where rows are not as expected, and comes to the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.events import Planned, Replanned
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.platforms.registry import installed
from jupyter_wayang.site.replanning import Replanning

ROWS = 30_000
PAIR = ["sqlite", "duckdb"]

pytestmark = pytest.mark.skipif(
    any(name not in installed() or installed()[name].missing() for name in PAIR), reason="needs SQLite and DuckDB"
)


@pytest.fixture
def session(tmp_path) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path)
    yield made
    made.close()


def task(session: wy.Session, least: int, hint: float | None) -> Any:
    """Count the pairs of rows with one key, of those whose number is high enough."""
    col = wy.col
    rows = session.read(pa.table({"n": range(ROWS), "key": [n % 300 for n in range(ROWS)]}))
    kept = rows.on("sqlite").filter(col.n >= least).on("sqlite")
    kept = kept.selectivity(hint) if hint is not None else kept
    pairs = kept.join(kept.select("key", other=col.n), on="key")
    return pairs.group_by(col.key).agg(n=wy.count(), most=wy.max(col.other)).sort(col.key).limit(3)


def ran(session: wy.Session, least: int, hint: float | None, platforms: list[str]) -> tuple[Any, list[Any]]:
    run = task(session, least, hint).run(platforms=platforms, wait=False)
    return run.wait(), list(run.events())


def test_a_filter_that_keeps_a_thousand_times_as_much(session):
    result, events = ran(session, 10, 0.001, PAIR)
    (again,) = (event for event in events if isinstance(event, Replanned))
    assert again.operator == "filter"
    assert again.text.startswith("filter made 29,990 rows, and 30 were expected: ")
    assert "from SQLite to DuckDB" in again.text
    before = wire.decode(next(e for e in events if isinstance(e, Planned)).plan, ExecutionPlan)
    after = wire.decode(again.plan, ExecutionPlan)
    assert before.operator("join").decision.platform == "sqlite"
    assert after.operator("join").decision.platform == "duckdb"
    assert after.operator("filter").decision.platform == "sqlite"
    assert again.text in after.notes
    assert result.to_arrow().to_pylist() == ran(session, 10, None, ["sqlite"])[0].to_arrow().to_pylist()


def test_a_filter_that_keeps_what_was_said(session):
    result, events = ran(session, ROWS - 30, 0.001, PAIR)
    assert not any(isinstance(event, Replanned) for event in events)
    assert result.to_arrow().num_rows == 3


def test_the_plan_of_a_run_is_the_one_that_was_followed(session):
    run = task(session, 10, 0.001).run(platforms=PAIR, wait=False)
    run.wait()
    assert run.plan().execution.operator("join").decision.platform == "duckdb"
    assert "were expected" in str(run.plan().explain())


class TestWhatASiteTells:
    def counted(self, minimum: int, rows: int) -> int:
        return Replanning(
            made=None, context=None, running=frozenset, shown=lambda plan: plan, minimum=minimum
        )._rounded(rows)

    def test_counts_are_rounded_and_none_is_under_the_minimum(self):
        assert [self.counted(10, rows) for rows in (0, 3, 10, 1234, 98_765)] == [10, 10, 10, 1000, 100_000]

    def test_a_persons_own_machine_tells_what_it_counted(self):
        assert self.counted(0, 98_765) == 98_765
