"""``%%wayang`` and ``%wayang``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Enum, Float, Integer, Unicode
from traitlets.config import Configurable

from jupyter_wayang.app import default_session
from jupyter_wayang.errors import NameUnknownError, OperatorError, WayangError, closest
from jupyter_wayang.language.builder import Collection, FittedModel
from jupyter_wayang.language.cell import Cell, read_cell
from jupyter_wayang.notebook.commands import calibrated, compared, exported
from jupyter_wayang.notebook.completion import install as install_completion
from jupyter_wayang.notebook.display import Rows, Started, Text
from jupyter_wayang.notebook.options import Options, parse_options
from jupyter_wayang.notebook.progress import wait_quietly, wait_with_progress
from jupyter_wayang.notebook.views import LiveViews, PlanOutput, RunViews
from jupyter_wayang.plan.preferences import OBJECTIVES
from jupyter_wayang.session import Plan, Result, Run

if TYPE_CHECKING:
    from jupyter_wayang.app import Session
    from jupyter_wayang.plan.logical import Vertex

__all__ = ["WayangMagics", "cleaned", "register"]

_BRIEF_S = 3.0
"""A local run that ends within this time shows its rows at once; a longer one goes on in the background."""

_TWO_SIGNS = "two-percent-signs"

_EXAMPLES = """\
%%wayang                                          %%wayang heart --sites hospitals --wait
visits = read("visits.csv")                       patients    = read("patients")
visits.filter(age >= 18)                          train, test = patients.split(0.8, by=[num > 0])
      .group_by(ward).agg(n=count())              ready       = train.impute(mean).scale()
                                                  model = ready.fit(logistic_regression(l2=1e-3), target=num > 0,
                                                      rounds=30, strategy=fedavg(local_epochs=5, learning_rate=0.5))
                                                  model.evaluate(test)

