"""A word of the language: where it stands, what it takes, and what is said where it is used wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.unknown import arguments, guessed

__all__ = ["Kind", "Parameter", "Role", "Word", "many", "option"]

Kind = Literal[
    "aggregate",
    "both",
    "collection",
    "column",
    "columns",
    "condition",
    "expression",
    "faults",
    "fill",
    "function",
    "goal",
    "key",
    "keys",
    "model",
    "pair",
    "pairs",
    "reducer",
    "strategy",
    "value",
]
"""What an argument is: a cell reads it by this, and completion offers what fits."""

Role = Literal[
    "source",
    "collection",
    "step",
    "group",
    "fitted",
    "hint",
    "function",
    "aggregate",
    "model",
    "strategy",
    "loop",
    "fault",
]
"""Where a word stands: on its own, or after the dot of a collection, of ``group_by()`` or of a fitted model."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a word.

    Parameters
    ----------
    name
        Its name.
    kind
        What it takes.
    default
        The text of its default, or None if it must be given.
    many
        ``*`` for any number by position, ``**`` for any number by name.
    keyword
        Whether it can only be given by name.
    """

    name: str
    kind: Kind
    default: str | None = None
    many: Literal["", "*", "**"] = ""
    keyword: bool = False

    def __str__(self) -> str:
        return f"{self.many}{self.name}" + (f"={self.default}" if self.default is not None else "")


@dataclass(frozen=True)
class Word:
    """A word of the language.

    Parameters
    ----------
    name
        The word.
    roles
        Where it may stand.
    meaning
        One line of help.
    example
        How it is used.
    parameters
        What it takes, in order.
    later
        Parameters that this version refuses.
    """

    name: str
    roles: tuple[Role, ...]
    meaning: str
    example: str
    parameters: tuple[Parameter, ...] = ()
    later: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """The word and its parameters as text.

        Examples
        --------
        >>> Word("limit", ("collection",), "", "limit(10)", (Parameter("rows", "value"),)).signature
        'limit(rows)'
        """
        shown: list[str] = []
        many = False
        for parameter in self.parameters:
            if parameter.keyword and not many:
                shown.append("*")
                many = True
            many = many or parameter.many == "*"
            shown.append(str(parameter))
        return f"{self.name}({', '.join(shown)})"

    def positional(self, index: int) -> Parameter | None:
        """Return the parameter that takes the argument at a position."""
        places = [p for p in self.parameters if not p.keyword and p.many != "**"]
        if index < len(places):
            return places[index]
        return places[-1] if places and places[-1].many == "*" else None

    def keyword(self, name: str) -> Parameter | None:
        """Return the parameter that takes an argument of a name."""
        for parameter in self.parameters:
            if (parameter.name == name and not parameter.many) or parameter.many == "**":
                return parameter
        return None

    def refuse_keyword(self, name: str) -> None:
        """Raise an error if no parameter takes an argument of this name.

        Raises
        ------
        OperatorError
            With the name that was probably meant.
        """
        if name in self.later:
            raise OperatorError(f"{name}= of {self.name}() is not in this version", found=name, hint=self.signature)
        if self.keyword(name) is None:
            known = [p.name for p in self.parameters if not p.many]
            raise OperatorError(
                guessed(f'{self.name}() has no argument "{name}".', name, known),
                found=name,
                expected=known,
                hint=self.signature,
            )

    def check(self, positional: int, keywords: Iterable[str]) -> None:
        """Raise an error if a call with so many arguments and these names does not fit.

        Parameters
        ----------
        positional
            How many arguments are given by position.
        keywords
            The names of the others.

        Raises
        ------
        OperatorError
            If an argument is unknown, too many, given twice or missing.
        """
        named = list(keywords)
        for name in named:
            self.refuse_keyword(name)
        if positional and self.positional(positional - 1) is None:
            raise self._too_many(positional)
        given = {taken.name for index in range(positional) if (taken := self.positional(index)) and not taken.many}
        for name in named:
            if name in given:
                raise OperatorError(f"{name}= of {self.name}() is given twice", hint=self.signature)
        for parameter in self.parameters:
            if parameter.default is None and not parameter.many and parameter.name not in {*given, *named}:
                raise OperatorError(f"{self.name}() needs {parameter.name}, as in {self.example}", hint=self.signature)

    def _too_many(self, positional: int) -> OperatorError:
        if any(parameter.many == "**" for parameter in self.parameters):
            return OperatorError(f"every column of {self.name}() needs a name, as in {self.example}")
        most = sum(1 for p in self.parameters if not p.keyword)
        return OperatorError(f"{self.name}() takes {arguments(most, most)}, not {positional}", hint=self.signature)


def many(name: str, kind: Kind, stars: Literal["*", "**"]) -> Parameter:
    """Return a parameter for any number of arguments."""
    return Parameter(name, kind, many=stars)


def option(name: str, default: str, kind: Kind = "value", *, keyword: bool = False) -> Parameter:
    """Return a parameter that may be left out."""
    return Parameter(name, kind, default, keyword=keyword)
