"""Runs to follow, and what they come to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError, RunStoppedError
from jupyter_wayang.events import (
    AnyEvent,
    BytesMoved,
    MetricsMeasured,
    Paused,
    Planned,
    Printed,
    Replanned,
    Resumed,
    RoundFinished,
    RunFinished,
    SiteReported,
    SitesAsked,
    StopRequested,
    Withheld,
)
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.logical import Vertex
from jupyter_wayang.plan.models import Model
from jupyter_wayang.session.kernel import Kernel, Outcome
from jupyter_wayang.session.making import Making
from jupyter_wayang.session.plans import Explanation, Plan

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from jupyter_wayang.session.comparing import Comparison

__all__ = ["Result", "Run"]

_POLL_S = 0.1


class Run:
    """A run, to be followed while it goes on and after it.

    Parameters
    ----------
    id
        Its id in the journal.
    kernel
        The execution kernel that has it.
    fits
        The vertices that it fits, by node id.
    making
        How its plan was made, if that is known here.
    """

    def __init__(
        self, id: str, kernel: Kernel, fits: Mapping[str, Vertex] | None = None, making: Making | None = None
    ) -> None:
        self.id = id
        self._making = making
        self._kernel = kernel
        self.fits = dict(fits or {})
        self._printed = 0

    def events(self, since: int = 0) -> tuple[AnyEvent, ...]:
        """Return the events with a number above ``since``, in order."""
        return self._kernel.events(self.id, since)

    def follow(self) -> Iterator[AnyEvent]:
        """Yield events as they come, until the run has ended."""
        seq = 0
        while True:
            news = self.events(seq)
            for event in news:
                seq = event.seq
                yield event
                if isinstance(event, RunFinished):
                    return
            if not news and self._kernel.finished(self.id):
                return
            self._kernel.wait(self.id, seq, _POLL_S)

    def metrics(self) -> pd.DataFrame:
        """Return every metric of every round and site: columns ``round``, ``site``, ``metric``, ``value``."""
        import pandas as pd

        rows = [
            (event.round, event.site, metric, getattr(event, metric))
            for event in self.events()
            if isinstance(event, MetricsMeasured)
            for metric in ("log_loss", "accuracy", "auc", "rows")
        ]
        frame = pd.DataFrame(rows, columns=["round", "site", "metric", "value"])
        typed: pd.DataFrame = frame.astype({"round": "int64", "value": "float64"})
        return typed

    @property
    def state(self) -> str:
        """``running``, ``paused``, ``done``, ``stopped`` or ``failed``."""
        events = self.events()
        if events and isinstance(events[-1], RunFinished):
            return events[-1].state
        if self._kernel.finished(self.id):
            return "failed"
        wishes = [event for event in events if isinstance(event, Paused | Resumed | StopRequested)]
        return "paused" if wishes and isinstance(wishes[-1], Paused) else "running"

    @property
    def awaited(self) -> tuple[str, ...]:
        """The sites that were asked for something and have not answered: what the run waits for."""
        awaited: dict[str, None] = {}
        for event in self.events():
            match event:
                case SitesAsked():
                    awaited.update(dict.fromkeys(event.sites))
                case BytesMoved(direction="up") | SiteReported(missing="late"):
                    awaited.pop(event.site, None)
                case RunFinished():
                    awaited.clear()
        return tuple(awaited)

    def wait(self) -> Result:
        """Wait for the end. An interrupt of the notebook stops the run.

        Raises
        ------
        WayangError
            What made the run fail.
        """
        seq = 0
        try:
            while not self._kernel.finished(self.id):
                seq = self._said(seq)
                self._kernel.wait(self.id, seq, _POLL_S)
        except KeyboardInterrupt:
            self.stop()
            raise
        self._said(seq)
        return Result(self, self._kernel.outcome(self.id))

    def waited(self, seconds: float) -> bool:
        """Wait for the end, but no longer than some seconds; tells whether it has ended."""
        until = time.monotonic() + seconds
        seq = 0
        while not self._kernel.finished(self.id):
            if time.monotonic() >= until:
                return False
            seq = self._seq(seq)
            self._kernel.wait(self.id, seq, min(_POLL_S, seconds))
        return True

    def news(self, since: int, timeout_s: float) -> bool:
        """Wait for an event with a number above ``since``, but no longer than some seconds; tells whether there is one."""
        return self._kernel.wait(self.id, since, timeout_s)

    @property
    def over(self) -> bool:
        """Whether no more events will come."""
        return self._kernel.finished(self.id)

    def _said(self, known: int) -> int:
        """Print what functions of the notebook print; return the number of the last event."""
        news = self.events(known)
        for event in news:
            if isinstance(event, Printed) and event.seq > self._printed:
                self._printed = event.seq
                print(event.text, end="")  # noqa: T201 - a function printed it, and its person waits here
        return news[-1].seq if news else known

    def _seq(self, known: int) -> int:
        """Return the number of the last event; only those after a known one are read."""
        news = self.events(known)
        return news[-1].seq if news else known

    def stop(self) -> None:
        """Ask the run to stop at its next step; the model of the last round is kept."""
        self._kernel.stop(self.id)

    def pause(self) -> None:
        """Ask the run to wait at its next step. What sites are at work on is finished and kept."""
        self._kernel.pause(self.id)

    def resume(self) -> None:
        """Let the run go on after a pause."""
        self._kernel.resume(self.id)

    def plan(self) -> Plan:
        """Return the plan that is run, as it is now; waits until it is made.

        Raises
        ------
        WayangError
            What kept it from being made.
        """
        for event in self.follow():
            if isinstance(event, Planned):
                latest = [one for one in self.events() if isinstance(one, Planned | Replanned)][-1]
                return Plan(wire.decode(latest.plan, ExecutionPlan), self._making)
        self._kernel.outcome(self.id)
        raise RunStoppedError(f"the run {self.id} ended before it was planned")

    def explain(self) -> Explanation:
        """Say of the plan that is run why it is so, with what was counted and measured until now, worst estimates first."""
        from jupyter_wayang.drawing.measured import measured

        plan = self.plan()
        return Plan(measured(plan.execution, self.events()), plan.making).explain()

    def compare(self, other: Plan | Run | Result) -> Comparison:
        """Show this run and another one, or a plan, side by side: what changed of platforms, moves, times and rows."""
        from jupyter_wayang.session.comparing import compare

        return compare(self, other)

    def __repr__(self) -> str:
        return f"Run({self.id}, {self.state})"


class Result:
    """What a run came to: rows, or a model.

    Parameters
    ----------
    run
        The run.
    outcome
        What the execution kernel gave.
    """

    def __init__(self, run: Run, outcome: Outcome) -> None:
        self.run = run
        self._outcome = outcome

    @property
    def state(self) -> str:
        """``done`` or ``stopped``."""
        return self._outcome.state

    @property
    def model(self) -> Model:
        """The model; of a run that fitted exactly one, that one.

        Raises
        ------
        OperatorError
            If there is none.
        """
        if self._outcome.model is not None:
            return self._outcome.model
        if len(self._outcome.models) == 1:
            return next(iter(self._outcome.models.values()))
        raise OperatorError(f"the run {self.run.id} fitted {len(self._outcome.models)} models")

    @property
    def models(self) -> Mapping[str, Model]:
        """The models that were fitted, by the id of their operator."""
        return self._outcome.models

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table; of a model, its coefficients.

        Raises
        ------
        RunStoppedError
            If the run was stopped before it had any.
        """
        if self._table is None:
            raise RunStoppedError(f"the run {self.run.id} was stopped before it had a result")
        return self._table

    @property
    def _table(self) -> pa.Table | None:
        if self._outcome.table is None and self._outcome.model is not None:
            return _coefficients(self._outcome.model)
        return self._outcome.table

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame with Arrow types: integers with nulls stay integers."""
        import pandas as pd

        frame: pd.DataFrame = self.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Return the rows as a polars DataFrame."""
        import polars as pl

        frame = pl.from_arrow(self.to_arrow())
        return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the rows should know: numbers kept back, sites that rounds went on without, a run that was stopped."""
        events = self.run.events()
        kept = [f"{event.site}: {event.reason}" for event in events if isinstance(event, Withheld)]
        stopped = [
            f"stopped after {e.rounds} rounds" for e in events if isinstance(e, RunFinished) and e.state == "stopped"
        ]
        return tuple(dict.fromkeys((*stopped, *_missing(events), *kept)))

    def explain(self) -> Explanation:
        """Say why the plan was as it was, with counted rows and times, worst estimates first."""
        return self.run.explain()

    def __repr__(self) -> str:
        return self.shown_as_text()

    def shown_as_text(self, most: int = 20) -> str:
        """Return the rows, up to ``most``, and the notes, as text."""
        from jupyter_wayang.drawing.text import table_text

        rows = [table_text(self._table, most=most)] if self._table is not None else []
        return "\n".join([*rows, *self.notes])

    def shown_as_html(self, most: int = 20) -> str:
        """Return the rows, up to ``most``, and the notes, as HTML."""
        from jupyter_wayang.drawing.html import table_html

        if self._table is None:
            return f"<p>{escape('; '.join(self.notes))}</p>"
        return table_html(self._table, most=most, notes=self.notes)

    def _repr_html_(self) -> str:
        return self.shown_as_html()


def _missing(events: tuple[AnyEvent, ...]) -> Iterator[str]:
    """Yield in how many rounds a site is missing that was asked to train, and why in the last of them."""
    lost = [event for event in events if isinstance(event, SiteReported) and event.missing is not None]
    ended = sum(isinstance(event, RoundFinished) for event in events)
    for site in dict.fromkeys(event.site for event in lost):
        of_site = [event for event in lost if event.site == site]
        yield f"{site} is missing in {len(of_site)} of {ended} rounds: {of_site[-1].error}"


def _coefficients(model: Model) -> pa.Table:
    """Return the weights of a linear model, what centres and components are made of, or how large a model is."""
    import pyarrow as pa

    from jupyter_wayang.plan.models import array

    arrays = {named.name: array(named) for named in model.parameters}
    if "weights" in arrays:
        names = ["(intercept)", *model.features]
        values = [*arrays["intercept"].tolist(), *arrays["weights"].tolist()]
        return pa.table({"feature": names, "coefficient": values})
    for name, called in (("centres", "cluster"), ("components", "component")):
        if name in arrays:
            first = 0 if name == "centres" else 1
            numbers = pa.array(range(first, first + len(arrays[name])), pa.int64())
            return pa.table({called: numbers, **dict(zip(model.features, arrays[name].T, strict=True))})
    sizes = [array.size for array in arrays.values()]
    return pa.table({"array": list(arrays), "numbers": pa.array(sizes, pa.int64())})
