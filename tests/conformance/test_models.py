"""What named arrays say is what the estimator of scikit-learn says that they were taken from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from sklearn import cluster, decomposition, ensemble, linear_model, metrics, naive_bayes, neural_network, tree

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import (
    DecisionTree,
    GradientBoosting,
    KMeans,
    LinearRegression,
    ModelSpec,
    NaiveBayes,
    NeuralNetwork,
    PrincipalComponents,
    RandomForest,
    makes,
)
from jupyter_wayang.plan.models import NamedArray, array
from jupyter_wayang.plan.tasks import TARGET, InferTask, LocalTask
from jupyter_wayang.platforms.numpy.measures import silhouette
from jupyter_wayang.platforms.registry import installed

FEATURES = ("a", "b", "c")


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    made = {name: installed()[name].open(tmp_path_factory.mktemp(name)) for name in ("sklearn", "numpy")}
    yield made
    for engine in made.values():
        engine.close()


def rows(target: str) -> tuple[np.ndarray, np.ndarray, pa.Table]:
    random = np.random.default_rng(3)
    X = random.normal(size=(150, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
    number = X @ [1.0, -0.3, 4.0] + random.normal(size=150)
    y = {"bool": (number > number.mean()).astype(float), "float64": number, "none": np.zeros(150)}[target]
    return X, y, pa.table({**{name: X[:, i] for i, name in enumerate(FEATURES)}, TARGET: y})


CASES: list[tuple[ModelSpec, str, Any]] = [
    (LinearRegression(), "float64", linear_model.LinearRegression()),
    (LinearRegression(l2=0.2), "float64", linear_model.Ridge(alpha=0.2 * 150)),
    (NaiveBayes(), "bool", naive_bayes.GaussianNB()),
    (DecisionTree(), "bool", tree.DecisionTreeClassifier(random_state=0)),
    (DecisionTree(depth=3), "float64", tree.DecisionTreeRegressor(max_depth=3, random_state=0)),
    (RandomForest(trees=7, seed=2), "bool", ensemble.RandomForestClassifier(7, random_state=2)),
    (RandomForest(trees=7, depth=4), "float64", ensemble.RandomForestRegressor(7, max_depth=4, random_state=0)),
    (GradientBoosting(trees=9), "bool", ensemble.GradientBoostingClassifier(n_estimators=9, random_state=0)),
    (
        GradientBoosting(trees=9, depth=2, learning_rate=0.5),
        "float64",
        ensemble.GradientBoostingRegressor(n_estimators=9, max_depth=2, learning_rate=0.5, random_state=0),
    ),
    (
        NeuralNetwork(hidden=(5, 4), epochs=20),
        "bool",
        neural_network.MLPClassifier((5, 4), max_iter=20, random_state=0, tol=0.0, n_iter_no_change=20),
    ),
    (
        NeuralNetwork(epochs=20, seed=1),
        "float64",
        neural_network.MLPRegressor(
            hidden_layer_sizes=(16,), max_iter=20, random_state=1, tol=0.0, n_iter_no_change=20
        ),
    ),
    (KMeans(k=4, seed=1), "none", cluster.KMeans(4, n_init=10, random_state=1)),
]


def fitted(engine: Any, model: ModelSpec, target: str, table: pa.Table) -> InferTask:
    made = makes(model, "bool" if target == "bool" else "float64")
    task = LocalTask(model=model, features=FEATURES, parameters=(), solver="exact", makes=made)
    update = engine.update(table, task)
    assert update.rows == table.num_rows
    # What is kept of a model is data: it goes through JSON and comes back.
    kept = msgspec.json.decode(msgspec.json.encode(update.parameters), type=tuple[NamedArray, ...])
    return InferTask(model=model, makes=made, features=FEATURES, parameters=kept, columns=("said",))


@pytest.mark.parametrize(("model", "target", "estimator"), CASES, ids=[f"{type(c[0]).__name__} {c[1]}" for c in CASES])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_arrays_say_what_the_estimator_says(engines: Any, model: ModelSpec, target: str, estimator: Any) -> None:
    X, y, table = rows(target)
    task = fitted(engines["sklearn"], model, target, table)
    estimator.fit(X, y)
    fresh = np.vstack([X, np.random.default_rng(4).normal(size=(100, 3)) * 5])
    wanted = estimator.predict_proba(fresh)[:, 1] if target == "bool" else estimator.predict(fresh)
    asked = pa.table({"id": np.arange(len(fresh)), **{name: fresh[:, i] for i, name in enumerate(FEATURES)}})
    for engine in engines.values():
        found = engine.infer(asked, task)
        assert found.column_names == ["id", "said"]
        assert found["said"].type == (pa.int64() if target == "none" else pa.float64())
        assert found["said"].to_numpy() == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_a_tree_looks_at_features_as_sklearn_does(engines: Any) -> None:
    X, y, table = rows("float64")
    task = fitted(engines["sklearn"], DecisionTree(), "float64", table)
    estimator = tree.DecisionTreeRegressor(random_state=0).fit(X, y)
    inner = estimator.tree_.feature >= 0
    # Just above a threshold as 64-bit floats, and not as 32-bit ones.
    edge = np.repeat(X[:1], inner.sum(), axis=0)
    thresholds = estimator.tree_.threshold[inner]
    edge[np.arange(len(edge)), estimator.tree_.feature[inner]] = thresholds + np.abs(thresholds) * 1e-10
    asked = pa.table({name: edge[:, i] for i, name in enumerate(FEATURES)})
    assert engines["numpy"].infer(asked, task)["said"].to_numpy() == pytest.approx(estimator.predict(edge), rel=1e-12)


def test_components_have_a_sign_of_their_own(engines: Any) -> None:
    X, _, table = rows("none")
    task = fitted(engines["sklearn"], PrincipalComponents(n=2), "none", table)
    components = {named.name: array(named) for named in task.parameters}["components"]
    assert (components[np.arange(2), np.abs(components).argmax(axis=1)] > 0).all()
    asked = table.drop_columns([TARGET])
    found = engines["numpy"].infer(asked, msgspec.structs.replace(task, columns=("p_1", "p_2")))
    wanted = decomposition.PCA(2, svd_solver="full").fit_transform(X)
    signs = np.sign((wanted * np.column_stack([found["p_1"], found["p_2"]])).sum(axis=0))
    assert np.column_stack([found["p_1"], found["p_2"]]) == pytest.approx(wanted * signs, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("l2", [0.0, 0.2])
def test_numpy_and_sklearn_fit_the_same_line(engines: Any, l2: float) -> None:
    _, _, table = rows("float64")
    lines = [fitted(engine, LinearRegression(l2=l2), "float64", table).parameters for engine in engines.values()]
    by_name = [{named.name: array(named) for named in line} for line in lines]
    for name in ("weights", "intercept"):
        assert by_name[0][name] == pytest.approx(by_name[1][name], rel=1e-9)


def test_a_row_with_a_null_feature_is_told_nothing(engines: Any) -> None:
    _, _, table = rows("bool")
    task = fitted(engines["sklearn"], DecisionTree(depth=2), "bool", table)
    holed = pa.table({"a": [0.0, None], "b": [1.0, 1.0], "c": [0.0, 0.0]})
    first, second = engines["numpy"].infer(holed, task)["said"].to_pylist()
    assert 0 <= first <= 1
    assert second is None


@pytest.mark.parametrize(("model", "target"), [(DecisionTree(depth=3), "bool"), (LinearRegression(), "float64")])
def test_figures_are_those_of_sklearn(engines: Any, model: ModelSpec, target: str) -> None:
    _, y, table = rows(target)
    task = fitted(engines["sklearn"], model, target, table)
    said = engines["numpy"].infer(table.drop_columns([TARGET]), task)["said"].to_numpy()
    found = dict(engines["numpy"].measure(table, task))
    wanted = (
        {"auc": metrics.roc_auc_score(y, said), "accuracy": metrics.accuracy_score(y, said >= 0.5)}
        | {"log_loss": metrics.log_loss(y, np.clip(said, 1e-15, 1 - 1e-15))}
        if target == "bool"
        else {"rmse": metrics.root_mean_squared_error(y, said), "mae": metrics.mean_absolute_error(y, said)}
        | {"r2": metrics.r2_score(y, said)}
    )
    assert found == pytest.approx({"rows": 150.0, **wanted}, rel=1e-9)


def test_the_silhouette_is_that_of_sklearn() -> None:
    X, _, _ = rows("none")
    labels = np.random.default_rng(1).integers(0, 4, size=150)
    labels[labels == 3] = 2
    labels[0] = 3  # a cluster of one row counts 0
    assert silhouette(X, labels) == pytest.approx(metrics.silhouette_score(X, labels), rel=1e-9)
    assert silhouette(X, np.zeros(150, dtype=int)) is None


def test_what_cannot_be_fitted_says_why(engines: Any, tmp_path: Path) -> None:
    _, _, table = rows("bool")
    alike = table.set_column(3, TARGET, pa.array(np.ones(150)))
    for model in (NaiveBayes(), GradientBoosting(), NeuralNetwork()):
        with pytest.raises(OperatorError, match="rows of both classes"):
            fitted(engines["sklearn"], model, "bool", alike)
    with pytest.raises(OperatorError, match="needs as many rows"):
        fitted(engines["sklearn"], KMeans(k=200), "none", table)
    with pytest.raises(OperatorError, match="3 features of 150 rows"):
        fitted(engines["sklearn"], PrincipalComponents(n=4), "none", table)
    with pytest.raises(OperatorError, match="needs rows, and there are none"):
        fitted(engines["numpy"], LinearRegression(), "float64", table.slice(0, 0))
