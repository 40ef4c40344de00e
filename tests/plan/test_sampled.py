from __future__ import annotations

import datetime as dt
import random

import pyarrow as pa
import pytest

from jupyter_wayang.plan.sampled import SAMPLE_ROWS, distinct_values, quantiles, sample

ROWS = 100_000


def numbers(values: int) -> pa.Table:
    rng = random.Random(7)  # noqa: S311 - the same numbers in every run
    return pa.table({"n": [rng.randrange(values) for _ in range(ROWS)]})


@pytest.mark.parametrize("values", [3, 500, 5_000, 30_000])
def test_values_that_differ_are_estimated_from_a_sample(values):
    table = numbers(values)
    true = len(set(table["n"].to_pylist()))
    found = distinct_values(sample(table), ROWS)["n"]
    assert true / 2 < found < true * 2


def test_a_key_is_known_as_one():
    table = pa.table({"id": range(ROWS), "same": [1] * ROWS, "none": pa.nulls(ROWS, pa.int64())})
    found = distinct_values(sample(table), ROWS)
    assert found == {"id": ROWS, "same": 1, "none": 0}


def test_a_whole_table_is_counted_and_nulls_are_no_value():
    assert distinct_values(pa.table({"a": [1, 2, 2, None]}), 4) == {"a": 2}
    assert distinct_values(pa.table({"a": pa.array([], pa.int64())}), 0) == {"a": 0}


def test_lists_have_no_distinct_values():
    assert distinct_values(pa.table({"a": [[1], [2]]}), 2) == {}


def test_a_sample_is_taken_from_all_over():
    some = sample(pa.table({"id": range(ROWS)}))["id"].to_pylist()
    assert len(some) == SAMPLE_ROWS
    assert some[0] == 0
    assert some[-1] >= ROWS - ROWS // SAMPLE_ROWS
    small = pa.table({"id": [1]})
    assert sample(small) is small


def test_quantiles_of_numbers_and_dates():
    days = [dt.date(1970, 1, 1) + dt.timedelta(days=n) for n in range(65)]
    found = quantiles(pa.table({"day": days, "f": [float(n) for n in range(65)], "s": ["x"] * 65}))
    assert set(found) == {"day", "f"}
    assert found["day"][:2] == (0.0, 2.0)
    assert found["f"][-1] == 64.0


def test_infinite_bounds_say_nothing():
    assert quantiles(pa.table({"f": [float("inf"), 1.0]})) == {}
    assert quantiles(pa.table({"f": pa.array([None], pa.float64())})) == {}
