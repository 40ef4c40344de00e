"""The execution kernel as a value in this process: plans, starts, follows and stops runs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import uuid4

import msgspec

from jupyter_wayang.errors import NameUnknownError, OperatorError, PlanError, RunStoppedError, SiteError, WayangError
from jupyter_wayang.events import AnyEvent, Paused, Resumed, RunFinished, StopRequested
from jupyter_wayang.kernel.actions import Train
from jupyter_wayang.kernel.asking import RunContext, Stopped
from jupyter_wayang.kernel.journal import Journal, RunSummary
from jupyter_wayang.kernel.outcome import Outcome
from jupyter_wayang.kernel.program import HERE, compiled
from jupyter_wayang.kernel.results import Results
from jupyter_wayang.kernel.runs import describing, planning, rest_of, running, sampling
from jupyter_wayang.kernel.steps import Carrier, drive_in_thread
from jupyter_wayang.kernel.task import TASK, Task, task_of
from jupyter_wayang.kernel.training import check
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.transport.messages import Interrupt, encode

__all__ = ["ExecutionKernel"]

_TAKEN = frozenset({"here", "kernel", "global"})
_KEPT_OUTCOMES = 20
_PATIENCE_S = 10.0
_AGAIN_S = 0.2


@dataclass
class _Active:
    federation: str | None
    stop: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    changing: threading.Lock = field(default_factory=threading.Lock)
    outcome: Future[Outcome] = field(default_factory=Future)


class ExecutionKernel:
    """Runs tasks over places that it reaches by carriers.

    Parameters
    ----------
    journal
        Where events go.
    results
        Where results go.
    here
        How to reach the person's own machine.
    """

    def __init__(self, journal: Journal, results: Results, here: Carrier) -> None:
        self._journal = journal
        self._results = results
        self._here = here
        self._federations: dict[str, Mapping[str, Carrier]] = {}
        self._titles: dict[str, Mapping[str, str]] = {}
        self._active: dict[str, _Active] = {}

    def join(self, federation: str, sites: Mapping[str, Carrier], titles: Mapping[str, str]) -> None:
        """Make the sites of a federation reachable.

        Raises
        ------
        OperatorError
            If a site has a name that means something else, or one that is no plain word.
        """
        for site in sites:
            if site in _TAKEN or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", site):
                raise OperatorError(
                    f"a site cannot be called {site!r}",
                    hint="letters, digits, _ and -; not " + ", ".join(sorted(_TAKEN)),
                )
        self._federations[federation] = dict(sites)
        self._titles[federation] = dict(titles)

    def describe(self, federation: str, table: str) -> tuple[tuple[str, ...], Schema]:
        """Return the sites and the schema that they share for a table.

        Raises
        ------
        SiteError
            If a site does not have the table, or has it with another type; the message names the site.
        """
        places = self._places(federation)
        sites = tuple(site for site in places if site != HERE)
        context = self._context("describe", "", None, federation, emit=_unheard)
        schema = drive_in_thread(describing(sites, table, context), places, threading.Event())
        return sites, schema

    def plan(
        self,
        plan: LogicalPlan,
        *,
        name: str,
        platforms: Sequence[str] | None,
        scale: float = 1.0,
        preferences: Preferences = Preferences(),  # noqa: B008 - frozen
    ) -> ExecutionPlan:
        """Plan a task at every place that takes part, without running it; ``scale`` for so many times the rows."""
        program = compiled(plan)
        check(program)
        context = self._context(f"plan-{uuid4().hex[:8]}", name, platforms, program.federation, emit=_unheard)
        context = replace(context, scale=scale, preferences=preferences)
        return drive_in_thread(planning(program, context), self._places(program.federation), threading.Event())

    def sample(self, plan: LogicalPlan, operator: AnyOperator) -> Schema:
        """Return the columns that a function makes, learned on the first rows of its inputs.

        Raises
        ------
        WayangError
            If the function raises, makes no rows of these, or makes rows of different shapes.
        """
        run = f"sample-{uuid4().hex[:8]}"
        context = self._context(run, "", None, None, emit=_unheard)
        steps = sampling(plan, operator, context)
        interrupt = partial(self._here, encode(Interrupt(run=run)))
        timer = threading.Timer(_PATIENCE_S, interrupt)
        timer.start()
        try:
            return drive_in_thread(steps, {HERE: self._here}, threading.Event())
        except Stopped as error:
            raise PlanError(
                f"{operator.verb}({operator.describe()}) has not come to an end on the first rows "
                f"within {_PATIENCE_S:g} s: its columns are not known",
                hint="a hint says them, as in def f(row) -> dict(word=str, n=int)",
            ) from error
        except BaseException:
            # An interrupt of the notebook: the function must not go on alone.
            interrupt()
            raise
        finally:
            timer.cancel()

    def submit(
        self,
        plan: LogicalPlan,
        *,
        name: str,
        platforms: Sequence[str] | None,
        preferences: Preferences = Preferences(),  # noqa: B008 - frozen
    ) -> str:
        """Start a task and return the id of its run.

        Raises
        ------
        WayangError
            If the task can be seen not to be possible before anything runs.
        """
        return self._start(Task(plan=plan, name=name, platforms=_named(platforms), preferences=preferences))

    def resubmit(self, run: str) -> str:
        """Go on with a run that was stopped, failed, or lost its process; return the id of the run that does.

        It begins with the model of the last finished round, and comes to the same bytes as without the break.

        Raises
        ------
        OperatorError
            If the run goes on, is done, or had no rounds.
        """
        state = next((summary.state for summary in self._journal.runs() if summary.run == run), None)
        if state is None:
            raise NameUnknownError(f"there is no run {run}", hint="%wayang runs lists the runs")
        if state in ("running", "done"):
            raise OperatorError(
                f"the run {run} is {'done: nothing of it is left to do' if state == 'done' else 'still going on'}",
                hint="a run that was stopped or failed can go on",
            )
        kept = self._journal.kept(run)
        if TASK not in kept:
            raise OperatorError(f"the run {run} had no rounds with which to go on", hint="run its cell again")
        return self._start(task_of(kept[TASK]), kept, run)

    def _start(self, task: Task, kept: Mapping[str, bytes] | None = None, resumes: str | None = None) -> str:
        program = compiled(task.plan)
        check(program)
        places = self._places(program.federation)
        run = uuid4().hex[:8]
        self._journal.begin(run, task.name)
        keeps = any(isinstance(action, Train) for action in program.actions)
        for name, body in {TASK: msgspec.msgpack.encode(task), **(kept or {})}.items() if keeps else ():
            self._journal.keep(run, name, body)
        self._results.forget(frozenset(summary.run for summary in self._journal.runs()))
        self._forget_old()
        active = self._active[run] = _Active(federation=program.federation)
        active.go.set()
        context = self._context(run, task.name, task.platforms, program.federation, emit=self._emitting(run))
        context = replace(context, preferences=task.preferences, kept=kept or {}, resumes=resumes)
        if keeps:
            context = replace(context, keep=partial(self._journal.keep, run))
        steps = running(program, context)

        def work() -> None:
            try:
                outcome = drive_in_thread(steps, places, active.stop, active.go)
                if outcome.table is not None:
                    self._results.store(run, outcome.table)
                self._journal.end(run, outcome.state)
            except BaseException as error:  # noqa: BLE001 - kept for whoever waits, who raises it
                self._broken(run, error)
                active.outcome.set_exception(error)
            else:
                active.outcome.set_result(outcome)

        threading.Thread(target=work, name=f"wayang-run-{run}", daemon=True).start()
        return run

    def _broken(self, run: str, error: BaseException) -> None:
        """Note that a run failed; an error that is none of ours left it without a last event."""
        with suppress(RunStoppedError):  # the journal was closed meanwhile
            if not isinstance(error, WayangError):
                last = RunFinished(state="failed", reason="an error of the program", error=type(error).__name__)
                self._journal.append(run, last)
            self._journal.end(run, "failed")

    def events(self, run: str, since: int = 0) -> tuple[AnyEvent, ...]:
        """Return the events of a run after a number."""
        return self._journal.events(run, since)

    def wait(self, run: str, since: int, timeout_s: float) -> bool:
        """Wait for an event after a number."""
        return self._journal.wait(run, since, timeout_s)

    def stop(self, run: str) -> None:
        """Ask a run to stop, paused or not. It is noted at once and takes effect at the run's next step."""
        active = self._of_session(run)
        with active.changing:
            if not active.outcome.done() and not active.stop.is_set():
                self._journal.append(run, StopRequested())
                self._end(run, active)

    def _end(self, run: str, active: _Active) -> None:
        """Have a run stop at its next step, and what it has begun at once: a function or statement may never return."""
        active.stop.set()

        def interrupt() -> None:
            # Again, because what is to be stopped may be about to begin.
            while True:
                for part in (run, rest_of(run)):
                    self._here(encode(Interrupt(run=part)))
                if wait((active.outcome,), _AGAIN_S).done:
                    return

        # Whoever asks does not wait: the place may be busy.
        threading.Thread(target=interrupt, name=f"wayang-stop-{run}", daemon=True).start()

    def pause(self, run: str) -> None:
        """Ask a run to wait at its next step; what sites answer meanwhile is kept. A run that ends is left alone."""
        active = self._of_session(run)
        with active.changing:
            if active.go.is_set() and not active.stop.is_set() and not active.outcome.done():
                self._journal.append(run, Paused())
                active.go.clear()

    def resume(self, run: str) -> None:
        """Let a paused run go on."""
        active = self._of_session(run)
        with active.changing:
            if not active.go.is_set() and not active.stop.is_set() and not active.outcome.done():
                self._journal.append(run, Resumed())
                active.go.set()

    def _of_session(self, run: str) -> _Active:
        active = self._active.get(run)
        if active is None:
            raise NameUnknownError(f"there is no run {run} in this session", hint="%wayang runs lists the runs")
        return active

    def busy(self, federation: str) -> str | None:
        """Return a run that goes on over a federation, or None."""
        for run, active in self._active.items():
            if active.federation == federation and not active.outcome.done():
                return run
        return None

    def finished(self, run: str) -> bool:
        """Tell whether a run has ended."""
        active = self._active.get(run)
        return active is None or active.outcome.done()

    def outcome(self, run: str) -> Outcome:
        """Return what a finished run came to; waits for the end.

        Raises
        ------
        WayangError
            What made the run fail.
        """
        active = self._active.get(run)
        if active is None:
            state = next((summary.state for summary in self._journal.runs() if summary.run == run), None)
            if state is None:
                raise NameUnknownError(f"there is no run {run}", hint="%wayang runs lists the runs")
            if state != "done":
                raise RunStoppedError(f"the run {run} ended as {state} in an earlier session")
            return Outcome(state="done", table=self._results.load(run))
        return active.outcome.result()

    def runs(self) -> tuple[RunSummary, ...]:
        """Return the runs in the journal, newest first."""
        return self._journal.runs()

    def close(self) -> None:
        """Ask every run to stop and close the journal."""
        for run, active in self._active.items():
            self._end(run, active)
        wait([active.outcome for active in self._active.values()], timeout=_PATIENCE_S)
        self._journal.close()

    def _forget_old(self) -> None:
        """Let go of what old runs came to; their rows are read from file if somebody asks."""
        done = [run for run, active in self._active.items() if active.outcome.done()]
        for run in done[:-_KEPT_OUTCOMES]:
            del self._active[run]

    def _places(self, federation: str | None) -> Mapping[str, Carrier]:
        if federation is None:
            return {HERE: self._here}
        if federation not in self._federations:
            raise SiteError(f"there is no federation {federation}", expected=tuple(self._federations))
        return {**self._federations[federation], HERE: self._here}

    def _emitting(self, run: str) -> Callable[[AnyEvent], None]:
        def emit(event: AnyEvent) -> None:
            self._journal.append(run, event)

        return emit

    def _context(
        self,
        run: str,
        name: str,
        platforms: Sequence[str] | None,
        federation: str | None,
        *,
        emit: Callable[[AnyEvent], None],
    ) -> RunContext:
        return RunContext(
            run=run,
            name=name,
            platforms=_named(platforms),
            titles=self._titles.get(federation or "", {}),
            emit=emit,
            federated=federation is not None,
        )


def _named(platforms: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(platforms) if platforms is not None else None


def _unheard(event: AnyEvent) -> None:
    """Take an event of something that is not a run: nobody asked for it."""
