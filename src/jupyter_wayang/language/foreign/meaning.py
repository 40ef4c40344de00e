"""What a foreign function means: trees over tuples become expressions over columns.

An element of a foreign plan is a value or a tuple, perhaps of tuples; a collection has its parts side by side in columns.
A :data:`Shape` says which column holds which part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_wayang.errors import WayangError
from jupyter_wayang.language.expressions import E, binary, cast, lift, negate, where
from jupyter_wayang.language.foreign.tree import (
    Apply,
    Choose,
    Constant,
    Each,
    Field,
    Function,
    Method,
    Name,
    Node,
    Operation,
    Sequence,
    Tuple,
    Unreadable,
)
from jupyter_wayang.plan.expressions import AnyExpression, Call, ColumnRef, Literal, Named, Not, type_of
from jupyter_wayang.plan.operators.functions import VALUE
from jupyter_wayang.plan.schema import Schema

__all__ = ["SAME_ELEMENTS", "Listed", "Meaning", "Shape", "Value", "columns_of", "leaves", "refer", "shape_at"]

Shape = str | tuple["Shape", ...]
"""The column of a value, or the shapes of the parts of a tuple."""


@dataclass(frozen=True)
class Listed:
    """A list that a function makes of an element: of a split text, or written out; then what is done with every item."""

    source: AnyExpression | None = None
    separator: str | None = None
    language: str = "scala"
    items: tuple[Value, ...] = ()
    then: tuple[Each, ...] = ()


Value = AnyExpression | tuple["Value", ...] | Listed

_TEXT: dict[str, str] = {
    "toLowerCase": "lower",
    "lower": "lower",
    "toUpperCase": "upper",
    "upper": "upper",
    "trim": "strip",
    "strip": "strip",
    "length": "length",
    "size": "length",
    "contains": "contains",
    "startsWith": "starts_with",
    "startswith": "starts_with",
    "endsWith": "ends_with",
    "endswith": "ends_with",
    "replace": "replace",
    "concat": "concat",
    "abs": "abs",
    "max": "max2",
    "min": "min2",
    "floor": "floor",
    "ceil": "ceil",
}
_NUMBERS = {
    "max": "max2",
    "min": "min2",
    **{name: name for name in ("abs", "sqrt", "exp", "log", "log10", "floor", "ceil", "sin", "cos", "tan", "round")},
}
_CASTS = {
    "toInt": "int64",
    "toLong": "int64",
    "toDouble": "float64",
    "toFloat": "float64",
    "toBoolean": "bool",
    "toString": "string",
    "int": "int64",
    "float": "float64",
    "str": "string",
}
SAME_ELEMENTS = ("toList", "toSeq", "toArray", "toVector", "toIterator", "iterator", "toIterable", "asInstanceOf")
"""Methods of a list that make another form of it."""
_RECORD = ("getField", "getString", "getInt", "getLong", "getDouble", "getObject", "productElement")


def leaves(shape: Shape) -> tuple[str, ...]:
    """Return the columns of a shape.

    Examples
    --------
    >>> leaves(("_1", ("_2_1", "_2_2")))
    ('_1', '_2_1', '_2_2')
    """
    return (shape,) if isinstance(shape, str) else tuple(leaf for part in shape for leaf in leaves(part))


def shape_at(shape: Shape, path: tuple[int, ...] = ()) -> Shape:
    """Return the shape with columns named after their places: ``_2_1`` is the first part of the second."""
    if isinstance(shape, str):
        return "_" + "_".join(map(str, path)) if path else VALUE
    return tuple(shape_at(part, (*path, index)) for index, part in enumerate(shape, 1))


def refer(shape: Shape, prefix: str = "") -> Value:
    """Return the value of an element: references to its columns."""
    if isinstance(shape, str):
        return ColumnRef(name=prefix + shape)
    return tuple(refer(part, prefix) for part in shape)


def columns_of(value: Value, path: tuple[int, ...] = ()) -> tuple[tuple[Named, ...], Shape]:
    """Return the columns of a value that a function made, and its shape.

    Raises
    ------
    Unreadable
        If it has a list in it.
    """
    if isinstance(value, Listed):
        raise Unreadable("it makes a list, which is no row")
    if isinstance(value, tuple):
        parts = [columns_of(part, (*path, index)) for index, part in enumerate(value, 1)]
        return tuple(column for columns, _ in parts for column in columns), tuple(shape for _, shape in parts)
    name = "_" + "_".join(map(str, path)) if path else VALUE
    return (Named(name=name, expression=value),), name


class Meaning:
    """Evaluates trees into values over the columns of a schema.

    Parameters
    ----------
    schema
        The columns.
    language
        Whose rules hold for division and for what is true.
    """

    def __init__(self, schema: Schema, language: str) -> None:
        self._schema = schema
        self._scala = language == "scala"

    def call(self, function: Function, *args: Value) -> Value:
        """Return what a function makes of values.

        Raises
        ------
        Unreadable
            If it has a part that means nothing here.
        """
        names: dict[str, Value] = {}
        if len(function.parameters) != len(args):
            raise Unreadable(f"it takes {len(function.parameters)} values, and {len(args)} come")
        for parameter, value in zip(function.parameters, args, strict=True):
            if isinstance(parameter, str):
                names[parameter] = value
            elif isinstance(value, tuple) and len(value) == len(parameter):
                names.update(zip(parameter, value, strict=True))
            else:
                raise Unreadable(f"it takes {len(parameter)} parts, and its input has another form")
        try:
            return self.of(function.body, names)
        except WayangError as error:
            raise Unreadable(error.message) from error

    def condition(self, function: Function, *args: Value) -> AnyExpression:
        """Return what a function says is true."""
        return self._true(self._single(self.call(function, *args)))

    def of(self, node: Node, names: Mapping[str, Value]) -> Value:
        """Return the value of a tree."""
        match node:
            case Name(name=name):
                if name not in names:
                    raise Unreadable(f"{name} is no parameter: what a function takes from elsewhere is not known here")
                return names[name]
            case Constant(value=value):
                return Literal.of(value)
            case Tuple(items=items):
                return tuple(self.of(item, names) for item in items)
            case Sequence(items=items):
                return Listed(items=tuple(self.of(item, names) for item in items))
            case Field(of=of, index=index):
                return self._part(self.of(of, names), index)
            case Operation(sign=sign, args=args):
                return self._operation(sign, [self._single(self.of(arg, names)) for arg in args])
            case Choose(condition=condition, then=then, otherwise=otherwise):
                return self._chosen(
                    self._true(self._single(self.of(condition, names))), self.of(then, names), self.of(otherwise, names)
                )
            case Each(of=of):
                listed = self.of(of, names)
                if not isinstance(listed, Listed):
                    raise Unreadable("map and filter are for lists that are split from a text or written out")
                return Listed(listed.source, listed.separator, listed.language, listed.items, (*listed.then, node))
            case Method(of=of, name=name, args=args):
                return self._method(self.of(of, names), name, args, names)
            case Apply(name=name, args=args):
                return self._applied(name, [self.of(arg, names) for arg in args])

    def _single(self, value: Value) -> AnyExpression:
        if isinstance(value, tuple | Listed):
            raise Unreadable(f"a {'tuple' if isinstance(value, tuple) else 'list'} stands where one value is needed")
        return value

    def _part(self, value: Value, index: int) -> Value:
        if not isinstance(value, tuple):
            raise Unreadable(f"it takes part {index + 1} of what is no tuple")
        if index >= len(value):
            raise Unreadable(f"it takes part {index + 1} of {len(value)}")
        return value[index]

    def _type(self, value: AnyExpression) -> str:
        return type_of(value, self._schema)

    def _true(self, value: AnyExpression) -> AnyExpression:
        if self._scala or self._type(value) == "bool":
            return value
        empty: AnyExpression = Call(function="length", args=(value,)) if self._type(value) == "string" else value
        return binary("!=", E(empty), 0).expression

    def _operation(self, sign: str, args: list[AnyExpression]) -> AnyExpression:
        if sign == "not":
            return Not(arg=self._true(args[0]))
        if sign == "neg":
            return lift(negate(E(args[0])))
        left, right = args
        types = {self._type(left), self._type(right)}
        if sign == "+" and "string" in types:
            return Call(function="concat", args=tuple(_text(one, self._type(one)) for one in args))
        if sign in ("and", "or"):
            left, right = self._true(left), self._true(right)
        made = binary(sign, E(left), E(right))  # type: ignore[arg-type]
        if self._scala and sign in "/%" and types == {"int64"}:
            # Integers divide towards zero there.
            whole = cast(binary("/", E(left), E(right)), "int64")
            made = whole if sign == "/" else binary("-", E(left), binary("*", whole, E(right)))
        return made.expression

    def _chosen(self, condition: AnyExpression, then: Value, otherwise: Value) -> Value:
        if isinstance(then, tuple) and isinstance(otherwise, tuple) and len(then) == len(otherwise):
            return tuple(self._chosen(condition, a, b) for a, b in zip(then, otherwise, strict=True))
        one, other = self._single(then), self._single(otherwise)
        return where(E(condition), E(one), E(other)).expression

    def _method(self, of: Value, name: str, args: tuple[Node | Function, ...], names: Mapping[str, Value]) -> Value:
        given = [self.of(arg, names) for arg in args if not isinstance(arg, Function)]
        if name in SAME_ELEMENTS and not given:
            return of
        if isinstance(of, tuple):
            return self._of_tuple(of, name, args)
        if isinstance(of, Listed):
            return self._of_list(of, name, args)
        if name == "split":
            return self._split(of, given)
        if name in _CASTS and not given:
            return cast(E(of), _CASTS[name]).expression
        plain = [self._single(one) for one in given]
        special = self._special(of, name, plain)
        if special is not None:
            return special
        if name in _TEXT:
            return Call(function=_TEXT[name], args=(of, *plain))
        raise Unreadable(f".{name} is no method that is known")

    def _of_tuple(self, of: tuple[Value, ...], name: str, args: tuple[Node | Function, ...]) -> Value:
        if name in ("field0", "field1"):
            return self._part(of, int(name[-1]))
        match args:
            case (Constant(value=int() as index),) if name in _RECORD or name == "apply":
                return self._part(of, index)
        raise Unreadable(f".{name} of a tuple is not understood")

    def _of_list(self, of: Listed, name: str, args: tuple[Node | Function, ...]) -> Value:
        """Return a part of a split text: what stands behind so many separators of one sign."""
        sign = re.fullmatch(r"\[(\\?.)\]|([^\\.^$*+?()|\[\]{}])", of.separator or "")
        match args:
            case (Constant(value=int() as index),) if (
                name == "apply" and sign and of.source and not of.then and index >= 0
            ):
                one = f"[{sign[1] or sign[2]}]"
                other = f"[^{sign[1] or sign[2]}]*"
                pattern = f"^(?:{other}{one}){{{index}}}({other})"
                return Call(function="regex_extract", args=(of.source, Literal.of(pattern)))
        raise Unreadable(f".{name} of a list is not understood")

    def _split(self, of: AnyExpression, args: list[Value]) -> Listed:
        match args:
            case [
                Literal(value=str()) as separator,
                Literal(value=int()),
            ]:  # how many parts: those at the end count too
                return self._split(of, [separator])
            case []:
                return Listed(source=of, separator=None, language="python")
            case [Literal(value=str() as separator)]:
                _check_pattern(separator if self._scala else "")
                return Listed(source=of, separator=separator, language="scala" if self._scala else "python")
        raise Unreadable("split takes a text that is written out")

    def _special(self, of: AnyExpression, name: str, args: list[AnyExpression]) -> AnyExpression | None:
        """Return what a method means that is no function of one name here."""
        match name, args:
            case ("isEmpty", []):
                return binary("==", E(Call(function="length", args=(of,))), 0).expression
            case ("nonEmpty", []):
                return binary(">", E(Call(function="length", args=(of,))), 0).expression
            case ("equals", [other]):
                return binary("==", E(of), E(other)).expression
            case ("matches", [Literal(value=str() as pattern)]):
                return Call(function="regex_match", args=(of, Literal.of(f"^(?:{pattern})$")))
            case ("take", [Literal() as count]):
                return Call(function="slice", args=(of, Literal.of(0), count))
            case ("charAt" | "apply", [Literal() as place]):
                return Call(function="slice", args=(of, place, Literal.of(1)))
            case ("substring" | "slice" | "drop" | "[:]", [Literal() as start, *rest]):
                return _slice(of, start, rest)
        return None

    def _applied(self, name: str, args: list[Value]) -> Value:
        if name == "in" and len(args) == 2:
            return self._within(args[0], args[1])
        plain = [self._single(one) for one in args]
        if name == "len" and len(plain) == 1:
            return Call(function="length", args=(plain[0],))
        if name in _CASTS and len(plain) == 1:
            return cast(E(plain[0]), _CASTS[name]).expression
        if name == "pow" and len(plain) == 2:
            return binary("**", E(plain[0]), E(plain[1])).expression
        if name in _NUMBERS:
            return Call(function=_NUMBERS[name], args=tuple(plain))
        raise Unreadable(f"{name}(…) is no function that is known")

    def _within(self, one: Value, many: Value) -> Value:
        if isinstance(many, Listed) and many.items and not many.then:
            made = [binary("==", E(self._single(one)), E(self._single(item))) for item in many.items]
            found = made[0]
            for other in made[1:]:
                found = binary("or", found, other)
            return found.expression
        return Call(function="contains", args=(self._single(many), self._single(one)))


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise Unreadable(f"{pattern!r} is no regular expression that is known: {error}") from error


def _slice(of: AnyExpression, start: Literal, rest: list[AnyExpression]) -> AnyExpression:
    begin = 0 if start.value is None else start.value
    if not isinstance(begin, int) or begin < 0:
        raise Unreadable("a part of a text begins at a place that is counted from its start")
    match rest:
        case [] | [Literal(value=None)]:
            return Call(function="slice", args=(of, Literal.of(begin)))
        case [Literal(value=int() as end)] if end >= begin:
            return Call(function="slice", args=(of, Literal.of(begin), Literal.of(end - begin)))
    raise Unreadable("a part of a text is between two places that are written out")


def _text(value: AnyExpression, type_: str) -> AnyExpression:
    return value if type_ == "string" else cast(E(value), "string").expression
