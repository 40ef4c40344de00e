"""Plans and runs in a cell: live where the front end can, and kept in the notebook as they ended."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_wayang.errors import WayangError
from jupyter_wayang.events import AnyEvent, RunFinished
from jupyter_wayang.notebook.mime import Bundle, plan_bundle, run_bundle, with_widget
from jupyter_wayang.notebook.widgets.bundle import is_built

if TYPE_CHECKING:
    from jupyter_wayang.notebook.widgets.plan import PlanView
    from jupyter_wayang.notebook.widgets.run import RunView
    from jupyter_wayang.session import Plan, Run

    View = TypeVar("View", PlanView, RunView)

__all__ = ["LiveViews", "Output", "PlanOutput", "RunViews", "can_be_live"]


_POLL_S = 0.5


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


class LiveViews:
    """The live views of a notebook, by cell: those of a cell that runs again are closed, with their comms and threads.

    Parameters
    ----------
    shell
        The notebook's shell.
    frames_per_second
        How often the view of a run may change.
    """

    def __init__(self, shell: Any, frames_per_second: Callable[[], float] = lambda: 4.0) -> None:
        self.shell = shell
        self._frames_per_second = frames_per_second
        self._of_cell: dict[str, tuple[str, list[PlanView | RunView]]] = {}

    @property
    def possible(self) -> bool:
        """Whether the front end can show some."""
        return can_be_live(self.shell)

    def plan(self, plan: Plan, run: Run | None) -> PlanView:
        """Make a live view of a plan."""
        from jupyter_wayang.notebook.widgets.plan import PlanView

        return self._added(PlanView(plan, run))

    def run(self, run: Run) -> RunView:
        """Make a live view of a run."""
        from jupyter_wayang.notebook.widgets.run import RunView

        return self._added(RunView(run, frames_per_second=self._frames_per_second()))

    def _added(self, view: View) -> View:
        parent = self.shell.kernel.get_parent("shell")
        cell, request = parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id", "")
        if cell is None:
            # A front end that does not tell which cell it runs keeps all its views.
            return view
        shown = self._of_cell.get(cell)
        if shown is None or shown[0] != request:
            for old in shown[1] if shown is not None else ():
                # A widget leaves its layout behind.
                layout = old.layout
                old.close()
                layout.close()
            shown = self._of_cell[cell] = (request, [])
        shown[1].append(view)
        return view


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


class PlanOutput:
    """A plan in a cell, live if the front end can; what is pinned in it is kept in the notebook.

    Parameters
    ----------
    live
        The notebook's live views.
    plan
        The plan.
    run
        A run of it, to be followed.
    """

    def __init__(self, live: LiveViews, plan: Plan, run: Run | None = None) -> None:
        self._plan = plan
        self._run = run
        self._view = live.plan(plan, run) if live.possible else None
        self._output = Output(live.shell, self._bundle(), self._view and self._view.model_id)
        if self._view is not None:
            self._view.observe(lambda _: self.keep(), names="display")

    @property
    def plan(self) -> Plan:
        """The plan as it is shown, with what was pinned."""
        return self._plan if self._view is None else self._view.plan

    def keep(self) -> None:
        """Write the plan as it is now into the notebook."""
        self._output.change(self._bundle())

    def _bundle(self) -> Bundle:
        # What the run counts is about its own plan, not about one with other pins.
        ran = self._run is not None and self.plan is self._plan
        return plan_bundle(self.plan.execution, self._run.events() if ran and self._run is not None else ())


class RunViews:
    """The plan and the curves of a run in a cell, live if the front end can.

    Parameters
    ----------
    live
        The notebook's live views.
    run
        The run.
    """

    def __init__(self, live: LiveViews, run: Run) -> None:
        self.run = run
        self.live = live.possible
        self._ran = run.plan()
        self._lock = threading.Lock()
        self._kept = threading.Event()
        self.shown = PlanOutput(live, self._ran, run)
        # One pass over rows has no curve.
        self._curves: Output | None = None
        if self._ran.execution.loop is not None:
            view = live.run(run).model_id if self.live else None
            self._curves = Output(live.shell, self._bundle(), view)
        if _ended(run.events()):
            self._kept.set()
        else:
            threading.Thread(target=self._keep_at_end, name=f"wayang-keep-{run.id}", daemon=True).start()

    @property
    def plan(self) -> Plan:
        """The plan as it is shown, with what was pinned."""
        return self.shown.plan

    @property
    def unchanged(self) -> bool:
        """Whether the plan that is shown is the one that was run: nothing was pinned in it since."""
        return self.plan is self._ran

    def keep(self) -> None:
        """Write the plan and the curves as they are now into the notebook; the last ones are written once."""
        ended = _ended(self.run.events())
        with self._lock:
            if self._kept.is_set():
                return
            if ended:
                self._kept.set()
            self.shown.keep()
            if self._curves is not None:
                self._curves.change(self._bundle())

    def _bundle(self) -> Bundle:
        return run_bundle(self.run, self._ran.execution)

    def _keep_at_end(self) -> None:
        # A look now and then, for a thread that woke at every event would slow the run down. A journal that is closed
        # with its session says so with an error: the notebook has what there was.
        with suppress(WayangError):
            while not self._kept.wait(_POLL_S):
                if self.run.over:
                    self.keep()
                    return


def _ended(events: Sequence[AnyEvent]) -> bool:
    return bool(events) and isinstance(events[-1], RunFinished)
