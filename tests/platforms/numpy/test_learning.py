from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression as Reference

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreTask
from jupyter_wayang.platforms.numpy import PLATFORM
from jupyter_wayang.platforms.numpy.learning import exact, gradient, matrix

NAMES = ("a", "b", "c")


def rows(count=200, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(count, 3)) * [1.0, 5.0, 0.2]
    return X, (X @ [1.0, 0.2, -2.0] + 0.5 + random.normal(size=count) > 0).astype(float)


def task(l2=0.01, solver="exact", start=0.0, **options):
    parameters = (named_array("weights", np.full(3, start)), named_array("intercept", np.full(1, start)))
    model = LogisticRegression(l2=l2, penalize_intercept=options.pop("penalize_intercept", False))
    return LocalTask(model=model, features=NAMES, parameters=parameters, solver=solver, **options)


def values(update):
    return np.concatenate([array(named) for named in update.parameters])


def slope(X, y, w, penalty):
    p = 1 / (1 + np.exp(-(X @ w[:3] + w[3])))
    return np.append(X.T @ (p - y) / len(y), (p - y).mean()) + penalty * w


@pytest.mark.parametrize("l2", [0.0, 1e-3, 1.0])
@pytest.mark.parametrize("start", [0.0, 30.0])
def test_a_fit_is_that_of_scikit_learn(l2, start):
    X, y = rows()
    reference = Reference(C=1 / (l2 * len(y)) if l2 else np.inf, tol=1e-12, max_iter=10_000).fit(X, y)
    found = values(exact(X, y, task(l2, start=start)))
    np.testing.assert_allclose(found, [*reference.coef_[0], *reference.intercept_], rtol=1e-4, atol=1e-5)
    assert np.linalg.norm(slope(X, y, found, np.array([l2] * 3 + [0.0]))) < 1e-10


def test_a_penalized_intercept_is_pulled_to_zero():
    X, y = rows()
    found = values(exact(X, y, task(0.5, penalize_intercept=True)))
    assert np.linalg.norm(slope(X, y, found, np.full(4, 0.5))) < 1e-10


def test_collinear_columns_converge():
    X, y = rows()
    X[:, 1], X[:, 2] = X[:, 0] > 0, X[:, 0] <= 0  # together the column of the intercept
    found = values(exact(X, y, task(0.0)))
    assert np.linalg.norm(slope(X, y, found, np.zeros(4))) < 1e-10
    assert np.abs(found).max() < 20


def test_classes_that_can_be_told_apart_need_a_penalty():
    X, _ = rows()
    y = (X[:, 0] > 0).astype(float)
    with pytest.raises(OperatorError, match="apart exactly"):
        exact(X, y, task(0.0))
    assert np.isfinite(values(exact(X, y, task(1e-3)))).all()


@pytest.mark.parametrize("l2", [0.0, 1e-3])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_one_class_needs_a_penalty_on_the_intercept(l2, target):
    X, _ = rows()
    y = np.full(len(X), target)
    with pytest.raises(OperatorError, match="every row has the same target") as caught:
        exact(X, y, task(l2))
    assert "penalize_intercept=True" in caught.value.hint
    found = values(exact(X, y, task(1e-3, penalize_intercept=True)))
    assert np.linalg.norm(slope(X, y, found, np.full(4, 1e-3))) < 1e-10


def test_a_step_too_long_is_said():
    X, y = rows()
    with pytest.raises(OperatorError, match="beyond all numbers"):
        gradient(X * 1e200, y, task(1.0, solver="gradient", epochs=50, learning_rate=1e200))


def test_no_rows_cannot_train():
    X, y = rows(0)
    for train, solver in ((exact, "exact"), (gradient, "gradient")):
        with pytest.raises(OperatorError, match="there are none"):
            train(X, y, task(solver=solver))


def test_parameters_of_another_shape_are_refused():
    X, y = rows()
    with pytest.raises(OperatorError, match="the features ask for"):
        gradient(X[:, :2], y, LocalTask(model=LogisticRegression(), features=("a", "b"), parameters=task().parameters))


@pytest.mark.parametrize("hole", [None, float("nan")])
def test_missing_values_are_refused_by_name(hole):
    table = pa.table({"a": [1.0, 2.0], "b": [hole, 3.0], TARGET: [0.0, 1.0]})
    with pytest.raises(OperatorError) as caught:
        matrix(table, ("a", "b"), "fit")
    assert caught.value.message == "fit(): b has missing values: impute(mean) first"


def test_the_engine_keeps_the_arrays_of_the_tables_it_is_asked_for(tmp_path):
    engine = PLATFORM.open(tmp_path)
    X, y = rows(20)
    tables = [pa.table({**{n: X[:, i] + shift for i, n in enumerate(NAMES)}, TARGET: y}) for shift in range(6)]
    score = ScoreTask(model=LogisticRegression(), features=NAMES, parameters=task(start=0.3).parameters)
    for table in (*tables, *tables):
        fresh = PLATFORM.open(tmp_path)
        assert engine.score(table, score) == fresh.score(table, score)
        assert engine.update(table, task()) == fresh.update(table, task())
