"""Plans in Wayang's JSON: operators with small functions as text, which are read and become expressions.

Nothing of a plan is run to understand it. A function that cannot be read is said with its operator, its text, and why.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlparse

import msgspec

from jupyter_wayang.errors import OperatorError, WayangError, closest
from jupyter_wayang.language import builder
from jupyter_wayang.language.builder import Collection
from jupyter_wayang.language.desk import Desk
from jupyter_wayang.language.foreign import python, scala
from jupyter_wayang.language.foreign.elements import Elements
from jupyter_wayang.language.foreign.meaning import Shape
from jupyter_wayang.language.foreign.tree import Constant, Function, Node, Tuple, Unreadable
from jupyter_wayang.language.foreign.tree import Sequence as Written
from jupyter_wayang.plan.operators.functions import VALUE

__all__ = ["PLATFORMS", "from_wayang_json"]

PLATFORMS = {"spark": "spark", "postgres": "postgres", "sqlite3": "sqlite"}
"""Platforms that both sides have, by Wayang's name."""

_MOST = 10_000
_SHORT = 120
_REFUSED = {
    "groupBy": "a group of whole elements is no row; reduceBy makes one element of a group",
    "coGroup": "a group of whole elements is no row; join pairs them",
    "doWhile": "its body is program text that builds a plan",
    "repeat": "its body is program text that builds a plan",
    "foreach": "it is there for what it does beside the plan",
    "kmeans": "its functions work on several collections at once",
    "predict": "a model of another program cannot be read",
    "dlTraining": "a network of another program cannot be read",
}


class _Operator(msgspec.Struct, frozen=True, rename={"name": "operatorName", "platform": "executionPlatform"}):
    id: int
    name: str
    cat: str = ""
    input: list[int] = []
    output: list[int] = []
    data: dict[str, Any] | None = None
    platform: str | None = None


class _Context(msgspec.Struct, frozen=True):
    configuration: dict[str, Any]
    platforms: list[str] = []


class _Plan(msgspec.Struct, frozen=True):
    context: _Context
    operators: list[_Operator]


def from_wayang_json(desk: Desk, plan: object, tables: Mapping[str, object] | None = None) -> Collection:
    """Return the collection that a plan's output gets.

    Parameters
    ----------
    desk
        The session that the collection belongs to.
    plan
        The JSON as text, or read into a dictionary.
    tables
        What the tables of the plan are here: collections, DataFrames or Arrow tables by name.

    Raises
    ------
    OperatorError
        If the plan is none, or has an operator or a function that cannot be read; the message says which and why.
    """
    read = _decoded(plan)
    return _Reader(desk, read, dict(tables or {})).collection()


def _decoded(plan: object) -> _Plan:
    hint = '{"context": {"platforms": ["java"], "configuration": {}}, "operators": […]}'
    try:
        if isinstance(plan, str | bytes):
            found = msgspec.json.decode(plan, type=_Plan)
        elif isinstance(plan, Mapping):
            found = msgspec.convert(plan, type=_Plan)
        else:
            raise OperatorError(f"a plan is text or a dictionary, not a {type(plan).__name__}", hint=hint)
    except msgspec.MsgspecError as error:
        raise OperatorError(f"this is no plan of Wayang's: {error}", hint=hint) from error
    if len(found.operators) > _MOST:
        raise OperatorError(f"the plan has more than {_MOST} operators")
    return found


