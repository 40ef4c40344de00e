"""A simulated federation as a run: its rounds become events, and it can be paused and stopped between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from jupyter_wayang import events
from jupyter_wayang.errors import WayangError
from jupyter_wayang.federation.simulation import Clients, Measured, Round, Simulation, rounds
from jupyter_wayang.federation.strategy import GlobalModel
from jupyter_wayang.kernel.lanes import KERNEL
from jupyter_wayang.kernel.outcome import Outcome
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import Decision, Edge, ExecutionOperator, ExecutionPlan, Interval, Lane, Loop
from jupyter_wayang.plan.expressions import AnyExpression, Binary, ColumnRef
from jupyter_wayang.plan.expressions import Literal as Constant
from jupyter_wayang.plan.logical import Port
from jupyter_wayang.plan.models import Model
from jupyter_wayang.plan.operators import Goal
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["EACH", "simulating"]

EACH = 20
"""Up to so many clients are shown one by one, as sites are; of more, how a metric is spread over them."""

_CLIENTS = "clients"
Emit = Callable[[events.AnyEvent], None]


def simulating(
    simulation: Simulation, *, run: str, name: str, until: Goal | None, emit: Emit, stopped: Callable[[], bool]
) -> Outcome:
    """Run a simulation.

    Parameters
    ----------
    simulation
        What is simulated.
    run, name
        The id and the name of the run.
    until
        Stop as soon as this is reached.
    emit
        Where events go.
    stopped
        Asked between rounds; waits as long as the run is paused, and tells whether it is to stop.

    Raises
    ------
    WayangError
        What made it fail.
    """
    began = time.perf_counter()
    emit(events.RunStarted(name=name, sites=_shown(simulation.clients), rounds=simulation.rounds))
    plan = _plan(simulation, name, until)
    emit(events.Planned(plan=wire.encode(plan).decode(), planned_s=time.perf_counter() - began))
    last: Round | None = None
    state: events.State = "done"
    reason = f"all {_rounds(simulation.rounds)} are done"
    try:
        for last in _told(simulation, emit):
            if until is not None and last.number and until.reached(last.measured.overall(until.metric)):
                reason = f"{until.describe()} was reached after {_rounds(last.number)}"
                break
            if last.number < simulation.rounds and stopped():
                state, reason = "stopped", f"stopped after {_rounds(last.number)}, as asked"
                break
    except WayangError as error:
        done = 0 if last is None else last.number
        _finish(emit, began, "failed", error.message, done, type(error).__name__)
        raise
    if last is None:  # rounds() yields the model before the first
        return Outcome(state=state)
    table = _table(simulation.clients, last.measured)
    emit(events.ResultReady(key=run, rows=table.num_rows, columns=tuple((f.name, str(f.type)) for f in table.schema)))
    _finish(emit, began, state, reason, last.number)
    return Outcome(state=state, table=table, models={"fit": _model(simulation.clients, last.state.current)})


def _rounds(number: int) -> str:
    return f"{number} round" if number == 1 else f"{number} rounds"


def _finish(emit: Emit, began: float, state: events.State, reason: str, done: int, error: str | None = None) -> None:
    seconds = time.perf_counter() - began
    emit(events.RunFinished(state=state, reason=reason, error=error, rounds=done, seconds=seconds))


def _told(simulation: Simulation, emit: Emit) -> Iterator[Round]:
    """Yield the rounds, each told of before and after it."""
    clients, work = simulation.clients, rounds(simulation)
    each = _shown(clients)
    for number in range(simulation.rounds + 1):
        if number:
            emit(events.RoundStarted(round=number, sites=each))
        done = next(work)
        if number:
            took_part = {clients.names[at] for at in done.clients.tolist()} if each else set()
            for site in (site for site in each if site in took_part):
                # They train as one batch: each has its update when all have.
                emit(events.SiteReported(round=number, site=site, seconds=done.seconds))
            emit(events.RoundFinished(round=number, seconds=done.seconds, sites=each))
        for event in _metrics(clients, number, done.measured):
            emit(event)
        yield done


def _shown(clients: Clients) -> tuple[str, ...]:
    return tuple(clients.names) if len(clients.names) <= EACH else ()


def _metrics(clients: Clients, number: int, found: Measured) -> Iterator[events.AnyEvent]:
    if not len(found.clients):
        return
    yield events.MetricsMeasured(
        round=number,
        site="global",
        on="test",
        rows=int(found.rows.sum()),
        log_loss=found.overall("log_loss"),
        accuracy=found.overall("accuracy"),
        auc=found.auc,
        auc_error=None if found.auc is None else 0.0,
    )
    if _shown(clients):
        for at, client in enumerate(found.clients.tolist()):
            yield events.MetricsMeasured(
                round=number,
                site=clients.names[client],
                on="test",
                rows=int(found.rows[at]),
                log_loss=float(found.log_loss[at]),
                accuracy=float(found.accuracy[at]),
                auc=None,
            )
    else:
        yield _spread(number, "log_loss", found.log_loss)
        yield _spread(number, "accuracy", -found.accuracy)


def _spread(number: int, metric: str, values: np.ndarray) -> events.AnyEvent:
    """Sum up a metric over clients; values are ordered so that small is good."""
    import numpy as np

    sign = -1.0 if metric == "accuracy" else 1.0
    tenth = max(1, len(values) // 10)
    ordered = np.sort(values)
    return events.ClientsMeasured(
        round=number,
        on="test",
        metric="accuracy" if metric == "accuracy" else "log_loss",
        clients=len(values),
        mean=sign * float(values.mean()),
        spread=float(values.std()),
        worst=sign * float(ordered[-1]),
        worst_tenth=sign * float(ordered[-tenth:].mean()),
        median=sign * float(np.median(ordered)),
        best_tenth=sign * float(ordered[:tenth].mean()),
        best=sign * float(ordered[0]),
    )


def _table(clients: Clients, found: Measured) -> pa.Table:
    """Return the last metrics, a row for every client that has rows to be measured on, all of them together first."""
    import pyarrow as pa

    def column(name: str) -> pa.Array:
        return pa.array([found.overall(name), *getattr(found, name).tolist()], pa.float64())

    return pa.table(
        {
            "client": pa.array(["global", *(clients.names[at] for at in found.clients.tolist())], pa.string()),
            "train_rows": pa.array([clients.rows.sum(), *clients.rows[found.clients].tolist()], pa.int64()),
            "rows": pa.array([found.rows.sum(), *found.rows.tolist()], pa.int64()),
            "log_loss": column("log_loss"),
            "accuracy": column("accuracy"),
        }
    )


def _model(clients: Clients, fitted: GlobalModel) -> Model:
    target: AnyExpression = ColumnRef(name=clients.target)
    kind = {bool: "bool", int: "int64", float: "float64"}.get(type(clients.classes[0]), "string")
    if len(clients.classes) == 2 and kind != "bool":
        target = Binary(op="==", left=target, right=Constant.of(clients.classes[1]))
    columns = [*((name, "float64") for name in clients.features), (clients.target, kind)]
    return Model(
        spec=fitted.model,
        steps=(),
        inputs=Schema.from_pairs(columns),
        features=clients.features,
        target=target,
        parameters=fitted.parameters,
    )


def _plan(simulation: Simulation, name: str, until: Goal | None) -> ExecutionPlan:
    """Return what is done as a plan to look at: training as one batch, aggregation, measuring."""
    clients = simulation.clients
    count, trained = len(clients.names), int((clients.rows > 0).sum())
    rows = int(clients.rows.sum())
    share = f", {simulation.participation:.0%} of them a round" if simulation.participation < 1 else ""
    batch = Decision(
        platform="numpy",
        reason=f"{trained:,} clients train as one batch of matrix products, in {len(clients.blocks)} blocks of clients "
        f"of about one size{share}.",
    )
    here = Decision(platform=KERNEL, reason="Only updates come here, so it runs at the execution kernel.")
    strategy = str(getattr(simulation.strategy, "word", type(simulation.strategy).__name__))

    def operator(id_: str, verb: str, text: str, decision: Decision, size: int | None) -> ExecutionOperator:
        lane = KERNEL if decision is here else _CLIENTS
        return ExecutionOperator(
            id=f"{lane}/{id_}",
            logical=id_,
            lane=lane,
            verb=verb,
            text=text,
            decision=decision,
            rows=None if size is None else Interval.exact(size),
            iterations=simulation.rounds if verb != "deal" else 1,
            kind="rows" if decision is batch else "aggregate",
        )

    ids = {at: f"{_CLIENTS}/{at}" for at in ("deal", "update", "score")} | {"aggregate": f"{KERNEL}/aggregate"}
    edges = (
        Edge(source=Port(node=ids["deal"]), target=ids["update"]),
        Edge(source=Port(node=ids["deal"]), target=ids["score"], label="held out"),
        Edge(source=Port(node=ids["update"]), target=ids["aggregate"], kind="update"),
        Edge(source=Port(node=ids["aggregate"]), target=ids["update"], kind="model", back=True),
        Edge(source=Port(node=ids["aggregate"]), target=ids["score"], kind="model"),
    )
    lanes = (
        Lane(id=KERNEL, title="Execution kernel", kind="kernel", note="combines"),
        Lane(id=_CLIENTS, title=f"{count:,} simulated clients", kind="site", platforms=("numpy",), rows=rows),
    )
    return ExecutionPlan(
        name=name,
        lanes=lanes,
        operators=(
            operator("deal", "deal", f"to {count:,} clients", batch, rows),
            operator("update", "local_update", f"{trained:,} clients × {strategy}", batch, None),
            operator("aggregate", "aggregate", strategy, here, None),
            operator("score", "score", f"{len(clients.held.y):,} rows held out", batch, None),
        ),
        edges=edges,
        loop=Loop(
            operators=(ids["update"], ids["score"], ids["aggregate"]),
            rounds=simulation.rounds,
            until=None if until is None else until.describe(),
        ),
        cost_s=Interval.exact(0.0),
    )
