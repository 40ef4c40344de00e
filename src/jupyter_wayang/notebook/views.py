"""Plans and runs in a cell: live where the front end can, and kept in the notebook as they ended."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import WayangError
from jupyter_wayang.events import AnyEvent, RunFinished
from jupyter_wayang.notebook.mime import Bundle, plan_bundle, run_bundle, with_widget
from jupyter_wayang.notebook.widgets.bundle import is_built

if TYPE_CHECKING:
    from jupyter_wayang.session import Plan, Run

__all__ = ["Output", "RunViews", "can_be_live", "show_plan", "show_run"]


_POLL_S = 1.0


def can_be_live(shell: Any) -> bool:
    """Tell whether somebody sits before a front end that shows widgets.

    A program that executes notebooks (nbclient, papermill, a grader) offers no input; it gets no widget, which it could
    not show and might wait for. ``JUPYTER_WAYANG_WIDGETS=0`` says no for all.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None or not is_built() or os.environ.get("JUPYTER_WAYANG_WIDGETS", "1") == "0":
        return False
    parent = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else {}
    return bool(parent.get("content", {}).get("allow_stdin", False))


class Output:
    """One output of a cell, which may be changed later and from any thread.

    Parameters
    ----------
    shell
        The notebook's shell.
    bundle
        What it shows.
    model_id
        The live view that stands for it, if there is one.
    """

    def __init__(self, shell: Any, bundle: Bundle, model_id: str | None) -> None:
        self._shell = shell
        self._model_id = model_id
        self._id = uuid.uuid4().hex
        self._publish(bundle, update=False)

    def change(self, bundle: Bundle) -> None:
        """Show something else in its place, in the notebook too. What was printed on a terminal stays as it is."""
        if getattr(self._shell, "kernel", None) is not None:
            self._publish(bundle, update=True)

    def _publish(self, bundle: Bundle, *, update: bool) -> None:
        whole = with_widget(bundle, self._model_id) if self._model_id is not None else bundle
        self._shell.display_pub.publish(data=whole, metadata={}, transient={"display_id": self._id}, update=update)


class RunViews:
    """The plan and the curves of a run in a cell, live if the front end can.

    Parameters
    ----------
    shell
        The notebook's shell.
    run
        The run.
    """

    def __init__(self, shell: Any, run: Run) -> None:
        self.run = run
        self.plan = run.plan()
        self.live = live = can_be_live(shell)
        self._lock = threading.Lock()
        self._kept = False
        execution, events = self.plan.execution, run.events()
        self._plan_output = Output(shell, plan_bundle(execution, events), _plan_view(self.plan, run) if live else None)
        # One pass over rows has no curve.
        self._run_output: Output | None = None
        if execution.loop is not None:
            bundle = run_bundle(run, execution)
            self._run_output = Output(shell, bundle, _run_view(run) if live else None)
        self._kept = _ended(events)
        if not self._kept:
            threading.Thread(target=self._keep_at_end, name=f"wayang-keep-{run.id}", daemon=True).start()

    def keep(self) -> None:
        """Write the plan and the curves as they are now into the notebook; the last ones are written once."""
        events = self.run.events()
        with self._lock:
            if self._kept:
                return
            self._kept = _ended(events)
            self._plan_output.change(plan_bundle(self.plan.execution, events))
            if self._run_output is not None:
                self._run_output.change(run_bundle(self.run, self.plan.execution))

    def _keep_at_end(self) -> None:
        # A journal that is closed with its session says so with an error: the notebook has what there was.
        with suppress(WayangError):
            while not self._kept and not self.run.waited(_POLL_S):
                pass
            self.keep()


def _ended(events: Sequence[AnyEvent]) -> bool:
    return bool(events) and isinstance(events[-1], RunFinished)


def show_plan(shell: Any, plan: Plan) -> None:
    """Show a plan in a cell."""
    Output(shell, plan_bundle(plan.execution), _plan_view(plan, None) if can_be_live(shell) else None)


def show_run(shell: Any, run: Run) -> RunViews:
    """Show a run in a cell: its plan as soon as it is made, and its curves."""
    return RunViews(shell, run)


def _plan_view(plan: Plan, run: Run | None) -> str:
    from jupyter_wayang.notebook.widgets.plan import PlanView

    make: Callable[..., Any] = PlanView
    return str(make(plan, run=run).model_id)


def _run_view(run: Run) -> str:
    from jupyter_wayang.notebook.widgets.run import RunView

    return str(RunView(run).model_id)
