"""Expressions of a cell: read from the syntax tree, never run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jupyter_wayang.errors import (
    CellSyntaxError,
    ColumnError,
    ExpressionTypeError,
    NameUnknownError,
    OperatorError,
    Span,
    WayangError,
)
from jupyter_wayang.language import functions
from jupyter_wayang.language.expressions import E, binary, col, data_type, lift, literals, negate, over, where
from jupyter_wayang.language.page import Page
from jupyter_wayang.language.unknown import arguments, guessed, listed
from jupyter_wayang.language.variables import CONSTANTS, Variables
from jupyter_wayang.language.words import NOT_YET
from jupyter_wayang.plan.expressions import BinaryOp, IsIn, type_of
from jupyter_wayang.plan.schema import Schema

__all__ = ["Row", "Scalars"]

_ARITHMETIC: dict[type[ast.operator], BinaryOp] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "and",
    ast.BitOr: "or",
}
_COMPARISONS: dict[type[ast.cmpop], BinaryOp] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_METHODS = ("is_in", "is_null", "is_not_null", "cast", "over")
_REFUSED: dict[type[ast.expr], tuple[str, str]] = {
    ast.Lambda: (
        "functions of the notebook are not in this version",
        "write the expression itself, as in filter(age >= 18)",
    ),
    ast.ListComp: ("a cell has no comprehensions", "make the list in a Python cell; its name can be used here"),
    ast.SetComp: ("a cell has no comprehensions", "make the list in a Python cell; its name can be used here"),
    ast.DictComp: ("a cell has no comprehensions", "make it in a Python cell; its name can be used here"),
    ast.GeneratorExp: ("a cell has no comprehensions", "make the list in a Python cell; its name can be used here"),
    ast.NamedExpr: ("a name cannot be given inside of an expression", "with_columns(name=…) adds a column"),
    ast.JoinedStr: ("text in a cell has no {…} in it", "concat(a, b) joins columns of text"),
    ast.Starred: ("* cannot stand here", "write the columns one by one"),
    ast.List: ("a list cannot stand here", 'after in: country in ["NL", "BE"]'),
    ast.Set: ("a set cannot stand here", 'after in: country in ["NL", "BE"]'),
    ast.Tuple: ("a tuple cannot stand here", 'after in: country in ["NL", "BE"]'),
    ast.Dict: ("a dict cannot stand here", 'only **{"odd name": …} among the arguments'),
}


@dataclass(frozen=True)
class Row:
    """The columns that an expression may read.

    Parameters
    ----------
    schema
        The columns.
    where
        Whose they are, for messages: ``in patients``.
    """

    schema: Schema
    where: str


@dataclass
class Scalars:
    """Reads expressions over the columns of a row.

    Parameters
    ----------
    page
        The text of the cell.
    variables
        The variables of the notebook.
    collections
        Collections by name, for messages.
    trace
        Every expression that was made, innermost first: it tells where a type error stands.
    """

    page: Page
    variables: Variables
    collections: Mapping[str, object]
    trace: list[tuple[ast.expr, E, Schema]] = field(default_factory=list)

    def read(self, node: ast.expr, row: Row) -> object:
        """Return an expression, or a Python constant.

        Raises
        ------
        WayangError
            With the place in the cell.
        """
        try:
            found = self._read(node, row)
        except WayangError as error:
            error.located(self.page.span(node), self.page.source)
            raise
        if isinstance(found, E):
            self.trace.append((node, found, row.schema))
        return found

    def _read(self, node: ast.expr, row: Row) -> object:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node, row)
            case ast.BoolOp():
                return self._bool(node, row)
            case ast.UnaryOp():
                return self._unary(node, row)
            case ast.BinOp():
                return self._binary(node, row)
            case ast.Compare():
                return self._compare(node, row)
            case ast.IfExp():
                return where(self.read(node.test, row), self.read(node.body, row), self.read(node.orelse, row))
            case ast.Attribute():
                return self._attribute(node, row)
            case ast.Subscript():
                return self._subscript(node, row)
            case ast.Call():
                return self._call(node, row)
        raise self.refused(node)

    def refused(self, node: ast.expr) -> CellSyntaxError:
        """Return the error that says that this form of Python is no part of the language."""
        message, hint = _REFUSED.get(
            type(node), (f"{self.page.text(node)} cannot stand here", "a column, a constant, or a function of them")
        )
        return CellSyntaxError(message, span=self.page.span(node), source=self.page.source, hint=hint)

    def locate(self, error: WayangError) -> None:
        """Find the innermost expression that has the type error, and mark it."""
        if error.span is None and isinstance(error, ExpressionTypeError | ColumnError):
            for node, made, schema in self.trace:
                try:
                    type_of(made.expression, schema)
                except WayangError:
                    error.located(self.page.span(node), self.page.source)
                    return

    def column(self, name: str, row: Row, *, bare: bool = False) -> E:
        """Return a column of the row.

        Raises
        ------
        ColumnError
            If it is not there; for a bare name with what a variable of that name would be.
        """
        if name in row.schema:
            return col[name]
        last = f"A notebook variable of that name would be env.{name}. Nothing was run." if bare else "Nothing was run."
        raise ColumnError(
            guessed(f'there is no column "{name}" {row.where}.', name, row.schema.names),
            found=name,
            expected=row.schema.names,
            hint=listed("columns", row.schema.names) + "\n" + last,
        )

    def _constant(self, node: ast.Constant) -> object:
        if isinstance(node.value, str | int | float | bool | None):
            return node.value
        raise self.refused(node)

    def _name(self, node: ast.Name, row: Row) -> object:
        exact = self.page.exact(self.page.span(node), node.id)
        if exact in row.schema:
            return col[exact]
        if exact in CONSTANTS:
            return CONSTANTS[exact]
        if node.id in self.collections:
            raise OperatorError(
                f"{node.id} is a collection or model, and cannot stand in an expression",
                hint="join() brings two collections together",
            )
        if node.id in self.variables:
            return self.variables.scalar(node.id)
        if node.id in functions.NAMES:
            message = f'there is no column "{exact}" {row.where}, and the function needs its brackets: {exact}(…)'
            raise ColumnError(message, found=exact)
        return self.column(exact, row, bare=True)

    def _bool(self, node: ast.BoolOp, row: Row) -> object:
        op: BinaryOp = "and" if isinstance(node.op, ast.And) else "or"
        found = self.read(node.values[0], row)
        for value in node.values[1:]:
            found = binary(op, found, self.read(value, row))
        return found

    def _unary(self, node: ast.UnaryOp, row: Row) -> object:
        value = self.read(node.operand, row)
        match node.op:
            case ast.USub():
                return negate(value)
            case ast.UAdd():
                return value
        return ~value if isinstance(value, E) else ~E(lift(value))

    def _binary(self, node: ast.BinOp, row: Row) -> object:
        op = _ARITHMETIC.get(type(node.op))
        if op is None:
            raise self.refused(node)
        return binary(op, self.read(node.left, row), self.read(node.right, row))

    def _compare(self, node: ast.Compare, row: Row) -> object:
        self._refuse_unbracketed(node)
        left = self.read(node.left, row)
        found: object = None
        for index, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            if isinstance(op, ast.In | ast.NotIn):
                made, left = self._within(left, op, right, row), None
            elif isinstance(op, ast.Is | ast.IsNot):
                made, left = self._is_null(left, op, right, row), None
            else:
                value = self.read(right, row)
                made, left = binary(_COMPARISONS[type(op)], left, value), value
            found = made if index == 0 else binary("and", found, made)
        return found

    def _within(self, left: object, op: ast.cmpop, right: ast.expr, row: Row) -> E:
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            values: object = [self.read(item, row) for item in right.elts]
        elif isinstance(right, ast.Name) and right.id in self.variables:
            values = self.variables.take(right.id)
        elif isinstance(right, ast.Attribute) and isinstance(right.value, ast.Name) and right.value.id == "env":
            values = self.variables.take(right.attr)
        elif type(right) in _REFUSED:
            raise self.refused(right)
        else:
            raise OperatorError(
                f"after in stands a list, not {self.page.text(right)}",
                span=self.page.span(right),
                source=self.page.source,
                hint='as in country in ["NL", "BE"], or a list of the notebook; contains(a, b) looks into text',
            )
        made = E(IsIn(arg=lift(left), values=literals(values)))
        return ~made if isinstance(op, ast.NotIn) else made

    def _is_null(self, left: object, op: ast.cmpop, right: ast.expr, row: Row) -> E:
        if self.read(right, row) is not None:
            raise OperatorError(
                f"is goes with None only; write == {self.page.text(right)}",
                span=self.page.span(right),
                source=self.page.source,
            )
        value = _expression(left)
        return value.is_not_null() if isinstance(op, ast.IsNot) else value.is_null()

    def _refuse_unbracketed(self, node: ast.Compare) -> None:
        """In Python ``&`` binds closer than ``>``: say what was meant."""
        whole = self.page.span(node)
        sides = [side for side in (node.left, *node.comparators) if not self._bracketed(side, whole)]
        parts = [bit for side in sides for bit in _loose_bits(side, self.page)]
        if not parts:
            return
        text = self.page.text(node)
        if whole.line == whole.end_line:
            for _, column, word in sorted(parts, reverse=True):
                at = column - whole.column
                text = f"{text[:at]}{word}{text[at + 1 :]}"
        sign = "&" if any(word == "and" for _, _, word in parts) else "|"
        raise CellSyntaxError(
            f"{sign} binds closer than a comparison",
            span=whole,
            source=self.page.source,
            hint=f"write {text}"
            if text != self.page.text(node)
            else "write and, or; or put brackets around every comparison",
        )

    def _bracketed(self, side: ast.expr, whole: Span) -> bool:
        span = self.page.span(side)
        if (span.line, span.column) == (whole.line, whole.column) or (span.end_line, span.end_column) == (
            whole.end_line,
            whole.end_column,
        ):
            return False
        return self.page.lines[span.line - 1][: span.column].rstrip().endswith("(")

    def _attribute(self, node: ast.Attribute, row: Row) -> object:
        exact = self.page.exact(self.page.after_dot(node), node.attr)
        match node.value:
            case ast.Name(id="col"):
                return self._placed_column(exact, row, node)
            case ast.Name(id="env"):
                return self.variables.scalar(node.attr)
            case ast.Name(id=name) if name in self.collections:
                raise OperatorError(
                    f"inside of an operator write {exact}, without {name} before it",
                    hint=f'col["{exact}"] for an odd name',
                )
        if node.attr in _METHODS:
            raise OperatorError(f"{node.attr} needs its brackets: {node.attr}()")
        raise NameUnknownError(
            guessed(f'an expression has no method "{exact}".', exact, _METHODS),
            found=exact,
            hint="methods: " + ", ".join(_METHODS),
        )

    def _placed_column(self, name: str, row: Row, node: ast.Attribute) -> E:
        try:
            return self.column(name, row)
        except ColumnError as error:
            error.located(self.page.after_dot(node), self.page.source)
            raise

    def _subscript(self, node: ast.Subscript, row: Row) -> object:
        match node:
            case ast.Subscript(value=ast.Name(id="col"), slice=ast.Constant(value=str(name))):
                return self.column(name, row)
            case ast.Subscript(value=ast.Name(id="env"), slice=ast.Constant(value=str(name))):
                return self.variables.scalar(name)
        raise CellSyntaxError(f"{self.page.text(node)} cannot stand here", hint='brackets are for col["odd name"]')

    def _call(self, node: ast.Call, row: Row) -> object:
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, row)
        if not isinstance(node.func, ast.Name):
            raise self.refused(node)
        name = node.func.id
        function = self._function(node.func)
        if name == "interval":
            return self._interval(node, function)
        for argument in node.keywords:
            raise OperatorError(
                f"{name}() takes no argument by name", span=self.page.span(argument), source=self.page.source
            )
        if name == "cast" and len(node.args) == 2:
            return function(self.read(node.args[0], row), self.type_name(node.args[1]))
        least, most = functions.arity(name)
        if not least <= len(node.args) <= most:
            raise OperatorError(
                f"{name}() takes {arguments(least, most)}, not {len(node.args)}",
                hint=f"as in {functions.example(name)}",
            )
        return function(*(self.read(argument, row) for argument in node.args))

    def _interval(self, node: ast.Call, function: Callable[..., object]) -> object:
        if node.args:
            raise OperatorError("interval() takes its parts by name", hint=f"as in {functions.example('interval')}")
        return function(**{str(part.arg): self.variables.plain(part.value) for part in node.keywords})

    def _over(self, node: ast.Call, value: E, row: Row) -> E:
        given = {"order_by": None, "descending": False, **{str(part.arg): None for part in node.keywords}}
        for argument in node.keywords:
            if argument.arg not in ("order_by", "descending"):
                raise OperatorError(
                    guessed(f'over() has no argument "{argument.arg}".', str(argument.arg), ("order_by", "descending")),
                    span=self.page.span(argument),
                    source=self.page.source,
                    hint=_EXAMPLES["over"],
                )
            held = argument.value
            items = held.elts if isinstance(held, ast.List | ast.Tuple) else [held]
            read = [self.read(item, row) for item in items]
            given[argument.arg] = read if isinstance(held, ast.List | ast.Tuple) else read[0]  # type: ignore[assignment]
        return over(value, [self.read(part, row) for part in node.args], given["order_by"], given["descending"])

    def _function(self, node: ast.Name) -> Callable[..., E]:
        try:
            return functions.named(node.id)
        except NameUnknownError as error:
            error.located(self.page.span(node), self.page.source)
            if node.id in NOT_YET:
                raise NameUnknownError(
                    f"{node.id}() is not in this version", span=error.span, source=error.source, hint=error.hint
                ) from error
            if self.variables.is_function(node.id):
                raise NameUnknownError(
                    f"{node.id} is a function of the notebook, and those are not in this version",
                    span=error.span,
                    source=error.source,
                    hint=error.hint,
                ) from error
            raise

    def type_name(self, node: ast.expr) -> str:
        """Return the type that a word or text names."""
        match node:
            case ast.Call(func=ast.Name(id="decimal" | "list"), keywords=[]):
                return self._checked_type(node)
            case ast.Name(id=name) | ast.Constant(value=str(name)):
                try:
                    return data_type(name)
                except WayangError as error:
                    error.located(self.page.span(node), self.page.source)
                    raise
        raise self.refused(node)

    def _checked_type(self, node: ast.Call) -> str:
        word = node.func.id  # type: ignore[attr-defined]
        if word == "list" and len(node.args) == 1:
            return f"list({self.type_name(node.args[0])})"
        digits = [self.variables.plain(argument) for argument in node.args]
        try:
            return data_type(f"{word}({', '.join(map(str, digits))})")
        except WayangError as error:
            error.located(self.page.span(node), self.page.source)
            raise

    def _method(self, node: ast.Call, func: ast.Attribute, row: Row) -> object:
        if func.attr not in _METHODS or (isinstance(func.value, ast.Name) and func.value.id in ("col", "env")):
            self._attribute(func, row)
            raise self.refused(node)
        value = _expression(self.read(func.value, row))
        if func.attr == "over":
            return self._over(node, value, row)
        if node.keywords:
            raise OperatorError(f"{func.attr}() takes no argument by name")
        match func.attr, node.args:
            case "is_in", [values]:
                return self._within(value, ast.In(), values, row)
            case "cast", [to]:
                return value.cast(self.type_name(to))
            case "is_null", []:
                return value.is_null()
            case "is_not_null", []:
                return value.is_not_null()
        raise OperatorError(f"{func.attr}() does not take {len(node.args)} arguments", hint=_EXAMPLES[func.attr])


_EXAMPLES = {
    "is_in": 'country.is_in(["NL", "BE"])',
    "cast": "cast(age, int)",
    "is_null": "age.is_null()",
    "is_not_null": "age.is_not_null()",
    "over": "as in sum(price).over(ward, order_by=day)",
}


def _expression(value: object) -> E:
    return value if isinstance(value, E) else E(lift(value))


def _loose_bits(node: ast.expr, page: Page) -> list[tuple[int, int, str]]:
    """Return (line, column, word) of every ``&`` and ``|`` that stands without brackets beside a comparison."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitAnd | ast.BitOr):
        return []
    before, after = page.span(node.left), page.span(node.right)
    sign, word = ("&", "and") if isinstance(node.op, ast.BitAnd) else ("|", "or")
    line = page.lines[before.end_line - 1]
    column = line.find(sign, before.end_column)
    here = [(before.end_line, column, word)] if column >= 0 and before.end_line == after.line else [(0, -1, word)]
    return [*here, *_loose_bits(node.left, page), *_loose_bits(node.right, page)]
