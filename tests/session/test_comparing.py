"""Two plans or runs side by side."""

from __future__ import annotations

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import NameUnknownError, OperatorError
from jupyter_wayang.language.expressions import col
from jupyter_wayang.notebook.commands import compared


@pytest.fixture
def session(tmp_path):
    session = wy.Session(tmp_path)
    yield session
    session.close()


@pytest.fixture
def kept(session):
    rows = session.read(pa.table({"x": [float(i) for i in range(1_000)]}))
    return rows.filter(col.x >= 990).sort(col.x)


def row(text, start):
    """Return the row of the table, not the sentence above it."""
    return next(line for line in text.partition("\n\n")[2].splitlines() if line.startswith(start))


def test_plans_differ_by_what_was_pinned(kept):
    plan = kept.plan()
    other = "duckdb" if plan.execution.operators[-1].decision.platform != "duckdb" else "polars"
    comparison = plan.compare(plan.pinned("sort", other))
    title = {"duckdb": "DuckDB", "polars": "polars"}[other]
    assert comparison.text.startswith(f"sort now runs in {title}")
    line = row(comparison.text, "sort x")
    assert f"{title} (pinned)" in line
    assert line.endswith("moved")
    assert comparison.text.splitlines()[1].startswith("estimated  A ")


def test_runs_are_compared_by_what_was_counted_and_measured(session, kept):
    rows = session.read(pa.table({"x": [float(i) for i in range(100_000)]}))
    few, many = kept.run(), rows.filter(col.x >= 990).sort(col.x).run()
    text = few.run.compare(many).text
    assert "measured  A " in text
    assert "sort x 10 → 99 010" in text


def test_what_only_one_plan_has_is_said(session, kept):
    shorter = kept.limit(3).plan()
    text = shorter.compare(kept.plan()).text
    assert row(text, "limit").endswith("gone")


def test_a_name_or_the_id_of_a_run_stands_for_what_is_compared(session, kept):
    run = kept.run().run
    session.scope.keep({"kept": kept})
    assert compared(session, f"kept {run.id}").names == ("kept", run.id)
    with pytest.raises(NameUnknownError, match="kep"):
        compared(session, f"kep {run.id}")
    with pytest.raises(OperatorError, match="two are compared"):
        compared(session, "kept")
    with pytest.raises(OperatorError, match="a int is none"):
        run.compare(3)


def test_a_notebook_shows_both_pictures_and_loads_nothing(kept):
    comparison = kept.plan().compare(kept.plan())
    assert comparison._repr_html_().count("<img ") == 2
    for text in (comparison._repr_html_(), comparison.to_svg()):
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert comparison.to_svg().count("<image ") == 2
