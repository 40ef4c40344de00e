"""Aggregations and projections over lists of dicts, written down as directly as can be: the reference of these tests."""

from __future__ import annotations

import math
import statistics

import pyarrow as pa

from jupyter_wayang.plan import expressions as e
from jupyter_wayang.plan.operators import GroupBy, Select
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema


def _ordinary(op, a, b):
    if a is None or b is None:
        return None
    if op == "/":
        return None if b == 0 else a / b
    return {
        "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "==": lambda: a == b, "<": lambda: a < b,
        ">": lambda: a > b, ">=": lambda: a >= b, "<=": lambda: a <= b,
    }[op]()  # fmt: skip


def value(expression, row):
    match expression:
        case e.ColumnRef(name=name):
            return row[name]
        case e.Literal(value=constant):
            return constant
        case e.Binary(op=op, left=left, right=right):
            return _ordinary(op, value(left, row), value(right, row))
        case e.IsNull(arg=arg):
            return value(arg, row) is None
        case e.Not(arg=arg):
            inner = value(arg, row)
            return None if inner is None else not inner
        case e.Case(condition=condition, then=then, otherwise=otherwise):
            return value(then if value(condition, row) else otherwise, row)
        case e.Cast(arg=arg, to=to):
            inner = value(arg, row)
            return inner if inner is None else {"float64": float, "int64": int, "string": str, "bool": bool}[to](inner)
        case e.Call(function="coalesce", args=args):
            return next((v for v in (value(a, row) for a in args) if v is not None), None)
        case e.Call(function="sqrt", args=(arg,)):
            inner = value(arg, row)
            return None if inner is None else math.sqrt(inner)
        case e.Call(function="max2", args=args):
            left, right = (value(part, row) for part in args)
            return None if left is None or right is None else max(left, right)
        case e.Call(function="clip", args=(arg, low, high)):
            inner, least, most = (value(part, row) for part in (arg, low, high))
            return None if inner is None else min(max(inner, least), most)
    raise NotImplementedError(expression)


def _products(aggregated, rows):
    """Return the number of pairs and the sum of products about the means."""
    pairs = [(value(aggregated.arg, row), value(aggregated.other, row)) for row in rows]
    pairs = [(x, y) for x, y in pairs if x is not None and y is not None]
    if not pairs:
        return 0, 0.0, 0.0, 0.0
    x, y = (math.fsum(side) / len(pairs) for side in zip(*pairs, strict=True))
    sums = (math.fsum(one * other for one, other in some) for some in (
        [(a - x, b - y) for a, b in pairs], [(a - x, a - x) for a, _ in pairs], [(b - y, b - y) for _, b in pairs],
    ))  # fmt: skip
    return len(pairs), *sums


def aggregate(expression, rows):
    if isinstance(expression, e.Aggregate):
        if expression.arg is None:
            return len(rows)
        if expression.function in ("cov", "corr"):
            n, both, x, y = _products(expression, rows)
            if expression.function == "cov":
                return both / (n - 1) if n > 1 else None
            return both / math.sqrt(x * y) if n > 1 and x * y > 0 else None
        known = [v for v in (value(expression.arg, row) for row in rows) if v is not None]
        match expression.function:
            case "count":
                return len(known)
            case "sum":
                return None if not known else (math.fsum(known) if isinstance(known[0], float) else sum(known))
            case "mean":
                return math.fsum(known) / len(known) if known else None
            case "var":
                return statistics.variance(known) if len(known) > 1 else None
            case "std":
                return statistics.stdev(known) if len(known) > 1 else None
            case "max":
                return max(known, default=None)
            case "any":
                return any(known) if known else None
            case "all":
                return all(known) if known else None
        raise NotImplementedError(expression)
    if isinstance(expression, e.Literal):
        return expression.value
    names = {f"#{index}": child for index, child in enumerate(e.children(expression))}
    row = {name: aggregate(child, rows) for name, child in names.items()}
    refs = iter(e.ColumnRef(name=name) for name in names)
    changed = {}
    for name in expression.__struct_fields__:
        inner = getattr(expression, name)
        if isinstance(inner, e.Expression):
            changed[name] = next(refs)
        elif isinstance(inner, tuple):
            changed[name] = tuple(next(refs) if isinstance(v, e.Expression) else v for v in inner)
    return value(
        type(expression)(**{f: changed.get(f, getattr(expression, f)) for f in expression.__struct_fields__}), row
    )


def run(operator: GroupBy | Select, table: pa.Table, schema: Schema) -> pa.Table:
    rows = table.to_pylist()
    (made,) = operator.outputs((schema,))
    if isinstance(operator, Select):
        found = [{c.name: value(c.expression, row) for c in operator.columns} for row in rows]
    else:
        groups: dict[tuple, list] = {} if operator.keys else {(): []}
        for row in rows:
            groups.setdefault(tuple(value(key.expression, row) for key in operator.keys), []).append(row)
        found = [
            dict(zip((k.name for k in operator.keys), group, strict=True))
            | {c.name: aggregate(c.expression, members) for c in operator.aggregates}
            for group, members in groups.items()
        ]
    return pa.Table.from_pylist(found, schema=arrow_schema(made))
