"""Arguments of a cell's operators, each read by its kind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jupyter_wayang.errors import NameUnknownError, OperatorError, Span, WayangError
from jupyter_wayang.language.builder import Collection
from jupyter_wayang.language.desk import Desk
from jupyter_wayang.language.faults import FAULTS, made_fault
from jupyter_wayang.language.learners import Strategy, metric, unknown_model
from jupyter_wayang.language.models import MAKERS
from jupyter_wayang.language.page import Page, short
from jupyter_wayang.language.scalars import Row, Scalars
from jupyter_wayang.language.unknown import a_kind, guessed, unknown
from jupyter_wayang.language.variables import Variables
from jupyter_wayang.language.words import WORDS, Parameter, Word
from jupyter_wayang.plan.expressions import AGGREGATES
from jupyter_wayang.plan.models import ModelSpec
from jupyter_wayang.plan.operators import Goal
from jupyter_wayang.plan.schema import Schema

__all__ = ["Arguments", "Caller", "culprit"]

_GOALS: dict[type[ast.cmpop], str] = {ast.Lt: "__lt__", ast.LtE: "__le__", ast.Gt: "__gt__", ast.GtE: "__ge__"}


class Caller(Protocol):
    """Whoever reads the call that the arguments belong to."""

    scalars: Scalars
    desk: Desk

    @property
    def variables(self) -> Variables:
        """The variables of the notebook."""
        ...

    def arguments(self, word: Word, node: ast.Call, row: Row | None) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments of a call inside an argument."""
        ...


