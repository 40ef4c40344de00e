"""Every platform that declares a learning operator trains and scores alike, each pinned on its own."""

from __future__ import annotations

import math

import msgspec
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
    anchor = [x for named in task.anchor or task.parameters for x in array(named)]
    linear = [x for named in task.linear for x in array(named)] or [0.0] * len(anchor)
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
        held = [task.proximal * (v - a) + g for v, a, g in zip([*w, b], anchor, linear, strict=True)]
        w = [a - task.learning_rate * (s + h) for a, s, h in zip(w, slopes, held[:-1], strict=True)]
        b -= task.learning_rate * (slope + held[-1])
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


TERMS = {
    "proximal": {"proximal": 0.7},
    "anchor": {"proximal": 0.7, "anchor": parameters((1.0, 0.5, -2.0), 0.3)},
    "linear": {"linear": parameters((0.1, -0.2, 0.05), -0.3)},
    "all": {
        "proximal": 0.4,
        "anchor": parameters((0.0, 0.5, 2.0), -0.3),
        "linear": parameters((-0.1, 0.2, 0.05), 0.3),
    },
}


@pytest.mark.parametrize("platform", declaring("local_update"))
@pytest.mark.parametrize("penalize", [False, True])
@pytest.mark.parametrize("terms", TERMS)
def test_what_a_round_adds_to_the_objective_is_the_same(platform, terms, penalize, engines):
    engine, rows = engines(platform), table()
    model = LogisticRegression(l2=0.01, penalize_intercept=penalize)
    start = {"model": model, "features": FEATURES, "parameters": parameters(), "learning_rate": 0.5}
    task = LocalTask(**start, epochs=4, **TERMS[terms])
    found = values(engine.update(payload(engine, platform, rows), task))
    assert found == pytest.approx(gradient_steps(rows, task), rel=1e-9)
    assert found != pytest.approx(gradient_steps(rows, LocalTask(**start, epochs=4)), rel=1e-3)


@pytest.mark.parametrize("platform", declaring("local_update"))
@pytest.mark.parametrize("solver", ["gradient", "exact"])
def test_the_loss_is_that_of_the_parameters_received(platform, solver, engines):
    engine, rows = engines(platform), table()
    task = LocalTask(
        model=LogisticRegression(l2=0.5),
        features=FEATURES,
        parameters=parameters(),
        solver=solver,
        epochs=3,
        proximal=0.7,
        linear=parameters(),
        loss=True,
    )
    w, b = (array(named) for named in task.parameters)
    losses = []
    for row in rows.to_pylist():
        p = 1 / (1 + math.exp(-(sum(a * row[name] for a, name in zip(w, FEATURES, strict=True)) + b[0])))
        losses.append(-math.log(p if row[TARGET] else 1 - p))
    wanted = sum(losses) / len(losses) + 0.25 * float(w @ w)
    found = engine.update(payload(engine, platform, rows), task)
    assert found.loss == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("platform", declaring("local_update"))
def test_a_loss_is_told_only_if_it_is_asked_for(platform, engines):
    task = LocalTask(model=LogisticRegression(), features=FEATURES, parameters=parameters())
    engine = engines(platform)
    assert engine.update(payload(engine, platform, table()), task).loss is None


@pytest.mark.parametrize("platform", declaring("local_update"))
def test_a_fit_to_convergence_heeds_what_a_round_adds(platform, engines):
    engine, rows = engines(platform), table()
    start = {"model": LogisticRegression(), "features": FEATURES, **TERMS["all"]}
    task = LocalTask(**start, parameters=parameters(), solver="exact")
    found = values(engine.update(payload(engine, platform, rows), task))
    slope = np.array(
        gradient_steps(rows, LocalTask(**start, parameters=parameters(found[:-1], found[-1]), learning_rate=1.0))
    )
    assert np.linalg.norm(slope - found) < 1e-9


def shuffled(rows, seed):
    return rows.take(np.random.default_rng(seed).permutation(rows.num_rows))


@pytest.mark.parametrize("platform", declaring("minibatch_update"))
def test_batches_are_the_same_whatever_order_rows_come_in(platform, engines):
    engine, rows = engines(platform), table()
    task = LocalTask(
        model=LogisticRegression(l2=0.01),
        features=FEATURES,
        parameters=parameters(),
        epochs=2,
        batch=16,
        seed=12,
        **TERMS["all"],
    )
    order = np.lexsort([rows[name].to_numpy() for name in (TARGET, *FEATURES[::-1])])
    generator, point = np.random.default_rng(12), parameters()
    for _ in range(2):
        drawn = order[generator.permutation(60)]
        for first in (0, 16, 32, 48):
            step = msgspec.structs.replace(task, parameters=point, batch=None, epochs=1)
            made = gradient_steps(rows.take(drawn[first : first + 16]), step)
            point = parameters(made[:-1], made[-1])
    wanted = [*array(point[0]), *array(point[1])]
    for seed in (1, 2):
        found = engine.update(payload(engine, platform, shuffled(rows, seed)), task)
        assert values(found) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("platform", declaring("minibatch_update"))
def test_a_batch_of_all_rows_is_the_full_batch(platform, engines):
    engine, rows = engines(platform), table()
    start = {"model": LogisticRegression(), "features": FEATURES, "parameters": parameters(), "epochs": 3}
    whole, batched = (
        engine.update(payload(engine, platform, rows), LocalTask(**start, batch=batch)) for batch in (None, 60)
    )
    assert whole == batched


@pytest.mark.parametrize(
    "platform",
    [one for one in declaring("local_update") if "minibatch_update" not in one.values[0].operators],
)
def test_what_draws_no_batches_says_so(platform, engines):
    task = LocalTask(model=LogisticRegression(), features=FEATURES, parameters=parameters(), batch=16)
    engine = engines(platform)
    with pytest.raises(OperatorError, match="leave batch out"):
        engine.update(payload(engine, platform, table()), task)


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
