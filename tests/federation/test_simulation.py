"""Clients that train as one batch come to what each of them comes to alone, and strategies are driven as over sites."""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss, roc_auc_score

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation import simulation as sim
from jupyter_wayang.federation.partitions import by_column, dirichlet, iid, quantity_skew
from jupyter_wayang.federation.strategies.vectors import vector
from jupyter_wayang.federation.strategy import Client, named
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.numpy import batched, learning

EXACT = {"rtol": 1e-9, "atol": 1e-12}


def rows(classes, count=400, width=5, seed=3):
    """Return rows whose classes are those of noisy linear scores."""
    chance = np.random.default_rng(seed)
    X = chance.normal(size=(count, width))
    y = (X @ chance.normal(size=(width, classes)) + chance.normal(size=(count, classes))).argmax(axis=1)
    return X, y


def table(X, y, **more):
    return pa.table({**{f"x{i}": X[:, i] for i in range(X.shape[1])}, "y": y, **more})


def clients_of(classes, partition=None, clients=7, test=0.25, seed=5):
    return sim.dealt(table(*rows(classes)), "y", partition or dirichlet(0.5), clients, test=test, seed=seed)


def apart(clients):
    """Return, by client, its own rows, taken out of the blocks."""
    found = {}
    for block in clients.blocks:
        for at, client in enumerate(block.clients.tolist()):
            count = int(block.rows[at])
            assert (block.X[at, :count, -1] == 1).all()
            assert not block.X[at, count:].any()
            found[client] = (block.X[at, :count, :-1], block.y[at, :count])
    return found


def softmax_steps(X, y, W, epochs, rate, l2):
    """Take full-batch steps on the mean cross-entropy, as it is in a textbook."""
    for _ in range(epochs):
        z = X @ W[:-1] + W[-1]
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        residual = p - np.eye(W.shape[1])[y]
        slope = np.vstack([X.T @ residual / len(y) + l2 * W[:-1], residual.mean(axis=0)])
        W = W - rate * slope
    return W


def test_every_row_is_dealt_once_for_training_or_for_measuring():
    X, y = rows(3)
    clients = sim.dealt(table(X, y), "y", dirichlet(0.3), 11, test=0.25, seed=2)
    train = np.vstack([own for own, _ in apart(clients).values()])
    back = np.vstack([train, clients.held.X])
    assert sorted(map(tuple, back.tolist())) == sorted(map(tuple, X.tolist()))
    assert clients.counts.sum() + len(clients.held.y) == len(y)
    for client, (own, labels) in apart(clients).items():
        assert len(own) == clients.rows[client]
        assert np.array_equal(np.bincount(labels, minlength=3), clients.counts[client])


@pytest.mark.parametrize("partition", [iid(), dirichlet(0.1), quantity_skew(0.3)])
@pytest.mark.parametrize(("l2", "penalize"), [(0.0, False), (1e-2, False), (1e-2, True)])
def test_a_batch_of_a_yes_or_no_is_each_client_alone(partition, l2, penalize):
    clients = clients_of(2, partition, clients=23)
    first = np.random.default_rng(1).normal(size=6)
    like = (named_array("weights", first[:-1]), named_array("intercept", first[-1:]))
    task = LocalTask(
        model=LogisticRegression(l2=l2, penalize_intercept=penalize),
        features=clients.features,
        parameters=like,
        epochs=9,
        learning_rate=0.7,
    )
    alone = apart(clients)
    who = np.array(sorted(alone))
    together = batched.train(clients.blocks, who, [task] * len(who)).points
    for at, client in enumerate(who.tolist()):
        X, y = alone[client]
        expected = vector(learning.gradient(X, y.astype(float), task).parameters)
        np.testing.assert_allclose(together[at], expected, **EXACT)


def test_a_batch_of_many_classes_is_each_client_alone():
    clients = clients_of(4, dirichlet(0.2), clients=17)
    W = np.random.default_rng(1).normal(size=(6, 4))
    like = (named_array("weights", W[:-1]), named_array("intercept", W[-1]))
    task = LocalTask(
        model=LogisticRegression(l2=0.03), features=clients.features, parameters=like, epochs=8, learning_rate=0.4
    )
    alone = apart(clients)
    who = np.array(sorted(alone))[::2]
    together = batched.train(clients.blocks, who, [task] * len(who)).points
    for at, client in enumerate(who.tolist()):
        expected = softmax_steps(*alone[client], W, 8, 0.4, 0.03)
        np.testing.assert_allclose(together[at].reshape(6, 4), expected, **EXACT)


