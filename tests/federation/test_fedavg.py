from __future__ import annotations

import msgspec
import numpy as np
import pytest
from heart_reference import gradient_steps, prepared, reference, stratified

from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.errors import NameUnknownError, OperatorError
from jupyter_wayang.federation.strategies.central import Central
from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.federation.strategy import Client, GlobalModel, installed, named, parameters
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.tasks import LocalTask, Update


def arrays(w, b):
    return (named_array("weights", np.asarray(w, dtype=float)), named_array("intercept", np.array([float(b)])))


def start(features=2):
    names = tuple(f"x{index}" for index in range(features))
    return GlobalModel(model=LogisticRegression(l2=0.01), features=names, parameters=arrays(np.zeros(features), 0.0))


def trained(task: LocalTask, X, y) -> Update:
    w, b = array(task.parameters[0]), float(array(task.parameters[1])[0])
    w, b = gradient_steps(X, y, w, b, steps=task.epochs, learning_rate=task.learning_rate, l2=task.model.l2)
    return Update(parameters=arrays(w, b), rows=len(y))


def run(strategy, begin, data, rounds):
    """Turn the seam by hand, a round after the other."""
    state, seen = strategy.init(begin, tuple(data)), []
    for number in range(1, rounds + 1):
        updates = tuple(
            (
                site,
                trained(
                    strategy.task(state, Client(site=site, round=number, sites=tuple(data), total=len(data))), *rows
                ),
            )
            for site, rows in data.items()
        )
        state, _ = strategy.apply(state, updates)
        seen.append((array(state.current.parameters[0]), float(array(state.current.parameters[1])[0])))
    return seen


@pytest.mark.parametrize("weights", ["rows", "uniform"])
def test_every_round_is_the_papers_equation(weights):
    generator = np.random.default_rng(3)
    data = {}
    for site, n in (("a", 40), ("b", 7), ("c", 100)):
        X = generator.normal(size=(n, 2))
        data[site] = (X, (X @ [1.0, -2.0] + generator.normal(size=n) > 0).astype(float))
    found = run(FedAvg(learning_rate=0.3, local_epochs=4, weights=weights), start(), data, rounds=5)
    # McMahan et al. 2017, Algorithm 1, with B = ∞, written out: E steps of gradient descent on F_k, then the mean.
    w, b = np.zeros(2), 0.0
    for got_w, got_b in found:
        local = []
        for X, y in data.values():
            wk, bk = w.copy(), b
            for _ in range(4):
                slope = 1 / (1 + np.exp(-(X @ wk + bk))) - y
                wk, bk = wk - 0.3 * (X.T @ slope / len(y) + 0.01 * wk), bk - 0.3 * slope.mean()
            local.append((len(y) if weights == "rows" else 1, wk, bk))
        total = sum(n for n, _, _ in local)
        w, b = sum(n * wk for n, wk, _ in local) / total, sum(n * bk for n, _, bk in local) / total
        assert got_w == pytest.approx(w, abs=1e-13)
        assert got_b == pytest.approx(b, abs=1e-13)


def test_the_weight_rule_matters():
    updates = (("a", Update(parameters=arrays([1.0], 0), rows=3)), ("b", Update(parameters=arrays([5.0], 2), rows=1)))
    found = {}
    for weights in ("rows", "uniform"):
        strategy = FedAvg(learning_rate=0.5, weights=weights)
        state, about = strategy.apply(strategy.init(start(1), ("a", "b")), updates)
        found[weights] = float(array(state.current.parameters[0])[0])
        assert about["rows"] == 4
    assert found == {"rows": 2.0, "uniform": 3.0}


def test_the_heart_model_is_that_of_the_reference():
    tables = {
        site: {name: table[name].to_numpy(zero_copy_only=False).astype(float) for name in table.column_names}
        for site, table in heart_disease().items()
    }
    generator = np.random.default_rng(7)
    training = {site: stratified(table["num"], 0.8, generator) for site, table in tables.items()}
    features, rows = prepared(tables, training)
    data = {site: (X[training[site]], y[training[site]]) for site, (X, y) in rows.items()}
    begin = GlobalModel(
        model=LogisticRegression(l2=1e-3), features=tuple(features), parameters=arrays(np.zeros(len(features)), 0.0)
    )
    found = run(FedAvg(learning_rate=0.5, local_epochs=5), begin, data, rounds=30)
    models = reference(tables, training)
    assert len(models) == 31
    for (w, b), (weights, intercept) in zip(found, models[1:], strict=True):
        assert w == pytest.approx([weights[name] for name in features], abs=1e-12)
        assert b == pytest.approx(intercept, abs=1e-12)


def test_an_ordinary_fit_is_one_exact_task_at_one_place():
    strategy = named(None)
    state = strategy.init(start(), ("here",))
    task = strategy.task(state, Client(site="here", round=1, sites=("here",), total=1))
    assert task.solver == "exact"
    state, _ = strategy.apply(state, (("here", Update(parameters=arrays([1.0, 2.0], 3), rows=9)),))
    assert array(state.current.parameters[0]).tolist() == [1.0, 2.0]
    with pytest.raises(OperatorError, match="at 2 sites") as caught:
        Central().task(state, Client(site="a", round=1, sites=("a", "b"), total=2))
    assert "fedavg(" in caught.value.hint


def test_a_strategy_is_a_value_of_its_name_and_arguments():
    made = named("fedavg", [("learning_rate", 1), ("weights", "uniform")])
    assert made == FedAvg(learning_rate=1.0, weights="uniform")
    assert parameters()["fedavg"] == {
        "learning_rate": msgspec.NODEFAULT, "local_epochs": 1, "batch": None, "seed": 0, "weights": "rows",
    }  # fmt: skip
    assert set(parameters()) == set(installed())


@pytest.mark.parametrize(
    ("name", "arguments", "error", "message"),
    [
        ("fedavgg", {}, NameUnknownError, 'no strategy "fedavgg". Did you mean fedavg?'),
        ("fedavg", {"learning_rte": 0.5}, OperatorError, 'no argument "learning_rte". Did you mean learning_rate?'),
        ("fedavg", {}, OperatorError, "fedavg() needs learning_rate"),
        ("fedavg", {"learning_rate": "fast"}, OperatorError, "learning_rate must be a number, not 'fast'"),
        ("fedavg", {"learning_rate": 0.5, "local_epochs": 1.5}, OperatorError, "must be a whole number, not 1.5"),
        ("fedavg", {"learning_rate": 0.5, "local_epochs": True}, OperatorError, "must be a whole number, not True"),
        ("fedavg", {"learning_rate": 0.5, "weights": "row"}, OperatorError, "must be 'rows' or 'uniform', not 'row'"),
        ("fedavg", {"learning_rate": 0.5, "batch": 0}, OperatorError, "batch must be between"),
        ("fedavg", {"learning_rate": 0}, OperatorError, "learning_rate must be above 0"),
        ("fedavg", {"learning_rate": float("nan")}, OperatorError, "learning_rate must be above 0"),
        ("fedavg", {"learning_rate": 0.5, "local_epochs": 0}, OperatorError, "local_epochs must be between"),
        (None, {"rounds": 3}, OperatorError, 'central() has no argument "rounds"'),
    ],
)
def test_a_wrong_strategy_says_what_would_be_right(name, arguments, error, message):
    with pytest.raises(error) as caught:
        named(name, arguments.items())
    assert message in caught.value.message
