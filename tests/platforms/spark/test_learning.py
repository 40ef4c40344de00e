"""What is Spark's own about training; that it agrees with the other platforms is a matter of conformance."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreTask
from jupyter_wayang.platforms.numpy import learning as numpy_learning

pytestmark = [pytest.mark.spark, pytest.mark.slow]

FEATURES = ("age", "cp=1.5", "odd `name`")


def _rows(count):
    random = np.random.default_rng(5)
    X = random.normal(size=(count, 3))
    y = (X @ [1.0, -2.0, 0.5] + random.normal(size=count) > 0).astype(float)
    # The order of the columns is not that of the features.
    return pa.table({TARGET: y, "extra": ["x"] * count, **{name: X[:, i] for i, name in enumerate(FEATURES)}})


def _task(**options):
    start = (named_array("weights", np.array([0.1, 0.2, -0.3])), named_array("intercept", np.array([0.4])))
    return LocalTask(**{"model": LogisticRegression(l2=0.01), "features": FEATURES, "parameters": start, **options})


def _jobs(engine, name, action):
    context = engine.session.sparkContext
    context.setJobGroup(name, name)
    result = action()
    return result, len(context.statusTracker().getJobIdsForGroup(name))


def test_a_task_is_one_job_and_agrees_with_numpy(engine, entered):
    table = _rows(500)
    X, y = numpy_learning.matrix(table, FEATURES, "fit")
    kept = engine.keep(entered(table))
    task = _task(epochs=4, learning_rate=0.5)
    found, jobs = _jobs(engine, "gradient", lambda: engine.update(kept, task))
    wanted = numpy_learning.gradient(X, y, task)
    assert jobs == 1
    assert found.rows == 500
    for ours, theirs in zip(found.parameters, wanted.parameters, strict=True):
        assert ours.name == theirs.name
        assert array(ours) == pytest.approx(array(theirs), rel=1e-9)

    exact = _task(solver="exact")
    found, jobs = _jobs(engine, "exact", lambda: engine.update(kept, exact))
    assert jobs == 1
    wanted = numpy_learning.exact(X, y, exact)
    assert array(found.parameters[0]) == pytest.approx(array(wanted.parameters[0]), rel=1e-9)


def test_cells_of_many_parts_are_added_up(engine, entered):
    table = _rows(500)
    task = ScoreTask(model=LogisticRegression(), features=FEATURES, parameters=_task().parameters, bins=10)
    payload = entered(table)
    (frame,) = payload.views.values()
    spread = engine.keep(
        type(payload)(source=payload.source, schema=payload.schema, views={payload.source.name: frame.repartition(4)})
    )
    found, jobs = _jobs(engine, "score", lambda: engine.score(spread, task))
    wanted = numpy_learning.score(*numpy_learning.matrix(table, FEATURES, "evaluate"), task)
    assert jobs == 1
    assert [(c.bin, c.target, c.n, c.correct) for c in found] == [(c.bin, c.target, c.n, c.correct) for c in wanted]
    assert [c.log_loss for c in found] == pytest.approx([c.log_loss for c in wanted], rel=1e-9)


def test_no_rows_are_refused(engine, entered):
    with pytest.raises(OperatorError, match="needs rows"):
        engine.update(entered(_rows(500).slice(0, 0)), _task())


@pytest.mark.parametrize(("column", "says"), [("cp=1.5", "cp=1.5 has"), (TARGET, "the target has")])
def test_a_missing_value_names_its_column(column, says, engine, entered):
    table = _rows(20)
    index = table.column_names.index(column)
    holed = table.set_column(index, column, pa.array([None, *table[column].to_pylist()[1:]]))
    kept = engine.keep(entered(holed))
    with pytest.raises(OperatorError, match=says):
        engine.update(kept, _task())
    with pytest.raises(OperatorError, match=says):
        engine.score(kept, ScoreTask(model=LogisticRegression(), features=FEATURES, parameters=_task().parameters))


def test_a_fit_without_an_end_says_what_would_help(engine, entered):
    values = np.linspace(-1, 1, 20)
    table = pa.table({**dict.fromkeys(FEATURES, values), TARGET: (values > 0).astype(float)})
    with pytest.raises(OperatorError, match="apart exactly") as caught:
        engine.update(entered(table), _task(model=LogisticRegression(), solver="exact"))
    assert "l2=" in str(caught.value.hint)


def test_steps_that_grow_beyond_numbers_are_an_error(engine, entered):
    with pytest.raises(OperatorError, match="beyond all numbers"):
        engine.update(entered(_rows(20)), _task(learning_rate=1e308, epochs=50))
