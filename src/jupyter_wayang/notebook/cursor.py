"""Where a cursor stands in a cell that need not parse: open brackets, strings, and what comes before a dot."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Bracket", "Cursor", "before_dot", "locate"]

_CLOSING = {")": "(", "]": "[", "}": "{"}
_NAME = re.compile(r"[^\W\d]\w*$")


@dataclass(frozen=True)
class Bracket:
    """An open bracket.

    Parameters
    ----------
    at
        Its position in the text.
    commas
        How many arguments are complete.
    start
        Where the argument at the cursor begins.
    names
        The names of the arguments that were given by name.
    """

    at: int
    commas: int
    start: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cursor:
    """What surrounds a cursor.

    Parameters
    ----------
    text
        The text before it.
    statements
        The complete lines before that of the cursor.
    start
        Where the line of the cursor begins.
    brackets
        The open brackets, outermost first.
    quote
        Where the string begins that the cursor is in, or None.
    comment
        Whether the cursor is in a comment.
    """

    text: str
    statements: tuple[str, ...]
    start: int
    brackets: tuple[Bracket, ...]
    quote: int | None
    comment: bool

    @property
    def fragment(self) -> str:
        """The word, or the text in quotes, that is being written."""
        if self.quote is not None:
            return self.text[self.quote + 1 :]
        found = _NAME.search(self.text)
        return found.group() if found else ""

    @property
    def head(self) -> str:
        """The text before the word that is being written."""
        return self.text[: len(self.text) - len(self.fragment)]


def locate(text: str) -> Cursor:
    r"""Find where the end of a text stands.

    Parameters
    ----------
    text
        A cell up to the cursor.

    Returns
    -------
    Cursor
        What surrounds it.

    Examples
    --------
    >>> at = locate("a = read('x')\nb = a.filter(ag")
    >>> at.fragment, at.statements, len(at.brackets)
    ('ag', ("a = read('x')",), 1)
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.brackets: list[Bracket] = []
        self.statements: list[str] = []
        self.start = 0
        self.position = 0

    def scan(self) -> Cursor:
        quote, comment = None, False
        while self.position < len(self.text):
            character = self.text[self.position]
            if character in "\"'":
                end = self._string(self.position)
                if end is None:
                    quote = self.position
                    break
                self.position = end
            elif character == "#":
                end = self.text.find("\n", self.position)
                if end < 0:
                    comment = True
                    break
                self.position = end
                continue
            else:
                self._sign(character)
            self.position += 1
        return Cursor(self.text, tuple(self.statements), self.start, tuple(self.brackets), quote, comment)

    def _string(self, start: int) -> int | None:
        sign = self.text[start]
        position = start + 1
        while position < len(self.text) and self.text[position] != "\n":
            if self.text[position] == "\\":
                position += 1
            elif self.text[position] == sign:
                return position
            position += 1
        # A string that its line does not end is being written only if this is the last line.
        return None if position >= len(self.text) else position - 1

    def _sign(self, character: str) -> None:
        here = self.position
        if character in "([{":
            self.brackets.append(Bracket(here, 0, here + 1))
        elif character in ")]}":
            if self.brackets and self.text[self.brackets[-1].at] == _CLOSING[character]:
                self.brackets.pop()
        elif character == "," and self.brackets:
            last = self.brackets[-1]
            given = re.match(r"\s*([^\W\d]\w*)\s*=(?!=)", self.text[last.start : here])
            names = (*last.names, given.group(1)) if given else last.names
            self.brackets[-1] = Bracket(last.at, last.commas + 1, here + 1, names)
        elif character == "\n" and (not self.brackets or self._begins_anew(here + 1)):
            self.statements.append(self.text[self.start : here])
            self.brackets.clear()
            self.start = here + 1

    def _begins_anew(self, position: int) -> bool:
        # A bracket that was never closed must not swallow the rest: a line `name = …` at the margin is a new one.
        return re.match(r"[^\W\d]\w*(\s*,\s*\w+)*\s*=(?!=)", self.text[position:]) is not None


def before_dot(text: str) -> str:
    """Return the expression that a text ends in, whose last character comes before a dot.

    Examples
    --------
    >>> before_dot("b = a.filter(x > 1).group_by(ward)")
    'a.filter(x > 1).group_by(ward)'
    """
    position = len(text.rstrip())
    text = text[:position]
    while position:
        start = _primary(text, position)
        if start == position:
            break
        position = start
        gap = len(text[:position].rstrip())
        if text[:gap].endswith("."):
            position = len(text[: gap - 1].rstrip())
        elif text[position] not in "([":
            break
    return text[position:].strip()


def _primary(text: str, end: int) -> int:
    """Return where the brackets, the string or the name begin that end at a position."""
    last = text[end - 1]
    if last in ")]":
        return _opening(text, end)
    if last in "\"'":
        return max(text.rfind(last, 0, end - 1), 0)
    found = _NAME.search(text[:end])
    return found.start() if found else end


def _opening(text: str, end: int) -> int:
    depth, quote = 0, ""
    for position in range(end - 1, -1, -1):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in ")]}":
            depth += 1
        elif character in "([{":
            depth -= 1
            if depth == 0:
                return position
    return end
