"""Variables of the notebook and plain values in a cell, and which of them were used."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_wayang.errors import CellSyntaxError, ExpressionTypeError, NameUnknownError, OperatorError
from jupyter_wayang.language.expressions import E, lift, unboxed
from jupyter_wayang.language.page import Page
from jupyter_wayang.language.unknown import a_kind, guessed

__all__ = ["CONSTANTS", "Variables"]

CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}
"""Constants that Python spells otherwise."""


@dataclass
class Variables:
    """The variables of the notebook.

    Parameters
    ----------
    page
        The text of the cell.
    values
        The variables by name; they are read, never written.
    captured
        Those that were used, in order.
    """

    page: Page
    values: Mapping[str, object]
    captured: dict[str, None] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def get(self, name: str) -> object:
        """Return a variable, or None, without using it."""
        return self.values.get(name)

    def is_function(self, name: str) -> bool:
        """Tell whether a variable is a function."""
        return callable(self.values.get(name))

    def take(self, name: str) -> object:
        """Return a variable and remember that it was used.

        Raises
        ------
        NameUnknownError
            If it is not there.
        """
        if name not in self.values:
            raise NameUnknownError(self._missing(name), found=name, hint="Nothing was run.")
        self.captured[name] = None
        return self.values[name]

    def scalar(self, name: str) -> object:
        """Return a variable that stands in an expression: a constant.

        Raises
        ------
        OperatorError
            If it is a list, or no constant at all.
        """
        value = unboxed(self.take(name))
        if isinstance(value, list | tuple | set | frozenset | range):
            raise OperatorError(f"the notebook variable {name} is a list", hint=f"it can stand after in: x in {name}")
        try:
            return value if value is None or isinstance(value, bool | int | float | str) else E(lift(value))
        except ExpressionTypeError as error:
            raise OperatorError(
                f"the notebook variable {name} is {a_kind(value)}, and cannot stand in an expression",
                hint="numbers, text, dates and lists of them can",
            ) from error

    def plain(self, node: ast.expr) -> object:
        """Return a Python value: a constant, a list or dict of them, or a variable.

        Raises
        ------
        WayangError
            If it is something else, with the place in the cell.
        """
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return value
            case ast.Name(id=name):
                return CONSTANTS[name] if name in CONSTANTS else self._by_name(node)
            case ast.Attribute(value=ast.Name(id="env"), attr=name) if name in self.values:
                return unboxed(self.take(name))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if value is not True:
                return -value
            case ast.List(elts=items):
                return [self.plain(item) for item in items]
            case ast.Tuple(elts=items):
                return tuple(self.plain(item) for item in items)
            case ast.Dict(keys=keys, values=items) if None not in keys:
                return {
                    self.plain(key): self.plain(item) for key, item in zip(keys, items, strict=True) if key is not None
                }
        raise CellSyntaxError(
            f"{self.page.text(node)} is no plain value",
            span=self.page.span(node),
            source=self.page.source,
            hint="a number, text in quotes, or a variable of the notebook: compute it in a Python cell",
        )

    def _by_name(self, node: ast.Name) -> object:
        if node.id in self.values:
            return unboxed(self.take(node.id))
        raise NameUnknownError(
            self._missing(node.id),
            span=self.page.span(node),
            source=self.page.source,
            found=node.id,
            hint=f'text goes in quotes: "{node.id}"',
        )

    def _missing(self, name: str) -> str:
        public = [known for known in self.values if not known.startswith("_")]
        return guessed(f'there is no notebook variable "{name}".', name, public)