@dataclass
class Arguments:
    """Reads the arguments of one call, each by its kind."""

    calls: Caller
    word: Word
    row: Row | None
    other: Collection | None = None
    suffix: str = "_right"

    def read(self, parameter: Parameter, node: ast.expr) -> Iterator[object]:
        """Yield what an argument by position comes to: one value, or those of ``*names``."""
        if not isinstance(node, ast.Starred):
            yield self.read_one(parameter, node)
            return
        values = self.calls.variables.plain(node.value)
        if (
            parameter.many != "*"
            or not isinstance(values, list | tuple)
            or not all(isinstance(item, str) for item in values)
        ):
            raise self.calls.scalars.refused(node)
        yield from values

    def read_one(self, parameter: Parameter, node: ast.expr) -> object:
        """Return what an argument comes to."""
        return _READERS[parameter.kind](self, node)

    @property
    def page(self) -> Page:
        """The text of the cell."""
        return self.calls.scalars.page

    @property
    def _columns(self) -> Row:
        if self.row is None:
            raise OperatorError(f"{self.word.name}() has no columns to read")
        return self.row

    def plain(self, node: ast.expr) -> object:
        """Return a value: a constant or a variable of the notebook."""
        return self.calls.variables.plain(node)

    def expression(self, node: ast.expr) -> object:
        """Return an expression over the columns."""
        return self.calls.scalars.read(node, self._columns)

    def condition(self, node: ast.expr) -> object:
        """Return an expression over the columns, or a function of the notebook that stands alone."""
        named = isinstance(node, ast.Name) and node.id not in self._columns.schema
        if (named or _forced(node)) and self.calls.variables.is_function(_name(node)):
            return self.function(node)
        return self.expression(node)

    def function(self, node: ast.expr) -> object:
        """Return a function of the notebook."""
        name, variables = _name(node), self.calls.variables
        if not name or not variables.is_function(name):
            raise self._no_function(node, name).located(self.page.span(node), self.page.source)
        return variables.take(name)

    def _no_function(self, node: ast.expr, name: str) -> WayangError:
        variables, word = self.calls.variables, self.word
        if name in variables:
            kind = a_kind(variables.get(name))
            message = f"the notebook variable {name} is {kind}, and {word.name}() takes a function"
            return OperatorError(message, hint=f"as in {word.example}")
        if not name:
            lambda_ = isinstance(node, ast.Lambda)
            message = "functions are not written in a cell" if lambda_ else f"{self.page.text(node)} is no function"
            return OperatorError(message, hint="write it in a Python cell, def f(row): …, and name it here")
        known = [one for one in variables.values if variables.is_function(one) and not one.startswith("_")]
        message = guessed(f'there is no notebook function "{name}".', name, known)
        hint = f"write it in a Python cell: def {name}(row): …"
        return NameUnknownError(message, found=name, expected=known, hint=hint)

    def column(self, node: ast.expr) -> object:
        """Return the name of a column, which may stand as text."""
        found = self.expression(node)
        name = found if isinstance(found, str) else None
        if name is not None:
            try:
                self.calls.scalars.column(name, self._columns)
            except WayangError as error:
                error.located(self.page.span(node), self.page.source)
                raise
        return found

    def columns(self, node: ast.expr) -> object:
        """Return a list of columns, or a list of names of the notebook."""
        if isinstance(node, ast.List | ast.Tuple):
            return [self.column(item) for item in node.elts]
        if isinstance(node, ast.Name) and node.id not in self._columns.schema:
            return self.plain(node)
        return [self.column(node)]

    def keys(self, node: ast.expr) -> object:
        """Return a list of expressions; one may stand alone."""
        items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        return [self.column(item) for item in items]

    def collection(self, node: ast.expr) -> object:
        """Return the collection, which was read before the other arguments."""
        return self.other

    def both(self, node: ast.expr) -> object:
        """Return an expression over the columns of both collections, named as a join names them."""
        ours = self._columns.schema
        theirs = self.other.schema if self.other is not None else ours
        named = {c.name + self.suffix if c.name in ours else c.name: c.type for c in theirs}
        schema = Schema.from_pairs({**named, **{c.name: c.type for c in ours}}.items())
        return self.calls.scalars.read(node, Row(schema, "in the two collections"))

    def pair(self, node: ast.expr) -> object:
        """Return a column of both, or a pair of a column here and one there."""
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        return self._pair(node)

    def pairs(self, node: ast.expr) -> object:
        """Return the keys of a join: a column of both, or a list of columns and of pairs."""
        items = node.elts if isinstance(node, ast.List) else [node]
        return [self._pair(item) for item in items]

    def _pair(self, node: ast.expr) -> object:
        there = Row(self.other.schema, "in the other collection") if self.other is not None else self._columns
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            left, right = node.elts
            return (self.column(left), Arguments(self.calls, self.word, there).column(right))
        return self.column(node)

    def fill(self, node: ast.expr) -> object:
        """Return what ``impute()`` puts: the word ``mean``, or a number."""
        if (
            isinstance(node, ast.Name)
            and node.id in ("mean", "median", "most_frequent")
            and node.id not in self.calls.variables
        ):
            return node.id
        if isinstance(node, ast.Name) and node.id in self._columns.schema:
            return self.expression(node)
        return self.plain(node)

    def reducer(self, node: ast.expr) -> object:
        """Return the name of an aggregate, which stands as a word."""
        if isinstance(node, ast.Name) and node.id in AGGREGATES:
            return node.id
        return self.plain(node)

    def model(self, node: ast.expr) -> object:
        """Return what is to be fitted."""
        match node:
            case ast.Call(func=ast.Name(id=name) as func):
                word = WORDS.get(name)
                if word is None or "model" not in word.roles:
                    raise unknown_model(name).located(self.page.span(func), self.page.source)
                args, named = self.calls.arguments(word, node, None)
                return self._located(node, MAKERS[name], *args, **named)
            case ast.Name(id=name) if isinstance(self.calls.variables.get(name), ModelSpec):
                return self.calls.variables.take(name)
        raise OperatorError(
            f"{self.word.name}() takes a model first, not {short(self.page.text(node))}",
            span=self.page.span(node),
            source=self.page.source,
            hint=f"as in {self.word.example}",
        )

    def strategy(self, node: ast.expr) -> object:
        """Return a strategy, checked against those that there are."""
        known = self.calls.desk.strategies()
        match node:
            case ast.Call(func=ast.Name(id=name), args=[]):
                word = Word(name, ("strategy",), "", f"{name}()", (Parameter("arguments", "value", many="**"),))
                _, named = self.calls.arguments(word, node, None)
                made = Strategy(name, tuple(named.items()))
                self._located(node, made.checked, known)
                return made
            case ast.Name(id=name) if isinstance(self.calls.variables.get(name), Strategy):
                return self.calls.variables.take(name)
            case ast.Constant(value=None):
                return None
        raise OperatorError(
            f"strategy= takes a strategy, not {short(self.page.text(node))}",
            span=self.page.span(node),
            source=self.page.source,
            hint="as in strategy=fedavg(local_epochs=5, learning_rate=0.5)",
        )

    def faults(self, node: ast.expr) -> object:
        """Return a list of faults, or a variable that holds one."""
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        if not isinstance(node, ast.List | ast.Tuple | ast.Call):
            return self.plain(node)
        return [self._fault(item) for item in (node.elts if not isinstance(node, ast.Call) else [node])]

    def _fault(self, node: ast.expr) -> object:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            return self.plain(node)
        name = node.func.id
        if name not in FAULTS:
            raise unknown("fault", name, FAULTS, "faults").located(self.page.span(node.func), self.page.source)
        args, named = self.calls.arguments(FAULTS[name], node, None)
        return self._located(node, made_fault, name, tuple(args), named)

    def goal(self, node: ast.expr) -> object:
        """Return a goal over a metric."""
        page = self.page
        match node:
            case ast.Compare(
                left=ast.Attribute(value=ast.Name(id="metric")) as left, ops=[op], comparators=[right]
            ) if type(op) in _GOALS:
                measure = self._located(left, metric.named, left.attr)
                return self._located(node, getattr(measure, _GOALS[type(op)]), self.plain(right))
            case ast.Name(id=name) if isinstance(self.calls.variables.get(name), Goal):
                return self.calls.variables.take(name)
            case ast.Constant(value=None):
                return None
        raise OperatorError(
            f"until= takes a goal, not {short(page.text(node))}",
            span=page.span(node),
            source=page.source,
            hint="as in until=metric.log_loss < 0.4",
        )

    def _located(self, node: ast.expr, make: Callable[..., Any], *args: object, **named: object) -> Any:
        try:
            return make(*args, **named)
        except WayangError as error:
            error.located(culprit(self.page, node, error.found) or self.page.span(node), self.page.source)
            raise


