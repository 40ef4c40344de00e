"""Carrying out rounds: the instructions of the state machine become messages, answers become its events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from jupyter_wayang.errors import WayangError
from jupyter_wayang.events import AnyEvent, MetricsMeasured, State
from jupyter_wayang.events import StopRequested as StopNoted
from jupyter_wayang.federation import metrics, rounds, strategy
from jupyter_wayang.federation.strategy import GlobalModel
from jupyter_wayang.kernel.actions import Measure, Train
from jupyter_wayang.kernel.asking import Asking, failure
from jupyter_wayang.kernel.program import HERE
from jupyter_wayang.kernel.steps import Reply, Steps
from jupyter_wayang.plan.model_specs import LogisticRegression
from jupyter_wayang.plan.models import Model, NamedArray
from jupyter_wayang.plan.operators.learning import MEASURES
from jupyter_wayang.plan.tasks import InferTask, ScoreTask
from jupyter_wayang.transport import messages

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Trained", "measured", "measured_exactly", "train"]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a training came to: the parameters, the metrics of the last round as a table, and how it ended.

    ``personal`` are the parameters of sites that have their own.
    """

    parameters: tuple[NamedArray, ...]
    table: pa.Table
    state: State
    reason: str
    rounds: int
    personal: tuple[tuple[str, tuple[NamedArray, ...]], ...] = ()


def train(action: Train, features: tuple[str, ...], sites: tuple[str, ...], asking: Asking) -> Steps[Trained]:
    """Fit a model by rounds.

    Raises
    ------
    WayangError
        If a site failed; the message says in which round, and what is kept.
    """
    import numpy as np

    from jupyter_wayang.plan.models import named_array

    options = action.fit.options
    start: tuple[NamedArray, ...] = ()
    if isinstance(action.fit.model, LogisticRegression):
        start = (named_array("weights", np.zeros(len(features))), named_array("intercept", np.zeros(1)))
    setup = rounds.Setup(
        sites=sites,
        strategy=strategy.named(options.strategy, options.arguments),
        start=GlobalModel(model=action.fit.model, features=features, parameters=start, makes=action.makes),
        rounds=options.rounds,
        until=options.until,
        bins=action.bins,
        on=cast("Literal['test', 'train']", action.on),
    )
    state, todo = rounds.step(rounds.begin(setup), rounds.Started(at_s=time.time()))
    latest: dict[str, MetricsMeasured] = {}
    alone: WayangError | None = None
    while True:
        finish = yield from _carry_out(todo, action, asking, latest)
        if finish is not None:
            break
        reply = yield from asking.receive()
        if reply is not None and isinstance(reply.answer, messages.Failure) and sites == (HERE,):
            # There is one place, this machine: what it says is the error, without a word about sites and rounds.
            alone = failure(asking.context.title(HERE), reply.answer)
        state, todo = rounds.step(state, _happening(reply, asking))
        if state.stopping and not state.finished:
            # The wish is noted; whatever comes next ends the rounds.
            state, todo = rounds.step(state, rounds.Started(at_s=time.time()))
    asking.round = None
    if finish.error is not None:
        raise alone or finish.error
    return Trained(
        parameters=finish.model.parameters,
        table=_table(latest),
        state=finish.state,
        reason=finish.reason,
        rounds=finish.rounds,
        personal=strategy.personal_of(setup.strategy, state.strategy, sites),
    )


def _carry_out(
    todo: rounds.Instructions, action: Train, asking: Asking, latest: dict[str, MetricsMeasured]
) -> Steps[rounds.Finish | None]:
    run = asking.context.run
    for instruction in todo:
        if isinstance(instruction, rounds.Finish):
            return instruction
        if isinstance(instruction, rounds.Announce):
            _announce(instruction.event, asking, latest)
            continue
        asking.round = instruction.round
        if isinstance(instruction, rounds.Train):
            message: messages.Request = messages.Train(
                run=run, node=action.update, round=instruction.round, task=instruction.task
            )
        else:
            message = messages.Score(run=run, node=action.watch, round=instruction.round, task=instruction.task)
        yield from asking.post(instruction.site, message)
    return None


def _announce(event: AnyEvent, asking: Asking, latest: dict[str, MetricsMeasured]) -> None:
    if isinstance(event, StopNoted):
        return  # Whoever asked has noted it in the journal already.
    if isinstance(event, MetricsMeasured):
        latest[event.site] = event
    asking.context.emit(event)


def _happening(reply: Reply | None, asking: Asking) -> rounds.Happening:
    if reply is None:
        return rounds.StopRequested(at_s=time.time())
    # The answer may have waited for the end of a pause, which is nobody's time.
    now, told = reply.at_s, time.time()
    answer = reply.answer
    if isinstance(answer, messages.Trained):
        return rounds.Answered(at_s=now, told_s=told, site=reply.place, round=answer.round, update=answer.update)
    if isinstance(answer, messages.Scored):
        return rounds.Scored(
            at_s=now, told_s=told, site=reply.place, round=answer.round, cells=answer.cells, note=answer.note
        )
    if isinstance(answer, messages.Failure):
        return rounds.Failed(
            at_s=now, site=reply.place, reason=failure(asking.context.title(reply.place), answer).message
        )
    return rounds.Failed(at_s=now, site=reply.place, reason=f"it answered {type(answer).__name__}")


def measured(action: Measure, model: Model, sites: tuple[str, ...], asking: Asking) -> Steps[pa.Table]:
    """Measure a fitted model on rows, once; at a site that has its own, that."""
    task = ScoreTask(model=model.spec, features=model.features, parameters=model.parameters, bins=action.bins)
    run, own = asking.context.run, dict(model.personal)
    tasks = {site: msgspec.structs.replace(task, parameters=own.get(site, model.parameters)) for site in sites}
    answers = yield from asking.all(
        {site: messages.Score(run=run, node=action.score, round=0, task=one) for site, one in tasks.items()}
    )
    cells = {
        site: (answer.cells, answer.note) for site, answer in answers.items() if isinstance(answer, messages.Scored)
    }
    found = metrics.measured(cells, action.bins)
    return _table(found)


def measured_exactly(action: Measure, model: Model, features: tuple[str, ...], asking: Asking) -> Steps[pa.Table]:
    """Measure a model that is no federated one, where all rows are."""
    import pyarrow as pa

    task = InferTask(model=model.spec, makes=model.makes, features=features, parameters=model.parameters)
    answer = yield from asking.one(HERE, messages.Measure(run=asking.context.run, node=action.score, task=task))
    values = dict(answer.values) if isinstance(answer, messages.Measured) else {}
    figures = {name: pa.array([values[name]], pa.float64()) for name in MEASURES[model.makes]}
    site, rows = pa.array(["global"]), pa.array([int(values["rows"] or 0)], pa.int64())
    return pa.table({"site": site, "rows": rows, **figures, "note": pa.array([None], pa.string())})


def _table(found: Mapping[str, MetricsMeasured] | Mapping[str, metrics.Metrics]) -> pa.Table:
    """Return metrics as a table: ``global`` first, then the sites; of one place alone, just that."""
    import pyarrow as pa

    places = [place for place in found if place != HERE]
    values = [found[place] for place in places]
    return pa.table(
        {
            "site": pa.array(places, pa.string()),
            "rows": pa.array([v.rows for v in values], pa.int64()),
            "auc": pa.array([v.auc for v in values], pa.float64()),
            "log_loss": pa.array([v.log_loss for v in values], pa.float64()),
            "accuracy": pa.array([v.accuracy for v in values], pa.float64()),
            "note": pa.array([v.note for v in values], pa.string()),
        }
    )
