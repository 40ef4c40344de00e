"""Carrying out an exact fit: what its method asks for goes to every place, and the sum of the answers comes back to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from jupyter_wayang import events
from jupyter_wayang.errors import OperatorError, SiteError
from jupyter_wayang.federation import metrics
from jupyter_wayang.federation.exact.errors import errors_table
from jupyter_wayang.federation.exact.fitting import fitting
from jupyter_wayang.federation.exact.method import Ask, Solution, Total
from jupyter_wayang.kernel.actions import Measure, Train
from jupyter_wayang.kernel.asking import Asking, Stopped
from jupyter_wayang.kernel.steps import Reply, Steps
from jupyter_wayang.kernel.training import Trained, metrics_table
from jupyter_wayang.plan.model_specs import link_of
from jupyter_wayang.plan.models import LogisticRegression, Model, NamedArray, array
from jupyter_wayang.plan.sums import Errors, Sums
from jupyter_wayang.plan.tasks import ScoreTask
from jupyter_wayang.transport import messages

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["added", "errors_measured", "fit_exactly"]


def fit_exactly(action: Train, features: tuple[str, ...], places: tuple[str, ...], asking: Asking) -> Steps[Trained]:
    """Fit a model as if all rows were at one place, a round for each question of its method.

    Between rounds the run can be paused and stopped; what is kept is the model as the last round left it.

    Raises
    ------
    WayangError
        If a place failed, or if the model has no exact fit, or did not come to one in its rounds.
    """
    work = _Exact(action=action, features=features, places=places, asking=asking)
    try:
        made = yield from work.rounds()
    except Stopped:
        if not work.parameters:
            raise
        made = work.ended("stopped", f"stopped after {_rounds(work.done)}, as asked")
    asking.round = None
    return made


def added(answers: dict[str, Sums]) -> Total:
    """Add up what sites answered, in the order of the sites.

    Raises
    ------
    SiteError
        If a site answered with other arrays than the first, or with something that is no number.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import named_array
    >>> one = Sums(arrays=(named_array("sums", np.array([1.0, 2.0])),), rows=3)
    >>> added({"a": one, "b": one}).arrays["sums"].tolist()
    [2.0, 4.0]
    """
    import numpy as np

    arrays: dict[str, np.ndarray] = {}
    shapes = {site: [(named.name, named.shape) for named in sums.arrays] for site, sums in answers.items()}
    wanted = next(iter(shapes.values()))
    for site, sums in answers.items():
        values = {named.name: array(named) for named in sums.arrays}
        if shapes[site] != wanted or not all(np.isfinite(value).all() for value in values.values()):
            raise SiteError(f"{site} answered with other sums than were asked for")
        arrays = {name: arrays[name] + value if arrays else value for name, value in values.items()}
    return Total(arrays=arrays, rows=sum(sums.rows for sums in answers.values()))


def errors_measured(action: Measure, model: Model, places: tuple[str, ...], asking: Asking) -> Steps[pa.Table]:
    """Measure a model of a number over sites: once for the mean of the target, and once about it."""
    weights, intercept = (array(named) for named in model.scored()[1])
    task = Errors(
        features=model.features,
        link=link_of(model.spec) or "identity",
        weights=tuple(weights.tolist()),
        intercept=float(intercept[0]),
    )
    for number in range(2):
        message = messages.Sum(run=asking.context.run, node=action.prepare, round=number, task=task)
        answers = yield from asking.all(dict.fromkeys(places, message))
        found = {place: answer for place, answer in answers.items() if isinstance(answer, messages.Summed)}
        told = {place: answer.sums for place, answer in found.items() if answer.sums.rows}
        if not told:
            raise SiteError("no site has enough rows to measure the model on")
        total = added(told)
        task = msgspec.structs.replace(task, level=task.level + float(total.arrays["sums"][0]) / total.rows)
    places_measured = {"global": total, **{place: added({place: sums}) for place, sums in told.items()}}
    notes = {place: answer.note for place, answer in found.items()}
    silent = [place for place in found if place not in told]
    notes["global"] = f"without {', '.join(silent)}" if silent else None
    return errors_table(places_measured, notes)


@dataclass(kw_only=True)
class _Exact:
    """An exact fit as it goes on: ``parameters`` are the best that is known, after ``done`` rounds."""

    action: Train
    features: tuple[str, ...]
    places: tuple[str, ...]
    asking: Asking
    parameters: tuple[NamedArray, ...] = ()
    done: int = 0
    latest: dict[str, events.MetricsMeasured] = field(default_factory=dict)
    measured: tuple[NamedArray, ...] = ()
    seen: dict[str, int] = field(default_factory=dict)

    def rounds(self) -> Steps[Trained]:
        """Answer what the method asks for, until it has the model."""
        most, goal = self.action.fit.options.rounds, self.action.fit.options.until
        method = fitting(self.action.fit.model, self.features)
        ask = next(method)
        while True:
            yield from self.measure(ask.parameters)
            if goal is not None and self.done and self.latest and goal.reached(self.value(goal.metric)):
                return self.ended("done", f"{goal.describe()} was reached after {_rounds(self.done)}")
            if self.done >= most:
                return self.unfinished()
            total = yield from self.round(ask)
            try:
                ask = method.send(total)
            except StopIteration as end:
                return (yield from self.solved(end.value))

    def round(self, ask: Ask) -> Steps[Total]:
        """Have every place add up what is asked for."""
        emit, run, number = self.asking.context.emit, self.asking.context.run, self.done + 1
        began, self.asking.round = time.time(), number
        emit(events.RoundStarted(round=number, sites=self.places))

        def heard(reply: Reply) -> None:
            failed = isinstance(reply.answer, messages.Failure)
            error = reply.answer.message if isinstance(reply.answer, messages.Failure) and failed else None
            emit(events.SiteReported(round=number, site=reply.place, seconds=reply.at_s - began, error=error))

        message = messages.Sum(run=run, node=self.action.prepare, round=number, task=ask.task)
        answers = yield from self.asking.all(dict.fromkeys(self.places, message), heard)
        sums = {}
        for place, answer in answers.items():
            if not isinstance(answer, messages.Summed):
                raise SiteError(f"{self.asking.context.title(place)} added nothing up")
            sums[place] = answer.sums
            self.seen[place] = answer.sums.rows
            if answer.note is not None:
                emit(events.Withheld(site=place, operator=self.action.prepare, reason=answer.note))
        total = added(sums)
        self.done = number
        emit(events.RoundFinished(round=number, seconds=time.time() - began, sites=self.places))
        return total

    def measure(self, parameters: tuple[NamedArray, ...]) -> Steps[None]:
        """Measure a model that is new, where this one is measured by its scores."""
        if not parameters or parameters == self.measured:
            return
        self.parameters = parameters
        bins = self.action.bins
        if bins is None:
            return
        run, emit = self.asking.context.run, self.asking.context.emit
        task = ScoreTask(model=LogisticRegression(), features=self.features, parameters=parameters, bins=bins)
        message = messages.Score(run=run, node=self.action.watch, round=self.done, task=task)
        answers = yield from self.asking.all(dict.fromkeys(self.places, message))
        cells = {p: (a.cells, a.note) for p, a in answers.items() if isinstance(a, messages.Scored)}
        for place, found in metrics.measured(cells, bins).items():
            on = cast("Literal['test', 'train']", self.action.on)
            values = {name: getattr(found, name) for name in found.__struct_fields__}
            self.latest[place] = events.MetricsMeasured(round=self.done, site=place, on=on, **values)
            emit(self.latest[place])
        self.measured = parameters

    def value(self, metric: str) -> float | None:
        """Return a metric of the model that was measured last, over all places."""
        found: float | None = getattr(self.latest["global"], metric)
        return found

    def solved(self, solution: Solution) -> Steps[Trained]:
        """End with the model."""
        yield from self.measure(solution.parameters)
        return self.ended("done", f"exact after {_rounds(self.done)}", solution.statistics)

    def unfinished(self) -> Trained:
        """End where no more rounds are allowed: with the model as it is, if somebody chose their number."""
        if self.action.fit.options.strategy is None or not self.parameters:
            raise OperatorError(
                f"the fit did not come to its end in {_rounds(self.done)}",
                hint="scale() the features first, or give the model a penalty",
            )
        return self.ended("done", f"all {_rounds(self.done)} are done")

    def ended(self, state: events.State, reason: str, statistics: tuple[NamedArray, ...] = ()) -> Trained:
        """Return what the fit came to."""
        return Trained(
            parameters=self.parameters,
            statistics=statistics,
            table=metrics_table(self.latest),
            seen=self.seen,
            state=state,
            reason=reason,
            rounds=self.done,
        )


def _rounds(number: int) -> str:
    return f"{number} round" if number == 1 else f"{number} rounds"
