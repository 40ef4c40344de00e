"""What a session prefers: the objective of its plans, and how much memory an operator may take."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import OperatorError, PlanError
from jupyter_wayang.notebook.options import parse_options
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.preferences import Preferences

PAIR = ("pandas", "duckdb")


@pytest.fixture
def session(tmp_path) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path)
    yield made
    made.close()


def planned(session: wy.Session, platforms: tuple[str, ...] = PAIR, objective: str | None = None) -> ExecutionPlan:
    rows = session.read(pa.table({"n": range(5000), "key": [n % 7 for n in range(5000)]}))
    counted = rows.filter(wy.col.n > 10).group_by(wy.col.key).agg(n=wy.count())
    made = session.plan((counted.port,), names={}, platforms=platforms, name="", captured=(), objective=objective)
    return made.execution


def test_an_operator_that_would_not_fit_goes_elsewhere(session):
    session.preferences = Preferences(memory_bytes=10_000)
    made = planned(session)
    assert {operator.decision.platform for operator in made.operators} == {"duckdb"}
    (refused,) = (a for a in made.operator("filter").decision.alternatives if a.platform == "pandas")
    assert refused.impossible is not None
    assert refused.impossible.endswith("and 9.8 KiB is the limit")


def test_a_plan_that_fits_nowhere_is_refused(session):
    session.preferences = Preferences(memory_bytes=10_000)
    with pytest.raises(PlanError, match="no platform can run"):
        planned(session, ("pandas",))


def test_an_objective_of_a_cell_goes_before_that_of_the_session(session):
    session.preferences = Preferences(objective="money")
    assert "costs" in planned(session).operator("filter").decision.reason
    reason = planned(session, objective="bytes").operator("filter").decision.reason
    assert "moves" in reason


def test_prices_decide(session):
    for dear, other in (PAIR, PAIR[::-1]):
        session.preferences = Preferences(objective="money", prices=((dear, 1e9), (other, 1e-9)))
        assert {operator.decision.platform for operator in planned(session).operators} == {other}


def test_the_option_of_a_cell():
    assert parse_options("--objective bytes").objective == "bytes"
    assert parse_options("").objective is None
    with pytest.raises(OperatorError, match="--objective takes time, bytes, money, not fast"):
        parse_options("--objective fast")


def test_memory_is_more_than_nothing():
    with pytest.raises(OperatorError, match="more than 0"):
        Preferences(memory_bytes=0)


@pytest.mark.parametrize(
    ("written", "bytes_"), [("200000", 200_000), ("200kB", 200_000), ("1.5MB", 1_500_000), ("2g", 2 * 10**9)]
)
def test_limits_stand_on_the_line_of_the_cell(written, bytes_):
    options = parse_options(f"--max-bytes {written} --max-seconds=2.5")
    assert options.wanted == {"max_bytes": bytes_, "max_seconds": 2.5}


@pytest.mark.parametrize("line", ["--max-bytes much", "--max-bytes 3TB", "--max-seconds -1", "--max-seconds 1m"])
def test_a_limit_that_is_none_is_refused(line):
    with pytest.raises(OperatorError):
        parse_options(line)


@pytest.mark.parametrize("limit", [{"max_bytes": 0}, {"max_seconds": -1.0}])
def test_a_limit_is_more_than_nothing(limit):
    with pytest.raises(OperatorError, match=f"{next(iter(limit))} is more than 0"):
        Preferences(**limit)
