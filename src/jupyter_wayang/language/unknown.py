"""The wording of "there is no such …", in one place."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from jupyter_wayang.errors import NameUnknownError, closest

__all__ = ["a_kind", "arguments", "guessed", "listed", "unknown"]

_WIDTH = 100


def guessed(sentence: str, name: str, known: Iterable[str]) -> str:
    """Add the one best guess of what was meant to a sentence.

    Examples
    --------
    >>> guessed('there is no type "integer".', "integer", ["int", "float"])
    'there is no type "integer". Did you mean int?'
    """
    guess = closest(name, known)
    return f"{sentence} Did you mean {guess}?" if guess else sentence


def unknown(what: str, name: str, known: Iterable[str], plural: str | None = None) -> NameUnknownError:
    """Return the error that says there is no such thing, and what there is.

    Examples
    --------
    >>> print(unknown("strategy", "fedavgg", ["fedavg"], "strategies").render())
    NameUnknownError: there is no strategy "fedavgg". Did you mean fedavg?
    strategies: fedavg
    """
    names = tuple(known)
    hint = listed(plural or what + "s", names) if names else None
    return NameUnknownError(
        guessed(f'there is no {what} "{name}".', name, names), found=name, expected=names, hint=hint
    )


def listed(label: str, names: Iterable[str]) -> str:
    """Return names in lines that a cell is wide enough for.

    Examples
    --------
    >>> listed("columns", ["age", "sex"])
    'columns: age, sex'
    """
    return textwrap.fill(f"{label}: " + ", ".join(names), _WIDTH, subsequent_indent="  ", break_long_words=False)


def a_kind(value: object) -> str:
    """Return the kind of a value with its article.

    Examples
    --------
    >>> a_kind(3), a_kind("x")
    ('an int', 'a str')
    """
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def arguments(least: int, most: int) -> str:
    """Return how many arguments there may be.

    Examples
    --------
    >>> arguments(1, 1), arguments(1, 2), arguments(0, 0)
    ('1 argument', '1 to 2 arguments', 'no argument')
    """
    count = str(most) if least == most else f"{least} to {most}"
    return f"{count if most else 'no'} argument{'s' if most > 1 else ''}"
