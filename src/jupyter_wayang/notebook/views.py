"""Plans and runs in a cell: live where the front end can, and kept in the notebook as they ended."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import WayangError
from jupyter_wayang.events import RunFinished
from jupyter_wayang.notebook.mime import Bundle, plan_bundle, run_bundle, with_widget

if TYPE_CHECKING:
    from jupyter_wayang.session import Plan, Run

__all__ = ["Output", "RunViews", "can_be_live", "show_plan", "show_run"]


def can_be_live(shell: Any) -> bool:
    """Tell whether somebody sits before a front end that shows widgets.

    A program that executes notebooks (nbclient, papermill, a grader) offers no input; it gets no widget, which it could
    not show and might wait for. ``JUPYTER_WAYANG_WIDGETS=0`` says no for all.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None or os.environ.get("JUPYTER_WAYANG_WIDGETS", "1") == "0":
        return False
    parent = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else {}
    return bool(parent.get("content", {}).get("allow_stdin", False))


class Output:
    """One output of a cell, which may be changed later and from any thread.

    Parameters
    ----------
    bundle
        What it shows.
    model_id
        The live view that stands for it, if there is one.
    """

    def __init__(self, bundle: Bundle, model_id: str | None) -> None:
        from IPython.display import display

        self._model_id = model_id
        self._handle: Any = display(self._whole(bundle), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def change(self, bundle: Bundle) -> None:
        """Show something else in its place, in the notebook too."""
        self._handle.update(self._whole(bundle), raw=True)

    def _whole(self, bundle: Bundle) -> Bundle:
        return with_widget(bundle, self._model_id) if self._model_id is not None else bundle


class RunViews:
    """The plan and the curves of a run in a cell.

    Parameters
    ----------
    run
        The run.
    live
        Whether to show live views.
    """

    def __init__(self, run: Run, *, live: bool) -> None:
        self.run = run
        self.plan = run.plan()
        self.live = live
        self._lock = threading.Lock()
        self._kept = False
        execution, events = self.plan.execution, run.events()
        self._plan_output = Output(plan_bundle(execution, events), _plan_view(self.plan, run) if live else None)
        # One pass over rows has no curve.
        self._run_output: Output | None = None
        if execution.loop is not None:
            bundle = run_bundle(run.id, events, execution)
            self._run_output = Output(bundle, _run_view(run, self.plan) if live else None)
        if not self._keep_if_ended():
            threading.Thread(target=self._keep_at_end, name=f"wayang-keep-{run.id}", daemon=True).start()

    def keep(self) -> None:
        """Write the plan and the curves as they are now into the notebook; the last ones are written once."""
        events = self.run.events()
        with self._lock:
            if self._kept:
                return
            self._kept = bool(events) and isinstance(events[-1], RunFinished)
            self._plan_output.change(plan_bundle(self.plan.execution, events))
            if self._run_output is not None:
                self._run_output.change(run_bundle(self.run.id, events, self.plan.execution))

    def _keep_if_ended(self) -> bool:
        if self.run.state in ("running", "paused"):
            return False
        self._kept = True
        return True

    def _keep_at_end(self) -> None:
        try:
            for _ in self.run.follow():
                pass
            self.keep()
        except WayangError:
            # The journal was closed with its session: what the notebook has is what there was.
            return


def show_plan(shell: Any, plan: Plan) -> None:
    """Show a plan in a cell."""
    Output(plan_bundle(plan.execution), _plan_view(plan, None) if can_be_live(shell) else None)


def show_run(shell: Any, run: Run) -> RunViews:
    """Show a run in a cell: its plan as soon as it is made, and its curves."""
    return RunViews(run, live=can_be_live(shell))


def _plan_view(plan: Plan, run: Run | None) -> str:
    from jupyter_wayang.notebook.widgets.plan import PlanView

    make: Callable[..., Any] = PlanView
    return str(make(plan, run=run).model_id)


def _run_view(run: Run, plan: Plan) -> str:
    from jupyter_wayang.notebook.widgets.run import RunView

    make: Callable[..., Any] = RunView
    return str(make(run, plan=plan).model_id)
