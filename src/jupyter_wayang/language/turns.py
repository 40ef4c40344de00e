"""The loops of a cell: ``for _ in repeat(n):`` and ``while condition:``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_wayang.errors import CellSyntaxError, NameUnknownError, OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.builder import Collection
from jupyter_wayang.language.calls import Calls
from jupyter_wayang.language.loops import Rounds
from jupyter_wayang.language.page import Page
from jupyter_wayang.language.words import WORDS
from jupyter_wayang.plan.operators.loops import MOST_TURNS

__all__ = ["LoopReader"]

_AS_IN = "as in for _ in repeat(20): ranks = …"


@dataclass
class LoopReader:
    """Reads a loop.

    Parameters
    ----------
    page
        The text of the cell.
    calls
        Reads what makes collections.
    known
        Collections and models by name; while the body is read, carried names stand for what a turn finds.
    read
        Reads a statement of the body.
    """

    page: Page
    calls: Calls
    known: dict[str, Any]
    read: Callable[[ast.stmt], None]

    def loop(self, statement: ast.For | ast.While) -> dict[str, Collection]:
        """Read a loop, and return what the names that it carries hold after it.

        Raises
        ------
        WayangError
            With the place in the cell.
        """
        if statement.orelse:
            raise CellSyntaxError("a loop of a cell has no else", span=self.page.span(statement.orelse[0]))
        turns, limit = self._turns(statement) if isinstance(statement, ast.For) else (None, MOST_TURNS)
        before = dict(self.known)
        names, first = self._carried(statement)
        span = self.page.span(statement.iter if isinstance(statement, ast.For) else statement.test)
        rounds = Rounds.of(names, first, span)
        self.known.update(zip(names, rounds.carried, strict=True))
        condition = None
        if isinstance(statement, ast.While):
            condition, limit = self._condition(statement.test)
        for inner in statement.body:
            self.read(inner)
        after = tuple(self._collection(name, self.known[name]) for name in names)
        self.known.clear()
        self.known.update(before)
        made = rounds.closed(after, turns=turns, condition=condition, limit=limit, span=span)
        return dict(zip(names, made, strict=True))

    def _turns(self, statement: ast.For) -> tuple[int, int]:
        match statement:
            case ast.For(target=ast.Name(), iter=ast.Call(func=ast.Name(id="repeat")) as call):
                word = WORDS["repeat"]
                args, named = self.calls.arguments(word, call, None)
                turns = args[0] if args else named["turns"]
                limit = given.whole("limit", named.get("limit", MOST_TURNS), word)
                return given.whole("turns", turns, word), limit
        raise CellSyntaxError(
            "a loop of a cell goes round with repeat()", span=self.page.span(statement.iter), hint=_AS_IN
        )

    def _condition(self, test: ast.expr) -> tuple[Collection, int]:
        limit = MOST_TURNS
        match test:
            case ast.Call(func=ast.Name(id="loop"), args=[inner], keywords=keywords):
                for keyword in keywords:
                    WORDS["loop"].refuse_keyword(str(keyword.arg))
                    limit = given.whole("limit", self.calls.variables.plain(keyword.value), WORDS["loop"])
                test = inner
        found = self.calls.value(test)
        if not isinstance(found, Collection):
            raise OperatorError(
                "the condition of a loop is a collection of one row and one column",
                span=self.page.span(test),
                hint="as in while error.select(go=error > 1e-6): …",
            )
        return found, limit

    def _carried(self, statement: ast.For | ast.While) -> tuple[tuple[str, ...], tuple[Collection, ...]]:
        """Return the names that the body gives and that were there before, and what they hold."""
        nodes = [node for inner in statement.body for node in ast.walk(inner)]
        given_ = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        names = tuple(dict.fromkeys(n for n in given_ if n in self.known or n in self.calls.variables))
        if not names:
            local = ", ".join(dict.fromkeys(given_))
            raise NameUnknownError(
                "the loop changes nothing that was there before it"
                + (f": {local} begins anew in every turn" if local else ""),
                span=self.page.span(statement.body[0]),
                source=self.page.source,
                hint="give the name a value before the loop, as in ranks = … and then " + _AS_IN[6:],
            )
        values = (self.calls.value(ast.copy_location(ast.Name(id=n, ctx=ast.Load()), statement)) for n in names)
        return names, tuple(self._collection(name, value) for name, value in zip(names, values, strict=True))

    def _collection(self, name: str, value: object) -> Collection:
        if not isinstance(value, Collection):
            raise OperatorError(f"a loop goes round with collections, and {name} is none")
        return value