def culprit(page: Page, node: ast.expr, found: str | None) -> Span | None:
    """Return where the argument stands that an error found fault with: its name, or its text.

    Parameters
    ----------
    page
        The text of the cell.
    node
        The call.
    found
        What the error found.
    """
    if found is None or not isinstance(node, ast.Call):
        return None
    for argument in node.keywords:
        if argument.arg == found:
            return page.keyword_name(argument)
    for value in (*node.args, *(argument.value for argument in node.keywords)):
        if isinstance(value, ast.Constant) and value.value == found:
            return page.span(value)
    return None


def _forced(node: ast.expr) -> bool:
    """Tell whether a node is ``env.name``."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "env"


def _name(node: ast.expr) -> str:
    """Return the variable that ``name`` or ``env.name`` means, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) and _forced(node) else ""


_READERS: Mapping[str, Callable[[Arguments, Any], object]] = {
    "aggregate": Arguments.expression,
    "collection": Arguments.collection,
    "column": Arguments.column,
    "columns": Arguments.columns,
    "condition": Arguments.condition,
    "both": Arguments.both,
    "expression": Arguments.expression,
    "faults": Arguments.faults,
    "fill": Arguments.fill,
    "function": Arguments.function,
    "goal": Arguments.goal,
    "key": Arguments.column,
    "keys": Arguments.keys,
    "model": Arguments.model,
    "pair": Arguments.pair,
    "pairs": Arguments.pairs,
    "reducer": Arguments.reducer,
    "strategy": Arguments.strategy,
    "value": Arguments.plain,
}