def test_clients_that_start_apart_or_take_other_steps_are_still_each_alone():
    clients = clients_of(2, iid(), clients=6)
    alone, tasks = apart(clients), []
    for client in sorted(alone):
        own = np.random.default_rng(client).normal(size=6)
        like = (named_array("weights", own[:-1]), named_array("intercept", own[-1:]))
        tasks.append(
            LocalTask(
                model=LogisticRegression(),
                features=clients.features,
                parameters=like,
                epochs=1 + client % 3,
                learning_rate=0.1 + 0.1 * (client % 2),
            )
        )
    together = batched.train(clients.blocks, np.arange(6), tasks).points
    for client, task in enumerate(tasks):
        X, y = alone[client]
        expected = vector(learning.gradient(X, y.astype(float), task).parameters)
        np.testing.assert_allclose(together[client], expected, **EXACT)


def updated(X, y, task):
    """Return a site's update, with that of its personal model, as the executor of a site makes it."""
    update, second = learning.gradient(X, y, task), task.second()
    if second is None:
        return update
    return msgspec.structs.replace(update, personal=learning.gradient(X, y, second).parameters)


STRATEGIES = {
    "fedavg": {},
    "fedavgm": {"momentum": 0.5},
    "fedadam": {},
    "fedyogi": {},
    "fedadagrad": {},
    "coordinate_median": {},
    "trimmed_mean": {"beta": 0.2},
    "krum": {},
    "multi_krum": {},
    "bulyan": {},
    "geometric_median": {},
    "fedprox": {"mu": 0.3},
    "scaffold": {},
    "fednova": {},
    "qfedavg": {"q": 1.0},
    "ditto": {"lam": 0.2},
    "personal": {},
    "fine_tuning": {"global_rounds": 3},
}


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("participation", [1.0, 0.7])
def test_strategies_come_to_what_they_come_to_over_sites(name, participation):
    clients = clients_of(2, iid(), clients=13)
    strategy = named(name, [("learning_rate", 0.5), ("local_epochs", 3), *STRATEGIES[name].items()])
    model = LogisticRegression(l2=1e-3)
    run = sim.Simulation(clients=clients, model=model, strategy=strategy, rounds=5, participation=participation, seed=4)
    alone, state = apart(clients), strategy.init(sim.start(clients, model), tuple(clients.names))
    for round_ in sim.rounds(run):
        if round_.number:
            sites = tuple(clients.names[client] for client in round_.clients)
            assert len(sites) == round(13 * participation)
            updates = []
            for client, site in zip(round_.clients.tolist(), sites, strict=True):
                task = strategy.task(state, Client(site=site, round=round_.number, sites=sites, total=13))
                X, y = alone[client]
                updates.append((site, updated(X, y.astype(float), task)))
            state, _ = strategy.apply(state, tuple(updates))
        expected, got = (vector(one.current.parameters) for one in (state, round_.state))
        np.testing.assert_allclose(got, expected, **EXACT)


def test_batches_of_rows_are_each_clients_own():
    clients = clients_of(2, quantity_skew(0.5), clients=5)
    alone, like = apart(clients), (named_array("weights", np.zeros(5)), named_array("intercept", np.zeros(1)))
    tasks = [
        LocalTask(
            model=LogisticRegression(l2=0.01),
            features=clients.features,
            parameters=like,
            epochs=2,
            learning_rate=0.3,
            batch=7,
            seed=client,
        )
        for client in sorted(alone)
    ]
    together = batched.train(clients.blocks, np.array(sorted(alone)), tasks).points
    for at, client in enumerate(sorted(alone)):
        X, y = alone[client]
        expected = vector(learning.gradient(X, y.astype(float), tasks[at]).parameters)
        np.testing.assert_allclose(together[at], expected, **EXACT)


def test_the_loss_of_many_classes_is_the_mean_cross_entropy():
    clients = clients_of(4, dirichlet(0.5), clients=6)
    W = np.random.default_rng(1).normal(size=(6, 4))
    like = (named_array("weights", W[:-1]), named_array("intercept", W[-1]))
    task = LocalTask(
        model=LogisticRegression(l2=0.1),
        features=clients.features,
        parameters=like,
        epochs=1,
        learning_rate=1e-9,
        loss=True,
    )
    alone = apart(clients)
    who = np.array(sorted(alone))
    losses = batched.train(clients.blocks, who, [task] * len(who)).losses
    for at, client in enumerate(who.tolist()):
        X, y = alone[client]
        p = np.exp(X @ W[:-1] + W[-1])
        p /= p.sum(axis=1, keepdims=True)
        expected = log_loss(y, p, labels=range(4)) + 0.05 * (W[:-1] ** 2).sum()
        assert losses[at] == pytest.approx(expected, rel=1e-9)