class _Reader:
    """Visits what the output needs; what several read is made once."""

    def __init__(self, desk: Desk, plan: _Plan, tables: dict[str, object]) -> None:
        self._desk = desk
        self._tables = tables
        self._operators = {operator.id: operator for operator in plan.operators}
        if len(self._operators) < len(plan.operators):
            raise OperatorError("two operators of the plan have one id")
        self._made: dict[int, Elements] = {}
        self._open: set[int] = set()

    def collection(self) -> Collection:
        outputs = [one for one in self._operators.values() if one.cat == "output"]
        outputs = outputs or [one for one in self._operators.values() if not one.output]
        if len(outputs) != 1:
            found = ", ".join(f"{one.id} ({one.name})" for one in outputs) or "none"
            raise OperatorError(f"a plan has one output, and this one has {found}", hint="one plan for each")
        return self._visit(outputs[0].id).rows

    def _visit(self, id_: int, of: _Operator | None = None) -> Elements:
        if id_ not in self._operators:
            raise OperatorError(f"operator {of.id if of else '?'} reads operator {id_}, which is not there")
        if id_ in self._open:
            raise OperatorError(f"operator {id_} reads what it makes itself")
        if id_ not in self._made:
            self._open.add(id_)
            operator = self._operators[id_]
            self._made[id_] = self._pinned(operator, self._operator(operator))
            self._open.remove(id_)
        return self._made[id_]

    def _operator(self, operator: _Operator) -> Elements:
        if operator.name in _REFUSED:
            raise OperatorError(f"operator {operator.id} ({operator.name}) cannot be read: {_REFUSED[operator.name]}")
        if operator.name not in _READ:
            guess = closest(operator.name, _READ)
            raise OperatorError(
                f"operator {operator.id} is a {operator.name}, which is not known."
                + (f" Did you mean {guess}?" if guess else ""),
                hint="known: " + ", ".join(_READ),
            )
        inputs, read = _READ[operator.name]
        if len(operator.input) != inputs:
            raise OperatorError(
                f"operator {operator.id} ({operator.name}) has {len(operator.input)} inputs, and takes {inputs}"
            )
        try:
            return read(self, operator, tuple(self._visit(one, operator) for one in operator.input))
        except Unreadable as error:
            raise OperatorError(f"operator {operator.id} ({operator.name}) cannot be read: {error}") from error

    def _pinned(self, operator: _Operator, made: Elements) -> Elements:
        platform = PLATFORMS.get((operator.platform or "").lower())
        return made if platform is None else Elements(made.rows.on(platform), made.shape)

    # What operators say.

    def function(self, operator: _Operator, key: str = "udf") -> Function:
        """Return a function of an operator."""
        text = self.text(operator, key)
        try:
            return python.function(text) if text.lstrip().startswith("lambda") else scala.function(text)
        except Unreadable as error:
            raise _unreadable(operator, key, text, error) from error

    def text(self, operator: _Operator, key: str) -> str:
        """Return a text of an operator."""
        found = (operator.data or {}).get(key)
        if isinstance(found, list | dict) or (isinstance(found, str) and _is_pickled(found)):
            raise OperatorError(
                f"operator {operator.id} ({operator.name}): {key} is a pickled function, which would have to be run to be "
                "understood",
                hint="write it as text: (x: String) => x.toLowerCase, or lambda x: x.lower()",
            )
        if not isinstance(found, str) or not found.strip():
            raise OperatorError(f"operator {operator.id} ({operator.name}) has no {key}")
        return found

    def applied(self, operator: _Operator, key: str, apply: Callable[[Function], Elements]) -> Elements:
        """Apply a function of an operator; what it cannot mean is said with its text."""
        function = self.function(operator, key)
        try:
            return apply(function)
        except Unreadable as error:
            raise _unreadable(operator, key, self.text(operator, key), error) from error
        except WayangError as error:
            raise _unreadable(operator, key, self.text(operator, key), Unreadable(error.message)) from error

    # Sources.

    def lines(self, operator: _Operator, _: tuple[Elements, ...]) -> Elements:
        """Read the lines of a text file."""
        rows = self._file(operator, "text")
        return Elements(rows, rows.columns[0])

    def parquet(self, operator: _Operator, _: tuple[Elements, ...]) -> Elements:
        """Read a Parquet file."""
        rows = self._file(operator, "parquet")
        wanted = (operator.data or {}).get("projection") or (operator.data or {}).get("columnNames")
        return _record(rows, wanted)

    def written(self, operator: _Operator, _: tuple[Elements, ...]) -> Elements:
        """Return a collection that stands in the plan."""
        text = self.text(operator, "udf")
        try:
            columns, shape = _columns(_values(text))
        except Unreadable as error:
            raise _unreadable(operator, "udf", text, error) from error
        return Elements(self._frame(operator, columns), shape)

    def table(self, operator: _Operator, _: tuple[Elements, ...]) -> Elements:
        """Return a table that was handed over, by its name."""
        key = "tableName" if operator.name == "table" else "table"
        name = self.text(operator, key)
        if name not in self._tables:
            raise OperatorError(
                f"operator {operator.id} ({operator.name}) reads the table {name}, and it was not said which that is",
                hint=f'from_wayang_json(plan, tables={{"{name}": …}}), a collection, DataFrame or Arrow table',
            )
        given = self._tables[name]
        rows = given if isinstance(given, Collection) else builder.frame(self._desk, given, name)
        return _record(rows, (operator.data or {}).get("columnNames"))

    def _file(self, operator: _Operator, format: str) -> Collection:
        path = _path(self.text(operator, "filename"))
        try:
            return builder.read(self._desk, path, format=format)
        except WayangError as error:
            raise OperatorError(
                f"operator {operator.id} ({operator.name}) cannot read {path}: {error.message}", hint=error.hint
            ) from error

    def _frame(self, operator: _Operator, columns: dict[str, list[Any]]) -> Collection:
        import pyarrow as pa

        try:
            return builder.frame(self._desk, pa.table(columns), f"{operator.name} {operator.id}")
        except pa.ArrowException as error:
            raise Unreadable("its values are of several types") from error


