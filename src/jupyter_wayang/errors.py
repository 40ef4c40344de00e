"""Errors that a person can act on: what is wrong, where, and what would be right.

Every error of the project derives from :class:`WayangError`. In a notebook only its message is shown, with the line of
the cell marked; the traceback stays available to whoever catches it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec

__all__ = [
    "CellSyntaxError",
    "ColumnError",
    "DataError",
    "DisclosureError",
    "ExpressionTypeError",
    "NameUnknownError",
    "OperatorError",
    "PlanError",
    "PlatformError",
    "RunStoppedError",
    "SiteError",
    "Span",
    "WayangError",
    "WireError",
    "closest",
]


class Span(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place in a cell: lines count from 1, columns are characters from 0, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class WayangError(Exception):
    """The root of all errors of this project.

    Parameters
    ----------
    message
        One sentence that says what is wrong, with the one best guess of what was meant.
    span
        Where in the cell.
    source
        The text of the cell that ``span`` points into.
    found, expected
        What was there, and what would have been right.
    hint
        One line on what to do next.
    facts
        Label and text pairs, shown as a small table under the marked line.

    Examples
    --------
    >>> error = WayangError("there is no column x", hint="columns: a, b")
    >>> print(error.render())
    WayangError: there is no column x
    columns: a, b
    """

    def __init__(
        self,
        message: str,
        *,
        span: Span | None = None,
        source: str | None = None,
        found: str | None = None,
        expected: Iterable[str] = (),
        hint: str | None = None,
        facts: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.source = source
        self.found = found
        self.expected = tuple(expected)
        self.hint = hint
        self.facts = tuple(facts)

    def __str__(self) -> str:
        # KeyError's own __str__ would show the repr of the message.
        return self.message

    def located(self, span: Span | None, source: str | None) -> WayangError:
        """Add the place in the cell, if it is not known yet; returns the error itself."""
        if self.span is None:
            self.span = span
        if self.source is None:
            self.source = source
        return self

    def render(self, *, colour: bool = False) -> str:
        """Lay the message out as plain text, or with ANSI bold, one colour and faint.

        Parameters
        ----------
        colour
            Whether to use ANSI escapes.

        Returns
        -------
        str
            The whole message, several lines.
        """
        red, bold, faint, off = ("\033[31;1m", "\033[1m", "\033[2m", "\033[0m") if colour else ("", "", "", "")
        lines = [f"{red}{type(self).__name__}{off}: {bold if colour else ''}{self.message}{off}"]
        lines += self._marked(red, off)
        width = max((len(label) for label, _ in self.facts), default=0)
        lines += [f"{faint}{label.ljust(width)}{off}  {text}" for label, text in self.facts]
        if self.hint:
            lines += [f"{faint}{line}{off}" if colour else line for line in self.hint.splitlines()]
        return "\n".join(lines)

    def _marked(self, red: str, off: str) -> list[str]:
        if self.span is None or self.source is None:
            return []
        text = self.source.splitlines()
        number, start = self.span.line, self.span.column
        if not 1 <= number <= len(text):
            return []
        line = text[number - 1]
        end = self.span.end_column if self.span.end_line == number else len(line)
        end = max(end, start + 1)
        gutter = len(str(number)) + 2
        before = [f"{str(number - 1).rjust(gutter)}  {text[number - 2]}"] if number > 1 else []
        marked = f"{str(number).rjust(gutter)}  {line[:start]}{red}{line[start:end]}{off}{line[end:]}"
        return ["", *before, marked, " " * (gutter + 2 + start) + f"{red}{'^' * (end - start)}{off}"]

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback."""
        return self.render(colour=True).splitlines()


class CellSyntaxError(WayangError, ValueError):
    """The text of a cell cannot be read."""


class NameUnknownError(WayangError, LookupError):
    """A name stands for nothing: no collection, function, operator, run or federation."""


class ColumnError(NameUnknownError, KeyError):
    """A column is not there, or is there twice."""


class OperatorError(WayangError, ValueError):
    """An operator got an argument that it cannot take."""


class ExpressionTypeError(WayangError, TypeError):
    """An expression mixes types that do not go together."""


class PlanError(WayangError, ValueError):
    """A plan cannot be made: no platform can run an operator, or the plan is not well formed."""


class PlatformError(WayangError, RuntimeError):
    """A platform is not there, or failed while it ran an operator."""


class DataError(WayangError, OSError):
    """A file or table is missing, empty or cannot be read."""


class DisclosureError(WayangError, PermissionError):
    """What was asked would make rows, or numbers about too few rows, leave a site."""


class SiteError(WayangError, RuntimeError):
    """A site failed, refused or cannot take part."""


class RunStoppedError(WayangError, RuntimeError):
    """The run was stopped before it had what was asked for."""


class WireError(WayangError, ValueError):
    """A message or a plan from a wire is not one that this version knows."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that most resembles ``name``, or None.

    Examples
    --------
    >>> closest("fliter", ["filter", "select"])
    'filter'
    >>> closest("cholesterol", ["age", "chol"])
    'chol'
    """
    names = list(known)
    folded = {candidate.casefold(): candidate for candidate in names}
    if name.casefold() in folded:
        return folded[name.casefold()]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return near[0]
    parts = [
        c
        for c in names
        if len(c) > 2 and (name.casefold().startswith(c.casefold()) or c.casefold().startswith(name.casefold()))
    ]
    return max(parts, key=len, default=None)