def test_a_strategy_that_looks_at_updates_one_by_one_gets_them():
    clients = clients_of(3, iid(), clients=4)
    fedavg = named("fedavg", [("learning_rate", 0.5)])
    seen = []

    class Looking:
        init, task = fedavg.init, fedavg.task

        def apply(self, state, updates):
            seen.extend(updates)
            return fedavg.apply(state, tuple(updates))

    last = list(sim.rounds(sim.Simulation(clients=clients, model=LogisticRegression(), strategy=Looking(), rounds=1)))
    plain = list(sim.rounds(sim.Simulation(clients=clients, model=LogisticRegression(), strategy=fedavg, rounds=1)))
    assert [site for site, _ in seen] == ["client 1", "client 2", "client 3", "client 4"]
    assert all(isinstance(update, Update) for _, update in seen)
    assert [update.rows for _, update in seen] == clients.rows.tolist()
    assert array(seen[0][1].parameters[0]).shape == (5, 3)
    for one, other in zip(last[-1].state.current.parameters, plain[-1].state.current.parameters, strict=True):
        np.testing.assert_allclose(array(one), array(other), **EXACT)


@pytest.mark.parametrize("classes", [2, 4])
def test_metrics_are_those_of_scikit_learn(classes):
    clients = clients_of(classes, dirichlet(1.0), clients=5)
    strategy = named("fedavg", [("learning_rate", 0.5), ("local_epochs", 5)])
    last = list(sim.rounds(sim.Simulation(clients=clients, model=LogisticRegression(), strategy=strategy, rounds=4)))[
        -1
    ]
    W = batched.parameters(last.state.current.parameters)
    z = clients.held.X @ W[:-1] + W[-1]
    if classes == 2:
        z = np.hstack([np.zeros_like(z), z])
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    found, held = last.measured, clients.held
    right = p.argmax(axis=1) == held.y
    assert found.overall("accuracy") == pytest.approx(right.mean())
    assert found.overall("log_loss") == pytest.approx(log_loss(held.y, p, labels=range(classes)))
    for at, client in enumerate(found.clients.tolist()):
        own = held.client == client
        assert found.rows[at] == own.sum()
        assert found.accuracy[at] == pytest.approx(right[own].mean())
        assert found.log_loss[at] == pytest.approx(log_loss(held.y[own], p[own], labels=range(classes)))
    assert found.auc == (pytest.approx(roc_auc_score(held.y, p[:, 1])) if classes == 2 else None)


def test_clients_with_models_of_their_own_are_measured_by_these():
    clients = clients_of(2, dirichlet(0.5), clients=6, test=0.4)
    strategy = named("ditto", [("learning_rate", 0.5), ("local_epochs", 4), ("lam", 0.1)])
    run = sim.Simulation(clients=clients, model=LogisticRegression(), strategy=strategy, rounds=5)
    last = list(sim.rounds(run))[-1]
    held = clients.held
    for at, client in enumerate(last.measured.clients.tolist()):
        W = batched.parameters(strategy.personal(last.state, clients.names[client]))
        own = held.client == client
        p = 1 / (1 + np.exp(-(held.X[own] @ W[:-1] + W[-1])[:, 0]))
        assert last.measured.log_loss[at] == pytest.approx(log_loss(held.y[own], p, labels=[0, 1]))
    shared = sim.measured(clients, last.state.current.parameters)
    assert last.measured.overall("log_loss") < shared.overall("log_loss"), "own models fit skewed clients better"


def test_one_seed_gives_one_simulation_and_another_another():
    strategy = named("fedavg", [("learning_rate", 0.5)])

    def weights(seed):
        clients = clients_of(3, clients=20, seed=seed)
        run = sim.Simulation(
            clients=clients, model=LogisticRegression(), strategy=strategy, rounds=3, participation=0.3, seed=seed
        )
        return [vector(round_.state.current.parameters).tobytes() for round_ in sim.rounds(run)]

    assert weights(1) == weights(1)
    assert weights(1) != weights(2)


