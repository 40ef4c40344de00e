"""What a simulated federation is to be better than: always the larger class, every client alone, all rows in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jupyter_wayang.federation.fairness import spread_of
from jupyter_wayang.federation.simulation import (
    LEAST,
    Clients,
    Held,
    Measured,
    Simulation,
    by_client,
    measured,
    measured_apart,
    rounds,
    start,
)
from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.plan.model_specs import LogisticRegression
from jupyter_wayang.plan.tasks import LocalTask
from jupyter_wayang.platforms.numpy import batched

__all__ = ["Budget", "baselines", "figures"]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long baselines are trained: full-batch gradient steps, and their length."""

    steps: int
    learning_rate: float


def baselines(clients: Clients, model: LogisticRegression, budget: Budget) -> dict[str, dict[str, float | None]]:
    """Measure the baselines on the rows that are held out.

    Parameters
    ----------
    clients
        The rows, as they were dealt.
    model
        What is fitted.
    budget
        As many steps as a federated fit takes at a client in all its rounds make a fair comparison.

    Returns
    -------
    dict
        ``majority`` (the shares of classes among all training rows, as everybody's answer), ``local`` (every client's
        own model on its own rows) and ``pooled`` (gradient steps on all rows), each with ``log_loss``, ``accuracy``,
        ``auc``, and over clients that count the same ``worst`` and ``spread`` of accuracy.
    """
    return {
        "majority": figures(_majority(clients)),
        "local": figures(_local(clients, model, budget)),
        "pooled": figures(_pooled(clients, model, budget)),
    }


def figures(found: Measured) -> dict[str, float | None]:
    """Return what is shown of a measured model."""
    made = {metric: found.overall(metric) for metric in ("log_loss", "accuracy", "auc")}
    if len(found.clients):
        _, made["worst"], made["spread"] = spread_of("accuracy", found.accuracy.tolist())
    return made


def _majority(clients: Clients) -> Measured:
    import numpy as np

    shares = clients.counts.sum(axis=0) / clients.counts.sum()
    likely = np.clip(shares[clients.held.y], LEAST, 1 - LEAST)
    right = (clients.held.y == shares.argmax()).astype(float)
    return by_client(clients.held, -np.log(likely), right, auc=None)


def _local(clients: Clients, model: LogisticRegression, budget: Budget) -> Measured:
    """Train every client alone, all as one batch, and measure each on its own rows."""
    import numpy as np

    begin = start(clients, model)
    task = LocalTask(
        model=model,
        features=begin.features,
        parameters=begin.parameters,
        epochs=budget.steps,
        learning_rate=budget.learning_rate,
    )
    who = np.flatnonzero(clients.rows)
    points = batched.train(clients.blocks, who, [task] * len(who)).points
    models = np.zeros((len(clients.names), len(clients.features) + 1, batched.outputs(len(clients.classes))))
    models[who] = points.reshape(len(who), *models.shape[1:])
    return replace(measured_apart(clients, models), auc=None)


def _pooled(clients: Clients, model: LogisticRegression, budget: Budget) -> Measured:
    # The mean of the clients' steps by their rows is the step on all rows: a round of one local step is one of it.
    strategy = FedAvg(learning_rate=budget.learning_rate)
    nothing = Held(X=clients.held.X[:0], y=clients.held.y[:0], client=clients.held.client[:0])
    silent = replace(clients, held=nothing)
    simulation = Simulation(clients=silent, model=model, strategy=strategy, rounds=budget.steps)
    for last in rounds(simulation):
        parameters = last.state.current.parameters
    return measured(clients, parameters)
