"""The wording of "there is no such …", in one place."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_wayang.errors import NameUnknownError, closest

__all__ = ["guessed", "unknown"]


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
    listed = f"{plural or what + 's'}: " + ", ".join(names) if names else None
    return NameUnknownError(
        guessed(f'there is no {what} "{name}".', name, names), found=name, expected=names, hint=listed
    )
