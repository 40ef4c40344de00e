"""A session: reads, plans and runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from jupyter_wayang.catalog import Catalog, FederationSpec, TableSpec, federation_of, read_federation
from jupyter_wayang.errors import DataError, NameUnknownError, OperatorError, WayangError, closest
from jupyter_wayang.federation import strategy
from jupyter_wayang.language import builder, sources
from jupyter_wayang.language.arguments import platforms as named_platforms
from jupyter_wayang.language.arguments import shown, written
from jupyter_wayang.language.builder import Collection, FittedModel
from jupyter_wayang.language.desk import ReadRequest
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.language.words import WORDS
from jupyter_wayang.plan.logical import LogicalPlan, Vertex, VertexPort, identified
from jupyter_wayang.plan.operators import AnyOperator, Fit, Fitted, ReadFederated, ReadFrame, ReadTable
from jupyter_wayang.plan.operators.functions import Calling, FunctionRef
from jupyter_wayang.plan.operators.learning import NEWTON
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.plan.rows import normalize, schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms import connections, registry
from jupyter_wayang.platforms.connections import Connection
from jupyter_wayang.platforms.functions import Function
from jupyter_wayang.session.federations import Federation, check_declared
from jupyter_wayang.session.functions import taken
from jupyter_wayang.session.kernel import Kernel
from jupyter_wayang.session.making import Making
from jupyter_wayang.session.models import loaded
from jupyter_wayang.session.plans import Plan
from jupyter_wayang.session.runs import Run
from jupyter_wayang.session.simulating import SimulatedClients, simulate

if TYPE_CHECKING:
    import pyarrow as pa

    from jupyter_wayang.language.sql import Sql
    from jupyter_wayang.plan.operators.sources import FileFormat

__all__ = ["Workbench"]


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
    functions
        Functions of the notebook by key, shared with the place that runs them.
    """

    def __init__(
        self,
        kernel: Kernel,
        catalog: Catalog,
        frames: dict[str, pa.Table],
        opener: Opener,
        usable: Mapping[str, str | None],
        functions: dict[str, Function] | None = None,
    ) -> None:
        self.kernel = kernel
        self.scope = Scope()
        self.preferences = Preferences()
        self._catalog = catalog
        self._frames = frames
        self._functions = functions if functions is not None else {}
        self._opener = opener
        self._usable = dict(usable)
        self._federations: dict[str, Federation] = {}
        self._tables: dict[tuple[str, str], ReadFederated] = {}
        self._fitting: dict[Vertex, tuple[Run, str]] = {}
        self._runs: dict[str, Run] = {}

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
        for option in options:
            WORDS["read"].refuse_keyword(option)
        if sites is not None and not isinstance(sites, str):
            raise OperatorError(f"sites= takes the name of a federation, not {shown(sites)}")
        if isinstance(where, str | Path):
            return builder.read(self, where, federation=sites, **options)
        given = "sites" if sites is not None else next(iter(options), None)
        if given is not None:
            raise OperatorError(f"{given}= is for files and tables by name, and this is a table in memory")
        return builder.frame(self, where)

    def connect(self, name: str, where: str | os.PathLike[str]) -> Connection:
        """Give a database a name, for ``table(name, …)`` and ``query(name, …)``; nothing is opened yet.

        Parameters
        ----------
        name
            The name.
        where
            The path of a DuckDB or SQLite file, or ``postgresql://user:password@host/database``; ``${NAME}`` in it is
            taken from the environment. The password is never a part of a plan, an event or an error.

        Raises
        ------
        DataError
            If no platform reads such a database.
        """
        made = connections.connect(name, self._catalog.place(where))
        self.allow(made.platform)
        return made

    def table(self, connection: object, name: object) -> Collection:
        """Return a table of a database: of a connection, or of a file of DuckDB or SQLite."""
        return sources.table(self, connection, name)

    def query(self, connection: object, text: object) -> Collection:
        """Return the rows of a SELECT that runs in a database."""
        return sources.query(self, connection, text)

    def lines(self, where: object) -> Collection:
        """Return the lines of a text file, in one column, ``line``."""
        return sources.lines(self, where)

    def range(self, n: object) -> Collection:
        """Return the whole numbers from 0 up to, and without, ``n``, in one column, ``n``."""
        return sources.range(self, n)

    def values(self, rows: object) -> Collection:
        """Return rows that are written down: values, in one column, ``value``, or dicts by column."""
        return sources.values(self, rows)

    def allow(self, platform: str) -> None:
        """Let plans use a platform that could not be used before, as soon as a connection to it was made."""
        if platform in self._usable:
            self._usable[platform] = registry.installed()[platform].missing()

    def sql(self, text: str, tables: Mapping[str, object] | None = None) -> Collection:
        """Return the collection that one SELECT makes; nothing runs.

        Parameters
        ----------
        text
            The SQL.
        tables
            What its tables are: collections, DataFrames, Arrow tables, or paths by name. Beside these it knows the
            collections of cells, tables of the notebook and of the catalog, and files by name, as in
            ``FROM 'visits.csv'``.

        Raises
        ------
        WayangError
            With line and column in the SQL.
        """
        return self.read_sql(text, tables).result

    def read_sql(self, text: str, tables: Mapping[str, object] | None = None, *, federation: str | None = None) -> Sql:
        """Read one SELECT: as :meth:`sql`, with the variables of the notebook that went into it."""
        from jupyter_wayang.language.sql import read_sql

        if not isinstance(text, str):
            raise OperatorError(f"sql() takes text, not {shown(text)}", hint='as in sql("SELECT age FROM visits")')
        if not isinstance(tables, Mapping | None):
            raise OperatorError(f"tables= is a dict by name, not {shown(tables)}", hint='as in {"visits": visits}')
        given = {**self.scope.collections, **(tables or {})}
        return read_sql(text, self, tables=given, variables=self.scope.variables, federation=federation)

    def from_wayang_json(self, plan: object, tables: Mapping[str, object] | None = None) -> Collection:
        """Return the collection of a plan in Wayang's JSON; functions in it are read, never run.

        Parameters
        ----------
        plan
            Text, or what was read from it.
        tables
            What the plan's tables are here, by name.
        """
        from jupyter_wayang.language.wayang_json import from_wayang_json

        return from_wayang_json(self, plan, tables)

    def export(self, plan: Plan, format: str, where: str | Path | None = None) -> tuple[Path, tuple[str, ...]]:
        """Write a plan into a file; see :func:`jupyter_wayang.session.exporting.export`."""
        from jupyter_wayang.session.exporting import export

        return export(plan, format, where, self._catalog.folder, self._frames)

    def federation(self, name: str, sites: Mapping[str, object] | str | Path | None = None) -> Federation:
        """Declare a federation, or return one that was declared.

        Parameters
        ----------
        name
            The name that ``--sites`` uses.
        sites
            Site → tables, platforms, policy; or the path of a TOML file; None: one that was declared before.

        Raises
        ------
        OperatorError
            If it is none of these, or does not describe a federation.
        """
        check_declared(name, sites)
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

    def simulate(self, data: object, target: str, clients: int | None = None, **options: Any) -> SimulatedClients:
        """Deal rows to simulated clients; see :func:`jupyter_wayang.session.simulating.simulate`."""
        return simulate(self.kernel, data, target, clients, **options)

    @property
    def federations(self) -> Mapping[str, Federation]:
        """The federations that were declared."""
        return dict(self._federations)

    # What the language asks (jupyter_wayang.language.desk.Desk).

    def source(self, request: ReadRequest) -> AnyOperator:
        """Return the source operator of a file or table."""
        if request.federation is not None:
            return self._federated(request.federation, request.where)
        if request.connection is not None:
            table, query = (None, request.where) if request.query else (request.where, None)
            found = self._catalog.source(TableSpec(connection=request.connection, table=table, query=query))
            self.allow(found.platform if isinstance(found, ReadTable) else "duckdb")
            return found
        if request.where in self._catalog.tables:
            return self._catalog.named(request.where)
        spec = TableSpec(
            path=request.where,
            format=cast("FileFormat | None", "csv" if request.format == "tsv" else request.format),
            header=request.header,
            names=request.names,
            nulls=request.nulls,
            types=dict(request.types) or None,
            delimiter=request.delimiter or ("\t" if request.format == "tsv" else None),
        )
        return self._catalog.source(spec)

    def matching(self, pattern: str) -> Sequence[str]:
        """Return the files that a pattern matches; a file of just that name is itself."""
        return self._catalog.matching(pattern)

    def _federated(self, federation: str, table: str) -> ReadFederated:
        declared = self.federation(federation)
        key = (federation, table)
        if key not in self._tables:
            sites, schema = self.kernel.describe(declared.name, table)
            self._tables[key] = ReadFederated(federation=declared.name, table=table, sites=sites, schema=schema)
        return self._tables[key]

    def frame(self, value: object, label: str) -> ReadFrame | None:
        """Return the source operator of a DataFrame or Arrow table, or None if the value is neither.

        Raises
        ------
        WayangError
            If it cannot become an Arrow table.
        """
        if not hasattr(value, "__arrow_c_stream__"):
            return None
        table = _entered(value)
        key = f"frame-{id(value):x}-{len(self._frames)}"
        self._frames[key] = table
        return ReadFrame(key=key, label=label, schema=schema_of(table.schema))

    def function(self, value: Callable[..., Any]) -> FunctionRef:
        """Hold a function with all that it captures, as of now, and return how a plan names it."""
        reference, held = taken(value)
        self._functions[reference.key] = held
        return reference

    def learned(self, operator: Calling, ports: tuple[VertexPort, ...]) -> Schema:
        """Return the columns that a function makes of the first rows of its inputs."""
        plan = LogicalPlan.of(ports, {}, self._settled(ports, {}))
        return self.kernel.sample(plan, cast("AnyOperator", operator))

    def strategies(self) -> Mapping[str, Mapping[str, object]]:
        """Return, by strategy, its parameters and their defaults."""
        # Newton's method is an exact fit: sites train nothing, and it has no three functions.
        known = {NEWTON: {}, **strategy.parameters()}
        return {
            name: {key: ... if default is msgspec.NODEFAULT else default for key, default in given.items()}
            for name, given in known.items()
        }

    def place(self, path: str) -> str:
        """Return where a file is written: a relative path starts from the folder of the session."""
        return os.path.abspath(self._catalog.place(path))  # noqa: PTH100 - links stay as they are written

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
        platforms: Sequence[str] | str | None,
        name: str,
        captured: tuple[str, ...],
        **wanted: object,
    ) -> Plan:
        """Plan outputs and all that they need; ``wanted`` are preferences other than those of :attr:`preferences`."""
        making = self._making(ports, names=names, platforms=platforms, name=name, captured=captured, wanted=wanted)
        return Plan(making.plan(), making)

    def run(
        self,
        ports: tuple[VertexPort, ...],
        *,
        names: Mapping[VertexPort, str],
        platforms: Sequence[str] | str | None,
        name: str,
        captured: tuple[str, ...],
        wait: bool | None,
        **wanted: object,
    ) -> Any:
        """Plan and run outputs: the :class:`Result`, or with ``wait=False`` the :class:`Run` as it goes on."""
        making = self._making(ports, names=names, platforms=platforms, name=name, captured=captured, wanted=wanted)
        run = Run(making.submit(), self.kernel, making.fits, making)
        self._runs[run.id] = run
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

    def load_model(self, where: str | os.PathLike[str]) -> FittedModel:
        """Return a model that :meth:`Result.save` wrote, to be asked about rows."""
        return loaded(where, self)

    def attach(self, run: str) -> Run:
        """Return a run of the journal by its id."""
        self.kernel.events(run)
        return self._runs.get(run) or Run(run, self.kernel)

    def resume(self, run: str) -> Run:
        """Let a paused run go on; go on with one that was stopped, failed or lost its process, in a run of its own.

        That one begins with the model of the last finished round, and comes to the same bytes as without the break.

        Raises
        ------
        OperatorError
            If the run is done, or had no rounds with which to go on.
        """
        if not self.kernel.finished(run):
            self.kernel.resume(run)
            return self.attach(run)
        former = {vertex: id_ for vertex, (fitted, id_) in self._fitting.items() if fitted.id == run}
        made = Run(self.kernel.resubmit(run), self.kernel, {id_: vertex for vertex, id_ in former.items()})
        self._fitting.update({vertex: (made, id_) for vertex, id_ in former.items()})
        return made

    def close(self) -> None:
        """Stop what runs and free what the session holds."""
        self.kernel.close()

    def _making(
        self,
        ports: tuple[VertexPort, ...],
        *,
        names: Mapping[VertexPort, str],
        platforms: Sequence[str] | None,
        name: str,
        captured: tuple[str, ...],
        wanted: Mapping[str, object],
    ) -> Making:
        allowed = _allowed(platforms, name)
        settled = self._settled(ports, names)
        ids = identified(ports, settled)
        fits = {
            id_: vertex for vertex, id_ in ids.items() if isinstance(vertex.operator, Fit) and vertex not in settled
        }
        return Making(
            kernel=self.kernel,
            logical=LogicalPlan.of(ports, names, settled),
            name=name,
            platforms=allowed,
            captured=tuple(dict.fromkeys((*captured, *self._captured(ids)))),
            preferences=msgspec.structs.replace(
                self.preferences, **{name: value for name, value in wanted.items() if value is not None}
            ),
            fits=fits,
        )

    def _captured(self, vertices: Iterable[Vertex]) -> Iterator[str]:
        """Yield the notebook's variables that functions have captured."""
        for vertex in vertices:
            if isinstance(vertex.operator, Calling):
                yield from self._functions[vertex.operator.function.key].captured

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


def _allowed(platforms: object, name: object) -> tuple[str, ...] | None:
    """Return the platforms that may be used; they and the name of a run are checked before anything else is."""
    if not isinstance(name, str):
        raise OperatorError(f"name= takes text, not {shown(name)}")
    if name:
        written("name=", name)
    allowed = named_platforms(platforms)
    registry.named(allowed or ())
    return allowed


def _entered(value: object) -> pa.Table:
    import pyarrow as pa

    kind = type(value).__name__
    if kind == "Series":
        raise OperatorError("a Series is no table", hint="to_frame() makes one of it")
    try:
        return normalize(pa.table(value))
    except WayangError:
        raise
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        # What Arrow says may quote a value.
        raise DataError(
            f"the {kind} cannot become an Arrow table: each column has one name and values of one type",
            facts=(("arrow", str(error).splitlines()[0]),),
        ) from error
