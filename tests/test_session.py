"""A session: plans, runs and results by the names that others build on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import graphviz
import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import NameUnknownError, OperatorError, PlatformError, WayangError
from jupyter_wayang.plan.models import array

ROWS = {"age": [17, 42, 60, None], "ward": ["a", "b", "b", "a"]}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path)
    yield made
    made.close()


@pytest.fixture
def adults(session: wy.Session) -> wy.Collection:
    return session.read(pa.table(ROWS)).filter(wy.col.age > 18)


def test_results_come_as_arrow_pandas_and_polars(adults: wy.Collection) -> None:
    result = adults.sort("age").run()
    assert result.to_arrow().to_pydict() == {"age": [42, 60], "ward": ["b", "b"]}
    assert isinstance(result.to_pandas(), pd.DataFrame)
    assert str(result.to_pandas()["age"].dtype) == "int64[pyarrow]"
    assert isinstance(result.to_polars(), pl.DataFrame)
    assert result.to_polars()["ward"].to_list() == ["b", "b"]


@pytest.mark.parametrize(
    "value", [pa.table(ROWS), pd.DataFrame(ROWS), pl.DataFrame(ROWS)], ids=["arrow", "pandas", "polars"]
)
def test_frames_of_every_kind_are_sources(session: wy.Session, value: object) -> None:
    assert session.read(value).agg(n=wy.count(), top=wy.max(wy.col.age)).run().to_arrow().to_pylist() == [
        {"n": 4, "top": 60}
    ]


def test_a_run_may_use_only_the_platforms_named(adults: wy.Collection) -> None:
    for name in ("pandas", "polars", "duckdb"):
        run = adults.run(platforms=[name]).run
        assert {operator.decision.platform for operator in run.plan().execution.operators} == {name}
    with pytest.raises(PlatformError, match="Did you mean pandas"):
        adults.run(platforms=["panda"])


def test_plans_explain_themselves(adults: wy.Collection) -> None:
    plan = adults.plan(name="adults")
    explanation = plan.explain()
    assert "age > 18" in explanation.text
    told = json.loads(explanation.to_json())["plan"]
    chosen = [operator["decision"] for operator in told["operators"] if operator["verb"] == "filter"]
    assert chosen[0]["reason"].endswith(".")
    assert {a["platform"] for a in chosen[0]["alternatives"]} >= {"pandas", "polars", "duckdb"}
    assert isinstance(plan.to_networkx(), nx.MultiDiGraph)
    assert plan.to_networkx().number_of_nodes() == len(plan.execution.operators)
    assert isinstance(plan.to_graphviz(), graphviz.Source)
    assert plan.to_svg().startswith("<svg")


def test_a_pin_changes_the_plan_and_not_the_result(adults: wy.Collection) -> None:
    free, pinned = adults, adults.on("polars")
    assert pinned.plan().execution.operators[-1].decision.pinned
    assert pinned.plan().execution.operators[-1].decision.platform == "polars"
    assert free.run().to_arrow().to_pylist() == pinned.run().to_arrow().to_pylist()


def test_a_run_can_be_followed_and_found_again(session: wy.Session, adults: wy.Collection) -> None:
    run = adults.run(wait=False)
    assert isinstance(run, wy.Run)
    kinds = [type(event).__name__ for event in run.follow()]
    assert (kinds[0], kinds[-1]) == ("RunStarted", "RunFinished")
    assert run.state == "done"
    assert session.attach(run.id).events(since=1) == run.events(since=1)
    with pytest.raises(NameUnknownError, match="no run"):
        session.attach("nothing")


def test_results_outlive_the_session(tmp_path: Path) -> None:
    first = wy.Session(tmp_path)
    run = first.read(pa.table(ROWS)).limit(1).run().run
    first.close()
    second = wy.Session(tmp_path)
    assert second.attach(run.id).wait().to_arrow().num_rows == 1
    second.close()


def test_sql_over_a_table_in_memory_runs(session: wy.Session) -> None:
    made = session.sql("SELECT count(*) AS n FROM ages WHERE age > 18", tables={"ages": pa.table({"age": [17, 42]})})
    assert made.run().to_arrow().to_pylist() == [{"n": 1}]


def test_sql_takes_a_text_and_tables_by_name(session: wy.Session) -> None:
    with pytest.raises(OperatorError, match=r"sql\(\) takes text"):
        session.sql(3)  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match="a dict by name"):
        session.sql("SELECT 1", tables=["ages"])  # type: ignore[arg-type]


def test_an_ordinary_fit_needs_no_sites(session: wy.Session) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    y = rng.random(200) < 1 / (1 + np.exp(-(2 * x - 0.5)))
    rows = session.read(pa.table({"x": x, "y": y}))
    train, test = rows.split(0.75, seed=1)
    model = train.scale().fit(wy.logistic_regression(l2=0.01), target=wy.col.y)
    result = model.evaluate(test).run()
    fitted = result.model
    assert result.to_arrow()["rows"].to_pylist() == [50]
    assert result.to_arrow()["auc"][0].as_py() > 0.75
    predicted = model.predict(test).run().to_arrow()
    centre, deviation = fitted.steps[0].values[0][1:]
    z = array(fitted["weights"])[0] * (np.array(predicted["x"]) - centre) / deviation + array(fitted["intercept"])[0]
    np.testing.assert_allclose(np.array(predicted["prediction"]), 1 / (1 + np.exp(-z)), rtol=1e-12)


def test_steps_work_without_a_model(session: wy.Session) -> None:
    rows = session.read(pa.table({"x": [1.0, None, 3.0], "w": ["a", "b", "a"]}))
    found = rows.impute("mean").scale().one_hot("w").run().to_arrow()
    assert found.column_names == ["x", "w=a", "w=b"]
    np.testing.assert_allclose(found["x"].to_numpy(), [-np.sqrt(1.5), 0, np.sqrt(1.5)])
    assert found["w=a"].to_pylist() == [1.0, 0.0, 1.0]


def test_a_constant_is_imputed_without_asking(session: wy.Session) -> None:
    found = session.read(pa.table({"x": [1.0, None]})).impute(7).run().to_arrow()
    assert found["x"].to_pylist() == [1.0, 7.0]


def test_metrics_are_a_table_of_round_site_metric_and_value(session: wy.Session) -> None:
    rows = session.read(pa.table({"x": np.arange(40.0), "y": [n % 2 == 0 for n in range(40)]}))
    run = (
        rows.scale()
        .fit(wy.logistic_regression(), target=wy.col.y, rounds=3, strategy=wy.fedavg(learning_rate=0.1))
        .run()
        .run
    )
    metrics = run.metrics()
    assert list(metrics.columns) == ["round", "site", "metric", "value"]
    assert sorted(metrics["round"].unique()) == [0, 1, 2, 3]
    loss = metrics[(metrics.metric == "log_loss") & (metrics.site == "global")]["value"]
    assert loss.iloc[0] == pytest.approx(np.log(2))


def test_features_are_named_as_they_are_before_an_encoding(session: wy.Session) -> None:
    rows = session.read(
        pa.table(
            {
                "k": [1_000_000.0, 1_000_001.0, 1_000_001.0, 1_000_000.0] * 10,
                "x": [float(n % 7) for n in range(40)],
                "unused": ["a", "b"] * 20,
                "y": [n % 3 == 0 for n in range(40)],
            }
        )
    )
    model = rows.one_hot("k").fit(wy.logistic_regression(l2=0.1), target=wy.col.y, features=["k", "x"])
    result = model.evaluate(rows).run()
    assert result.model.features == ("k=1000000", "k=1000001", "x")
    assert result.to_arrow()["rows"].to_pylist() == [40]


def test_a_feature_may_have_any_name(session: wy.Session) -> None:
    x = [float(n % 7) for n in range(40)]
    rows = session.read(pa.table({"target": x, "y": [n % 3 == 0 for n in range(40)]}))
    plain = session.read(pa.table({"x": x, "y": [n % 3 == 0 for n in range(40)]}))
    found, wanted = (
        each.fit(wy.logistic_regression(l2=0.1), target=wy.col.y).run().model.parameters for each in (rows, plain)
    )
    assert found == wanted


@pytest.mark.parametrize("targets", [[-1, 1], [1, 2], [0, 1, 2, 3]])
def test_a_target_that_is_no_yes_or_no_is_said(session: wy.Session, targets: list[int]) -> None:
    rows = session.read(pa.table({"x": np.arange(40.0), "num": [targets[n % len(targets)] for n in range(40)]}))
    with pytest.raises(WayangError, match="values other than 0 and 1; make it a yes or no, as in target=num > 0"):
        rows.scale().fit(wy.logistic_regression(l2=0.1), target=wy.col.num).run()


WRONG = {
    "format": (lambda s: s.read("a.csv", format="xml"), 'there is no format "xml"'),
    "delimiter": (lambda s: s.read("a.csv", delimiter=";;"), "the delimiter is one character"),
    "option": (lambda s: s.read("a.csv", foo=1), 'read() has no argument "foo"'),
    "hidden option": (lambda s: s.read("a.csv", federation="f"), 'read() has no argument "federation"'),
    "option of a frame": (lambda s: s.read(pa.table(ROWS), header=True), "header= is for files"),
    "sites": (lambda s: s.read("t", sites=5), "sites= takes the name of a federation, not 5"),
    "sites of a frame": (lambda s: s.read(pa.table(ROWS), sites="f"), "sites= is for files and tables by name"),
    "platforms": (lambda s: s.read(pa.table(ROWS)).run(platforms=5), "platforms= takes names of platforms, not 5"),
    "list of numbers": (lambda s: s.read(pa.table(ROWS)).plan(platforms=[5]), "takes names of platforms, not [5]"),
    "no platforms": (lambda s: s.read(pa.table(ROWS)).run(platforms=[]), "platforms= names no platform"),
    "name": (lambda s: s.read(pa.table(ROWS)).run(name=5), "name= takes text, not 5"),
    "name of a plan": (lambda s: s.read(pa.table(ROWS)).plan(name=None), "name= takes text, not None"),
    "mixed frame": (lambda s: s.read(pd.DataFrame({"a": ["Jones", 44]})), "the DataFrame cannot become an Arrow table"),
    "frame of objects": (lambda s: s.read(pd.DataFrame({"a": [object()]})), "cannot become an Arrow table"),
    "frame of large numbers": (lambda s: s.read(pd.DataFrame({"a": [2**70]})), "cannot become an Arrow table"),
    "two columns of a name": (lambda s: s.read(pd.DataFrame([[1, 2]], columns=["a", "a"])), "cannot become"),
    "pandas series": (lambda s: s.read(pd.Series([1])), "a Series is no table"),
    "polars series": (lambda s: s.read(pl.Series([1])), "a Series is no table"),
    "array": (lambda s: s.read(np.zeros(3)), "is no collection, DataFrame or Arrow table"),
    "federation": (lambda s: s.federation("q", 5), "a federation is a dict by site, or the path of a TOML file, not 5"),
    "federation's name": (lambda s: s.federation(5), "a federation has a name in quotes, not 5"),
    "federation of a folder": (lambda s: s.federation("q", s.folder), "is a folder, not a file"),
    "folder": (lambda s: s.read("folder", format="csv"), '"folder" is a folder, not a file'),
    "long name": (lambda s: s.read("a" * 5_000), "cannot be opened: file name too long"),
    "session in a file": (lambda s: wy.Session(s.folder / "a.csv"), "a session has a folder"),
    "session of a number": (lambda s: wy.Session(5), "a session has a folder, and 5 is none"),
    "session with a long name": (lambda s: wy.Session("a" * 5_000), "cannot keep its journal"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_have_messages_that_quote_no_value(session: wy.Session, mistake: str) -> None:
    (session.folder / "folder").mkdir()
    (session.folder / "a.csv").write_text("a\n1\n")
    wrong, says = WRONG[mistake]
    with pytest.raises(WayangError) as caught:
        wrong(session)
    assert says in caught.value.message
    assert "Jones" not in caught.value.message
    assert len(caught.value.message) < 300
    assert session.read("a.csv").run().to_arrow().num_rows == 1


@pytest.mark.parametrize("platforms", ["pandas", " pandas,", ["pandas"], ("pandas",), {"pandas"}])
def test_platforms_are_named_by_text_or_a_list(session: wy.Session, platforms: object) -> None:
    plan = session.read(pa.table(ROWS)).filter(wy.col.age > 18).plan(platforms=platforms)
    assert {operator.decision.platform for operator in plan.execution.operators} == {"pandas"}


def test_a_journal_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / ".wayang").mkdir()
    (tmp_path / ".wayang" / "journal.sqlite").write_text("this is no database, and longer than a header is")
    with pytest.raises(WayangError, match="cannot keep its journal"):
        wy.Session(tmp_path)


def site_of(tmp_path: Path, name: str, text: str) -> dict[str, object]:
    (tmp_path / f"{name}.csv").write_text(text)
    (tmp_path / "policy.toml").write_text(
        'tables = ["t"]\noperators = ["aggregate", "learn", "fit", "evaluate"]\nminimum_rows = 1\nminimum_cell = 1\n'
    )
    return {"tables": {"t": {"path": f"{name}.csv"}}, "platforms": ["pandas", "numpy"], "policy": "policy.toml"}


def test_a_site_without_a_value_in_a_column_takes_part(session: wy.Session, tmp_path: Path) -> None:
    known = "x,y\n" + "".join(f"{n}.5,{n % 2}\n" for n in range(20))
    bare = "x,y\n" + "".join(f",{n % 2}\n" for n in range(20))
    for order in (("full", "bare"), ("bare", "full")):
        sites = {name: site_of(tmp_path, name, known if name == "full" else bare) for name in order}
        session.federation("f", sites)
        rows = session.read("t", sites="f")
        assert rows.schema["x"].type == "float64"
        counted = rows.agg(n=wy.count(), k=wy.count(wy.col.x), m=wy.mean(wy.col.x)).run().to_arrow()
        assert counted.to_pylist() == [{"n": 40, "k": 20, "m": 10.0}]
        strategy = wy.fedavg(learning_rate=0.1)
        fitted = (
            rows.impute("mean").fit(wy.logistic_regression(), target=wy.col.y > 0, rounds=1, strategy=strategy).run()
        )
        assert fitted.model.features == ("x",)


def test_a_site_that_was_empty_takes_part_once_it_has_rows(session: wy.Session, tmp_path: Path) -> None:
    rows = "x,y\n" + "".join(f"{n}.5,{n % 2}\n" for n in range(20))
    session.federation("f", {"a": site_of(tmp_path, "a", rows), "b": site_of(tmp_path, "b", "x,y\n")})
    counted = session.read("t", sites="f").agg(n=wy.count(), m=wy.max(wy.col.x))
    assert counted.schema["m"].type == "float64"
    count = session.read("t", sites="f").agg(n=wy.count())
    assert count.run().to_arrow().to_pylist() == [{"n": 20}]
    site_of(tmp_path, "b", rows)
    assert count.run().to_arrow().to_pylist() == [{"n": 40}]


def test_a_file_that_has_grown_is_planned_as_it_is(session: wy.Session, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n\n1\n2\n")
    rows = session.read("a.csv")
    assert rows.plan().execution.operators[0].rows.high == 2
    (tmp_path / "a.csv").write_text("n\n" + "1\n" * 300)
    assert rows.plan().execution.operators[0].rows.high == 300


def test_a_local_column_without_values_has_no_type(session: wy.Session, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,nothing\n1,\n2,\n")
    (tmp_path / "b.csv").write_text("y,nothing\n5,1\n")
    rows = session.read("a.csv")
    assert rows.schema["nothing"].type == "null"
    for name in ("pandas", "polars", "duckdb"):
        for made, wanted in (
            (rows.sort("nothing", "x"), [{"x": 1, "nothing": None}, {"x": 2, "nothing": None}]),
            (rows.filter(wy.col.nothing > 3), []),
            (rows.filter(wy.col.nothing == "x"), []),
            (rows.group_by("nothing").agg(n=wy.count()), [{"nothing": None, "n": 2}]),
            (rows.agg(k=wy.count(wy.col.nothing), m=wy.max(wy.col.nothing)), [{"k": 0, "m": None}]),
            (
                rows.limit(1).with_columns(z=wy.coalesce(wy.col.nothing, wy.col.x)),
                [{"x": 1, "nothing": None, "z": 1}],
            ),
            (rows.join(session.read("b.csv"), on="nothing"), []),
        ):
            assert made.run(platforms=[name]).to_arrow().to_pylist() == wanted
