"""Joins over frames.

Only engines import this module. Frames join on equal keys. A condition, or an order in time, is first turned into pairs
of row numbers, on which the frames are then joined.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np

from jupyter_wayang.plan.operators import Join
from jupyter_wayang.plan.schema import Schema, common_type
from jupyter_wayang.plan.types import item_of
from jupyter_wayang.platforms.relational.as_of import last_before
from jupyter_wayang.platforms.relational.failures import failure
from jupyter_wayang.platforms.relational.frames_columns import collected, kept
from jupyter_wayang.platforms.relational.frames_context import Context, Wrapped
from jupyter_wayang.platforms.relational.frames_dialects import Dialect

__all__ = ["joined"]

_Frame = nw.DataFrame[Any]
_Keys = list[tuple[str, str]]

_MOST_PAIRS = 4_000_000
"""So many rows are put side by side at once where there are no keys to join on."""


def joined(
    operator: Join, frames: tuple[Wrapped, Wrapped], schemas: tuple[Schema, Schema], dialect: Dialect
) -> Wrapped:
    """Join two frames.

    Columns bear numbers until the end (``l0``, ``r0``, keys ``lk0`` and ``rk0``), so that no name is there twice.
    """
    keys: _Keys = [(f"lk{index}", f"rk{index}") for index in range(len(operator.on))]
    first = _side(operator, frames[0], schemas, 0, dialect)
    second = _side(operator, frames[1], schemas, 1, dialect)
    try:
        if operator.as_of is not None:
            return _on_pairs(operator, first, second, _last(keys, first, second, schemas[1], dialect), schemas)
        if operator.where is not None:
            return _on_pairs(
                operator, first, second, _matching(operator, keys, first, second, schemas, dialect), schemas
            )
        return _on_keys(operator, first, second, keys, schemas)
    except dialect.errors() as error:
        raise failure(dialect.name, operator.verb, error) from error


def _side(operator: Join, frame: Wrapped, schemas: tuple[Schema, Schema], side: int, dialect: Dialect) -> _Frame:
    """Return one input: its columns by number, its keys in the types of both, and where needed its row numbers."""
    schema, letter = schemas[side], "lr"[side]
    context = Context(schema=schema, dialect=dialect)
    columns = [nw.col(name).alias(f"{letter}{index}") for index, name in enumerate(schema.names)]
    keyed = [*operator.on, *((operator.as_of,) if operator.as_of is not None else ())]
    for index, pair in enumerate(keyed):
        found = schema[pair[side]].type
        common = common_type(schemas[0][pair[0]].type, schemas[1][pair[1]].type) or found
        columns.append(context.cast(nw.col(pair[side]), found, common).alias(f"{letter}k{index}"))
    made = collected(context.completed(frame).select(*columns))
    if operator.as_of is None and operator.where is None:
        return made
    numbers = _numbers(dialect, **{("left row", "right row")[side]: np.arange(len(made))})
    return nw.concat([nw.maybe_reset_index(made), numbers], how="horizontal")


def _numbers(dialect: Dialect, **columns: np.ndarray) -> _Frame:
    import pyarrow as pa

    table = pa.table({name: numbers.astype("int64") for name, numbers in columns.items()})
    return nw.from_native(dialect.from_arrow(table), eager_only=True)


def _on_pairs(operator: Join, first: _Frame, second: _Frame, pairs: _Frame, schemas: tuple[Schema, Schema]) -> _Frame:
    """Join on pairs of row numbers."""
    if operator.how in ("semi", "anti"):
        matching = np.isin(np.arange(len(first)), pairs["left row"].to_numpy())
        chosen = np.flatnonzero(matching if operator.how == "semi" else ~matching)
        return first[chosen, :].select(*_shown(operator, schemas))
    how = "left" if operator.how in ("left", "full") else "inner"
    paired = first.join(pairs, on="left row", how=how)  # type: ignore[arg-type]
    return _on_keys(operator, paired, second, [("pair", "right row")], schemas)


def _on_keys(operator: Join, first: _Frame, second: _Frame, keys: _Keys, schemas: tuple[Schema, Schema]) -> _Frame:
    left, right = schemas
    if operator.how in ("semi", "anti"):
        second = second.select([its for _, its in keys])
    joined = first.join(second, how=operator.how, **_on(keys))
    added = [nw.col(f"r{right.names.index(old)}").alias(new) for old, new in operator.right_names(left, right)]
    return joined.select(*_shown(operator, schemas), *added)


def _on(keys: _Keys) -> dict[str, Any]:
    return {"left_on": [k for k, _ in keys], "right_on": [k for _, k in keys]} if keys else {}


def _shown(operator: Join, schemas: tuple[Schema, Schema]) -> list[nw.Expr]:
    """Return the left columns; in a full join a key is that of whichever side has the row."""
    made = {name: nw.col(f"l{index}") for index, name in enumerate(schemas[0].names)}
    if operator.how == "full":
        for index, (ours, _) in enumerate(operator.on):
            made[ours] = nw.coalesce(nw.col(f"lk{index}"), nw.col(f"rk{index}"))
    return [column.alias(name) for name, column in made.items()]


def _matching(
    operator: Join, keys: _Keys, first: _Frame, second: _Frame, schemas: tuple[Schema, Schema], dialect: Dialect
) -> _Frame:
    """Return the numbers of the rows that match by their keys and the condition."""
    left, right = schemas
    matched = operator.matched(left, right)
    numbers = ["left row", "right row"]
    free = {name: f"{name} of both" for name in numbers}  # the condition may read a column called so
    shown = [nw.col(f"l{index}").alias(name) for index, name in enumerate(left.names)]
    shown += [nw.col(f"r{right.names.index(old)}").alias(new) for old, new in operator.sides(left, right)]
    shown += [nw.col(old).alias(new) for old, new in free.items()]
    step = len(first) if keys else max(1, _MOST_PAIRS // max(1, len(second)))
    found = []
    for start in range(0, max(1, len(first)), max(1, step)):
        part = first[start : start + step] if step < len(first) else first
        both = part.join(second, how="inner" if keys else "cross", **_on(keys))
        true = _true(operator, both.select(*shown), matched, list(free.values()), dialect)
        found.append(true.select(*(nw.col(new).alias(old) for old, new in free.items())))
    pairs = nw.concat(found, how="vertical")
    return pairs.with_columns(nw.col("right row").alias("pair")).drop("right row")


def _true(operator: Join, both: _Frame, matched: Schema, numbers: list[str], dialect: Dialect) -> _Frame:
    numbered = Schema.from_pairs([*((c.name, c.type) for c in matched), *((name, "int64") for name in numbers)])
    assert operator.where is not None  # noqa: S101 - asked for only then
    return collected(kept(operator.where, both, numbered, dialect, operator.verb))


def _last(keys: _Keys, first: _Frame, second: _Frame, right: Schema, dialect: Dialect) -> _Frame:
    """Return, for every left row that has one, the number of the last right row of its keys that is not above it."""
    moment = (f"lk{len(keys)}", f"rk{len(keys)}")
    ties = [f"r{index}" for index, column in enumerate(right) if not item_of(column.type)]
    ours, theirs = last_before(first.to_arrow(), second.to_arrow(), [*keys, moment], ties)
    return _numbers(dialect, **{"left row": ours, "pair": theirs})
