from __future__ import annotations

import msgspec
import pyarrow as pa
import pytest
from drawing import plans

from jupyter_wayang.drawing.text import explain, outline, table_text
from jupyter_wayang.plan.execution import ExecutionPlan

OUTLINE = """\
wards  8 operators, 2 conversions, estimated 70 ms [50 ms to 98 ms]

This machine  DuckDB, pandas, polars
  read visits.parquet         Du DuckDB            ~1.2 M   20 ms  29 %
      The rows are in duckdb already, so nothing moves.
  filter age >= 18 and coun…  Du DuckDB            ~310 k   10 ms  14 %
      The rows are in duckdb already, so nothing moves.
  read wards.csv              Pd pandas               ~48  3.0 ms   4 %
      The rows are in pandas already, so nothing moves.
  select ward, floor          Pd pandas               ~48  0.4 ms   1 %
      The rows are in pandas already, so nothing moves.
  join ward                   Du DuckDB  ‖ 6.1 kB  ~305 k   30 ms  43 %
      The rows are in duckdb already, so nothing moves.
  group_by ward: n, bmi       Du DuckDB               ~48  6.0 ms   9 %
      The rows are in duckdb already, so nothing moves.
  sort n ↓                    Pl polars  ‖ 6.1 kB     ~48  0.3 ms  <1 %
      The rows are in polars already, so nothing moves.
  limit 10                    Pl polars               ~10  0.1 ms  <1 %
      The rows are in polars already, so nothing moves."""

EXPLAINED = """\
This machine: join ward
  The rows are in duckdb already, so nothing moves.
  rows: ~305 k [254 k to 366 k]
            compute  move in  move out  difference
  → DuckDB    30 ms      0 s       0 s      chosen
    polars    27 ms   2.7 ms    1.5 ms     +4.0 ms
    pandas    42 ms   4.2 ms    1.5 ms     +6.3 ms
    Spark   impossible: no Java at this site
  ‖ 6.1 kB, 1.2 ms from select: pandas → arrow.table → duckdb
"""


def test_the_outline_of_a_local_plan() -> None:
    assert outline(plans.local()) == OUTLINE


def test_the_outline_of_a_federation_has_a_lane_per_site() -> None:
    lines = outline(plans.federated(run=True, round_=7)).splitlines()
    assert lines[1] == "↻ marks the loop: 30 rounds, planned as one, until log_loss < 0.4, round 7"
    heads = ["Execution kernel", "Cleveland", "Hungary", "Switzerland", "VA Long Beach"]
    assert [line.split("  ")[0] for line in lines if line.split("  ")[0] in heads] == heads
    assert sum(line.startswith("↻ local_update") for line in lines) == 4
    assert any("~10 123 ▲ 12× under" in line for line in lines)
    assert "to start: Spark 5.5 s" in lines


def test_explain_shows_every_alternative_and_why_some_are_impossible() -> None:
    assert EXPLAINED in explain(plans.local()) + "\n"


@pytest.mark.parametrize(
    "plan", [plans.federated(run=True), plans.local(), plans.diamond(), plans.many(20)], ids=lambda plan: plan.name
)
def test_no_line_is_wider_than_120_columns(plan: ExecutionPlan) -> None:
    long = "a reason that goes on and on, " * 12
    decision = msgspec.structs.replace(plan.operators[0].decision, reason=long)
    first = msgspec.structs.replace(plan.operators[0], text=long, decision=decision)
    wide = msgspec.structs.replace(plan, operators=(first, *plan.operators[1:]), notes=(long,))
    for text in (outline(wide), explain(wide)):
        assert max(map(len, text.splitlines())) <= 120


def test_a_text_of_several_lines_stays_one_line() -> None:
    plan = plans.local()
    first = msgspec.structs.replace(plan.operators[0], text="a\nb")
    assert "read a b" in outline(msgspec.structs.replace(plan, operators=(first, *plan.operators[1:])))


def test_rows_as_text_are_capped_and_typed() -> None:
    table = pa.table({"ward": ["A", None, "C"], "bmi": [20.123456789, float("inf"), None]})
    assert table_text(table, most=2).splitlines() == [
        "ward        bmi",
        "string   double",
        "A       20.1235",
        "null        inf",
        "2 of 3 rows, 2 columns",
    ]


def test_columns_that_do_not_fit_are_named() -> None:
    table = pa.table({f"column_{i:02d}": ["x" * 30] for i in range(10)})
    lines = table_text(table).splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[-1].startswith("not shown: column_03, column_04")
