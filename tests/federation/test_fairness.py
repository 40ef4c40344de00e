"""The worst site and the spread over sites, and the baselines that a model is to be better than."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import log_loss

from jupyter_wayang.events import ClientsMeasured, MetricsMeasured
from jupyter_wayang.federation import simulation as sim
from jupyter_wayang.federation.baselines import Budget, baselines
from jupyter_wayang.federation.fairness import fairness
from jupyter_wayang.federation.partitions import dirichlet
from jupyter_wayang.plan.models import LogisticRegression


def event(site, accuracy, loss=None, number=1):
    return MetricsMeasured(round=number, site=site, on="test", rows=9, log_loss=loss, accuracy=accuracy, auc=None)


def test_sites_count_the_same_and_the_global_model_is_no_site():
    found = fairness([event("global", 0.99, 0.1), event("a", 0.9, 0.2), event("b", 0.5, 0.9), event("c", 0.7, None)])
    by_metric = {one.metric: one for one in found}
    assert (by_metric["accuracy"].mean, by_metric["accuracy"].worst) == (pytest.approx(0.7), 0.5)
    assert by_metric["accuracy"].spread == pytest.approx(np.std([0.9, 0.5, 0.7]))
    assert (by_metric["log_loss"].sites, by_metric["log_loss"].worst) == (2, 0.9)
    assert "auc" not in by_metric


def test_what_is_said_of_many_clients_is_taken_as_it_is():
    said = ClientsMeasured(
        round=2,
        on="test",
        metric="accuracy",
        clients=900,
        mean=0.8,
        spread=0.1,
        worst=0.2,
        worst_tenth=0.5,
        median=0.82,
        best_tenth=0.98,
        best=1.0,
    )
    (found,) = fairness([event("global", 0.85, number=2), said])
    assert (found.round, found.sites, found.mean, found.worst, found.spread) == (2, 900, 0.8, 0.2, 0.1)


def steps(X, y, classes, count, rate):
    W = np.zeros((X.shape[1] + 1, classes))
    X = np.column_stack([X, np.ones(len(X))])
    for _ in range(count):
        p = np.exp(X @ W)
        p /= p.sum(axis=1, keepdims=True)
        W = W - rate * X.T @ (p - np.eye(classes)[y]) / len(y)
    return W


def said(X, W):
    p = np.exp(np.column_stack([X, np.ones(len(X))]) @ W)
    return p / p.sum(axis=1, keepdims=True)


def test_baselines_are_what_their_names_say():
    chance = np.random.default_rng(0)
    X = chance.normal(size=(600, 4))
    y = (X @ chance.normal(size=(4, 3)) + chance.normal(size=(600, 3))).argmax(axis=1)
    table = pa.table({**{f"x{at}": X[:, at] for at in range(4)}, "y": y})
    clients = sim.dealt(table, "y", dirichlet(0.5), 8, test=0.25, seed=1)
    found = baselines(clients, LogisticRegression(), Budget(steps=40, learning_rate=0.5))
    own = {}
    for block in clients.blocks:
        for at, client in enumerate(block.clients.tolist()):
            count = int(block.rows[at])
            own[client] = (block.X[at, :count, :-1], block.y[at, :count])
    everything = [np.concatenate([part[at] for part in own.values()]) for at in (0, 1)]
    held = clients.held

    shares = np.bincount(everything[1], minlength=3) / len(everything[1])
    assert found["majority"]["accuracy"] == pytest.approx(np.mean(held.y == shares.argmax()))
    assert found["majority"]["log_loss"] == pytest.approx(-np.log(shares[held.y]).mean())

    pooled = said(held.X, steps(*everything, 3, 40, 0.5))
    assert found["pooled"]["log_loss"] == pytest.approx(log_loss(held.y, pooled, labels=range(3)), rel=1e-9)
    assert found["pooled"]["accuracy"] == pytest.approx(np.mean(pooled.argmax(axis=1) == held.y))

    alone, accuracies = np.empty((len(held.y), 3)), []
    for client in np.unique(held.client):
        rows = held.client == client
        alone[rows] = said(held.X[rows], steps(*own[client], 3, 40, 0.5))
        accuracies.append(np.mean(alone[rows].argmax(axis=1) == held.y[rows]))
    assert found["local"]["log_loss"] == pytest.approx(log_loss(held.y, alone, labels=range(3)), rel=1e-9)
    assert found["local"]["worst"] == pytest.approx(min(accuracies))
    assert found["local"]["spread"] == pytest.approx(np.std(accuracies))
