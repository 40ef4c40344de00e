"""The file of costs: by machine, versioned, and read by whoever plans."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jupyter_wayang.errors import DataError
from jupyter_wayang.optimizer.conversions import ChannelGraph, Demand
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.platforms.known_costs import FILE, KnownCosts, MachineCosts, costed
from jupyter_wayang.platforms.platform import ARROW, PARQUET, Coefficient
from jupyter_wayang.platforms.registry import installed

DUCKDB = installed()["duckdb"]
MEASURED = MachineCosts(
    start_up_s={"duckdb": 9.0},
    operators={"duckdb": {"sort": Coefficient(fixed_s=7.0)}},
    conversions={"": {f"{ARROW}>{PARQUET}": Coefficient(fixed_s=5.0)}},
)


def test_what_was_measured_goes_over_what_is_shipped(tmp_path):
    known = KnownCosts(tmp_path)
    platform = costed(DUCKDB, known)
    assert platform.costs == DUCKDB.costs
    known.keep(MEASURED)
    assert platform.costs.start_up_s == 9.0
    assert platform.costs.operators["sort"].fixed_s == 7.0
    assert platform.costs.operators["join"] == DUCKDB.costs.operators["join"]
    assert (platform.name, platform.channel) == (DUCKDB.name, DUCKDB.channel)


def test_a_later_session_reads_it_and_another_machine_does_not(tmp_path):
    KnownCosts(tmp_path, "a").keep(MEASURED)
    KnownCosts(tmp_path, "b").keep(MachineCosts(at_s=3.0))
    assert KnownCosts(tmp_path, "a").measured == MEASURED
    assert KnownCosts(tmp_path, "b").measured == MachineCosts(at_s=3.0)
    assert KnownCosts(tmp_path, "c").measured is None


def test_a_conversion_without_an_engine_costs_what_was_measured(tmp_path):
    known = KnownCosts(tmp_path)
    known.keep(MEASURED)
    rows = Interval.exact(10)
    tree = ChannelGraph([costed(DUCKDB, known)]).costed(rows, rows).tree(ARROW, (Demand(PARQUET),), frozenset())
    assert tree.mean_s == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize("body", ["{", "[]", json.dumps({"version": 2}), json.dumps({"version": 1, "more": 1})])
def test_a_file_of_something_else_is_said(tmp_path, body):
    (tmp_path / FILE).write_text(body)
    with pytest.raises(DataError, match=r"costs\.json"):
        KnownCosts(tmp_path)


def test_platforms_that_were_not_measured_again_keep_what_was_known():
    before = MachineCosts(start_up_s={"pandas": 1.0, "duckdb": 2.0})
    assert MEASURED.over(before).start_up_s == {"pandas": 1.0, "duckdb": 9.0}


def test_what_was_not_measured_is_as_much_slower_as_what_was(tmp_path):
    shipped = DUCKDB.costs.operators
    slower = {
        tag: replace(
            one, fixed_s=3 * one.fixed_s, row_s=3 * one.row_s, out_row_s=3 * one.out_row_s, byte_s=3 * one.byte_s
        )
        for tag, one in shipped.items()
        if tag in ("filter", "sort", "join")
    }
    known = KnownCosts(tmp_path)
    known.keep(MachineCosts(operators={"duckdb": slower}))
    table = known.table(DUCKDB)
    assert table.operators["select"].fixed_s == pytest.approx(3 * shipped["select"].fixed_s)
    assert table.operators["sort"] == slower["sort"]
    assert table.conversions.keys() == DUCKDB.costs.conversions.keys()
