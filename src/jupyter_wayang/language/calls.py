"""Collections of a cell: names, sources, and the operators after a dot, with their arguments by kind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jupyter_wayang.errors import CellSyntaxError, NameUnknownError, OperatorError, Span, WayangError
from jupyter_wayang.language import builder
from jupyter_wayang.language.builder import Collection, FittedModel, Grouped, Pair, placed
from jupyter_wayang.language.desk import Desk
from jupyter_wayang.language.kinds import Arguments, culprit
from jupyter_wayang.language.page import short
from jupyter_wayang.language.scalars import Row, Scalars
from jupyter_wayang.language.sources import MADE
from jupyter_wayang.language.unknown import a_kind, guessed, listed
from jupyter_wayang.language.variables import Variables
from jupyter_wayang.language.words import NOT_YET, WORDS, Parameter, Role, Word, methods, unknown_method
from jupyter_wayang.plan.logical import Vertex, VertexPort

__all__ = ["Calls"]

_ROLES: dict[type, tuple[str, tuple[Role, ...]]] = {
    Collection: ("a collection", ("collection",)),
    Grouped: ("group_by()", ("group",)),
    FittedModel: ("a model", ("fitted",)),
}
# Operators that leave the columns as they are: a message names the collection that stands before them.
_SAME_COLUMNS = {
    "filter",
    "sort",
    "limit",
    "on",
    "selectivity",
    "rows",
    "cache",
    "broadcast",
    "name",
    "group_by",
    "impute",
    "scale",
}


@dataclass
class Calls:
    """Reads what makes a collection or a model.

    Parameters
    ----------
    scalars
        Reads expressions.
    desk
        The session.
    federation
        The federation that ``read`` looks into first, or None.
    collections
        Collections and models by name; a cell adds to them as it is read.
    """

    scalars: Scalars
    desk: Desk
    federation: str | None
    collections: dict[str, Any]
    _frames: dict[str, Collection] = field(default_factory=dict)

    @property
    def variables(self) -> Variables:
        """The variables of the notebook."""
        return self.scalars.variables

    def value(self, node: ast.expr) -> object:
        """Return the collection, model or pair that a node makes.

        Raises
        ------
        WayangError
            With the place in the cell.
        """
        try:
            match node:
                case ast.Name():
                    return self._name(node)
                case ast.Call(func=ast.Attribute() as func):
                    return self._method(node, func)
                case ast.Call(func=ast.Name() as func):
                    return self._source(node, func)
                case ast.Attribute():
                    return self._bare_attribute(node)
            raise self._no_collection(node)
        except WayangError as error:
            error.located(self.scalars.page.span(node), self.scalars.page.source)
            raise

    def _no_collection(self, node: ast.expr) -> CellSyntaxError:
        plain = isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Dict)
        return CellSyntaxError(
            f"{short(self.scalars.page.text(node))} is no collection",
            hint="numbers, text and lists are set in a Python cell; their names can be used here"
            if plain
            else "a line of a cell is name = collection.operator(…), or collection.operator(…)",
        )

    def _name(self, node: ast.Name) -> object:
        if node.id in self.collections:
            return self.collections[node.id]
        if node.id in self.variables:
            return self._from_notebook(node.id, node)
        if node.id in WORDS:
            raise NameUnknownError(f"{node.id} needs its brackets, as in {WORDS[node.id].example}", found=node.id)
        raise NameUnknownError(
            guessed(f'there is no collection "{node.id}".', node.id, self.collections),
            found=node.id,
            expected=tuple(self.collections),
            hint=(listed("collections", self.collections) if self.collections else 'begin with read("…")')
            + "\nNothing was run.",
        )

    def _from_notebook(self, name: str, node: ast.expr) -> object:
        if name not in self._frames:
            value = self.variables.get(name)
            if isinstance(value, Collection | FittedModel | Pair):
                self.variables.captured[name] = None
                return value
            operator = self.desk.frame(value, name)
            if operator is None:
                raise OperatorError(
                    f"the notebook variable {name} is {a_kind(value)}, no collection, DataFrame or Arrow table",
                    hint=f"inside of an operator it can stand, as in filter(age > {name})",
                )
            self.variables.captured[name] = None
            # One variable is one source, however often a cell names it.
            self._frames[name] = Collection(VertexPort(Vertex(operator, span=self.scalars.page.span(node))), self.desk)
        return self._frames[name]

    def _bare_attribute(self, node: ast.Attribute) -> object:
        if isinstance(node.value, ast.Name) and node.value.id == "env":
            if node.attr not in self.variables:
                return self.variables.take(node.attr)
            return self._from_notebook(node.attr, node)
        kind, roles = self._roles(self.value(node.value))
        place = self.scalars.page.after_dot(node)
        name = self.scalars.page.exact(place, node.attr)
        raise unknown_method(name, kind, *roles).located(place, self.scalars.page.source)

    def _roles(self, receiver: object) -> tuple[str, tuple[Role, ...]]:
        if isinstance(receiver, Pair):
            raise OperatorError("split() makes two collections", hint="as in train, test = patients.split(0.8)")
        return _ROLES[type(receiver)]

    def _source(self, node: ast.Call, func: ast.Name) -> object:
        word = WORDS.get(func.id)
        if word is None or "source" not in word.roles:
            raise self._no_source(func, word)
        args, named = self.arguments(word, node, None)
        if word.name == "frame":
            return args[0] if args else named["value"]
        span = self.scalars.page.span(node)
        if word.name in MADE:
            return placed(MADE[word.name](self.desk, *args, **named), span)
        return placed(builder.read(self.desk, *args, federation=self.federation, **named), span)

    def _no_source(self, func: ast.Name, word: Word | None) -> WayangError:
        place = self.scalars.page.span(func)
        sources = [name for name, known in WORDS.items() if "source" in known.roles]
        if word is not None:
            message, hint = f"{func.id}() makes no collection", f"it stands inside of an operator, as in {word.example}"
        elif f".{func.id}" in WORDS:
            message, hint = f"{func.id}() stands after a collection", f"as in patients.{WORDS['.' + func.id].example}"
        elif func.id in NOT_YET:
            message, hint = f"{func.id}() is not in this version", "sources: " + ", ".join(sources)
        elif self.variables.is_function(func.id):
            message, hint = (
                f"{func.id} is a function of the notebook, and those are not in this version",
                "sources: " + ", ".join(sources),
            )
        else:
            message, hint = (
                guessed(f'there is no source "{func.id}".', func.id, sources),
                "sources: " + ", ".join(sources),
            )
        return NameUnknownError(message, found=func.id, hint=hint).located(place, self.scalars.page.source)

    def _method(self, node: ast.Call, func: ast.Attribute) -> object:
        receiver = self.value(func.value)
        place = self.scalars.page.after_dot(func)
        name = self.scalars.page.exact(place, func.attr)
        try:
            if isinstance(receiver, Pair) and name == "on":
                word = WORDS[".on"]
            else:
                kind, roles = self._roles(receiver)
                word = methods(*roles).get(name) or self._unknown(name, kind, *roles)
            self.scalars.trace.clear()
            args, named = self.arguments(word, node, self._row(receiver, func.value))
            made = getattr(receiver, name)(*args, **named)
        except WayangError as error:
            self.scalars.locate(error)
            error.located(culprit(self.scalars.page, node, error.found) or place, self.scalars.page.source)
            raise
        return placed(made, self._extent(node, func, place))

    def _unknown(self, name: str, kind: str, *roles: Role) -> Word:
        raise unknown_method(name, kind, *roles)

    def _extent(self, node: ast.Call, func: ast.Attribute, place: Span) -> Span:
        """Return the text of an operator: from its word (of ``group_by`` for ``agg``) to its closing bracket."""
        start, before = place, func.value
        if (
            func.attr == "agg"
            and isinstance(before, ast.Call)
            and isinstance(before.func, ast.Attribute)
            and before.func.attr == "group_by"
        ):
            start = self.scalars.page.after_dot(before.func)
        whole = self.scalars.page.span(node)
        return Span(line=start.line, column=start.column, end_line=whole.end_line, end_column=whole.end_column)

    def _row(self, receiver: object, node: ast.expr) -> Row | None:
        if isinstance(receiver, Grouped):
            receiver = receiver.collection
        if not isinstance(receiver, Collection):
            return None
        return Row(receiver.schema, self._whose(node))

    def _whose(self, node: ast.expr) -> str:
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SAME_COLUMNS:
            node = node.func.value
        match node:
            case ast.Name(id=name):
                return f"in {name}"
            case ast.Call(func=ast.Attribute(attr=name)):
                return f"after {name}()"
        return f"in {short(self.scalars.page.text(node))}"

    def arguments(self, word: Word, node: ast.Call, row: Row | None) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments of a call, by position and by name, checked against the word.

        Parameters
        ----------
        word
            The word that is called.
        node
            The call.
        row
            The columns that expressions may read, or None.
        """
        page = self.scalars.page
        positional = list(self._positional(word, node))
        named = list(self._named(word, node))
        keys = [name for name, _, _ in named]
        for name in keys:
            if keys.count(name) > 1:
                raise OperatorError(f"{name}= of {word.name}() is given twice", found=name)
        word.check(len(positional), keys)
        arguments = Arguments(self, word, row)
        for parameter, argument in [*positional, *((p, n) for _, p, n in named)]:
            if parameter.kind == "collection":
                arguments.other = self._collection(argument, word)
            if parameter.name == "suffix" and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                arguments.suffix = argument.value
        args = [found for p, argument in positional for found in arguments.read(p, argument)]
        kwargs = {}
        for name, parameter, argument in named:
            try:
                kwargs[name] = arguments.read_one(parameter, argument)
            except WayangError as error:
                error.located(page.span(argument), page.source)
                raise
        return args, kwargs

    def _positional(self, word: Word, node: ast.Call) -> Iterator[tuple[Parameter, ast.expr]]:
        for index, argument in enumerate(node.args):
            parameter = word.positional(index)
            if parameter is None:
                word.check(len(node.args), [keyword.arg for keyword in node.keywords if keyword.arg is not None])
                raise self.scalars.refused(argument)
            yield parameter, argument

    def _named(self, word: Word, node: ast.Call) -> Iterator[tuple[str, Parameter, ast.expr]]:
        page = self.scalars.page
        for argument in node.keywords:
            if argument.arg is None:
                yield from self._unpacked(word, argument.value)
                continue
            place = page.keyword_name(argument)
            name = page.exact(place, argument.arg) if word.keyword("") else argument.arg
            yield name, self._parameter(word, name, place, argument.value), argument.value

    def _unpacked(self, word: Word, node: ast.expr) -> Iterator[tuple[str, Parameter, ast.expr]]:
        if not isinstance(node, ast.Dict):
            raise CellSyntaxError(
                "after ** stands a dict that is written out",
                span=self.scalars.page.span(node),
                source=self.scalars.page.source,
                hint='as in with_columns(**{"odd name": age + 1})',
            )
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise self.scalars.refused(key or value)
            yield key.value, self._parameter(word, key.value, self.scalars.page.span(key), value), value

    def _parameter(self, word: Word, name: str, place: Span, value: ast.expr) -> Parameter:
        try:
            word.refuse_keyword(name)
        except OperatorError as error:
            if word.name == "filter":
                error.hint = f"to compare, write {name} == {short(self.scalars.page.text(value))}"
            error.located(place, self.scalars.page.source)
            raise
        parameter = word.keyword(name)
        assert parameter is not None  # noqa: S101 -- refuse_keyword() would have raised
        return parameter

    def _collection(self, node: ast.expr, word: Word) -> Collection:
        found = self.value(node)
        if not isinstance(found, Collection):
            kind = "two collections" if isinstance(found, Pair) else _ROLES[type(found)][0]
            raise OperatorError(
                f"{word.name}() takes a collection, and this is {kind}",
                span=self.scalars.page.span(node),
                source=self.scalars.page.source,
            )
        return found
