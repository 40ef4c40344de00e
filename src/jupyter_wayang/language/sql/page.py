"""The text of a SELECT: read by sqlglot, never run; where its parts stand, and what is said of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_wayang.errors import CellSyntaxError, OperatorError, Span, WayangError
from jupyter_wayang.language.page import short

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["DIALECT", "SqlPage"]

DIALECT = "duckdb"
_SILENT = {"safe", "coalesce", "big_int", "ignore_nulls", "over", "_type", "nested", "negate", "typed", "is_numeric"}
"""Parts of sqlglot's nodes that do not change what they mean here."""
_ONE = "SQL here is one SELECT, with or without WITH before it"


class SqlPage:
    """A SQL text and its tree.

    Parameters
    ----------
    text
        The text. A first line that begins with ``%%`` counts as a line, but is not read.

    Examples
    --------
    >>> page = SqlPage("SELECT age FROM visits")
    >>> page.span(page.parse().expressions[0]).column
    7
    """

    def __init__(self, text: str) -> None:
        self.source = text.replace("\r\n", "\n").replace("\r", "\n")
        first, newline, rest = self.source.partition("\n")
        # The line of the magic is blank, so that every place stays where the notebook has it.
        magic = first.lstrip().startswith("%%")
        self._body = " " * len(first) + newline + rest if magic else self.source
        self._starts = [0, *(match.end() for match in re.finditer("\n", self.source))]

    def parse(self) -> exp.Query:
        """Return the tree of the one SELECT.

        Raises
        ------
        CellSyntaxError
            If the text is no SQL, or is anything but one query.
        """
        import sqlglot
        from sqlglot import exp
        from sqlglot.errors import ParseError, TokenError

        try:
            trees = [tree for tree in sqlglot.parse(self._body, dialect=DIALECT) if tree is not None]
        except ParseError as error:
            raise self._unreadable(error) from error
        except TokenError as error:
            raise CellSyntaxError(
                "the SQL cannot be read: a quote or a comment has no end", source=self.source
            ) from error
        except RecursionError as error:
            raise CellSyntaxError(
                "the SQL is nested too deeply", source=self.source, hint="name a part of it: WITH part AS (SELECT …)"
            ) from error
        if not trees:
            raise CellSyntaxError("the SQL is empty", source=self.source, hint="as in SELECT age FROM visits")
        if len(trees) > 1:
            raise CellSyntaxError("these are several statements", source=self.source, hint=_ONE)
        tree = trees[0].unnest()
        if not isinstance(tree, exp.Query):
            raise CellSyntaxError(
                f"this is {tree.key.upper()}, and only rows are asked for here", source=self.source, hint=_ONE
            )
        return tree

    def span(self, node: exp.Expr) -> Span | None:
        """Return where a part stands, from the first of its words with a place to the last; None if it has none."""
        places = [found.meta for found in node.walk() if "start" in found.meta]
        if not places:
            return None
        start, end = min(place["start"] for place in places), max(place["end"] for place in places) + 1
        end = self._closed(start, end)
        line, column = self._place(start)
        end_line, end_column = self._place(end)
        return Span(line=line, column=column, end_line=end_line, end_column=end_column)

    def text(self, node: exp.Expr) -> str:
        """Return a part as SQL, its beginning where it is long."""
        return short(node.sql(dialect=DIALECT))

    def unsupported(self, node: exp.Expr, what: str, hint: str | None = None) -> OperatorError:
        """Return the error that names a construct that is not read, and what does the same."""
        return OperatorError(
            f"{what} is not read in SQL here", span=self.span(node), source=self.source, found=what, hint=hint
        )

    def only(self, node: exp.Expr, parts: Iterable[str], where: str) -> None:
        """Refuse a node that has other parts than these: what is not read is never passed over."""
        more = {name for name, value in node.args.items() if value not in (None, False, []) and name not in _SILENT}
        more -= set(parts)
        if more:
            raise self.unsupported(node, f"{min(more).strip('_').replace('_', ' ').upper()} {where}")

    @contextmanager
    def at(self, node: exp.Expr) -> Iterator[None]:
        """Give errors that have no place yet the place of a part."""
        try:
            yield
        except WayangError as error:
            error.located(self.span(node), self.source)
            raise

    def _closed(self, start: int, end: int) -> int:
        """Return the end of a part with the brackets that close those in it: they have no place in the tree."""
        inside = self.source[start:end]
        rest = inside.count("(") - inside.count(")")
        while rest > 0 and end < len(self.source) and self.source[end] in " \n)":
            rest -= self.source[end] == ")"
            end += 1
        return end if rest <= 0 else start + len(inside)

    def _place(self, offset: int) -> tuple[int, int]:
        line = sum(start <= offset for start in self._starts)
        return line, offset - self._starts[line - 1]

    def _unreadable(self, error: object) -> CellSyntaxError:
        first = error.errors[0] if getattr(error, "errors", None) else {}  # type: ignore[attr-defined]
        line, end = first.get("line"), first.get("col")
        word = first.get("highlight") or ""
        message = str(first.get("description") or "it ends too soon").rstrip(".")
        # sqlglot names its own classes; the word that it stopped at says more.
        if "<class" in message or "Required keyword" in message:
            message = "something is missing here"
        span = None
        if line and end:
            line = min(line, len(self._starts))
            end = min(end, len(self.source.split("\n")[line - 1]))
            start = max(end - len(word), 0)
            span = Span(line=line, column=start, end_line=line, end_column=max(end, start + 1))
        return CellSyntaxError(f"the SQL cannot be read: {message}", span=span, source=self.source)
