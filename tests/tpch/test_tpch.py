"""All 22 queries of TPC-H give the rows of their text, on every platform alone and freely planned."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.tpch import check, generate

STORED = json.loads(check.RESULTS.read_text(encoding="utf-8"))
PLATFORMS = [pytest.param(name, marks=pytest.mark.spark) if name == "spark" else name for name in check.PLATFORMS]


@pytest.mark.parametrize("number", check.queries())
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_query_gives_the_rows_of_its_text(platform, number, session, tables, tpch):
    found = check.answer(session, check.queries()[number], tables(platform), platform)
    assert check.difference(found, tpch.wanted[platform not in check.INEXACT][number]) is None
    assert number in STORED[platform], "python -m benchmarks.tpch.check --store"


def test_every_query_has_rows_with_values(tpch):
    for number, rows in tpch.wanted[True].items():
        assert rows.num_rows, number
        assert all(column.null_count < len(column) for column in rows.columns), number


def test_the_tables_are_the_same_for_the_same_seed_and_shaped_as_specified():
    first, second, other = generate.tables(0.001), generate.tables(0.001), generate.tables(0.001, seed=8)
    assert first == second
    assert first["lineitem"] != other["lineitem"]
    assert list(first) == list(generate.TABLES)
    assert first["partsupp"].num_rows == 4 * first["part"].num_rows
    assert 1 <= first["lineitem"].num_rows / first["orders"].num_rows <= 7


def test_a_difference_is_seen(tpch):
    wanted = tpch.wanted[True][1]
    assert check.difference(wanted, wanted) is None
    assert "rows of" in str(check.difference(wanted.slice(1), wanted))
    changed = wanted.set_column(2, wanted.column_names[2], wanted.column(2).take([1, 0, *range(2, wanted.num_rows)]))
    assert "row 1, sum_qty" in str(check.difference(changed, wanted))