def _unreadable(operator: _Operator, key: str, text: str, error: Unreadable) -> OperatorError:
    shown = " ".join(text.split())
    shown = shown if len(shown) <= _SHORT else shown[: _SHORT - 1] + "…"
    return OperatorError(
        f"operator {operator.id} ({operator.name}): {key} cannot be read: {error}",
        found=shown,
        facts=((key, shown),),
        hint="known are expressions over the parameters: tuples, arithmetic, comparisons, if and else, calls of texts",
    )


def _is_pickled(text: str) -> bool:
    plain = "".join(text.split())
    if text[:1] == "\x80":
        return True
    if len(plain) < 12 or re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", plain) is None:
        return False
    try:
        return base64.b64decode(plain, altchars=b"-_" if set(plain) & set("-_") else None)[:1] == b"\x80"
    except (binascii.Error, ValueError):
        return False


def _path(text: str) -> str:
    return unquote(urlparse(text).path) if text.startswith("file:") else text


def _record(rows: Collection, names: object) -> Elements:
    if isinstance(names, Sequence) and not isinstance(names, str) and names:
        rows = rows.select(*(str(name) for name in names))
    return Elements(rows, tuple(rows.columns))


def _values(text: str) -> list[Any]:
    node = python.value(text) if text.lstrip().startswith("[") else scala.value(text)
    if not isinstance(node, Written) or not node.items:
        raise Unreadable("it is no list that is written out")
    return [_constant(item) for item in node.items]


def _constant(node: Node) -> Any:
    match node:
        case Constant(value=value):
            return value
        case Tuple(items=items):
            return tuple(_constant(item) for item in items)
    raise Unreadable("only numbers, texts and tuples of them can stand in it")


def _columns(values: list[Any], path: tuple[int, ...] = ()) -> tuple[dict[str, list[Any]], Shape]:
    if all(isinstance(value, tuple) and len(value) == len(values[0]) for value in values) and isinstance(
        values[0], tuple
    ):
        parts = [_columns([value[place] for value in values], (*path, place + 1)) for place in range(len(values[0]))]
        return {name: column for columns, _ in parts for name, column in columns.items()}, tuple(s for _, s in parts)
    if any(isinstance(value, tuple) for value in values):
        raise Unreadable("its elements have different forms")
    name = "_" + "_".join(map(str, path)) if path else VALUE
    return {name: values}, name


_Read = Callable[[_Reader, _Operator, tuple[Elements, ...]], Elements]


def _reduced_by(reader: _Reader, operator: _Operator, inputs: tuple[Elements, ...]) -> Elements:
    key = reader.function(operator, "keyUdf")
    return reader.applied(operator, "udf", lambda function: inputs[0].reduce(function, key))


def _joined(reader: _Reader, operator: _Operator, inputs: tuple[Elements, ...]) -> Elements:
    theirs = reader.function(operator, "thatKeyUdf")
    return reader.applied(operator, "thisKeyUdf", lambda ours: inputs[0].join(inputs[1], ours, theirs))


def _sampled(reader: _Reader, operator: _Operator, inputs: tuple[Elements, ...]) -> Elements:
    size = (operator.data or {}).get("sampleSize")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Unreadable("sampleSize is a whole number")
    return inputs[0].sample(size)


def _by(name: str, key: str) -> _Read:
    return lambda reader, operator, inputs: reader.applied(operator, key, getattr(inputs[0], name))


_READ: dict[str, tuple[int, _Read]] = {
    "textFileInput": (0, _Reader.lines),
    "parquetInput": (0, _Reader.parquet),
    "inputCollection": (0, _Reader.written),
    "table": (0, _Reader.table),
    "jdbcRemoteInput": (0, _Reader.table),
    "map": (1, _by("map", "udf")),
    "filter": (1, _by("filter", "udf")),
    "flatMap": (1, _by("flat_map", "udf")),
    "mapPartitions": (1, _by("map_partitions", "udf")),
    "reduce": (1, _by("reduce", "udf")),
    "reduceBy": (1, _reduced_by),
    "sort": (1, _by("sort", "keyUdf")),
    "distinct": (1, lambda _, __, inputs: inputs[0].distinct()),
    "count": (1, lambda _, __, inputs: inputs[0].count()),
    "sample": (1, _sampled),
    "union": (2, lambda _, __, inputs: inputs[0].union(inputs[1])),
    "intersect": (2, lambda _, __, inputs: inputs[0].intersect(inputs[1])),
    "cartesian": (2, lambda _, __, inputs: inputs[0].cartesian(inputs[1])),
    "join": (2, _joined),
    "textFileOutput": (1, lambda _, __, inputs: inputs[0]),
}
"""How many inputs an operator takes, and how it is read."""
