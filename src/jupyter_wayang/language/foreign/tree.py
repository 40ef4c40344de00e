"""Small functions as trees, whichever language they were written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Apply",
    "Choose",
    "Constant",
    "Each",
    "Field",
    "Function",
    "Method",
    "Name",
    "Node",
    "Operation",
    "Sequence",
    "Tuple",
    "Unreadable",
]


class Unreadable(Exception):  # noqa: N818 - why a text is not understood; whoever reads a plan says where it stands
    """A function that cannot be read, and why."""


@dataclass(frozen=True)
class Name:
    """A parameter."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A number, a text, true, false or nothing."""

    value: bool | int | float | str | None


@dataclass(frozen=True)
class Tuple:
    """Several values together."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Sequence:
    """A list that is written out."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Field:
    """A part of a tuple, counted from 0."""

    of: Node
    index: int


@dataclass(frozen=True)
class Operation:
    """An operator between values, in Python's signs; ``not`` and ``neg`` have one."""

    sign: str
    args: tuple[Node, ...]


@dataclass(frozen=True)
class Choose:
    """One value or another."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True)
class Method:
    """A method of a value: ``text.trim``."""

    of: Node
    name: str
    args: tuple[Node | Function, ...] = ()


@dataclass(frozen=True)
class Apply:
    """A function by its name: ``max(a, b)``."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True)
class Each:
    """A function over every item of a list, or the items for which it is true."""

    of: Node
    function: Function
    keeps: bool = False


Node = Name | Constant | Tuple | Sequence | Field | Operation | Choose | Method | Apply | Each


@dataclass(frozen=True)
class Function:
    """Parameters and what is made of them. A parameter may be a tuple of names that takes a tuple apart."""

    parameters: tuple[str | tuple[str, ...], ...]
    body: Node
    language: Literal["scala", "python"]
