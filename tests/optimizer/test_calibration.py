"""Fitting: known coefficients come back, and one odd run changes nothing."""

from __future__ import annotations

import random

import pytest

from jupyter_wayang.optimizer.calibration import estimated, fit, predicted, q_errors, refit
from jupyter_wayang.plan.observation import Observation, Work
from jupyter_wayang.platforms.platform import Coefficient

SORT, JOIN = ("duckdb", "sort"), ("duckdb", "join")
TRUE = {
    SORT: Coefficient(fixed_s=0.002, row_s=3e-7, byte_s=1e-9),
    JOIN: Coefficient(fixed_s=0.004, row_s=1e-7, out_row_s=2e-7),
}


def work(key: tuple[str, str], rows: float, width: float = 40) -> Work:
    return Work(platform=key[0], tag=key[1], rows=rows, out=rows / 2, bytes=rows * width)


def alone(key: tuple[str, str], rows: float, factor: float = 1.0, width: float = 40) -> Observation:
    part = work(key, rows, width)
    return Observation(parts=(part,), seconds=factor * estimated(TRUE[key], part), group=f"{rows:,}")


def stage(run: int, rows: float, factor: float = 1.0) -> Observation:
    parts = (work(SORT, rows), work(JOIN, rows * 2))
    true = predicted(TRUE, Observation(parts=parts, seconds=1))
    return Observation(parts=parts, seconds=factor * true, group=f"run {run}")


def runs(count: int, factor: float = 1.0, seed: int = 1) -> list[Observation]:
    chance = random.Random(seed)  # noqa: S311 - made-up times
    return [
        stage(run, 10 ** chance.uniform(2, 6), factor * chance.uniform(0.85, 1.15))
        for run in range(count)
        for _ in range(2)
    ]


def test_a_coefficient_comes_back_from_times_that_it_makes():
    points = [alone(SORT, rows, width=width) for rows in (100, 10_000, 1_000_000) for width in (20, 80)]
    found = fit("sort", points).coefficient
    assert found.fixed_s == pytest.approx(0.002, rel=0.02)
    assert found.row_s == pytest.approx(3e-7, rel=0.02)
    assert found.byte_s == pytest.approx(1e-9, rel=0.02)


def test_small_times_count_as_much_as_large_ones():
    noisy = [alone(SORT, rows, factor) for rows in (10, 100, 3_000_000) for factor in (0.9, 1.1)]
    assert fit("sort", noisy).coefficient.fixed_s == pytest.approx(0.002, rel=0.1)


def test_no_coefficient_is_negative():
    falling = [alone(SORT, rows, 1 / (1 + rows / 1e4)) for rows in (100, 10_000, 1_000_000)]
    found = fit("sort", falling).coefficient
    assert min(found.fixed_s, found.row_s, found.out_row_s, found.byte_s) >= 0


def test_what_is_held_out_by_size_is_said():
    assert set(fit("sort", [alone(SORT, 100), alone(SORT, 10_000)]).held_out) == {"100", "10,000"}


def test_runs_teach_what_a_slower_machine_costs():
    found = refit(TRUE, runs(12, factor=4.0))
    assert found.before == pytest.approx(4.0, rel=0.15)
    assert found.after < 1.25
    assert min(q_errors({**TRUE, **found.costs}, [stage(99, 1e5, 4.0)])) < 1.2


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_one_odd_run_spoils_nothing(factor):
    usual = runs(12)
    odd = [stage(99, rows, factor) for rows in (100, 1_000, 10_000, 100_000, 1_000_000) * 8]
    without, found = refit(TRUE, usual), refit(TRUE, [*usual, *odd])
    assert found.odd == len(odd)
    for rows in (100, 10_000, 1_000_000):
        one = stage(0, rows)
        ratio = predicted({**TRUE, **found.costs}, one) / predicted({**TRUE, **without.costs}, one)
        assert ratio == pytest.approx(1, abs=0.1)


def test_fewer_than_three_runs_change_nothing():
    assert refit(TRUE, [*runs(2, factor=50.0)]).costs == {}


def test_what_does_not_help_runs_that_were_left_out_is_not_taken():
    exact = [stage(run, rows) for run, rows in enumerate((100, 1_000, 10_000, 100_000))]
    found = refit(TRUE, exact)
    assert (found.costs, found.before) == ({}, pytest.approx(1.0))


def test_an_operator_that_few_runs_saw_stays_as_it_is():
    other = ("duckdb", "filter")
    known = {**TRUE, other: Coefficient(fixed_s=1.0)}
    rare = Observation(parts=(Work(platform="duckdb", tag="filter", rows=1, out=1, bytes=8),), seconds=9, group="run 1")
    found = refit(known, [*runs(8, factor=3.0), rare])
    assert found.costs
    assert other not in found.costs
