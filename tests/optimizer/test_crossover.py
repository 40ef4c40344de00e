"""When others would win: found by planning for other numbers of rows, and by nothing else."""

from __future__ import annotations

import pytest

from jupyter_wayang.optimizer.crossover import crossovers

COSTS = {"pandas": (0.1, 1e-6), "duckdb": (0.3, 2e-7), "spark": (8.0, 5e-9)}


def cheapest(rows):
    return min(COSTS, key=lambda name: COSTS[name][0] + COSTS[name][1] * rows)


@pytest.mark.parametrize("rows", [100.0, 5_000.0])
def test_the_cost_model_says_from_where_on_another_wins(rows):
    found = crossovers(lambda scale: {"sort": (cheapest(rows * scale), rows * scale)})
    assert [one.platform for one in found] == ["duckdb", "spark"]
    duckdb, spark = found
    assert duckdb.rows == pytest.approx(0.2 / 8e-7, rel=0.15)
    assert spark.rows == pytest.approx(7.7 / 1.95e-7, rel=0.15)
    assert duckdb.scale * rows == pytest.approx(duckdb.rows)


def test_also_below_what_there_is():
    (one,) = [c for c in crossovers(lambda k: {"sort": (cheapest(1e6 * k), 1e6 * k)}) if c.scale < 1]
    assert one.platform == "pandas"
    assert one.rows == pytest.approx(0.2 / 8e-7, rel=0.15)


def test_what_always_wins_has_no_crossover_and_planning_ends():
    asked = []

    def planned(scale):
        asked.append(scale)
        return {"sort": ("duckdb", 100 * scale)}

    assert crossovers(planned) == ()
    assert len(asked) < 30
    assert len(set(asked)) == len(asked)


def test_where_nothing_can_run_any_more_the_search_ends():
    found = crossovers(lambda k: {"sort": ("a" if k < 50 else "b", 10 * k)} if k < 1e4 else {})
    assert [one.platform for one in found] == ["b"]


def test_a_handful_of_rows_is_no_matter_of_platforms():
    assert crossovers(lambda k: {"sort": ("b" if 100 * k < 5 else "a", 100 * k)}) == ()


def test_from_a_handful_of_rows_the_search_goes_on_to_more():
    (one,) = crossovers(lambda k: {"sort": ("a" if 3 * k < 1e6 else "b", 3 * k)})
    assert one.platform == "b"
    assert one.rows == pytest.approx(1e6, rel=0.15)
