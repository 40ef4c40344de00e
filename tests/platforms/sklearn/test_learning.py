from __future__ import annotations

import numpy as np
import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.tasks import LocalTask
from jupyter_wayang.platforms.numpy import learning as numpy_learning
from jupyter_wayang.platforms.sklearn import learning


def rows(count=80):
    random = np.random.default_rng(1)
    X = random.normal(size=(count, 2))
    return X, (X @ [1.0, -1.0] + random.normal(size=count) > 0).astype(float)


def task(features=("a", "b"), *, penalize=False, l2=0.05, **options):
    random = np.random.default_rng(2)
    parameters = (named_array("weights", random.normal(size=len(features))), named_array("intercept", np.array([0.7])))
    model = LogisticRegression(l2=l2, penalize_intercept=penalize)
    return LocalTask(model=model, features=features, parameters=parameters, **options)


def values(update):
    return np.concatenate([array(named) for named in update.parameters])


@pytest.mark.parametrize("penalize", [False, True])
@pytest.mark.parametrize("count", [1, 2, 80])
def test_steps_are_those_of_numpy(penalize, count):
    X, y = (part[:count] for part in rows())
    wanted = task(penalize=penalize, epochs=4, learning_rate=0.5)
    np.testing.assert_allclose(
        values(learning.gradient(X, y, wanted)), values(numpy_learning.gradient(X, y, wanted)), rtol=1e-12, atol=1e-14
    )


def test_a_model_of_the_intercept_alone_trains():
    _, y = rows()
    X, wanted = np.empty((len(y), 0)), task((), epochs=3, learning_rate=0.5)
    np.testing.assert_allclose(
        values(learning.gradient(X, y, wanted)), values(numpy_learning.gradient(X, y, wanted)), rtol=1e-12
    )
    exact = values(learning.exact(X, y, task((), solver="exact")))
    np.testing.assert_allclose(exact, np.log(y.mean() / (1 - y.mean())), rtol=1e-9)


@pytest.mark.parametrize("penalize", [False, True])
@pytest.mark.parametrize("l2", [0.0, 0.05])
def test_fits_are_those_of_numpy(penalize, l2):
    X, y = rows()
    wanted = task(penalize=penalize, l2=l2, solver="exact")
    np.testing.assert_allclose(
        values(learning.exact(X, y, wanted)), values(numpy_learning.exact(X, y, wanted)), rtol=1e-9
    )


def test_one_class_is_left_to_the_newton_steps():
    X, _ = rows()
    y = np.ones(len(X))
    with pytest.raises(OperatorError, match="every row has the same target"):
        learning.exact(X, y, task(solver="exact"))
    wanted = task(solver="exact", penalize=True)
    np.testing.assert_allclose(
        values(learning.exact(X, y, wanted)), values(numpy_learning.exact(X, y, wanted)), rtol=1e-9
    )


def test_a_step_too_long_is_said():
    X, y = rows()
    with pytest.raises(OperatorError, match="beyond all numbers"):
        learning.gradient(X * 1e10, y, task(epochs=60, learning_rate=1e300))
