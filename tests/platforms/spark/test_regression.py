"""Linear regression by Spark's library is the line of NumPy."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import LinearRegression
from jupyter_wayang.plan.models import array
from jupyter_wayang.plan.operators import LocalUpdate
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import TARGET, LocalTask
from jupyter_wayang.platforms.numpy import least_squares
from jupyter_wayang.platforms.spark import PLATFORM

FEATURES = ("odd `name`", "b.c", "constant", "twice")


def _rows() -> tuple[np.ndarray, np.ndarray, pa.Table]:
    random = np.random.default_rng(6)
    X = random.normal(size=(300, 4)) * [1.0, 100.0, 0.0, 1.0] + [0.0, 5.0, 3.0, 0.0]
    X[:, 3] = 2 * X[:, 0]  # features that depend on each other
    y = X @ [1.0, -0.2, 0.0, 0.5] + 7 + random.normal(size=300)
    return X, y, pa.table({TARGET: y, **{name: X[:, i] for i, name in enumerate(FEATURES)}})


def _task(l2: float) -> LocalTask:
    return LocalTask(model=LinearRegression(l2=l2), features=FEATURES, parameters=(), solver="exact", makes="number")


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.parametrize("l2", [0.01, 2.0])
def test_the_line_is_that_of_numpy(engine, entered, l2: float) -> None:
    X, y, table = _rows()
    found = engine.update(engine.keep(entered(table)), _task(l2))
    wanted = least_squares.fit(X, y, LinearRegression(l2=l2))
    assert found.rows == 300
    for ours, theirs in zip(found.parameters, wanted.parameters, strict=True):
        assert array(ours) == pytest.approx(array(theirs), rel=1e-6, abs=1e-9)


@pytest.mark.spark
@pytest.mark.slow
def test_a_missing_value_is_told_by_its_column(engine, entered) -> None:
    _, _, table = _rows()
    holed = table.set_column(2, "b.c", pa.array([None, *table["b.c"].to_pylist()[1:]]))
    with pytest.raises(OperatorError, match=r"b\.c has missing values"):
        engine.update(engine.keep(entered(holed)), _task(1.0))
    with pytest.raises(OperatorError, match="needs rows"):
        engine.update(engine.keep(entered(table.slice(0, 0))), _task(1.0))


def test_without_a_penalty_it_is_refused() -> None:
    operator = LocalUpdate(model=LinearRegression(), rounds=1, epochs=0)
    schema = Schema.of(a="float64")
    assert "several lines" in str(PLATFORM.refuses(operator, (schema,)))
    penalized = LocalUpdate(model=LinearRegression(l2=0.1), rounds=1, epochs=0)
    assert PLATFORM.refuses(penalized, (schema,)) is None
