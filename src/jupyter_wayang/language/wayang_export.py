"""Plans as Wayang's JSON: each operator with small Scala functions over tuples of its columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.foreign.tree import Unreadable
from jupyter_wayang.language.foreign.written import parameter, scala
from jupyter_wayang.language.wayang_json import PLATFORMS
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Binary, ColumnRef, Literal, Named, type_of, walk
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import (
    Distinct,
    Drop,
    Filter,
    GroupBy,
    Intersect,
    Join,
    ReadFile,
    ReadFrame,
    ReadTable,
    Rename,
    Sample,
    Select,
    Sort,
    Union,
    WithColumns,
)
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Exported", "to_wayang_json"]

_MOST_ROWS = 1_000
_OUTPUT = "file:///tmp/output.txt"
_TYPES = {"int64": ".toLong", "float64": ".toDouble", "bool": ".toBoolean", "string": ""}
_RECORD = "org.apache.wayang.basic.data.Record"
_GETTERS = {"int64": "getLong", "float64": "getDouble", "string": "getString"}
_MEANS = {"sum": "{0} + {1}", "min": "math.min({0}, {1})", "max": "math.max({0}, {1})"}


@dataclass(frozen=True)
class Exported:
    """A plan in Wayang's JSON, and what who runs it there should know."""

    plan: dict[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The JSON."""
        return json.dumps(self.plan, indent=2, ensure_ascii=False)


def to_wayang_json(
    plan: LogicalPlan, frames: Mapping[str, pa.Table] | None = None, *, filename: str = _OUTPUT
) -> Exported:
    """Return a plan in Wayang's JSON.

    Parameters
    ----------
    plan
        A plan with one result.
    frames
        Tables in memory by key: small ones are written into the plan.
    filename
        Where the plan writes its result.

    Raises
    ------
    OperatorError
        If an operator or an expression has no counterpart that means the same; the message says which.
    """
    if len(plan.results) != 1:
        raise OperatorError(f"a plan of Wayang's has one output, and this one has {len(plan.results)} results")
    writer = _Writer(plan, dict(frames or {}))
    for node in plan.nodes:
        writer.node(node)
    writer.add("textFileOutput", "output", [writer.made[plan.results[0]]], {"filename": filename})
    return writer.exported()


@dataclass
class _Writer:
    plan: LogicalPlan
    frames: dict[str, pa.Table]
    operators: list[dict[str, Any]] = field(default_factory=list)
    made: dict[Port, int] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outputs = self.plan.outputs()

    def exported(self) -> Exported:
        for operator in self.operators:
            operator["output"] = [other["id"] for other in self.operators if operator["id"] in other["input"]]
            if len(operator["output"]) > 1:
                self.notes["what several operators read is made once for each of them there"] = None
        used = {one["executionPlatform"] for one in self.operators if "executionPlatform" in one}
        context = {"platforms": ["java", "spark", *sorted(used - {"spark"})], "configuration": {}}
        return Exported({"context": context, "operators": self.operators}, tuple(self.notes))

    def add(self, name: str, kind: str, inputs: list[int], data: dict[str, Any] | None = None) -> int:
        """Add an operator and return its id."""
        id_ = len(self.operators) + 1
        one: dict[str, Any] = {"id": id_, "cat": kind, "input": inputs, "output": [], "operatorName": name}
        self.operators.append({**one, "data": data} if data is not None else one)
        return id_

    def node(self, node: Node) -> None:
        """Add what an operator comes to."""
        write = _WRITTEN.get(type(node.operator), _unknown)
        called = f"{node.operator.verb}({node.operator.describe()})"
        try:
            id_ = write(self, node, [self.made[port] for port in node.inputs])
        except Unreadable as error:
            raise OperatorError(f"{called} cannot be written as Wayang's JSON: {error}", span=node.span) from error
        self.made[Port(node=node.id)] = id_
        platform = next((pin.platform for pin in node.hints.pins if pin.site is None), None)
        names = {ours: theirs for theirs, ours in PLATFORMS.items()}
        if platform in names:
            self.operators[id_ - 1]["executionPlatform"] = names[platform]

    def schema(self, port: Port) -> Schema:
        """Return the columns of a port."""
        found = self.outputs[port]
        if not isinstance(found, Schema):
            raise Unreadable("a model is no rows")
        return found

    def entering(self, node: Node, index: int = 0) -> Schema:
        """Return the columns that come in."""
        return self.schema(node.inputs[index])

    def mapped(self, columns: tuple[Named, ...], schema: Schema, before: int) -> int:
        """Add a map to columns."""
        head, places = parameter(schema)
        made = [scala(column.expression, schema, places) for column in columns]
        return self.add("map", "unary", [before], {"udf": f"{head} => {_tuple(made)}"})


def _tuple(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _uri(path: str) -> str:
    return Path(path).absolute().as_uri()


def _unknown(writer: _Writer, node: Node, _: list[int]) -> int:
    raise Unreadable("Wayang's JSON has no such operator")


def _file(writer: _Writer, node: Node, _: list[int]) -> int:
    operator = node.operator
    if not isinstance(operator, ReadFile):
        raise Unreadable("it reads no file")
    schema = writer.schema(Port(node=node.id))
    parameter(schema)
    if operator.format == "parquet":
        source = writer.add(
            "parquetInput", "input", [], {"filename": _uri(operator.path), "projection": [*schema.names]}
        )
        return _records(writer, schema, source)
    if operator.format != "csv" or len(operator.delimiter) != 1:
        raise Unreadable("only CSV and Parquet files can go over")
    source = writer.add("textFileInput", "input", [], {"filename": _uri(operator.path)})
    writer.notes["a CSV file is split at its delimiter: quoted fields and empty numbers are not understood there"] = (
        None
    )
    mark = json.dumps(operator.delimiter if operator.delimiter.isalnum() else f"[{operator.delimiter}]")
    if operator.header:
        head = json.dumps(operator.delimiter.join(schema.names))
        source = writer.add("filter", "unary", [source], {"udf": f"(s: String) => s != {head}"})
    parts = [f"s.split({mark}, -1)({place}){_TYPES[column.type]}" for place, column in enumerate(schema)]
    return writer.add("map", "unary", [source], {"udf": f"(s: String) => {_tuple(parts)}"})


def _records(writer: _Writer, schema: Schema, source: int) -> int:
    unknown = [column.name for column in schema if column.type not in _GETTERS]
    if unknown:
        raise Unreadable(f"a record gives numbers and texts, and {unknown[0]} is neither")
    parts = [f"r.{_GETTERS[column.type]}({place})" for place, column in enumerate(schema)]
    return writer.add("map", "unary", [source], {"udf": f"(r: {_RECORD}) => {_tuple(parts)}"})


def _frame(writer: _Writer, node: Node, _: list[int]) -> int:
    operator = node.operator
    table = writer.frames.get(operator.key) if isinstance(operator, ReadFrame) else None
    schema = writer.schema(Port(node=node.id))
    parameter(schema)
    if table is None or not 0 < table.num_rows <= _MOST_ROWS:
        raise Unreadable(
            f"a table in memory is written into the plan, with 1 to {_MOST_ROWS:,} rows: write a file first"
        )
    if any(column.null_count for column in table.columns):
        raise Unreadable("a collection in a plan has no nulls")
    rows = [_tuple([_written(value) for value in row.values()]) for row in table.select(schema.names).to_pylist()]
    return writer.add("inputCollection", "input", [], {"udf": f"List({', '.join(rows)})"})


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value}L" if isinstance(value, int) else json.dumps(value)


def _database(writer: _Writer, node: Node, _: list[int]) -> int:
    operator = node.operator
    if not isinstance(operator, ReadTable) or not operator.table:
        raise Unreadable("a query has no counterpart: read a table")
    schema = writer.schema(Port(node=node.id))
    source = writer.add("table", "input", [], {"tableName": operator.table, "columnNames": [*schema.names]})
    writer.notes[f"the table {operator.table} has to be there under this name"] = None
    return _records(writer, schema, source)


def _filter(writer: _Writer, node: Node, inputs: list[int]) -> int:
    schema = writer.entering(node)
    head, places = parameter(schema)
    condition = scala(node.operator.condition, schema, places)  # type: ignore[union-attr]
    return writer.add("filter", "unary", inputs, {"udf": f"{head} => {condition}"})


def _columns(writer: _Writer, node: Node, inputs: list[int]) -> int:
    schema = writer.entering(node)
    match node.operator:
        case Select(columns=columns):
            return writer.mapped(columns, schema, inputs[0])
        case WithColumns() | Drop() | Rename() as operator:
            return writer.mapped(operator.projection(schema), schema, inputs[0])
    raise Unreadable("it makes no columns")


def _sort(writer: _Writer, node: Node, inputs: list[int]) -> int:
    schema = writer.entering(node)
    head, places = parameter(schema)
    keys = []
    for key in node.operator.keys if isinstance(node.operator, Sort) else ():
        made = scala(key.expression, schema, places)
        if key.descending and not (
            isinstance(key.expression, ColumnRef) and schema[key.expression.name].type != "string"
        ):
            raise Unreadable("only columns of numbers can be sorted downwards there")
        keys.append(f"-{made}" if key.descending else made)
    return writer.add("sort", "unary", inputs, {"keyUdf": f"{head} => {_tuple(keys)}"})


def _distinct(writer: _Writer, node: Node, inputs: list[int]) -> int:
    columns = node.operator.columns if isinstance(node.operator, Distinct) else ()
    if columns:
        kept = tuple(Named(name=name, expression=ColumnRef(name=name)) for name in columns)
        inputs = [writer.mapped(kept, writer.entering(node), inputs[0])]
    return writer.add("distinct", "unary", inputs)


def _sampled(writer: _Writer, node: Node, inputs: list[int]) -> int:
    rows = node.operator.rows if isinstance(node.operator, Sample) else None
    if rows is None:
        raise Unreadable("a sample has a number of rows there, and no fraction")
    writer.notes["a sample draws other rows there"] = None
    return writer.add("sample", "unary", inputs, {"sampleSize": rows})


def _both(name: str) -> Callable[[_Writer, Node, list[int]], int]:
    def write(writer: _Writer, node: Node, inputs: list[int]) -> int:
        if writer.entering(node, 0) != writer.entering(node, 1):
            raise Unreadable("both inputs need the same columns in the same order and types")
        return writer.add(name, "binary", inputs)

    return write


def _join(writer: _Writer, node: Node, inputs: list[int]) -> int:
    operator = node.operator
    if not isinstance(operator, Join) or operator.how not in ("inner", "cross") or operator.where or operator.as_of:
        raise Unreadable("only inner and cross joins on equal keys can go over")
    left, right = writer.entering(node, 0), writer.entering(node, 1)
    if operator.how == "cross":
        paired = writer.add("cartesian", "binary", inputs)
    else:
        data = {}
        for key, schema, side in (("thisKeyUdf", left, 0), ("thatKeyUdf", right, 1)):
            head, places = parameter(schema)
            data[key] = f"{head} => {_tuple([places[pair[side]] for pair in operator.on])}"
        paired = writer.add("join", "binary", inputs, data)
    parameter(writer.schema(Port(node=node.id)))
    ours = _parts("p._1", left)
    theirs = _parts("p._2", right)
    kept = [*ours.values(), *(theirs[name] for name, _ in operator.right_names(left, right))]
    types = ", ".join(parameter(schema)[0][4:-1] for schema in (left, right))
    return writer.add("map", "unary", [paired], {"udf": f"(p: ({types})) => {_tuple(kept)}"})


def _parts(of: str, schema: Schema) -> dict[str, str]:
    if len(schema) == 1:
        return {schema.names[0]: of}
    return {name: f"{of}._{place}" for place, name in enumerate(schema.names, 1)}


def _grouped(writer: _Writer, node: Node, inputs: list[int]) -> int:
    """Write an aggregation: every row as a group of one, groups of a key together, and what is made of each."""
    operator, schema = node.operator, writer.entering(node)
    if not isinstance(operator, GroupBy):
        raise Unreadable("it groups nothing")
    parts = _aggregates(operator)
    head, places = parameter(schema)
    first = [scala(key.expression, schema, places) for key in operator.keys]
    first += ["1L" if one.arg is None else scala(one.arg, schema, places) for one in parts]
    before = writer.add("map", "unary", inputs, {"udf": f"{head} => {_tuple(first)}"})
    count = len(first)
    one, two = (_place("a", count), _place("b", count))
    together = [one(place) for place in range(len(operator.keys))]
    for place, part in enumerate(parts, len(operator.keys)):
        mean = _MEANS["sum" if part.function == "count" else part.function]
        together.append(mean.format(one(place), two(place)))
    types = _types(operator, parts, schema)
    data = {"udf": f"(a: {types}, b: {types}) => {_tuple(together)}"}
    if operator.keys:
        keys = _tuple([_place("t", count)(place) for place in range(len(operator.keys))])
        data = {"keyUdf": f"(t: {types}) => {keys}", **data}
    reduced = writer.add("reduceBy" if operator.keys else "reduce", "unary", [before], data)
    return _finished(writer, operator, parts, reduced, types)


def _types(operator: GroupBy, parts: list[Aggregate], schema: Schema) -> str:
    """Return the Scala type of a group while it is put together."""
    found = [type_of(key.expression, schema) for key in operator.keys]
    found += ["int64" if one.arg is None else type_of(one.arg, schema) for one in parts]
    columns = Schema.from_pairs((f"c{place}", type_) for place, type_ in enumerate(found))
    return parameter(columns)[0][4:-1]


def _finished(writer: _Writer, operator: GroupBy, parts: list[Aggregate], reduced: int, types: str) -> int:
    """Add what is made of finished groups, unless they are that already."""
    count = len(operator.keys) + len(parts)
    own = [column.expression for column in operator.aggregates]
    if own == parts:
        return reduced
    place = _place("t", count)
    names = {part: f"a{index}" for index, part in enumerate(parts)}
    places = {name: place(len(operator.keys) + index) for index, name in enumerate(names.values())}
    made = [place(index) for index in range(len(operator.keys))]
    schema = Schema.from_pairs(
        (name, "int64" if part.function == "count" else "float64") for part, name in names.items()
    )
    made += [scala(_settled(column.expression, names), schema, places) for column in operator.aggregates]
    return writer.add("map", "unary", [reduced], {"udf": f"(t: {types}) => {_tuple(made)}"})


def _aggregates(operator: GroupBy) -> list[Aggregate]:
    """Return the sums, counts, least and greatest values that the aggregates are made of."""
    found: dict[Aggregate, None] = {}
    for column in operator.aggregates:
        for part in walk(column.expression):
            if isinstance(part, Aggregate):
                for one in _basic(part):
                    found[one] = None
    return list(found)


def _basic(part: Aggregate) -> list[Aggregate]:
    if part.function == "mean":
        return [Aggregate(function="sum", arg=part.arg), Aggregate(function="count")]
    if part.function in ("count", *_MEANS):
        return [Aggregate(function="count") if part.function == "count" else part]
    raise Unreadable(f"{part.function} has no counterpart: sum, mean, min, max and count have")


def _settled(expression: AnyExpression, names: Mapping[Aggregate, str]) -> AnyExpression:
    match expression:
        case Aggregate(function="mean"):
            total, count = (ColumnRef(name=names[one]) for one in _basic(expression))
            return Binary(op="/", left=total, right=count)
        case Aggregate():
            return ColumnRef(name=names[_basic(expression)[0]])
        case Literal():
            return expression
        case Binary(op=op, left=left, right=right):
            return Binary(op=op, left=_settled(left, names), right=_settled(right, names))
    raise Unreadable("only sums, differences, products and quotients of aggregates can go over")


def _place(name: str, count: int) -> Callable[[int], str]:
    return (lambda _: name) if count == 1 else (lambda place: f"{name}._{place + 1}")


_WRITTEN: dict[type, Callable[[_Writer, Node, list[int]], int]] = {
    ReadFile: _file,
    ReadFrame: _frame,
    ReadTable: _database,
    Filter: _filter,
    Select: _columns,
    WithColumns: _columns,
    Drop: _columns,
    Rename: _columns,
    GroupBy: _grouped,
    Sort: _sort,
    Distinct: _distinct,
    Sample: _sampled,
    Union: _both("union"),
    Intersect: _both("intersect"),
    Join: _join,
}
