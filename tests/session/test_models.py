"""Models of the language over rows of the notebook: fitted, asked, measured, cross-validated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import linear_model, tree

import jupyter_wayang as wy
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.scope import Scope

COUNT = 120


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path_factory.mktemp("models"))
    yield made
    made.close()


def numbers() -> dict[str, np.ndarray]:
    random = np.random.default_rng(8)
    a, b = random.normal(size=COUNT), random.normal(size=COUNT) * 3 + 1
    return {"a": a, "b": b, "cost": 2 * a - b + random.normal(size=COUNT) / 4}


@pytest.fixture(scope="module")
def table(session: wy.Session) -> wy.Collection:
    made: wy.Collection = session.read(pa.table(numbers()))
    return made


@pytest.mark.parametrize("platform", ["pandas", "polars", "duckdb"])
def test_a_line_is_an_expression_on_every_platform(table: wy.Collection, platform: str) -> None:
    model = table.scale("a").fit(wy.linear_regression(l2=0.1), target="cost")
    asked = model.predict(table, name="said").run(platforms=[platform, "numpy"])
    columns = numbers()
    scaled = (columns["a"] - columns["a"].mean()) / columns["a"].std()
    X = np.column_stack([scaled, columns["b"]])
    wanted = linear_model.Ridge(alpha=0.1 * COUNT).fit(X, columns["cost"]).predict(X)
    found = asked.to_arrow()
    order = np.argsort(found["a"].to_numpy()), np.argsort(columns["a"])
    assert found["said"].to_numpy()[order[0]] == pytest.approx(wanted[order[1]], rel=1e-9)
    ran = {operator.verb: operator.decision.platform for operator in asked.run.plan().execution.operators}
    assert ran["predict"] == platform


def test_a_tree_learns_steps_and_is_asked_about_raw_rows(table: wy.Collection) -> None:
    yes = table.with_columns(yes=wy.col.cost > 0).drop("cost")
    model = yes.scale().fit(wy.decision_tree(depth=3), target="yes")
    found = model.predict(yes, name="p").sort("a").run().to_arrow()
    assert found.column_names == ["a", "b", "yes", "p"]
    columns = numbers()
    X = np.column_stack([columns["a"], columns["b"]])
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    wanted = tree.DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, columns["cost"] > 0).predict_proba(X)
    assert found["p"].to_numpy() == pytest.approx(wanted[np.argsort(columns["a"]), 1], rel=1e-9)


def test_what_was_predicted_goes_on(table: wy.Collection) -> None:
    model = table.drop("cost").fit(wy.kmeans(2, seed=3))
    rows = model.predict(table, name="k").group_by("k").agg(n=wy.count()).sort("k").run().to_arrow().to_pylist()
    assert [row["k"] for row in rows] == [0, 1]
    assert sum(row["n"] for row in rows) == COUNT
    components = table.drop("cost").fit(wy.pca(2)).predict(table, name="c").run().to_arrow()
    assert components.column_names == ["a", "b", "cost", "c_1", "c_2"]


def test_the_same_in_a_cell(session: wy.Session, table: wy.Collection) -> None:
    text = """
