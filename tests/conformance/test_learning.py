"""Every platform that declares a learning operator trains and scores alike, each pinned on its own."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.operators import ReadFrame
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreTask
from jupyter_wayang.platforms.platform import ARROW
from jupyter_wayang.platforms.registry import installed

FEATURES = ("age", "cp=4", "oldpeak")


def declaring(operator):
    marks = {"spark": (pytest.mark.spark, pytest.mark.slow)}
    return [
        pytest.param(platform, id=name, marks=marks.get(name, ()))
        for name, platform in installed().items()
        if operator in platform.operators
    ]


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """Engines by platform, each started once."""
    made = {}

    def engine(platform):
        if platform.missing():
            pytest.skip(platform.missing())
        if platform.name not in made:
            made[platform.name] = platform.open(tmp_path_factory.mktemp(platform.name))
        return made[platform.name]

    yield engine
    for opened in made.values():
        opened.close()


def table(rows=60, *, classes=2):
    random = np.random.default_rng(3)
    X = random.normal(size=(rows, len(FEATURES)))
    X[:, 1] = X[:, 1] > 0
    y = (X @ [1.0, -0.5, 2.0] + random.normal(size=rows) > 0).astype(float) if classes == 2 else np.ones(rows)
    return pa.table({**{name: X[:, i] for i, name in enumerate(FEATURES)}, TARGET: y})


def payload(engine, platform, rows):
    """Hand a table to an engine in its own channel."""
    if platform.channel == ARROW:
        return engine.keep(rows)
    schema = Schema.from_pairs((name, "float64") for name in rows.column_names)
    read = ReadFrame(key="rows", label="rows", schema=schema)
    return engine.keep(engine.apply(read, (), (), {"rows": rows}, "here")[0])


def parameters(weights=(0.3, -0.2, 0.1), intercept=0.05):
    return (named_array("weights", np.array(weights)), named_array("intercept", np.array([intercept])))


def gradient_steps(rows, task):
    """The update as its definition has it, one row after the other."""
    w, b = [list(map(float, array(named))) for named in task.parameters]
    b = b[0]
    listed = [[row[name] for name in task.features] for row in rows.to_pylist()]
    targets, n = rows[TARGET].to_pylist(), rows.num_rows
    for _ in range(task.epochs):
        errors = [
            1 / (1 + math.exp(-(sum(a * c for a, c in zip(w, x, strict=True)) + b))) - y
            for x, y in zip(listed, targets, strict=True)
        ]
        slopes = [
            sum(e * x[i] for e, x in zip(errors, listed, strict=True)) / n + task.model.l2 * w[i] for i in range(len(w))
        ]
        slope = sum(errors) / n + (task.model.l2 * b if task.model.penalize_intercept else 0.0)
        w = [a - task.learning_rate * s for a, s in zip(w, slopes, strict=True)]
        b -= task.learning_rate * slope
    return [*w, b]


def values(update):
    named = {item.name: array(item) for item in update.parameters}
    assert named["weights"].shape == (len(FEATURES),)
    assert named["intercept"].shape == (1,)
    return [*named["weights"], *named["intercept"]]


@pytest.mark.parametrize("platform", declaring("local_update"))
@pytest.mark.parametrize("penalize", [False, True])
@pytest.mark.parametrize("classes", [1, 2])
def test_full_batch_steps_are_the_same(platform, penalize, classes, engines):
    engine, rows = engines(platform), table(classes=classes)
    model = LogisticRegression(l2=0.01, penalize_intercept=penalize)
    task = LocalTask(model=model, features=FEATURES, parameters=parameters(), epochs=5, learning_rate=0.5)
    update = engine.update(payload(engine, platform, rows), task)
    assert update.rows == rows.num_rows
    assert values(update) == pytest.approx(gradient_steps(rows, task), rel=1e-9)


@pytest.mark.parametrize("platform", declaring("local_update"))
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_a_fit_to_convergence_is_the_same(platform, l2, engines):
    engine, rows = engines(platform), table()
    task = LocalTask(model=LogisticRegression(l2=l2), features=FEATURES, parameters=parameters(), solver="exact")
    found = values(engine.update(payload(engine, platform, rows), task))
    following = LocalTask(
        model=task.model, features=FEATURES, parameters=parameters(found[:-1], found[-1]), learning_rate=1.0
    )
    slope = np.array(gradient_steps(rows, following)) - found
    assert np.linalg.norm(slope) < 1e-10


@pytest.mark.parametrize("platform", declaring("local_update"))
def test_missing_values_are_refused_without_a_count(platform, engines):
    engine, rows = engines(platform), table()
    holed = rows.set_column(2, "oldpeak", pa.array([None, *rows["oldpeak"].to_pylist()[1:]]))
    task = LocalTask(model=LogisticRegression(), features=FEATURES, parameters=parameters())
    with pytest.raises((OperatorError, OSError)) as caught:
        engine.update(payload(engine, platform, holed), task)
    assert not any(character.isdigit() for character in caught.value.message)


OTHER = {"signs": [-1.0, 1.0], "from one": [1.0, 2.0], "levels": [0.0, 1.0, 2.0, 3.0], "halves": [0.0, 0.5, 1.0]}


def with_targets(values):
    rows = table()
    index = rows.column_names.index(TARGET)
    return rows.set_column(index, TARGET, pa.array([values[n % len(values)] for n in range(rows.num_rows)]))


@pytest.mark.parametrize("platform", declaring("local_update"))
@pytest.mark.parametrize("targets", OTHER)
@pytest.mark.parametrize("solver", ["gradient", "exact"])
def test_a_target_that_is_no_class_cannot_be_trained_on(platform, targets, solver, engines):
    engine = engines(platform)
    task = LocalTask(
        model=LogisticRegression(l2=0.1), features=FEATURES, parameters=parameters(), solver=solver, epochs=2
    )
    with pytest.raises(OperatorError, match=r"^fit\(\): the target has values other than 0 and 1; .* target=num > 0$"):
        engine.update(payload(engine, platform, with_targets(OTHER[targets])), task)


@pytest.mark.parametrize("platform", declaring("score"))
@pytest.mark.parametrize("targets", OTHER)
def test_a_target_that_is_no_class_cannot_be_scored(platform, targets, engines):
    engine = engines(platform)
    task = ScoreTask(model=LogisticRegression(), features=FEATURES, parameters=parameters())
    with pytest.raises(OperatorError, match=r"^evaluate\(\): the target has values other than 0 and 1; "):
        engine.score(payload(engine, platform, with_targets(OTHER[targets])), task)


@pytest.mark.parametrize("platform", declaring("local_update"))
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_fit_of_one_class_needs_a_penalty_on_the_intercept(platform, l2, engines):
    engine, rows = engines(platform), table(classes=1)
    task = LocalTask(model=LogisticRegression(l2=l2), features=FEATURES, parameters=parameters(), solver="exact")
    with pytest.raises(OperatorError, match="every row has the same target"):
        engine.update(payload(engine, platform, rows), task)


@pytest.mark.parametrize("platform", declaring("local_update"))
def test_a_feature_may_be_called_target(platform, engines):
    engine, rows = engines(platform), table()
    renamed = rows.rename_columns(["target", *rows.column_names[1:]])
    start = {"parameters": parameters(), "epochs": 3}
    plain = engine.update(
        payload(engine, platform, rows), LocalTask(model=LogisticRegression(), features=FEATURES, **start)
    )
    found = engine.update(
        payload(engine, platform, renamed),
        LocalTask(model=LogisticRegression(), features=("target", *FEATURES[1:]), **start),
    )
    assert values(found) == pytest.approx(values(plain), rel=1e-12)


def expected_cells(rows, task):
    w, b = (array(named) for named in task.parameters)
    counted = {}
    for row in rows.to_pylist():
        y = int(row[TARGET])
        p = 1 / (1 + math.exp(-(sum(a * row[name] for a, name in zip(w, task.features, strict=True)) + b[0])))
        cell = counted.setdefault((y, min(math.floor(p * task.bins), task.bins - 1)), [0, 0.0, 0])
        clipped = min(max(p, 1e-15), 1 - 1e-15)
        cell[0] += 1
        cell[1] -= math.log(clipped if y else 1 - clipped)
        cell[2] += (p >= 0.5) == (y == 1)
    return counted


@pytest.mark.parametrize("platform", declaring("score"))
@pytest.mark.parametrize("weights", [(0.0, 0.0, 0.0), (2.0, -1.0, 3.0), (0.0, 0.0, 80.0)])
def test_scores_are_counted_the_same(platform, weights, engines):
    engine, rows = engines(platform), table()
    task = ScoreTask(model=LogisticRegression(), features=FEATURES, parameters=parameters(weights, 0.0), bins=20)
    cells = engine.score(payload(engine, platform, rows), task)
    found = {(cell.target, cell.bin): [cell.n, cell.log_loss, cell.correct] for cell in cells}
    wanted = expected_cells(rows, task)
    assert found.keys() == wanted.keys()
    for key, (n, loss, correct) in wanted.items():
        assert found[key] == [n, pytest.approx(loss, rel=1e-9, abs=1e-12), correct]


@pytest.mark.parametrize("platform", declaring("score"))
def test_no_rows_have_no_cells(platform, engines):
    engine = engines(platform)
    task = ScoreTask(model=LogisticRegression(), features=FEATURES, parameters=parameters())
    assert engine.score(payload(engine, platform, table().slice(0, 0)), task) == ()
