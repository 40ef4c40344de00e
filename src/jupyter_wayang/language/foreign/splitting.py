"""Splitting a text into rows, by the rules of the language that the function was written in."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Splitting"]


@dataclass(frozen=True)
class Splitting:
    """Makes the parts of a text.

    Parameters
    ----------
    separator
        What stands between them: in Scala a regular expression; None: white space.
    language
        ``scala`` leaves out empty parts at the end, as Java's ``split`` does.

    Examples
    --------
    >>> Splitting("[ ,]", "scala")("a b,,"), Splitting(",", "python")("a,")
    (['a', 'b'], ['a', ''])
    """

    separator: str | None
    language: str

    __name__ = "split"

    def __call__(self, line: str | None) -> list[str]:
        """Return the parts; of null there are none."""
        if line is None:
            return []
        if self.language == "python":
            return line.split(self.separator)
        if not line:
            return [line]
        separator = re.compile(r"\s+" if self.separator is None else self.separator)
        parts = separator.split(line)
        first = separator.match(line)
        if len(parts) > 1 and not parts[0] and first is not None and not first[0]:
            del parts[0]  # nothing at all stood before the first part
        while parts and not parts[-1]:
            del parts[-1]
        return parts