train, test = rows.split(0.7, seed=2)
model = train.fit(gradient_boosting(trees=20, depth=2), target=cost)
model.evaluate(test)
"""
    (measured,) = read_cell(text, Scope({"rows": table}), session).results
    (row,) = measured.run().to_arrow().to_pylist()
    assert set(row) == {"site", "rows", "rmse", "mae", "r2", "note"}
    assert (row["rows"], row["r2"] > 0.8) == (36, True)


def test_steps_are_learned_in_every_fold(session: wy.Session) -> None:
    # A level that is in one row only: the fold that tests this row has not learned it, and no number is missing.
    rows = session.read(pa.table({**numbers(), "kind": ["rare"] + ["x", "y"] * 59 + ["y"]}))
    found = rows.scale("a").one_hot("kind").cross_validate(wy.linear_regression(l2=0.01), target="cost", folds=4)
    made = found.sort("fold").run().to_arrow().to_pylist()
    assert [(row["fold"], row["rows"]) for row in made] == [(1, 30), (2, 30), (3, 30), (4, 30)]
    assert all(0.1 < row["rmse"] < 1 for row in made)
    assert len({row["rmse"] for row in made}) == 4


def test_folds_are_those_of_a_plain_loop(table: wy.Collection) -> None:
    first, rest = table.split(1 / 2, seed=5)
    found = table.cross_validate(wy.decision_tree(depth=2), target="cost", folds=2, seed=5).sort("fold").run()
    halves = [part.run().to_arrow().to_pandas() for part in (first, rest)]
    wanted = []
    for test, train in (halves, halves[::-1]):
        fitted = tree.DecisionTreeRegressor(max_depth=2, random_state=0).fit(train[["a", "b"]], train["cost"])
        wanted.append(float(((fitted.predict(test[["a", "b"]]) - test["cost"]) ** 2).mean() ** 0.5))
    assert found.to_arrow()["rmse"].to_pylist() == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("model", [wy.kmeans(3), wy.decision_tree(depth=2), wy.linear_regression()])
def test_a_model_that_was_fitted_is_not_fitted_again(session: wy.Session, table: wy.Collection, model: Any) -> None:
    target = None if model == wy.kmeans(3) else "cost"
    fitted = (table if target else table.drop("cost")).scale("a").fit(model, target=target)
    before = fitted.predict(table).sort("a").run().to_arrow()
    session.remember(fitted.run().run, {})
    again = fitted.predict(table).sort("a")
    assert not {"fit", "scale"} & {operator.verb for operator in again.plan().execution.operators}
    assert again.run().to_arrow()["prediction"].to_pylist() == pytest.approx(before["prediction"].to_pylist())
    assert fitted.evaluate(table).run().to_arrow()["rows"].to_pylist() == [COUNT]


def test_the_coefficients_and_centres_are_a_table(table: wy.Collection) -> None:
    line = table.fit(wy.linear_regression(), target="cost").run().to_arrow().to_pylist()
    assert [row["feature"] for row in line] == ["(intercept)", "a", "b"]
    centres = table.drop("cost").fit(wy.kmeans(3)).run().to_arrow()
    assert centres.column_names == ["cluster", "a", "b"]
    assert centres["cluster"].to_pylist() == [0, 1, 2]
    trees = table.fit(wy.random_forest(trees=2), target="cost").run().to_arrow()
    assert trees.column_names == ["array", "numbers"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t: t.fit(wy.decision_tree()), "needs target="),
        (lambda t: t.fit(wy.kmeans(2), target="cost"), "learns without a target"),
        (lambda t: t.fit(wy.linear_regression(), target=wy.col.cost > 0), "needs a number"),
        (lambda t: t.fit(wy.pca(1)).evaluate(t), "no figure that says how good pca"),
        (lambda t: t.cross_validate(wy.naive_bayes(), target=wy.col.cost > 0, folds=1), "between 2 and 50"),
        (lambda t: wy.kmeans(0), "k is a number between 1 and"),
        (lambda t: wy.random_forest(trees=1.5), "trees of random_forest.. is a whole number"),
        (lambda t: wy.linear_regression(l2=-1), "l2 must be"),
    ],
)
def test_mistakes_have_messages(table: wy.Collection, make: Any, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        make(table)


def test_over_sites_only_what_has_a_strategy(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(pa.table(numbers()), tmp_path / "rows.parquet")
    (tmp_path / "policy.toml").write_text('tables = ["rows"]\noperators = ["aggregate", "learn", "fit", "evaluate"]\n')
    sites = {
        name: {"tables": {"rows": {"path": "rows.parquet"}}, "platforms": ["pandas"], "policy": "policy.toml"}
        for name in ("north", "south")
    }
    session = wy.Session(tmp_path)
    try:
        session.federation("both", sites)
        rows = session.read("rows", sites="both")
        with pytest.raises(OperatorError, match=r"random_forest\(\) has no federated strategy"):
            rows.fit(wy.random_forest(), target="cost").run()
        with pytest.raises(OperatorError, match=r"kmeans\(\) has no federated strategy"):
            rows.fit(wy.kmeans(2), rounds=3, strategy=wy.fedavg(learning_rate=0.1))
    finally:
        session.close()
