"""The tables that a name of FROM may mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.errors import DataError, NameUnknownError, OperatorError, closest
from jupyter_wayang.language import builder, sources
from jupyter_wayang.language.builder import Collection, FittedModel
from jupyter_wayang.language.desk import Desk
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.relations import Relation
from jupyter_wayang.language.unknown import guessed, listed
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.platforms.connections import connected

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Tables"]


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables by name.

    Parameters
    ----------
    page
        The text.
    desk
        The session that finds files and tables of the catalog.
    given
        Tables by name: collections, DataFrames, Arrow tables, paths.
    variables
        The variables of the notebook: those that are tables can be named too.
    federation
        The federation whose tables are meant first.
    parts
        The named parts of WITH, by name in lower case.
    found
        What a name stood for before.
    captured
        The variables that were named, in order.
    """

    page: SqlPage
    desk: Desk
    given: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    federation: str | None = None
    parts: Mapping[str, Relation] = field(default_factory=dict)
    found: dict[str, VertexPort] = field(default_factory=dict)
    captured: dict[str, None] = field(default_factory=dict)

    def with_part(self, name: str, relation: Relation) -> Tables:
        """Return the tables with a named part more."""
        return replace(self, parts={**self.parts, name.casefold(): relation})

    def named(self, node: exp.Table) -> Relation:
        """Return the rows of a table of FROM, called by its alias or by its name.

        Raises
        ------
        NameUnknownError
            If there is no such table.
        """
        name = ".".join(part.name for part in node.parts)
        called = node.alias or node.name
        columns = [column.name for column in node.args["alias"].columns] if node.args.get("alias") is not None else []
        with self.page.at(node):
            part = self.parts.get(name.casefold())
            relation = part if part is not None else Relation.of(self._port(name), None)
        return relation.called(called, columns)

    def _port(self, name: str) -> VertexPort:
        if name not in self.found:
            self.found[name] = self._collection(name).port
        port = self.found[name]
        # Every FROM reads for itself: what is filtered there, and which columns are read, is its own.
        return port if port.vertex.inputs else VertexPort(Vertex(port.vertex.operator, hints=port.vertex.hints))

    def _collection(self, name: str) -> Collection:
        value = self._given(name)
        if isinstance(value, Collection):
            return value
        if isinstance(value, FittedModel):
            raise OperatorError(f"{name} is a model, and FROM takes rows", found=name)
        if isinstance(value, str | Path):
            return builder.read(self.desk, value, federation=self.federation)
        if value is not None:
            return builder.frame(self.desk, value, name)
        first, dot, rest = name.partition(".")
        if dot and first in {one.name for platform in self.desk.platforms() for one in connected(platform)}:
            return sources.table(self.desk, first, rest)
        try:
            return builder.read(self.desk, name, federation=self.federation)
        except DataError as error:
            raise self._missing(name, error) from error

    def _given(self, name: str) -> object:
        """Return what was given under a name: exactly this one, or one that differs in case only."""
        for known in (self.given, self.variables):
            if name in known and (known is self.given or hasattr(known[name], "__arrow_c_stream__")):
                if known is self.variables:
                    self.captured[name] = None
                return known[name]
        folded = [known for known in self.given if known.casefold() == name.casefold()]
        return self.given[folded[0]] if len(folded) == 1 else None

    def _missing(self, name: str, error: DataError) -> Exception:
        if Path(name).suffix and closest(name, (*self.given, *self.parts)) is None:
            return error
        known = (*self.parts, *self.given)
        hint = listed("tables", known) if known else 'session.sql("…", tables={"visits": "visits.csv"}) names a table'
        return NameUnknownError(
            guessed(f'there is no table "{name}".', name, known), found=name, expected=known, hint=hint
        )