def test_every_round_draws_its_own_clients():
    drawn = [tuple(sim.cohort(50, 0.2, 3, number).tolist()) for number in range(1, 21)]
    assert len(set(drawn)) == 20
    assert {len(set(one)) for one in drawn} == {10}
    assert len(set(itertools.chain.from_iterable(drawn))) > 45, "over many rounds nearly everybody takes part"
    assert sim.cohort(50, 1e-9, 3, 1).size == 1


def test_many_clients_of_few_rows_learn_the_digits():
    X, y = load_digits(return_X_y=True)
    clients = sim.dealt(table(X / 16, y), "y", dirichlet(0.5), 300, seed=1)
    assert (clients.rows == 0).sum() < 30, "some clients have no row, and take no part"
    strategy = named("fedavg", [("learning_rate", 0.5), ("local_epochs", 5)])
    run = sim.Simulation(
        clients=clients, model=LogisticRegression(l2=1e-4), strategy=strategy, rounds=60, participation=0.3
    )
    accuracies = [round_.measured.overall("accuracy") for round_ in sim.rounds(run)]
    assert accuracies[0] < 0.2
    assert accuracies[-1] > 0.9


def test_memory_is_that_of_the_rows():
    chance = np.random.default_rng(0)
    sizes = chance.integers(1, 200, 500)
    owner = np.repeat(np.arange(500), sizes)
    X, y = chance.normal(size=(len(owner), 3)), chance.integers(0, 2, len(owner))
    clients = sim.dealt(table(X, y, who=owner), "y", by_column("who"), test=0.0)
    padded = sum(block.X.shape[0] * block.X.shape[1] for block in clients.blocks)
    assert padded <= 1.3 * len(owner)
    assert [clients.names[at] for at in (2, 10, 499)] == ["2", "10", "499"]
    assert clients.rows.tolist() == sizes.tolist()


def test_rows_in_32_bits_stay_so_and_steps_are_taken_in_64():
    X, y = rows(2)
    small = pa.table({**{f"x{i}": X[:, i].astype(np.float32) for i in range(5)}, "y": y})
    wide = pa.table({**{f"x{i}": X[:, i].astype(np.float32).astype(float) for i in range(5)}, "y": y})
    strategy = named("fedavg", [("learning_rate", 0.5), ("local_epochs", 3)])
    made = []
    for one in (small, wide):
        clients = sim.dealt(one, "y", iid(), 9, seed=1)
        run = sim.Simulation(clients=clients, model=LogisticRegression(), strategy=strategy, rounds=3)
        made.append((clients.blocks[0].X.dtype, vector(list(sim.rounds(run))[-1].state.current.parameters)))
    assert [kind for kind, _ in made] == [np.float32, np.float64]
    np.testing.assert_allclose(made[0][1], made[1][1], **EXACT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": "z"}, "no column z"),
        ({"clients": None}, "how many clients"),
        ({"clients": 0}, "how many clients"),
        ({"test": 1.0}, "share of rows"),
        ({"features": ("y",)}, "other than y"),
        ({"features": ("nope",)}, "no column nope"),
        ({"features": ("text",)}, "a feature is a number"),
        ({"features": ("holes",)}, "missing values"),
        ({"target": "one"}, "1 values"),
    ],
)
def test_wrong_data_are_refused_with_what_is_wrong(change, words):
    X, y = rows(2, count=20)
    made = table(X, y, text=["a"] * 20, holes=[None] * 20, one=[1] * 20)
    given = {"target": "y", "clients": 3, "features": ("x0",), "test": 0.2, **change}
    target, clients = given.pop("target"), given.pop("clients")
    with pytest.raises(OperatorError, match=words):
        sim.dealt(made, target, iid(), clients, **given)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rounds": 0}, "rounds must be"),
        ({"participation": 0.0}, "participation="),
        ({"participation": 1.5}, "above 0"),
    ],
)
def test_wrong_simulations_are_refused(change, words):
    given = {
        "model": LogisticRegression(),
        "strategy": named("fedavg", [("learning_rate", 0.5)]),
        "rounds": 1,
        **change,
    }
    with pytest.raises(OperatorError, match=words):
        sim.Simulation(clients=clients_of(2), **given)


def test_training_that_diverges_is_told():
    clients = clients_of(2, iid(), clients=3)
    strategy = named("fedavg", [("learning_rate", 1e308), ("local_epochs", 9)])
    run = sim.Simulation(clients=clients, model=LogisticRegression(l2=1.0), strategy=strategy, rounds=3)
    with pytest.raises(OperatorError, match="beyond all numbers"):
        list(sim.rounds(run))
