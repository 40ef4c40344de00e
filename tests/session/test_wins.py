"""A plan for other numbers of rows, and what is said after a run."""

from __future__ import annotations

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.expressions import col


@pytest.fixture
def kept(tmp_path):
    session = wy.Session(tmp_path)
    rows = session.read(pa.table({"x": [float(i) for i in range(1_000)]}))
    yield rows.filter(col.x >= 990).sort(col.x)
    session.close()


def test_a_scaled_plan_has_more_rows_and_only_is_looked_at(kept):
    plan = kept.plan()
    ten = plan.scaled(10)
    assert ten.execution.operators[0].rows.mean == pytest.approx(10 * plan.execution.operators[0].rows.mean)
    assert ten.execution.cost_s.mean > plan.execution.cost_s.mean
    with pytest.raises(OperatorError):
        ten.run()
    with pytest.raises(OperatorError, match="positive"):
        plan.scaled(0)


def test_when_others_win_is_where_the_plan_for_so_many_rows_takes_them(kept):
    plan = kept.plan()
    operator, (name, rows) = next((o, w) for o, wins in plan.wins.items() for w in wins if w[1] > 0)
    now = plan.execution.operator(operator).work.rows
    taken = [plan.scaled(rows / now * k).execution.operator(operator).decision.platform for k in (0.8, 1.05)]
    assert taken[0] != name
    assert taken[1] == name
    assert "from about" in str(plan.explain())
    assert "others would win" not in str(plan.explain(wins=False))
    assert "at no number of rows" not in str(plan.explain(wins=False))


def test_after_a_run_the_worst_estimate_is_told_first(kept):
    text = str(kept.run().explain())
    assert text.index("worst first") < text.index("rows of")
    assert "counted 10" in text


def test_at_sites_rows_grow_and_what_they_answer_does_not(tmp_path):
    import pyarrow.parquet as pq

    policy = 'tables = ["patients"]\noperators = ["aggregate"]\nminimum_rows = 10\n'
    (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
    pq.write_table(pa.table({"age": list(range(500))}), tmp_path / "lyon.parquet")
    session = wy.Session(tmp_path)
    site = {
        "tables": {"patients": {"path": "lyon.parquet"}},
        "platforms": ["polars", "duckdb"],
        "policy": "policy.toml",
    }
    session.federation("hospitals", {"lyon": site})
    plan = session.read("patients", sites="hospitals").filter(col.age > 100).agg(n=wy.count()).plan()
    scaled = plan.scaled(1000).execution
    rows = {one.id: one.rows.mean for one in scaled.operators if one.rows is not None}
    before = {one.id: one.rows.mean for one in plan.execution.operators if one.rows is not None}
    assert rows["lyon/read"] == 1000 * before["lyon/read"]
    kernel = [id_ for id_ in rows if id_.startswith("kernel/")]
    assert kernel
    assert all(rows[id_] == before[id_] for id_ in kernel)
    session.close()
