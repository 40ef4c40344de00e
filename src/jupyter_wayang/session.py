"""The notebook's handle: names to sources, plans to look at, runs to follow, results to fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from jupyter_wayang.catalog import Catalog, FederationSpec, TableSpec, federation_of, read_federation
from jupyter_wayang.errors import NameUnknownError, OperatorError, RunStoppedError, WayangError, closest
from jupyter_wayang.events import AnyEvent, MetricsMeasured, Planned, RunFinished
from jupyter_wayang.federation import strategy
from jupyter_wayang.language import builder
from jupyter_wayang.language.builder import Collection
from jupyter_wayang.language.desk import ReadRequest
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.logical import LogicalPlan, Vertex, VertexPort, identified
from jupyter_wayang.plan.models import Model
from jupyter_wayang.plan.operators import AnyOperator, Fit, Fitted, ReadFederated, ReadFrame
from jupyter_wayang.plan.rows import normalize, schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms import registry

if TYPE_CHECKING:
    import graphviz
    import networkx as nx
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Explanation", "Federation", "Kernel", "Plan", "Result", "Run", "Workbench"]


class Outcome(Protocol):
    """What a run came to, as the execution kernel gives it."""

    @property
    def state(self) -> str:
        """``done``, ``stopped`` or ``failed``."""
        ...

    @property
    def table(self) -> pa.Table | None:
        """The rows, if the result is rows."""
        ...

    @property
    def model(self) -> Model | None:
        """The model, if the result is a model."""
        ...

    @property
    def models(self) -> Mapping[str, Model]:
        """Every model that was fitted, by the id of its node."""
        ...


class Kernel(Protocol):
    """The execution kernel, as a session sees it."""

    def describe(self, federation: str, table: str) -> tuple[tuple[str, ...], Schema]:
        """Return the sites and the shared schema of a federated table."""
        ...

    def plan(self, plan: LogicalPlan, *, name: str, platforms: Sequence[str] | None) -> ExecutionPlan:
        """Plan a task."""
        ...

    def submit(self, plan: LogicalPlan, *, name: str, platforms: Sequence[str] | None) -> str:
        """Start a task."""
        ...

    def events(self, run: str, since: int = 0) -> tuple[AnyEvent, ...]:
        """Return events of a run."""
        ...

    def wait(self, run: str, since: int, timeout_s: float) -> bool:
        """Wait for an event."""
        ...

    def stop(self, run: str) -> None:
        """Ask a run to stop."""
        ...

    def finished(self, run: str) -> bool:
        """Tell whether a run has ended."""
        ...

    def outcome(self, run: str) -> Outcome:
        """Return what a run came to."""
        ...

    def runs(self) -> Sequence[Any]:
        """Return the runs in the journal."""
        ...

    def close(self) -> None:
        """End."""
        ...


@dataclass(frozen=True)
class Explanation:
    """Why a plan is as it is: ``text`` to read, :meth:`to_json` to compute with."""

    text: str
    plan: ExecutionPlan

    def to_json(self) -> str:
        """Return the plan with all decisions, alternatives and costs as JSON."""
        return wire.encode(self.plan).decode()

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@dataclass(frozen=True)
class Plan:
    """A plan to look at: for every operator a platform and why, explicit data movement, alternatives with costs.

    Parameters
    ----------
    execution
        The plan as a value.
    """

    execution: ExecutionPlan

    def explain(self) -> Explanation:
        """Say for every operator which platforms were considered, at which cost, and why this one was taken."""
        from jupyter_wayang.drawing.text import explain

        return Explanation(text=explain(self.execution), plan=self.execution)

    def outline(self) -> str:
        """Return the plan as text: a lane per place, an operator per line."""
        from jupyter_wayang.drawing.text import outline

        return outline(self.execution)

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Return the operator graph; nodes and edges carry what the plan says of them."""
        from jupyter_wayang.drawing.graphs import to_networkx

        return to_networkx(self.execution)

    def to_graphviz(self) -> graphviz.Source:
        """Return the operator graph as a DOT source with a cluster per lane."""
        from jupyter_wayang.drawing.graphs import to_graphviz

        return to_graphviz(self.execution)

    def to_svg(self, theme: str = "auto") -> str:
        """Return a picture of the plan.

        Parameters
        ----------
        theme
            ``light``, ``dark``, or ``auto``: whichever the reader's system has.
        """
        from jupyter_wayang.drawing.svg import plan_svg

        return plan_svg(self.execution, theme=theme)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return self.outline()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from jupyter_wayang.drawing.html import plan_html

        return {"text/html": plan_html(self.execution), "text/plain": self.outline()}


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
    """

    def __init__(self, id: str, kernel: Kernel, fits: Mapping[str, Vertex] | None = None) -> None:
        self.id = id
        self._kernel = kernel
        self.fits = dict(fits or {})

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
            self._kernel.wait(self.id, seq, 0.1)

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
        """``running``, ``done``, ``stopped`` or ``failed``."""
        last = self.events()[-1:]
        if last and isinstance(last[0], RunFinished):
            return last[0].state
        return "failed" if self._kernel.finished(self.id) else "running"

    def wait(self) -> Result:
        """Wait for the end. An interrupt of the notebook stops the run.

        Raises
        ------
        WayangError
            What made the run fail.
        """
        try:
            while not self._kernel.finished(self.id):
                seq = self.events()[-1:]
                self._kernel.wait(self.id, seq[0].seq if seq else 0, 0.1)
        except KeyboardInterrupt:
            self.stop()
            raise
        return Result(self, self._kernel.outcome(self.id))

    def waited(self, seconds: float) -> bool:
        """Wait for the end, but no longer than some seconds; tells whether it has ended."""
        import time

        until = time.monotonic() + seconds
        while not self._kernel.finished(self.id):
            if time.monotonic() >= until:
                return False
            seq = self.events()[-1:]
            self._kernel.wait(self.id, seq[0].seq if seq else 0, min(0.1, seconds))
        return True

    def stop(self) -> None:
        """Ask the run to stop at its next step; the model of the last round is kept."""
        self._kernel.stop(self.id)

    def plan(self) -> Plan:
        """Return the plan that is run; waits until it is made.

        Raises
        ------
        WayangError
            What kept it from being made.
        """
        for event in self.follow():
            if isinstance(event, Planned):
                return Plan(wire.decode(event.plan, ExecutionPlan))
        self._kernel.outcome(self.id)
        raise RunStoppedError(f"the run {self.id} ended before it was planned")

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
        if self._outcome.table is None:
            if self._outcome.model is not None:
                return _coefficients(self._outcome.model)
            raise RunStoppedError(f"the run {self.run.id} was stopped before it had a result")
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

    def __repr__(self) -> str:
        from jupyter_wayang.drawing.text import table_text

        return table_text(self.to_arrow())

    def _repr_html_(self) -> str:
        from jupyter_wayang.drawing.html import table_html

        return table_html(self.to_arrow())


def _coefficients(model: Model) -> pa.Table:
    import pyarrow as pa

    from jupyter_wayang.plan.models import array

    names = ["(intercept)", *model.features]
    values = [*array(model["intercept"]).tolist(), *array(model["weights"]).tolist()]
    return pa.table({"feature": names, "coefficient": values})


@dataclass(frozen=True)
class Federation:
    """A declared federation: its name and its sites with their tables and platforms."""

    name: str
    spec: FederationSpec

    @property
    def sites(self) -> tuple[str, ...]:
        """The names of the sites."""
        return tuple(self.spec.sites)

    def __repr__(self) -> str:
        lines = [f"{self.name}: {len(self.sites)} sites"]
        for name, site in self.spec.sites.items():
            policy = Path(site.policy).name if site.policy else "no policy, answers nothing"
            lines.append(f"  {name:<14} {', '.join(site.platforms):<26} tables {', '.join(site.tables):<20} {policy}")
        return "\n".join(lines)


Opener = Callable[[FederationSpec], None]


class Workbench:
    """A session: reads, plans and runs. Made by :func:`jupyter_wayang.Session`.

    Parameters
    ----------
    kernel
        The execution kernel.
    catalog
        Files and tables of this machine.
    frames
        Tables of the notebook by key, shared with the place that runs them.
    opener
        Makes the sites of a federation reachable.
    usable
        For every platform, why it cannot be used here, or None.
    """

    def __init__(
        self,
        kernel: Kernel,
        catalog: Catalog,
        frames: dict[str, pa.Table],
        opener: Opener,
        usable: Mapping[str, str | None],
    ) -> None:
        self.kernel = kernel
        self.scope = Scope()
        self._catalog = catalog
        self._frames = frames
        self._opener = opener
        self._usable = dict(usable)
        self._federations: dict[str, Federation] = {}
        self._tables: dict[tuple[str, str], ReadFederated] = {}
        self._fitting: dict[Vertex, tuple[Run, str]] = {}

    def read(self, where: object, *, sites: str | None = None, **options: Any) -> Collection:
        """Return the collection of a file, a table of the catalog, a federated table, or a DataFrame.

        Parameters
        ----------
        where
            A path, the name of a table, or a DataFrame or Arrow table.
        sites
            The federation whose table is meant.
        options
            ``format``, ``header``, ``names``, ``nulls``, ``types``, ``delimiter``.

        Raises
        ------
        DataError
            If it is not there or cannot be read.
        """
        if isinstance(where, str | Path):
            return builder.read(self, where, federation=sites, **options)
        if options:
            raise OperatorError(f"{next(iter(options))}= is for files, and this is a table in memory")
        return builder.frame(self, where)

    def sql(self, text: str, tables: Mapping[str, object] | None = None) -> Collection:
        """Refuse: SQL is not read by this version.

        Raises
        ------
        OperatorError
            Always, with the words that do the same.
        """
        raise OperatorError(
            "this version does not read SQL", hint='the same in words: read("a.csv").filter(…).group_by(…).agg(…)'
        )

    def federation(self, name: str, sites: Mapping[str, object] | str | Path | None = None) -> Federation:
        """Declare a federation, or return one that was declared.

        Parameters
        ----------
        name
            The name that ``--sites`` uses.
        sites
            Site → tables, platforms, policy; or the path of a TOML file; None: one that was declared before.
        """
        if sites is None:
            if name not in self._federations:
                guess = closest(name, self._federations)
                raise NameUnknownError(
                    f"there is no federation {name}." + (f" Did you mean {guess}?" if guess else ""),
                    hint=f'declare it: wy.federation("{name}", "{name}.toml")',
                )
            return self._federations[name]
        spec = (
            read_federation(Path(sites), name)
            if isinstance(sites, str | Path)
            else federation_of(name, sites, self._catalog.folder)
        )
        self._opener(spec)
        self._tables = {key: value for key, value in self._tables.items() if key[0] != name}
        self._federations[name] = Federation(name, spec)
        return self._federations[name]

    @property
    def federations(self) -> Mapping[str, Federation]:
        """The federations that were declared."""
        return dict(self._federations)

    # What the language asks (jupyter_wayang.language.desk.Desk).

    def source(self, request: ReadRequest) -> AnyOperator:
        """Return the source operator of a file or table."""
        if request.federation is not None:
            return self._federated(request.federation, request.where)
        if request.where in self._catalog.tables:
            return self._catalog.named(request.where)
        spec = msgspec.convert(
            {
                "path": request.where,
                "format": "csv" if request.format == "tsv" else request.format,
                "header": request.header,
                "names": request.names,
                "nulls": request.nulls,
                "types": dict(request.types) or None,
                "delimiter": request.delimiter or ("\t" if request.format == "tsv" else None),
            },
            TableSpec,
        )
        return self._catalog.source(spec)

    def _federated(self, federation: str, table: str) -> ReadFederated:
        declared = self.federation(federation)
        key = (federation, table)
        if key not in self._tables:
            sites, schema = self.kernel.describe(declared.name, table)
            self._tables[key] = ReadFederated(federation=declared.name, table=table, sites=sites, schema=schema)
        return self._tables[key]

    def frame(self, value: object, label: str) -> ReadFrame | None:
        """Return the source operator of a DataFrame or Arrow table, or None if the value is neither."""
        if not hasattr(value, "__arrow_c_stream__"):
            return None
        import pyarrow as pa

        table = normalize(pa.table(value))
        key = f"frame-{id(value):x}-{len(self._frames)}"
        self._frames[key] = table
        return ReadFrame(key=key, label=label, schema=schema_of(table.schema))

    def strategies(self) -> Mapping[str, Mapping[str, object]]:
        """Return, by strategy, its parameters and their defaults."""
        return {
            name: {
                parameter: ... if default is msgspec.NODEFAULT else default for parameter, default in parameters.items()
            }
            for name, parameters in strategy.parameters().items()
        }

    def platforms(self) -> Sequence[str]:
        """Return the names of the platforms that there are."""
        return tuple(self._usable)

    @property
    def usable(self) -> Mapping[str, str | None]:
        """For every platform, why it cannot be used here, or None."""
        return dict(self._usable)

    def plan(
        self,
        ports: tuple[VertexPort, ...],
        *,
        names: Mapping[VertexPort, str],
        platforms: Sequence[str] | None,
        name: str,
        captured: tuple[str, ...],
    ) -> Plan:
        """Plan outputs and all that they need."""
        logical, _ = self._logical(ports, names, platforms)
        execution = self.kernel.plan(logical, name=name, platforms=platforms)
        return Plan(msgspec.structs.replace(execution, captured=captured))

    def run(
        self,
        ports: tuple[VertexPort, ...],
        *,
        names: Mapping[VertexPort, str],
        platforms: Sequence[str] | None,
        name: str,
        captured: tuple[str, ...],
        wait: bool | None,
    ) -> Any:
        """Plan and run outputs: the :class:`Result`, or with ``wait=False`` the :class:`Run` as it goes on."""
        logical, fits = self._logical(ports, names, platforms)
        run = Run(self.kernel.submit(logical, name=name, platforms=platforms), self.kernel, fits)
        return run if wait is False else run.wait()

    def remember(self, run: Run, kept: Mapping[Vertex, Vertex]) -> None:
        """Take the models of a run as fitted from now on: what uses them later does not fit them again.

        Parameters
        ----------
        run
            The run.
        kept
            By the vertex of a fit, the vertex that stands for it in later cells.
        """
        self._fitting.update({kept.get(vertex, vertex): (run, id_) for id_, vertex in run.fits.items()})

    def attach(self, run: str) -> Run:
        """Return a run of the journal by its id."""
        self.kernel.events(run)
        return Run(run, self.kernel)

    def close(self) -> None:
        """Stop what runs and free what the session holds."""
        self.kernel.close()

    def _logical(
        self, ports: tuple[VertexPort, ...], names: Mapping[VertexPort, str], platforms: Sequence[str] | None
    ) -> tuple[LogicalPlan, dict[str, Vertex]]:
        registry.named(platforms or ())
        settled = self._settled(ports, names)
        ids = identified(ports, settled)
        fits = {
            id_: vertex for vertex, id_ in ids.items() if isinstance(vertex.operator, Fit) and vertex not in settled
        }
        return LogicalPlan.of(ports, names, settled), fits

    def _settled(self, ports: tuple[VertexPort, ...], names: Mapping[VertexPort, str]) -> dict[Vertex, AnyOperator]:
        used = [vertex for vertex in identified(ports) if vertex in self._fitting]
        settled: dict[Vertex, AnyOperator] = {}
        for vertex in used:
            run, id_ = self._fitting[vertex]
            try:
                model = run.wait().models.get(id_)
            except WayangError:
                model = None
            if model is not None:
                settled[vertex] = Fitted(model=model, label=names.get(VertexPort(vertex), "model"))
        return settled
