"""Carrying out rounds: the instructions of the state machine become messages, answers become its events."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from jupyter_wayang.errors import WayangError, WireError
from jupyter_wayang.events import AnyEvent, MetricsMeasured, Missing, State
from jupyter_wayang.events import StopRequested as StopNoted
from jupyter_wayang.federation import checkpoints, metrics, rounds, strategy
from jupyter_wayang.federation.faults import Line, Script
from jupyter_wayang.federation.privacy import secure_phases
from jupyter_wayang.federation.privacy.protected import protected
from jupyter_wayang.federation.privacy.secure_session import usual_threshold
from jupyter_wayang.federation.sampling import check_quorum, size
from jupyter_wayang.federation.strategy import GlobalModel
from jupyter_wayang.kernel.actions import Measure, Train
from jupyter_wayang.kernel.asking import Asking, failure
from jupyter_wayang.kernel.program import HERE, Program
from jupyter_wayang.kernel.steps import Reply, Silence, Steps, Stop
from jupyter_wayang.plan.model_specs import LogisticRegression
from jupyter_wayang.plan.models import Model, NamedArray
from jupyter_wayang.plan.operators.learning import MEASURES
from jupyter_wayang.plan.privacy import SecureAggregation, of_kind
from jupyter_wayang.plan.tasks import InferTask, ScoreTask
from jupyter_wayang.transport import messages

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Trained", "check", "measured", "measured_exactly", "train"]

_Asked = rounds.Train | rounds.Score | secure_phases.Ask
_EVENTS: msgspec.json.Decoder[tuple[AnyEvent, ...]] = msgspec.json.Decoder(tuple[AnyEvent, ...])


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


def check(program: Program) -> None:
    """Raise an error for a federated fit that can be seen to be impossible before a site is asked for anything.

    Raises
    ------
    WayangError
        If a fault is for a site that takes no part, or if no round can meet the quorum.
    """
    for action in program.actions:
        if isinstance(action, Train) and program.federation is not None:
            options = action.fit.options
            Script(options.faults, options.seed).check(program.sites)
            check_quorum(options.quorum, options.participation, len(program.sites))


def train(action: Train, features: tuple[str, ...], sites: tuple[str, ...], asking: Asking) -> Steps[Trained]:
    """Fit a model by rounds; where a run before this one was interrupted, from there on.

    Raises
    ------
    WayangError
        If too few sites answered; the message says who did not, in which round, why, and what is kept.
    """
    work = _Training(action, features, sites, asking)
    finish = yield from work.steps()
    asking.round = None
    if finish.error is not None:
        if finish.rounds and work.alone is None:
            finish.error.hint = f"{finish.error.hint}: %wayang resume {asking.context.run} goes on from it"
        raise work.alone or finish.error
    return Trained(
        parameters=finish.model.parameters,
        table=_table(work.latest),
        state=finish.state,
        reason=finish.reason,
        rounds=finish.rounds,
        personal=strategy.personal_of(work.setup.strategy, work.state.rounds.strategy, sites),
    )


def _setup(action: Train, features: tuple[str, ...], sites: tuple[str, ...]) -> rounds.Setup:
    import numpy as np

    from jupyter_wayang.plan.models import named_array

    options = action.fit.options
    cohort, quorum = size(options.participation, len(sites)), options.quorum
    secure = of_kind(options.privacy, SecureAggregation)
    if secure is not None and quorum is None:
        # Whoever says how many sites a sum needs has said how many may be missing.
        quorum = secure.threshold or usual_threshold(cohort)
    start: tuple[NamedArray, ...] = ()
    if isinstance(action.fit.model, LogisticRegression):
        start = (named_array("weights", np.zeros(len(features))), named_array("intercept", np.zeros(1)))
    return rounds.Setup(
        sites=sites,
        strategy=protected(
            strategy.named(options.strategy, options.arguments), options.privacy, options.rounds, cohort
        ),
        start=GlobalModel(model=action.fit.model, features=features, parameters=start, makes=action.makes),
        rounds=options.rounds,
        until=options.until,
        bins=action.bins,
        on=cast("Literal['test', 'train']", action.on),
        participation=options.participation,
        seed=options.seed,
        quorum=quorum,
        # Of the person's own machine nobody knows how long it may take; a wish to stop ends it.
        deadline_s=None if sites == (HERE,) else options.deadline_s,
    )


class _Training:
    def __init__(self, action: Train, features: tuple[str, ...], sites: tuple[str, ...], asking: Asking) -> None:
        self.action = action
        self.asking = asking
        self.setup = _setup(action, features, sites)
        self.script = Script(action.fit.options.faults, action.fit.options.seed)
        self.state = self._around(rounds.begin(self.setup))
        self.latest: dict[str, MetricsMeasured] = {}
        self.alone: WayangError | None = None
        self.sent: dict[str, _Asked] = {}
        self.wake: rounds.Wake | None = None
        # What was said since the last checkpoint; a run that goes on from the next one says it again.
        self.said: list[AnyEvent] = []

    def steps(self) -> Steps[rounds.Finish]:
        """Turn the rounds to their end."""
        self._go_on()
        coming: deque[rounds.Happening] = deque((rounds.Started(at_s=self._now()),))
        while True:
            event = coming.popleft() if coming else (yield from self._next())
            self.state, todo = secure_phases.step(self.state, event)
            for instruction in todo:
                if isinstance(instruction, rounds.Finish):
                    return instruction
                coming.extend((yield from self._carry_out(instruction)))
            if self.state.stopping:
                # The wish is noted; whatever comes next ends the rounds.
                coming = deque((rounds.Started(at_s=self._now()),))

    def _go_on(self) -> None:
        """Begin where a run before this one left off, after all that it said."""
        kept, context = self.asking.context.kept, self.asking.context
        body = kept.get(f"rounds/{self.action.node}")
        if body is None:
            return
        checkpoint = checkpoints.decoded(body, self.setup)
        for number in range(1, checkpoint.done + 1):
            for event in _EVENTS.decode(kept[self._name(number)]):
                context.emit(event)
        self.state = self._around(rounds.resumed(self.setup, checkpoint))

    def _around(self, state: rounds.Rounds) -> secure_phases.Secured:
        """Return rounds whose updates come as a secure sum, if that is asked for."""
        secure = of_kind(self.action.fit.options.privacy, SecureAggregation)
        return secure_phases.around(state, secure, f"{self.asking.context.run}/{self.action.update}")

    def _name(self, number: int) -> str:
        return f"said/{self.action.node}/{number}"

    def _now(self) -> float:
        return self.asking.context.clock()

    def _next(self) -> Steps[rounds.Happening]:
        """Wait for what happens next."""
        while True:
            reply = yield from self.asking.receive(self.wake.at_s if self.wake is not None else None)
            if isinstance(reply, Stop):
                return rounds.StopRequested(at_s=self._now())
            if isinstance(reply, Silence):
                if self.wake is not None:
                    at_s = max(self._now(), self.wake.at_s)
                    return rounds.TimedOut(at_s=at_s, round=self.wake.round, phase=self.wake.phase)
            elif reply.asked.id in self.sent:
                return self._happening(reply, self.sent.pop(reply.asked.id))
            # Anything else is an answer to what came before the rounds.

    def _carry_out(self, instruction: rounds.Instruction | secure_phases.Ask) -> Steps[tuple[rounds.Happening, ...]]:
        """Do what the rounds ask for; return what happens at once."""
        if isinstance(instruction, _Asked):
            return (yield from self._ask(instruction))
        if isinstance(instruction, rounds.Announce):
            self._announce(instruction.event)
        elif isinstance(instruction, rounds.Wake):
            self.wake = instruction
        elif isinstance(instruction, rounds.Keep):
            keep, checkpoint = self.asking.context.keep, instruction.checkpoint
            keep(self._name(checkpoint.done), msgspec.json.encode(self.said))
            keep(f"rounds/{self.action.node}", checkpoints.encoded(checkpoint, self.setup))
            self.said.clear()
        return ()

    def _ask(self, request: _Asked) -> Steps[tuple[rounds.Happening, ...]]:
        site = request.site
        # Scripted faults strike training and measuring, not what is said before and after a masked update.
        line = Line() if isinstance(request, secure_phases.Ask) else self.script.sent(request)
        self.asking.round = request.round
        if line.lost:
            return ()
        if line.error is not None:
            return (self._failed(request, line.error),)
        if self.asking.busy(site) and site != HERE:
            return (self._failed(request, "it is still at work on what it was asked before", missing="late"),)
        message = self._message(request)
        self.sent[(yield from self.asking.post(site, message, delay_s=line.delay_s))] = request
        return ()

    def _message(self, request: _Asked) -> messages.Request:
        run, node, number = self.asking.context.run, self.action.update, request.round
        match request:
            case secure_phases.MaskedTrain(task=task, inbox=inbox):
                return messages.Train(run=run, node=node, round=number, task=task, inbox=inbox)
            case rounds.Train(task=task):
                return messages.Train(run=run, node=node, round=number, task=task)
            case rounds.Score(task=score):
                return messages.Score(run=run, node=self.action.watch, round=number, task=score)
            case secure_phases.Ask(asked=asked):
                return messages.Secure(run=run, node=node, round=number, asked=asked)

    def _announce(self, event: AnyEvent) -> None:
        if isinstance(event, StopNoted):
            return  # Whoever asked has noted it in the journal already.
        if isinstance(event, MetricsMeasured):
            self.latest[event.site] = event
        self.said.append(event)
        self.asking.context.emit(event)

    def _failed(
        self, request: _Asked, reason: str, missing: Missing = "failed", at_s: float | None = None
    ) -> rounds.Failed:
        phase: rounds.Phase = "scoring" if isinstance(request, rounds.Score) else "training"
        now = self._now()
        return rounds.Failed(
            at_s=now if at_s is None else at_s,
            told_s=now,
            site=request.site,
            round=request.round,
            phase=phase,
            reason=reason,
            missing=missing,
        )

    def _happening(self, reply: Reply, request: _Asked) -> rounds.Happening:
        # The answer may have waited for the end of a pause, which is nobody's time.
        told, answer, site = self._now(), reply.answer, request.site
        if isinstance(answer, messages.Trained) and isinstance(request, rounds.Train):
            return self.script.received(
                rounds.Answered(at_s=reply.at_s, told_s=told, site=site, round=answer.round, update=answer.update)
            )
        if isinstance(answer, messages.Secured) and not isinstance(request, rounds.Score):
            return secure_phases.Said(at_s=reply.at_s, told_s=told, site=site, round=answer.round, said=answer.said)
        if isinstance(answer, messages.Scored) and isinstance(request, rounds.Score):
            return rounds.Scored(
                at_s=reply.at_s, told_s=told, site=site, round=answer.round, cells=answer.cells, note=answer.note
            )
        if not isinstance(answer, messages.Failure):
            return self._failed(request, f"it answered {type(answer).__name__}", at_s=reply.at_s)
        error = failure(self.asking.context.title(site), answer)
        if self.setup.sites == (HERE,):
            # There is one place, this machine: what it says is the error, without a word about sites and rounds.
            self.alone = error
        missing: Missing = "rejected" if isinstance(error, WireError) else "failed"
        return self._failed(request, error.message, missing=missing, at_s=reply.at_s)


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