%wayang explain [NAME] · run · platforms · runs · sites [FEDERATION] · attach RUN · pause RUN · resume RUN · stop RUN
%wayang sites policy NAME · compare A B · export [NAME] --format svg|wayang-json|… · calibrate [--quick | --from-runs]"""


class Wayang(Configurable):
    """Settings: ``%config Wayang.max_rows = 50``."""

    max_rows = Integer(20, help="Rows of a result that a cell shows").tag(config=True)
    platforms = Unicode("", help="Platforms that may be used, with commas between; empty: all").tag(config=True)
    objective = Enum(
        OBJECTIVES, None, allow_none=True, help="What plans are compared by; None: as the session prefers"
    ).tag(config=True)
    frames_per_second = Float(4.0, min=0.1, max=20.0, help="How often a live view of a run may change").tag(config=True)


@magics_class
class WayangMagics(Magics):
    """The magics, over a session.

    Parameters
    ----------
    shell
        The notebook's shell.
    session
        The session; None: the default one.
    """

    def __init__(self, shell: Any, session: Session | None = None) -> None:
        super().__init__(shell)
        self.session = session or default_session()
        self.session.scope.variables = shell.user_ns if shell is not None else {}
        self.settings = Wayang(parent=shell)
        self._live = LiveViews(shell, lambda: self.settings.frames_per_second)
        self._latest: Callable[[], Plan] | None = None
        self._ran: RunViews | None = None
        self._kept: Mapping[Vertex, Vertex] = {}
        self._commands: dict[str, Callable[[str], Any]] = {
            "explain": self._explain,
            "run": self._run,
            "platforms": self._platforms,
            "runs": self._runs,
            "sites": self._sites,
            "attach": self._attach,
            "pause": self._pause,
            "resume": self._resume,
            "stop": self._stop,
            "calibrate": lambda rest: calibrated(self.session, rest),
            "compare": lambda rest: compared(self.session, rest),
            "export": lambda rest: exported(self.session, self._planned, rest),
        }

    @no_var_expand
    @line_cell_magic
    def wayang(self, line: str, cell: str | None = None) -> Any:
        """Plan a task over platforms and sites, show the plan, and run it.

        %%wayang [NAME <<] [-o NAME] [--as pandas|polars|arrow]
                 [--platforms a,b] [--sites FEDERATION] [--explain] [--wait] [--sql]

        The body is one task: names for collections, the last line is the result.

            visits = read("visits.csv")
            visits.filter(age >= 18).group_by(ward).agg(n=count())

        NAME << or -o NAME  store the result in a variable (--as: in which form)
        --platforms         only these may be used      --sites    a federation's tables
        --explain           plan only, do not run       --wait     wait for the end
        --sql               the body is one SELECT, and NAME is a table of later cells
        --objective         time, bytes or money: what plans are compared by

        %wayang explain | run | platforms | runs | sites | attach RUN | pause RUN | resume RUN | stop RUN
        | sites policy NAME | compare A B | export [NAME] --format FORMAT [--to FILE] | calibrate [--quick | --from-runs]
        """
        if cell is None:
            return self._line(line)
        return self._cell(line, cell)

    def _cell(self, line: str, cell: str) -> Any:
        options = parse_options(line)
        text = f"%%wayang {line}".rstrip() + "\n" + cell
        if options.sites is not None:
            self.session.federation(options.sites)
        try:
            return self._read_and_run(options, text)
        except WayangError as error:
            error.located(error.span, text)
            raise

    def _read_and_run(self, options: Options, text: str) -> Any:
        cell = self._read_sql(options, text) if options.sql else self._read(options, text)
        if len(cell.results) > 1:
            raise OperatorError(
                "the last line of the cell makes two collections",
                hint="as in train, test = …split(0.8), and then the name of one",
            )
        if not cell.results or options.explain:
            self.session.scope.keep(cell.assigned)
        return self._planned_and_run(options, cell) if cell.results else None

    def _read(self, options: Options, text: str) -> Cell:
        return read_cell(text, self.session.scope, self.session, federation=options.sites)

    def _read_sql(self, options: Options, text: str) -> Cell:
        """Read a cell of SQL: its name is that of its collection too."""
        read = self.session.read_sql(text, federation=options.sites)
        name = options.label
        assigned = {name: read.result} if name.isidentifier() else {}
        names = self.session.scope.names_of([read.result.port], assigned)
        return Cell((read.result,), assigned, read.captured, names, read.source)

    def _planned_and_run(self, options: Options, cell: Cell) -> Any:
        session = self.session
        platforms = (
            options.platforms or tuple(p.strip() for p in self.settings.platforms.split(",") if p.strip()) or None
        )
        name = options.label or options.store or ""
        objective = options.objective or self.settings.objective
        if options.explain:
            plan = session.plan(
                cell.ports,
                names=cell.names,
                platforms=platforms,
                name=name,
                captured=cell.captured,
                objective=objective,
            )
            self._kept, self._latest, self._ran = self._fitted(cell), lambda: plan, None
            return plan
        run = session.run(
            cell.ports,
            names=cell.names,
            platforms=platforms,
            name=name,
            captured=cell.captured,
            wait=False,
            objective=objective,
        )
        self.session.scope.keep(cell.assigned)
        self._kept = self._fitted(cell)
        return self._started(options, run)

    def _started(self, options: Options, run: Run) -> Any:
        self.session.remember(run, self._kept)
        views = self.show_run(run)
        if options.wait or options.form is not None:
            return self._shown(options, self._waited(views))
        ended = run.waited(0.0 if options.sites else _BRIEF_S)
        return self._shown(options, self._waited(views) if ended else run)

    def _waited(self, views: RunViews) -> Result:
        try:
            return wait_quietly(views.run) if views.live else wait_with_progress(views.run)
        finally:
            # In the cell, while it runs: a program that executes notebooks listens no longer.
            views.keep()

    def _fitted(self, cell: Cell) -> Mapping[Vertex, Vertex]:
        """Return, by the vertex of a fit in the cell, the vertex that stands for it in later cells."""
        now = self.session.scope.collections
        return {
            value.port.vertex: now[name].port.vertex
            for name, value in cell.assigned.items()
            if isinstance(value, FittedModel)
        }

    def show_plan(self, plan: Plan) -> None:
        """Show a plan in a cell."""
        output = PlanOutput(self._live, plan)
        self._latest, self._ran = lambda: output.plan, None

    def show_run(self, run: Run) -> RunViews:
        """Show a run in a cell: its plan as soon as it is made, and its curves."""
        views = RunViews(self._live, run)
        self._latest, self._ran = lambda: views.plan, views
        return views

    def _shown(self, options: Options, result: Result | Run) -> Any:
        if isinstance(result, Run):
            if options.store is not None:
                self._store(options.store, result)
            return Started(result)
        if options.store is not None:
            forms: dict[str | None, Callable[[], Any]] = {
                None: lambda: result,
                "pandas": result.to_pandas,
                "polars": result.to_polars,
                "arrow": result.to_arrow,
            }
            self._store(options.store, forms[options.form]())
        return Rows(result, self.settings.max_rows)

    def _store(self, name: str, value: Any) -> None:
        if self.shell is not None:
            self.shell.user_ns[name] = value

    def _line(self, line: str) -> Any:
        command, _, rest = line.strip().partition(" ")
        if not command or command in ("?", "help"):
            return Text(_EXAMPLES)
        if command == _TWO_SIGNS:
            raise OperatorError(
                "a task needs two percent signs: %%wayang", hint="%wayang " + " | ".join(self._commands)
            )
        if command not in self._commands:
            guess = closest(command, self._commands)
            known = f" Did you mean %wayang {guess}?" if guess else ""
            raise NameUnknownError(
                f"there is no command {command}.{known}",
                found=command,
                expected=tuple(self._commands),
                hint="a task needs two percent signs: %%wayang\n%wayang " + " | ".join(self._commands),
            )
        return self._commands[command](rest.strip())

    def _explain(self, rest: str) -> Any:
        if rest:
            found = self.session.scope.collections.get(rest) or self.session.scope.variables.get(rest)
            if not isinstance(found, Collection | FittedModel):
                raise NameUnknownError(
                    f"there is no collection {rest}",
                    hint="%wayang explain NAME, with the name of a collection of a cell",
                )
            names = self.session.scope.names_of(found.ports)
            plan = self.session.plan((found.port,), names=names, platforms=None, name=rest, captured=())
            self._kept, self._latest, self._ran = {}, lambda: plan, None
        elif self._ran is not None and self._ran.unchanged:
            return Text(self._ran.run.explain().text)
        return Text(self._planned().explain().text)

    def _planned(self) -> Plan:
        if self._latest is None:
            raise NameUnknownError("nothing was planned yet", hint="run a %%wayang cell, or %wayang explain NAME")
        return self._latest()

    def _run(self, rest: str) -> Any:
        """Run the plan that was shown last, with all that was pinned in it."""
        options = parse_options(rest)
        return self._started(options, cast("Run", self._planned().run(wait=False)))

    def _platforms(self, rest: str) -> Text:
        from jupyter_wayang.platforms.registry import installed

        lines = []
        for name, platform in installed().items():
            missing = self.session.usable[name]
            lines.append(f"{platform.badge}  {name:<9} {platform.title:<14} {'ready' if missing is None else missing}")
        return Text("\n".join(lines))

    def _runs(self, rest: str) -> Text:
        import datetime as dt

        lines = []
        for summary in self.session.kernel.runs():
            when = dt.datetime.fromtimestamp(summary.started_s).astimezone().strftime("%d %b %H:%M:%S")
            lines.append(f"{summary.run}  {summary.state:<8} {when}  {summary.name}")
        return Text("\n".join(lines) or "no runs yet")

    def _sites(self, rest: str) -> Text:
        federations = self.session.federations
        if rest.split()[:1] == ["policy"]:
            names = rest.split()[1:] or list(federations)
            return Text("\n\n".join(self.session.policy(name) for name in names) or _NO_FEDERATION)
        if rest:
            return Text(repr(self.session.federation(rest)))
        return Text("\n".join(map(repr, federations.values())) or _NO_FEDERATION)

    def _attach(self, rest: str) -> Any:
        views = self.show_run(self.session.attach(rest))
        return Rows(self._waited(views), self.settings.max_rows)

    def _pause(self, rest: str) -> Text:
        run = self.session.attach(rest)
        run.pause()
        if run.state != "paused":
            return Text(f"run {rest} is {run.state}: there is nothing to pause")
        work = f"; {', '.join(run.awaited)} still at work, what they answer is kept" if run.awaited else ""
        return Text(f"run {rest} waits at its next step{work}. %wayang resume {rest} lets it go on")

    def _resume(self, rest: str) -> Any:
        state = self.session.attach(rest).state
        if state == "running":
            return Text(f"run {rest} is running, not paused")
        run = self.session.resume(rest)
        if state == "paused":
            return Text(f"run {rest} goes on")
        return Rows(self._waited(self.show_run(run)), self.settings.max_rows)

    def _stop(self, rest: str) -> Text:
        self.session.attach(rest).stop()
        return Text(f"run {rest} stops at its next step")


def cleaned(lines: list[str]) -> list[str]:
    r"""Mend what never reaches a magic: a bare ``%%wayang``, and one percent sign where two are needed.

    Examples
    --------
    >>> cleaned(["%%wayang\n"])
    ['%wayang\n']
    >>> cleaned(["%wayang --wait\n", "a = read('a.csv')\n"])
    ['%wayang two-percent-signs\n']
    """
    first = lines[0].strip() if lines else ""
    body = any(line.strip() for line in lines[1:])
    if first.split(" ")[0] == "%%wayang" and not body:
        return ["%wayang\n"]
    words = first.split()
    if words[:1] == ["%wayang"] and body and words[1:2] not in [[c] for c in _COMMANDS]:
        return [f"%wayang {_TWO_SIGNS}\n"]
    return lines


_NO_FEDERATION = 'no federation yet: wy.federation("hospitals", "hospitals.toml")'

_COMMANDS = (
    "explain",
    "run",
    "platforms",
    "runs",
    "sites",
    "attach",
    "pause",
    "resume",
    "stop",
    "calibrate",
    "compare",
    "export",
)


def register(shell: Any) -> None:
    """Make the magics, their settings and completion known to a shell."""
    magics = WayangMagics(shell)
    shell.register_magics(magics)
    if magics.settings not in shell.configurables:
        shell.configurables.append(magics.settings)
    if cleaned not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(cleaned)
    install_completion(shell, magics.session)
    # A plan or a run that is a cell's value is shown as the magics show it.
    shown = shell.display_formatter.ipython_display_formatter
    shown.for_type(Plan, magics.show_plan)
    shown.for_type(Run, magics.show_run)
