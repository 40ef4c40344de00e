"""Strategies over the four hospitals, each on a platform of its own, against their papers written out in NumPy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import jupyter_wayang as wy
from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.errors import DisclosureError, NameUnknownError, OperatorError, PlanError
from jupyter_wayang.events import RoundStarted
from jupyter_wayang.language.learners import Strategy
from jupyter_wayang.plan.models import array

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "federation"))

from heart import arrays, task
from heart_reference import prepared

RATE, EPOCHS, L2, ROUNDS = 0.5, 3, 1e-3, 4
SITES = ("cleveland", "hungary", "switzerland", "va")
MIXED = dict(zip(SITES, (("duckdb",), ("polars",), ("sqlite",), ("pandas", "sklearn")), strict=True))

Rows = dict[str, tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def training() -> tuple[list[str], Rows]:
    """The features, and the prepared training rows of every site."""
    tables, marks = arrays(seed=7)
    features, rows = prepared(tables, marks)
    return features, {site: (X[marks[site]], y[marks[site]]) for site, (X, y) in rows.items()}


def slope(w: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-(X @ w[:-1] + w[-1])))
    return np.append(X.T @ (p - y) / len(y) + L2 * w[:-1], np.mean(p - y))


def steps(w: np.ndarray, rows: tuple[np.ndarray, np.ndarray], more: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    for _ in range(EPOCHS):
        w = w - RATE * (slope(w, *rows) + more(w))
    return w


def fedprox(rows: Rows, w: np.ndarray) -> np.ndarray:
    for _ in range(ROUNDS):
        points = [(len(y), steps(w, (X, y), lambda u, w=w: 0.5 * (u - w))) for X, y in rows.values()]
        w = sum(n * point for n, point in points) / sum(n for n, _ in points)
    return w


def scaffold(rows: Rows, x: np.ndarray) -> np.ndarray:
    c, own = 0 * x, dict.fromkeys(rows, 0 * x)
    for _ in range(ROUNDS):
        ends = {site: steps(x, one, lambda _, more=c - own[site]: more) for site, one in rows.items()}
        after = {site: own[site] - c + (x - end) / (EPOCHS * RATE) for site, end in ends.items()}
        x = np.mean(list(ends.values()), axis=0)
        c = c + np.mean([after[site] - own[site] for site in rows], axis=0)
        own = after
    return x


def qfedavg(rows: Rows, w: np.ndarray) -> np.ndarray:
    for _ in range(ROUNDS):
        up, down = 0 * w, 0.0
        for X, y in rows.values():
            p = 1 / (1 + np.exp(-(X @ w[:-1] + w[-1])))
            loss = -np.mean(np.log(np.where(y == 1, p, 1 - p))) + L2 / 2 * w[:-1] @ w[:-1]
            d = (w - steps(w, (X, y), lambda u: 0 * u)) / RATE
            up, down = up + loss**2 * d, down + 2 * loss * float(d @ d) + loss**2 / RATE
        w = w - up / down
    return w


def ditto(rows: Rows, w: np.ndarray) -> np.ndarray:
    for _ in range(ROUNDS):
        points = [(len(y), steps(w, (X, y), lambda u: 0 * u)) for X, y in rows.values()]
        w = sum(n * point for n, point in points) / sum(n for n, _ in points)
    return w


CASES = {
    "fedprox": ({"mu": 0.5}, fedprox),
    "scaffold": ({}, scaffold),
    "qfedavg": ({"q": 2.0}, qfedavg),
    "ditto": ({"lam": 0.2}, ditto),
}


def strategy(name: str, **more: object) -> Strategy:
    return wy.strategy(name, local_epochs=EPOCHS, learning_rate=RATE, **more)


@pytest.mark.parametrize("name", CASES)
def test_the_model_of_the_hospitals_is_the_papers(
    opened: Callable[..., wy.Session], training: tuple[list[str], Rows], name: str
) -> None:
    arguments, paper = CASES[name]
    features, rows = training
    model, test = task(opened(MIXED), seed=7, rounds=ROUNDS, strategy=strategy(name, **arguments))
    fitted = model.evaluate(test).run().model
    found = dict(zip(fitted.features, array(fitted["weights"]).tolist(), strict=True))
    wanted = paper(rows, np.zeros(len(features) + 1))
    assert found == pytest.approx(dict(zip(features, wanted[:-1], strict=True)), rel=1e-8, abs=1e-8)
    assert float(array(fitted["intercept"])[0]) == pytest.approx(wanted[-1], rel=1e-8)


def test_every_site_has_its_own_model(opened: Callable[..., wy.Session], training: tuple[list[str], Rows]) -> None:
    features, rows = training
    session = opened(MIXED)
    model, test = task(session, seed=7, rounds=ROUNDS, strategy=strategy("ditto", lam=0.2))
    result = model.evaluate(test).run()
    w, own = np.zeros(len(features) + 1), {}
    for _ in range(ROUNDS):
        for site, one in rows.items():
            own[site] = steps(own.get(site, 0 * w), one, lambda v, w=w: 0.2 * (v - w))
        points = [(len(y), steps(w, (X, y), lambda u: 0 * u)) for X, y in rows.values()]
        w = sum(n * point for n, point in points) / sum(n for n, _ in points)
    for site, wanted in own.items():
        found = result.model.at(site)
        values = dict(zip(found.features, array(found["weights"]).tolist(), strict=True))
        assert values == pytest.approx(dict(zip(features, wanted[:-1], strict=True)), rel=1e-8, abs=1e-8)
    with pytest.raises(NameUnknownError, match="Did you mean va"):
        result.model.at("vaa")
    # What a model with so many levels says tells more rows apart than a site can check.
    with pytest.raises(DisclosureError, match="conditions"):
        model.predict(test).agg(mean=wy.mean(wy.col.prediction)).run()
    # Once it is fitted it is measured by itself, at each site its own.
    session.remember(result.run, {})
    again = model.evaluate(test).run()
    assert again.to_arrow().equals(result.to_arrow())
    assert not [event for event in again.run.events() if isinstance(event, RoundStarted)]


def test_a_site_is_measured_with_its_own_model(
    opened: Callable[..., wy.Session], training: tuple[list[str], Rows]
) -> None:
    """Trained rows of one site, by the intercept of its own: its prevalence is met as no shared one can."""
    session = opened(MIXED)
    losses = {}
    for name in ("fedavg", "personal"):
        model, test = task(session, seed=7, rounds=20, strategy=strategy(name))
        table = model.evaluate(test).run().to_arrow().to_pylist()
        losses[name] = {row["site"]: row["log_loss"] for row in table}
    assert losses["personal"]["switzerland"] < losses["fedavg"]["switzerland"]
    assert losses["personal"]["global"] < losses["fedavg"]["global"]


def test_batches_are_trained_where_arrays_are_and_refused_elsewhere(opened: Callable[..., wy.Session]) -> None:
    chosen = strategy("fednova", batch=16, seed=3)
    arrays_ = dict.fromkeys(SITES, ("duckdb", "numpy"))
    others = dict.fromkeys(SITES, ("polars", "sklearn"))
    fits = [task(opened(at), rounds=3, strategy=chosen)[0].run().model for at in (arrays_, others)]
    first, second = (array(fit["weights"]) for fit in fits)
    assert second == pytest.approx(first, rel=1e-8)
    with pytest.raises(PlanError, match=r"no platform can run local_update\(3 epochs, batches of 16\) at ") as caught:
        task(opened({**MIXED, "va": ("pandas", "numpy")}), rounds=3, strategy=chosen)[0].run()
    assert caught.value.hint.startswith("leave batch= out, or allow numpy or sklearn")


def test_too_few_sites_are_refused_when_the_cell_is_planned(opened: Callable[..., wy.Session]) -> None:
    session = opened(MIXED)
    with pytest.raises(OperatorError, match=r"krum\(\) protects 5 sites or more as it is set, and there are 4"):
        task(session, rounds=3, strategy=strategy("krum"))[0].plan()


def test_a_prediction_at_a_site_is_that_of_its_own_model(opened: Callable[..., wy.Session]) -> None:
    rows = opened(MIXED).read("patients", sites="hospitals").select("age", "num")
    fit = rows.scale("age").fit(
        wy.logistic_regression(l2=1e-3), target=wy.col.num > 0, rounds=3, strategy=strategy("ditto", lam=0.2)
    )
    model = fit.run().model
    result = fit.predict(rows).agg(mean=wy.mean(wy.col.prediction), n=wy.count()).run()
    (found,) = result.to_arrow().to_pylist()
    tables = heart_disease()
    age = np.concatenate([table["age"].to_numpy().astype(float) for table in tables.values()])
    said, shared = [], []
    # The probability is written with a case of its sign, which parts few rows from the others where most are ill.
    assert {note.split(":")[0] for note in result.notes} == {"switzerland", "va"}
    for site in ("cleveland", "hungary"):
        table = tables[site]
        X = ((table["age"].to_numpy() - age.mean()) / age.std())[:, None]
        for one, into in ((model.at(site), said), (model, shared)):
            into.append(1 / (1 + np.exp(-(X @ array(one["weights"]) + array(one["intercept"])[0]))))
    own, common = np.concatenate(said), np.concatenate(shared)
    assert found == {"mean": pytest.approx(own.mean(), rel=1e-8), "n": len(age)}
    assert abs(own.mean() - common.mean()) > 1e-4
