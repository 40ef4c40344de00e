"""Rows of a plan and what SQL calls their columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from jupyter_wayang.errors import ColumnError, Span
from jupyter_wayang.language.recipe import rows_of
from jupyter_wayang.language.unknown import guessed, listed
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef, Named, settled_columns, type_of
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.plan.operators import AnyOperator, Distinct, Rename, Select, WithColumns
from jupyter_wayang.plan.schema import Schema

__all__ = ["Field", "Relation", "free_name", "same_name"]


@dataclass(frozen=True)
class Field:
    """A column as SQL sees it: the table that it is of, its name there, and the column of the plan that holds it."""

    table: str | None
    name: str
    column: str


@dataclass(frozen=True, eq=False)
class Relation:
    """Rows and their fields in order. The plan's rows may have more columns: those are nobody's."""

    port: VertexPort
    fields: tuple[Field, ...]

    @classmethod
    def of(cls, port: VertexPort, table: str | None) -> Relation:
        """Make a relation in which every column is called as in the plan."""
        return cls(port, tuple(Field(table, name, name) for name in rows_of(port).names))

    @property
    def schema(self) -> Schema:
        """The columns of the plan."""
        return rows_of(self.port)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables."""
        return tuple(dict.fromkeys(field.table for field in self.fields if field.table is not None))

    def then(self, operator: AnyOperator, *others: VertexPort, span: Span | None = None) -> Relation:
        """Return the rows after an operator that leaves the fields as they are."""
        if isinstance(operator, Select | WithColumns):
            operator = msgspec.structs.replace(operator, columns=settled_columns(operator.columns, self.schema))
        return replace(self, port=VertexPort(Vertex(operator, (self.port, *others), span=span)))

    def called(self, table: str, names: Iterable[str] = ()) -> Relation:
        """Return the same rows as a table of this name, its columns under other names if there are any."""
        others = tuple(names)
        fields = tuple(
            Field(table, others[index] if index < len(others) else field.name, field.column)
            for index, field in enumerate(self.fields)
        )
        return replace(self, fields=fields)

    def renamed(self, pairs: dict[str, str]) -> Relation:
        """Return the rows with other column names in the plan; SQL calls the columns as before."""
        if not pairs:
            return self
        fields = tuple(replace(field, column=pairs.get(field.column, field.column)) for field in self.fields)
        return replace(self.then(Rename(names=tuple(pairs.items()))), fields=fields)

    def exactly(self) -> Relation:
        """Return rows that have the fields' columns, in their order and by their names, and no others."""
        names = [field.name for field in self.fields]
        if list(self.schema.names) == names == [field.column for field in self.fields]:
            return self
        columns = tuple(Named(name=f.name, expression=ColumnRef(name=f.column)) for f in self.fields)
        made = self.then(Select(columns=columns))
        return replace(made, fields=tuple(replace(field, column=field.name) for field in self.fields))

    def distinct(self) -> Relation:
        """Return the different rows."""
        return self.then(Distinct())

    def with_column(self, expression: AnyExpression, wish: str, *, copy: bool = False) -> tuple[Relation, str]:
        """Return rows that have an expression as a column, and its name: its own if it is one already and no copy is asked for."""
        if isinstance(expression, ColumnRef) and not copy:
            return self, expression.name
        name = free_name(wish, self.schema.names)
        return self.then(WithColumns(columns=(Named(name=name, expression=expression),))), name

    def find(self, name: str, table: str | None, *, exact: bool = False) -> tuple[Field, ...]:
        """Return the fields that a name may mean, those in the same case first."""
        of_table = [field for field in self.fields if table is None or same_name(field.table, table)]
        found = tuple(field for field in of_table if field.name == name)
        if found or exact:
            return found
        return tuple(field for field in of_table if same_name(field.name, name))

    def type_of(self, expression: AnyExpression) -> str:
        """Return the type of an expression over the rows."""
        return type_of(expression, self.schema)

    def missing(self, name: str, table: str | None) -> ColumnError:
        """Return the error for a column that is not there."""
        names = tuple(dict.fromkeys(f.name for f in self.fields if table is None or same_name(f.table, table)))
        shown = f"{table}.{name}" if table else name
        where = f" in {table or ', '.join(self.tables)}" if table or self.tables else ""
        return ColumnError(
            guessed(f'there is no column "{shown}"{where}.', name, names),
            found=shown,
            expected=names,
            hint=listed("columns", names) if names else None,
        )


def same_name(first: str | None, second: str | None) -> bool:
    """Tell whether SQL takes two names for one: case does not count."""
    return first == second or (first is not None and second is not None and first.casefold() == second.casefold())


def free_name(wish: str, *taken: Iterable[str]) -> str:
    """Return a name that is not taken, the wish if possible.

    Examples
    --------
    >>> free_name("n", ["n", "n_2"])
    'n_3'
    """
    names = {name.casefold() for names in taken for name in names}
    number, name = 1, wish
    while name.casefold() in names:
        number += 1
        name = f"{wish}_{number}"
    return name
