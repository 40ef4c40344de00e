"""What operators do with their function, over Arrow tables. Runs in a worker, and in those of Spark."""

from __future__ import annotations

import traceback
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, singledispatch
from itertools import repeat
from types import CodeType
from typing import Any

import pyarrow as pa

from jupyter_wayang.plan.operators.functions import (
    Calling,
    CoGroup,
    FilterBy,
    FlatMap,
    Map,
    MapBatches,
    Reduce,
    ReduceBy,
    gets,
)
from jupyter_wayang.plan.rows import arrow_schema, normalize
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.python.rows import Row, WrongShapeError, columns_of, given, learned, pieces, shape, shown

__all__ = ["RaisedError", "apply", "report"]

_BATCH = 65_536

Function = Callable[..., Any]


class RaisedError(Exception):
    """A function raised: what it was given, and the number of that among all that it was given."""

    def __init__(self, cause: BaseException, index: int, *rows: Any) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.index = index
        self.rows = rows


def apply(operator: Calling, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    """Run an operator with its function.

    Parameters
    ----------
    operator
        What is to be done. Where its columns are not known they are learned from what it makes.
    function
        The function.
    tables
        The rows of every input.
    keys
        The keys of the rows of every input, for operators with keys.

    Raises
    ------
    RaisedError
        If the function raised.
    WrongShapeError
        If it returned what the operator cannot take.
    """
    return _apply(operator, function, tables, keys)


@singledispatch
def _apply(operator: Calling, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    raise TypeError(f"{operator.verb}() calls no function")


def _called(operator: Calling, function: Function, table: pa.Table) -> list[Any]:
    """Return what the function returned of each row."""
    made: list[Any] = []
    keep = made.append
    row: Any = None
    try:
        for row in given(table, table.column_names, by_value=gets(operator) == "value"):
            keep(function(row))
    except Exception as error:
        raise RaisedError(error, len(made), row) from error
    return made


@_apply.register
def _(operator: Map, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    made = _called(operator, function, tables[0])
    return _table(operator.output, made, range(len(made)))


@_apply.register
def _(operator: FlatMap, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    made: list[Any] = []
    ends: list[int] = []
    (table,) = tables
    row: Any = None
    try:
        for row in given(table, table.column_names, by_value=gets(operator) == "value"):
            several = function(row)
            if type(several) is list:
                made += several
            else:
                made.extend(_several(several, len(ends)))
            ends.append(len(made))
    except WrongShapeError:
        raise
    except Exception as error:
        # Of a generator, the function runs while its rows are taken.
        raise RaisedError(error, len(ends), row) from error
    return _table(operator.output, made, _Numbers(ends))


class _Numbers(Sequence[int]):
    """The number of the call that made each row, from where the rows of each call end."""

    def __init__(self, ends: list[int]) -> None:
        self._ends = ends

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, row: Any) -> Any:
        if not 0 <= row < len(self):
            raise IndexError(row)
        return bisect_right(self._ends, row)


def _several(made: Any, index: int) -> Iterable[Any]:
    """Return what a function made that makes several rows; of nothing, nothing."""
    if made is None:
        return ()
    if isinstance(made, str | bytes | dict) or not isinstance(made, Iterable):
        text = f"returned {shown(made)}, {type(made).__name__}"
        raise WrongShapeError(index, text, "a list of rows, or a generator of them")
    return made


@_apply.register
def _(operator: FilterBy, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    made = _called(operator, function, tables[0])
    if not set(map(type, made)) <= {bool, type(None)}:
        for index, answer in enumerate(made):
            if answer is not None and type(answer).__name__ not in ("bool", "bool_"):
                text = f"returned {shown(answer)}, {type(answer).__name__}"
                raise WrongShapeError(index, text, "True, False or None")
    return tables[0].filter(pa.array(list(map(bool, made)), pa.bool_()))


@_apply.register
def _(operator: MapBatches, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    (table,) = tables
    parts: list[pa.Table] = []
    for start in range(0, max(table.num_rows, 1), _BATCH):
        batch = table.slice(start, _BATCH)
        try:
            made = function(batch)
        except Exception as error:
            raise RaisedError(error, start) from error
        parts.append(_batch(made, operator.output, start))
    return pa.concat_tables(parts, promote_options="permissive")


def _batch(made: Any, wanted: Schema | None, index: int) -> pa.Table:
    expected = "an Arrow table" if wanted is None else f"an Arrow table with the columns of {shape(wanted)}"
    if isinstance(made, pa.RecordBatch):
        made = pa.Table.from_batches([made])
    if not isinstance(made, pa.Table):
        raise WrongShapeError(index, f"returned {shown(made)}, {type(made).__name__}", expected)
    found = normalize(made)
    if wanted is None:
        return found
    if set(found.column_names) != set(wanted.names) or len(found.column_names) != len(wanted.names):
        raise WrongShapeError(index, f"returned the columns {', '.join(found.column_names)}", expected)
    found = found.select(list(wanted.names))
    target = arrow_schema(wanted)
    for field, ours in zip(found.schema, target, strict=True):
        if field.type != ours.type and not pa.types.is_null(field.type):
            raise WrongShapeError(index, f"returned the column {field.name} as {field.type}", expected)
    return found.cast(target)


@_apply.register
def _(operator: Reduce, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    (table,) = tables
    reduced = _folded(operator, function, table, repeat((), table.num_rows))
    return _table(_schema(operator, table), reduced, [0] * len(reduced))


@_apply.register
def _(operator: ReduceBy, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    (table,), (key,) = tables, keys
    reduced = _folded(operator, function, table, _tuples(key))
    return _table(_schema(operator, table), reduced, [0] * len(reduced))


def _schema(operator: Calling, table: pa.Table) -> Schema:
    from jupyter_wayang.plan.rows import schema_of

    (schema,) = operator.outputs((schema_of(table.schema),))
    assert isinstance(schema, Schema)  # noqa: S101 - operators of functions make rows
    return schema


def _folded(operator: Calling, function: Function, table: pa.Table, keys: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Join rows of the same key two at a time, in their order; what was joined is a row again."""
    by_value = gets(operator) == "value"
    schema = _schema(operator, table)
    reduced: dict[tuple[Any, ...], Any] = {}
    for index, (key, row) in enumerate(zip(keys, given(table, table.column_names, by_value=by_value), strict=True)):
        if key not in reduced:
            reduced[key] = row
            continue
        before = reduced[key]
        try:
            made = function(before, row)
        except Exception as error:
            raise RaisedError(error, index, before, row) from error
        # What was joined is a row again, so that the function can be given it again.
        reduced[key] = made if by_value else type(row)._make(pieces(made, schema, index))
    return list(reduced.values())


def _tuples(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(max_chunksize=_BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@_apply.register
def _(operator: CoGroup, function: Function, tables: Sequence[pa.Table], keys: Sequence[pa.Table]) -> pa.Table:
    groups: dict[Any, tuple[list[Any], list[Any]]] = {}
    for side, (table, key) in enumerate(zip(tables, keys, strict=True)):
        for values, row in zip(_tuples(key), given(table, table.column_names, by_value=False), strict=True):
            # Null matches nothing: of such keys each side has groups of its own.
            found = (side, values) if None in values else values
            groups.setdefault(found, ([], []))[side].append(row)
    made: list[Any] = []
    ends: list[int] = []
    for index, (left, right) in enumerate(groups.values()):
        try:
            made.extend(_several(function(left, right), index))
        except WrongShapeError:
            raise
        except Exception as error:
            raise RaisedError(error, index, *left[:1], *right[:1]) from error
        ends.append(len(made))
    return _table(operator.output, made, _Numbers(ends))


def _table(schema: Schema | None, made: Sequence[Any], indexes: Sequence[int]) -> pa.Table:
    return columns_of(made, schema if schema is not None else learned(made, indexes), indexes)


def report(error: RaisedError | WrongShapeError, function: Function, table: pa.Table) -> dict[str, Any]:
    """Return what there is to say of an error: words and numbers only.

    Parameters
    ----------
    error
        The error.
    function
        The function that made it.
    table
        The rows of the (first) input.

    Returns
    -------
    dict
        ``raised`` or ``wrong`` with the sentence, and where they are known: ``number`` and ``row`` of the call,
        ``line`` of the function, ``inside`` which other function it came up, and what was ``expected``.
    """
    if isinstance(error, WrongShapeError):
        row = next(given(table.slice(error.index, 1), table.column_names, by_value=False), None)
        return {"wrong": error.wrong, "expected": error.expected, "number": error.index, "row": shown(row)}
    text = "".join(traceback.format_exception_only(error.cause)).strip().splitlines()
    found: dict[str, Any] = {"raised": text[-1] if text else type(error.cause).__name__, "number": error.index}
    own = _codes(function)
    lines = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.cause.__traceback__)]
    for code, line in lines:
        if code in own:
            found["line"] = line
    last, line = lines[-1]
    if "line" in found and last not in own and last.co_filename not in (__file__, Row.__getattr__.__code__.co_filename):
        found["inside"] = f"{last.co_name}, line {line}"
    if error.rows:
        found["row"] = " and ".join(shown(row) for row in error.rows)
    return found


def _codes(function: Function) -> set[CodeType]:
    """Return the code of a function, and of those that are written in it."""
    if isinstance(function, partial):
        return _codes(function.func)
    target = function if hasattr(function, "__code__") else type(function).__call__
    code = getattr(target, "__code__", None)
    found: set[CodeType] = set()
    waiting = [code] if isinstance(code, CodeType) else []
    while waiting:
        code = waiting.pop()
        found.add(code)
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return found
