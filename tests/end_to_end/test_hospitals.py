"""The whole way on the data of four hospitals, against an independent computation in NumPy."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import jupyter_wayang as wy
from jupyter_wayang.datasets import hospitals
from jupyter_wayang.events import BytesMoved, OperatorFinished, RunFinished
from jupyter_wayang.plan.models import array
from jupyter_wayang.transport.messages import Train, decode_request

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "federation"))

from heart import arrays, task
from heart_reference import gradient_steps, prepared, reference, scores

LEARNERS = {
    "numpy": ("pandas", "numpy"),
    "sklearn": ("pandas", "sklearn"),
    "pandas": ("pandas",),
    "polars": ("polars",),
    "duckdb": ("duckdb",),
    "sqlite": ("sqlite",),
    "postgres": ("postgres",),
}
SITES = ("cleveland", "hungary", "switzerland", "va")
MIXED = dict(
    zip(SITES, (("duckdb", "numpy"), ("polars", "numpy"), ("pandas", "numpy"), ("pandas", "sklearn")), strict=True)
)


def sent_models(session: wy.Session) -> dict[int, dict[str, float]]:
    """Listen to what goes to one site: the model that a round begins with, by the number of finished rounds."""
    heard: dict[int, dict[str, float]] = {}
    kernel = session.kernel
    carriers = dict(kernel._federations["hospitals"])
    inner = carriers["va"]

    def listening(request: bytes) -> bytes:
        message = decode_request(request)
        if isinstance(message, Train):
            values = {named.name: array(named) for named in message.task.parameters}
            heard[message.round - 1] = {
                **dict(zip(message.task.features, values["weights"].tolist(), strict=True)),
                "(intercept)": float(values["intercept"][0]),
            }
        return inner(request)

    kernel.join("hospitals", {**carriers, "va": listening}, kernel._titles["hospitals"])
    return heard


def assert_every_round_equals_the_reference(session: wy.Session, rounds: int = 30) -> None:
    heard = sent_models(session)
    model, test = task(session, seed=7, rounds=rounds)
    result = model.evaluate(test).run()
    tables, training = arrays(seed=7)
    expected = reference(tables, training, rounds=rounds)
    fitted = result.model
    heard[rounds] = {
        **dict(zip(fitted.features, array(fitted["weights"]).tolist(), strict=True)),
        "(intercept)": float(array(fitted["intercept"])[0]),
    }
    assert len(heard) == rounds + 1
    for number, (weights, intercept) in enumerate(expected):
        wanted = {**weights, "(intercept)": intercept}
        assert heard[number].keys() == wanted.keys()
        for name, value in wanted.items():
            assert heard[number][name] == pytest.approx(value, rel=1e-8, abs=1e-8), (number, name)


def test_the_global_model_of_every_round_equals_numpy(opened: Callable[..., wy.Session]) -> None:
    assert_every_round_equals_the_reference(opened(MIXED))


@pytest.mark.parametrize("learner", LEARNERS)
def test_it_does_on_every_platform_alone(opened: Callable[..., wy.Session], learner: str) -> None:
    assert_every_round_equals_the_reference(opened(dict.fromkeys(SITES, LEARNERS[learner])), rounds=3)


@pytest.mark.slow
def test_it_does_with_the_data_of_cleveland_in_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYANG_CONNECTION_CLEVELAND", "")  # as it was, at the end
    with contextlib.closing(wy.Session(tmp_path)) as session:
        session.federation("hospitals", hospitals(tmp_path / "hospitals", java=False, postgres=True))
        plan = session.sql("SELECT count(*) AS n FROM p", {"p": session.read("patients", sites="hospitals")}).plan()
        assert "PostgreSQL" in str(plan)
        assert_every_round_equals_the_reference(session)


@pytest.mark.spark
@pytest.mark.slow
def test_it_does_with_spark_at_one_site(opened: Callable[..., wy.Session]) -> None:
    session = opened({**MIXED, "switzerland": ("spark", "numpy")})
    assert_every_round_equals_the_reference(session, rounds=30)


@pytest.mark.spark
@pytest.mark.slow
def test_it_does_with_training_on_spark(opened: Callable[..., wy.Session]) -> None:
    assert_every_round_equals_the_reference(opened({**MIXED, "switzerland": ("spark",)}), rounds=3)


def test_metrics_equal_those_of_the_reference(opened: Callable[..., wy.Session]) -> None:
    model, test = task(opened(MIXED), seed=7)
    result = model.evaluate(test).run()
    table = {row["site"]: row for row in result.to_arrow().to_pylist()}
    tables, training = arrays(seed=7)
    features, rows = prepared(tables, training)
    last = reference(tables, training)[-1]
    predicted = {
        site: (scores(last, features, X[~training[site]]), y[~training[site]]) for site, (X, y) in rows.items()
    }
    for site, (p, y) in predicted.items():
        loss = -np.mean(np.where(y == 1, np.log(p), np.log1p(-p)))
        assert table[site]["log_loss"] == pytest.approx(loss, rel=1e-8)
        assert table[site]["accuracy"] == pytest.approx(np.mean((p >= 0.5) == (y == 1)))
        assert table[site]["rows"] == len(y)
    p, y = (np.concatenate(values) for values in zip(*predicted.values(), strict=True))
    order = (p[y == 1][:, None] > p[y == 0]).mean() + (p[y == 1][:, None] == p[y == 0]).mean() / 2
    assert table["global"]["auc"] == pytest.approx(order, abs=0.01)
    assert table["switzerland"]["auc"] is None
    assert "class 0" in table["switzerland"]["note"]


def test_no_row_crosses_a_border_and_seq_has_no_gap(opened: Callable[..., wy.Session]) -> None:
    model, test = task(opened(MIXED), rounds=2)
    result = model.evaluate(test).run()
    events = result.run.events()
    moved = [event for event in events if isinstance(event, BytesMoved)]
    assert {event.site for event in moved} == set(SITES)
    assert sum(event.rows for event in moved) == 0
    finished = {event.operator for event in events if isinstance(event, OperatorFinished)}
    plan = result.run.plan().execution
    assert finished <= {operator.id for operator in plan.operators}
    assert {operator.id for operator in plan.operators if operator.lane == "kernel"} <= finished
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[-1], RunFinished)
    assert events[-1].state == "done"


def test_a_rule_that_bears_wrong_sites_runs_over_platforms(opened: Callable[..., wy.Session]) -> None:
    session = opened(MIXED)
    median = wy.strategy("coordinate_median", local_epochs=5, learning_rate=0.5)
    model, test = task(session, rounds=2, strategy=median)
    fitted = model.evaluate(test).run().model
    features, rows = prepared(*arrays(seed=7))
    _, training = arrays(seed=7)
    w, b = np.zeros(len(features)), 0.0
    for _ in range(2):
        local = [
            gradient_steps(X[training[site]], y[training[site]], w, b, steps=5, learning_rate=0.5, l2=1e-3)
            for site, (X, y) in rows.items()
        ]
        w, b = np.median([one for one, _ in local], axis=0), float(np.median([one for _, one in local]))
    found = dict(zip(fitted.features, array(fitted["weights"]).tolist(), strict=True))
    assert [found[name] for name in features] == pytest.approx(w.tolist(), rel=1e-8, abs=1e-8)
    assert float(array(fitted["intercept"])[0]) == pytest.approx(b, rel=1e-8, abs=1e-8)


def test_a_rule_that_cannot_protect_so_few_sites_refuses(opened: Callable[..., wy.Session]) -> None:
    session = opened(MIXED)
    model, test = task(session, rounds=2, strategy=wy.strategy("krum", learning_rate=0.5))
    with pytest.raises(wy.WayangError, match="protects 5 sites or more as it is set, and there are 4"):
        model.evaluate(test).run()


def test_a_goal_ends_the_rounds(opened: Callable[..., wy.Session]) -> None:
    session = opened(MIXED)
    col = wy.col
    patients = session.read("patients", sites="hospitals").select("age", "thalach", "num")
    train, test = patients.split(0.8, seed=1, by=[col.num > 0])
    fit = (
        train.impute("mean")
        .scale()
        .fit(
            wy.logistic_regression(),
            target=col.num > 0,
            rounds=30,
            strategy=wy.fedavg(learning_rate=0.5, local_epochs=5),
            until=wy.metric.log_loss < 0.65,
        )
    )
    run = fit.evaluate(test).run().run
    metrics = run.metrics()
    loss = metrics[(metrics.site == "global") & (metrics.metric == "log_loss")].set_index("round")["value"]
    assert run.events()[-1].rounds == loss.index.max() < 30
    assert loss.iloc[-1] < 0.65 <= loss.iloc[-2]


def test_pinning_changes_the_plan_and_not_the_result(opened: Callable[..., wy.Session]) -> None:
    session = opened(MIXED)
    free, test = task(session, rounds=3)
    pinned = free.on("duckdb", site="cleveland")
    plans = [model.evaluate(test).plan().execution for model in (free, pinned)]
    chosen = [plan.operator("cleveland/fit_update").decision.platform for plan in plans]
    assert chosen == ["numpy", "duckdb"]
    results = [array(model.evaluate(test).run().model["weights"]) for model in (free, pinned)]
    np.testing.assert_allclose(results[0], results[1], rtol=1e-9)
