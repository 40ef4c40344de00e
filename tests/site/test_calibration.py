"""Calibrating: what was measured becomes what plans cost."""

from __future__ import annotations

import msgspec
import pytest

from jupyter_wayang.app import Session
from jupyter_wayang.errors import PlatformError
from jupyter_wayang.execution.measuring import QUICK, Effort
from jupyter_wayang.plan.observation import Observation, Work
from jupyter_wayang.platforms.known_costs import KnownCosts
from jupyter_wayang.platforms.registry import installed
from jupyter_wayang.site.calibration import calibrate, fitted, measured

pytestmark = pytest.mark.slow


def test_a_calibration_says_how_far_it_is_and_how_good():
    said = []
    found = calibrate([installed()["polars"]], QUICK, said.append)
    shares = [one.share for one in said]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    operators = found.costs.operators["polars"]
    assert {"filter", "join", "sort", "group_by"} <= set(operators)
    assert all(min(one.fixed_s, one.row_s, one.out_row_s, one.byte_s) >= 0 for one in operators.values())
    assert found.costs.conversions[""]
    assert found.costs.start_up_s["polars"] >= 0
    assert len(found.q_errors["polars"]) == 4
    assert found.costs.q_error == found.q_error >= 1
    assert f"{found.q_error:.2f}" in repr(found)


def test_what_there_is_no_time_for_is_left_out_but_for_what_tells_how_good_it_is():
    some = measured("polars", msgspec.structs.replace(QUICK, budget_s=0.0), lambda _: None)
    assert some.observations == ()
    assert len(some.stages) == 4


def test_by_one_size_nothing_is_fitted():
    def one(size):
        work = Work(platform="polars", tag="sort", rows=size, out=size, bytes=8 * size)
        return Observation(parts=(work,), seconds=0.01, group=str(size))

    assert fitted([one(100), one(100)]) == {}
    assert set(fitted([one(100), one(1000)])) == {("polars", "sort")}


def test_a_platform_that_fails_is_named():
    with pytest.raises(PlatformError, match=r'no platform "nonsense"'):
        measured("nonsense", Effort(sizes=(10,), repeats=1, held_out=()), lambda _: None)


def test_a_session_plans_with_it_at_once_and_the_next_one_too(tmp_path):
    session = Session(tmp_path)
    session.calibrate(quick=True, platforms=["numpy"])
    kept = KnownCosts(tmp_path / ".wayang").measured
    assert "local_update" in kept.operators["numpy"]
    assert session._costs.measured == kept
    session.close()
