"""The text of a ``%%wayang`` cell: Python syntax, read with ``ast``, never run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_wayang.errors import CellSyntaxError, OperatorError, WayangError
from jupyter_wayang.language.builder import Collection, FittedModel, Grouped, Pair
from jupyter_wayang.language.calls import Calls
from jupyter_wayang.language.desk import Desk
from jupyter_wayang.language.page import Page
from jupyter_wayang.language.scalars import Scalars
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.language.turns import LoopReader
from jupyter_wayang.language.variables import Variables
from jupyter_wayang.plan.logical import VertexPort

__all__ = ["Cell", "read_cell", "read_value"]

_AS_IN = "a line of a cell is name = collection.operator(…), or collection.operator(…)"
_REFUSED: dict[type[ast.stmt], tuple[str, str]] = {
    ast.If: ("a cell has no if", "per row: with_columns(x=a if condition else b)"),
    ast.FunctionDef: ("functions are not written in a cell", "write them in a Python cell"),
    ast.AsyncFunctionDef: ("functions are not written in a cell", "write them in a Python cell"),
    ast.ClassDef: ("classes are not written in a cell", "write them in a Python cell"),
    ast.Import: ("a cell imports nothing: its words are there already", "import in a Python cell"),
    ast.ImportFrom: ("a cell imports nothing: its words are there already", "import in a Python cell"),
    ast.AugAssign: ("a name is given with = only", "as in visits = visits.filter(age >= 18)"),
    ast.AnnAssign: ("a name takes no type here", "the types of columns are inferred; cast(age, int) changes one"),
    ast.Delete: ("a cell deletes nothing", "drop(age) leaves a column out"),
    ast.Return: ("a cell has no return", "its last line is its result"),
}


@dataclass(frozen=True)
class Cell:
    """What a cell says.

    Parameters
    ----------
    results
        What its last line makes: a collection or model, two collections for a ``split``, nothing if the line gives a
        name.
    assigned
        The collections and models that it gives names to.
    captured
        The variables of the notebook that went into it, in order.
    names
        The names of the outputs that the results need, for :meth:`LogicalPlan.of`.
    source
        The text that places in plan and errors point into.
    """

    results: tuple[Collection | FittedModel, ...]
    assigned: Mapping[str, Collection | FittedModel]
    captured: tuple[str, ...]
    names: Mapping[VertexPort, str]
    source: str

    @property
    def ports(self) -> tuple[VertexPort, ...]:
        """The outputs that are asked for."""
        return tuple(result.port for result in self.results)


def read_cell(text: str, scope: Scope, desk: Desk, *, federation: str | None = None) -> Cell:
    """Read a cell. Nothing runs, and the scope is not changed: :meth:`Scope.keep` takes over what was assigned.

    Parameters
    ----------
    text
        The cell. A first line that begins with ``%%`` is not read, but counts, so that errors number lines as the
        notebook does.
    scope
        The names of earlier cells, and the variables of the notebook.
    desk
        The session that finds sources.
    federation
        The federation whose tables ``read`` means first.

    Returns
    -------
    Cell
        Results, names, captured variables.

    Raises
    ------
    WayangError
        With the place in the cell.
    """
    page = Page(text)
    tree = page.parse()
    reader = _Reader(page, scope, desk, federation)
    try:
        for statement in tree.body:
            reader.read(statement)
    except RecursionError as error:
        raise CellSyntaxError(
            "the cell is nested too deeply", source=page.source, hint="name a part of it: a = …"
        ) from error
    if not tree.body:
        raise CellSyntaxError("the cell is empty", source=page.source, hint=_AS_IN)
    ports = [result.port for result in reader.results]
    names = scope.names_of([*ports, *(v.port for v in reader.assigned.values())], reader.assigned)
    return Cell(tuple(reader.results), reader.assigned, tuple(reader.scalars.variables.captured), names, page.source)


def read_value(text: str, scope: Scope, desk: Desk, *, federation: str | None = None) -> object:
    """Read one expression: what a part of a cell makes, also where a whole line may not end, as ``group_by(sex)``.

    Parameters
    ----------
    text, scope, desk, federation
        As in :func:`read_cell`.

    Raises
    ------
    WayangError
        If the text is no expression, or makes nothing.
    """
    page = Page(f"({text}\n)")
    match page.parse().body:
        case [ast.Expr(value=value)]:
            return _Reader(page, scope, desk, federation).value(value)
    raise CellSyntaxError("this is no expression", source=page.source)


class _Reader:
    """Reads the statements of a cell, one after the other."""

    def __init__(self, page: Page, scope: Scope, desk: Desk, federation: str | None) -> None:
        self.page = page
        self.assigned: dict[str, Collection | FittedModel] = {}
        self.results: list[Collection | FittedModel] = []
        self._known: dict[str, object] = dict(scope.collections)
        self.scalars = Scalars(page, Variables(page, scope.variables), self._known)
        self._calls = Calls(self.scalars, desk, federation, self._known)
        self._loops = LoopReader(page, self._calls, self._known, self.read)

    def value(self, node: ast.expr) -> object:
        """Read what an expression makes."""
        return self._calls.value(node)

    def read(self, statement: ast.stmt) -> None:
        """Read a statement."""
        try:
            match statement:
                case ast.Assign(targets=targets, value=value):
                    self.results = []
                    made = self._calls.value(value)
                    for target in targets:
                        self._assign(target, made, value)
                case ast.Expr(value=value):
                    self.results = self._made(self._calls.value(value), value)
                case ast.For() | ast.While():
                    made_names = self._loops.loop(statement)
                    self.results = []
                    for name in set(self.assigned) - set(self._known):
                        del self.assigned[name]
                    for name, one in made_names.items():
                        self._keep(name, one)
                case ast.Pass():
                    pass
                case _:
                    raise self._refused(statement)
        except WayangError as error:
            error.located(self.page.span(statement), self.page.source)
            raise

    def _refused(self, statement: ast.stmt) -> CellSyntaxError:
        message, hint = _REFUSED.get(type(statement), ("a cell has names and collections only", _AS_IN))
        # The first line says it; a loop's body need not be marked.
        span = self.page.span(statement)
        return CellSyntaxError(message, span=span, source=self.page.source, hint=hint)

    def _made(self, value: object, node: ast.expr) -> list[Collection | FittedModel]:
        if isinstance(value, Pair):
            return [*value]
        if isinstance(value, Grouped):
            raise OperatorError(
                "group_by() needs agg() after it",
                span=self.page.span(node),
                source=self.page.source,
                hint="as in group_by(sex).agg(n=count())",
            )
        assert isinstance(value, Collection | FittedModel)  # noqa: S101 -- a cell makes nothing else
        return [value]

    def _assign(self, target: ast.expr, value: object, node: ast.expr) -> None:
        made = self._made(value, node)
        match target:
            case ast.Name(id=name):
                if len(made) != 1:
                    raise self._unpack(target, len(made))
                self._keep(name, made[0])
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                if len(targets) != len(made) or not all(isinstance(item, ast.Name) for item in targets):
                    raise self._unpack(target, len(made))
                for item, part in zip(targets, made, strict=True):
                    self._assign(item, part, node)
            case _:
                raise CellSyntaxError(
                    "only a name can be given",
                    span=self.page.span(target),
                    source=self.page.source,
                    hint="with_columns(x=…) adds a column",
                )

    def _unpack(self, target: ast.expr, count: int) -> CellSyntaxError:
        right = "train, test = patients.split(0.8)" if count == 2 else _AS_IN
        made = "two collections" if count == 2 else "one collection"
        return CellSyntaxError(
            f"{made} cannot go by {self.page.text(target)}",
            span=self.page.span(target),
            source=self.page.source,
            hint=f"as in {right}",
        )

    def _keep(self, name: str, value: Collection | FittedModel) -> None:
        self.assigned[name] = value
        self._known[name] = value
