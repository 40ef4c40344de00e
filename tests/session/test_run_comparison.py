"""Runs side by side: table, chart, data, and the baselines of runs over sites."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_digits

import jupyter_wayang as wy
from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.notebook.commands import baselined, compared

POLICY = """
tables = ["patients"]
operators = ["aggregate", "learn", "fit", "evaluate"]
minimum_rows = 10
minimum_cell = 3
"""


@pytest.fixture
def session(tmp_path):
    session = wy.Session(tmp_path)
    yield session
    session.close()


@pytest.fixture
def clients(session):
    X, y = load_digits(return_X_y=True)
    rows = pa.table({**{f"p{at}": X[:, at] / 16 for at in range(64)}, "digit": y})
    return session.simulate(rows, "digit", 30, partition=wy.dirichlet(0.3), seed=1)


def fitted(clients, name, strategy="fedavg", rounds=5):
    chosen = wy.strategy(strategy, learning_rate=0.5, local_epochs=5)
    return clients.fit(wy.logistic_regression(l2=1e-4), rounds=rounds, strategy=chosen, name=name)


def test_runs_are_in_one_table_with_the_worst_and_the_spread(clients):
    comparison = wy.compare_runs(fitted(clients, "plain"), fitted(clients, "controlled", "scaffold", rounds=8))
    table = comparison.summary.to_pandas().set_index("run")
    assert list(table.index) == ["plain", "controlled"]
    assert table["rounds"].tolist() == [5, 8]
    assert table["strategy"].tolist() == ["fedavg", "scaffold"]
    data = comparison.to_pandas()
    last = data[(data["run"] == "plain") & (data["round"] == 5) & (data["metric"] == "accuracy")].set_index("site")
    assert table.loc["plain", "accuracy"] == last.loc["global", "value"]
    assert table.loc["plain", "worst"] == last.loc["worst", "value"] < last.loc["global", "value"]
    assert table.loc["plain", "spread"] == last.loc["spread", "value"] > 0
    assert "controlled" in repr(comparison)


def test_every_metric_goes_to_arrow_pandas_and_csv(clients, tmp_path):
    comparison = wy.compare_runs(fitted(clients, "plain"))
    comparison.to_csv(tmp_path / "runs.csv")
    back = pd.read_csv(tmp_path / "runs.csv")
    pd.testing.assert_frame_equal(back, comparison.to_pandas(), check_dtype=False)
    assert comparison.to_arrow().column_names == ["run", "round", "site", "on", "metric", "value"]
    assert set(back["round"]) == set(range(6))


def test_one_chart_has_a_line_for_each_run_and_a_level_for_each_baseline(clients):
    first, second = fitted(clients, "plain"), fitted(clients, "plain")
    comparison = wy.compare_runs(first, second, baselines={"pooled": {"accuracy": 0.95, "worst": 0.6}})
    assert comparison.names == (f"plain ({first.run.id})", f"plain ({second.run.id})")
    drawn = comparison.to_svg("light")
    assert drawn.count("Accuracy, worst site") == 1
    assert drawn.count(">pooled<") == 2, "where it has a figure, and nowhere else"
    assert 'class="run0"' in drawn
    assert 'class="run1"' in drawn
    assert "AUC" not in drawn, "ten classes have none"
    shown = comparison._repr_html_()
    assert "<img" in shown
    assert "http" not in shown


def test_the_baselines_of_a_simulation_stand_beside_its_run(clients):
    result = fitted(clients, "plain", rounds=20)
    table = wy.compare_runs(result, baselines=True).summary.to_pandas().set_index("run")
    assert list(table.index) == ["plain", "majority", "local", "pooled"]
    assert table.loc["majority", "accuracy"] < 0.2 < table.loc["local", "accuracy"] < table.loc["pooled", "accuracy"]


def test_the_magics_compare_runs_and_measure_baselines(session, clients):
    ids = [fitted(clients, name).run.id for name in ("one", "two", "three")]
    assert compared(session, " ".join(ids)).names == tuple(ids)
    assert compared(session, "one two --curves").names == ("one", "two")
    session.scope.variables["result"] = fitted(clients, "four")
    assert list(baselined(session, "result").summary["run"].to_pylist()) == ["result", "majority", "local", "pooled"]
    with pytest.raises(OperatorError, match="the baselines of which run"):
        baselined(session, "")
    with pytest.raises(OperatorError, match="made is not known here"):
        baselined(session, ids[0])


def test_only_runs_are_compared(clients):
    with pytest.raises(OperatorError, match="here is none"):
        wy.compare_runs()
    with pytest.raises(OperatorError, match="a int is none"):
        wy.compare_runs(3)
    with pytest.raises(OperatorError, match="a name for each run: 1, not 2"):
        wy.compare_runs(fitted(clients, "one"), names=["a", "b"])


def test_baselines_over_sites_go_through_their_policies(session, tmp_path):
    (tmp_path / "policy.toml").write_text(POLICY)
    declared = {}
    for site, table in heart_disease().items():
        pq.write_table(table, tmp_path / f"{site}.parquet")
        declared[site] = {
            "tables": {"patients": {"path": f"{site}.parquet"}},
            "platforms": ["pandas", "numpy"],
            "policy": "policy.toml",
        }
    session.federation("hospitals", declared)
    patients = session.read("patients", sites="hospitals")
    train, test = patients.split(0.7, seed=7, by=[wy.col.num > 0])
    model = (
        train.impute("mean", "age", "thalach")
        .scale("age", "thalach")
        .fit(
            wy.logistic_regression(l2=1e-2),
            target=wy.col.num > 0,
            features=["age", "thalach", "sex"],
            rounds=6,
            strategy=wy.strategy("coordinate_median", local_epochs=4, learning_rate=0.5),
        )
    )
    result = model.evaluate(test).run(name="hospitals")
    found = session.attach(result.run.id).baselines()
    assert set(found) == {"majority", "local"}
    rows = test.with_columns(sick=wy.col.num > 0).group_by("sick").agg(n=wy.count()).run().to_arrow()
    most = max(rows["n"].to_pylist()) / sum(rows["n"].to_pylist())
    assert found["majority"]["accuracy"] >= most - 1e-9, "the larger class of each site is at least as good"
    assert 0.6 < found["local"]["accuracy"] < 0.95
    assert found["local"]["worst"] <= found["local"]["accuracy"]
    # The last site alone, as a person would run it.
    alone = session.federation("alone", {"va": declared["va"]})
    own_train, own_test = session.read("patients", sites=alone.name).split(0.7, seed=7, by=[wy.col.num > 0])
    own = (
        own_train.impute("mean", "age", "thalach")
        .scale("age", "thalach")
        .fit(
            wy.logistic_regression(l2=1e-2),
            target=wy.col.num > 0,
            features=["age", "thalach", "sex"],
            rounds=6,
            strategy=wy.fedavg(local_epochs=4, learning_rate=0.5),
        )
        .evaluate(own_test)
        .run()
    )
    accuracies = own.to_pandas().set_index("site")["accuracy"]
    runs = {summary.name: summary.run for summary in session.kernel.runs()}
    assert {f"{site} alone" for site in declared} <= set(runs), "they are runs of their own"
    measured = session.attach(runs["va alone"]).metrics()
    last = measured[(measured["site"] == "va") & (measured["metric"] == "accuracy")]["value"].iloc[-1]
    assert last == pytest.approx(float(accuracies["va"]))
