"""Collections of foreign elements: what map, filter, reduceBy and join do to tuples that lie in columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_wayang.language.builder import Collection
from jupyter_wayang.language.expressions import E, col
from jupyter_wayang.language.foreign.meaning import (
    SAME_ELEMENTS,
    Listed,
    Meaning,
    Shape,
    Value,
    columns_of,
    leaves,
    refer,
    shape_at,
)
from jupyter_wayang.language.foreign.splitting import Splitting
from jupyter_wayang.language.foreign.tree import Constant, Each, Function, Method, Name, Operation, Unreadable
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Binary, Call, Case, ColumnRef, Literal, Named
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.plan.operators import AnyOperator, GroupBy, Select
from jupyter_wayang.plan.operators.functions import VALUE, FlatMap
from jupyter_wayang.plan.schema import Schema

__all__ = ["Elements"]

_KEY = "_key"
_FIRST, _SECOND = "first of two ", "second of two "
_NUMBER = "_n"
_COMBINED = {"+": "sum", "max2": "max", "min2": "min", "and": "min", "or": "max"}


@dataclass(frozen=True)
class Elements:
    """A collection whose elements are values or tuples, and which column holds which part."""

    rows: Collection
    shape: Shape

    def map(self, function: Function) -> Elements:
        """Make an element of every element."""
        return self._made(self._meant(function))

    def filter(self, function: Function) -> Elements:
        """Keep the elements for which a function is true."""
        condition = Meaning(self.rows.schema, function.language).condition(function, refer(self.shape))
        return Elements(self.rows.filter(E(condition)), self.shape)

    def flat_map(self, function: Function) -> Elements:
        """Make any number of elements of every element."""
        made = self._meant(function)
        if not isinstance(made, Listed):
            raise Unreadable("it makes no list that is split from a text or written out")
        found = self._items(made) if made.items else self._split(made)
        for each in made.then:
            found = found.filter(each.function) if each.keeps else found.map(each.function)
        return found

    def map_partitions(self, function: Function) -> Elements:
        """Do with every element what a function does with each of those that it is given together.

        Raises
        ------
        Unreadable
            If it does anything but map and filter them: how many come together is up to the platform.
        """
        node, steps = function.body, list[Each]()
        while Name(str(function.parameters[0])) != node:
            match node:
                case Each(of=of):
                    steps.append(node)
                    node = of
                case Method(of=of, name=name, args=()) if name in SAME_ELEMENTS:
                    node = of
                case _:
                    raise Unreadable(
                        "it does more than map and filter elements, of which a platform gives it any number"
                    )
        made: Elements = self
        for each in reversed(steps):
            made = made.filter(each.function) if each.keeps else made.map(each.function)
        return made

    def _items(self, listed: Listed) -> Elements:
        parts = [self._made(item) for item in listed.items]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.union(part)
        return whole

    def _split(self, listed: Listed) -> Elements:
        if listed.source is None:
            raise Unreadable("its list is empty")
        if _is_plain(listed):
            parts = Call(function="split", args=(listed.source, Literal.of(listed.separator)))
            made = self._made(parts)
            return Elements(made.rows.explode(VALUE), VALUE)
        function = self.rows.desk.function(Splitting(listed.separator, listed.language))
        operator = FlatMap(function=function, output=Schema.of(**{VALUE: "string"}), given="value")
        alone = isinstance(listed.source, ColumnRef) and tuple(self.rows.columns) == (listed.source.name,)
        lines = self.rows if alone else self._made(listed.source).rows
        return Elements(_then(lines, operator), VALUE)

    def reduce(self, function: Function, key: Function | None = None) -> Elements:
        """Make one element of all, or of all with the same key.

        Raises
        ------
        Unreadable
            If the result would depend on which elements meet first: only sums, least and greatest values, and parts that
            follow from the key do not.
        """
        keys = self._keys(key) if key is not None else ()
        parts = self._combined(function, {named.expression: named.name for named in keys})
        made = {name: aggregate for name, aggregate in parts.items() if isinstance(aggregate, Aggregate)}
        counted = Named(name=_NUMBER, expression=Aggregate(function="count"))
        aggregates = (*(Named(name=name, expression=one) for name, one in made.items()), counted)
        grouped = _then(self.rows, GroupBy(keys=keys, aggregates=aggregates))
        # Of no elements there is no sum either.
        grouped = grouped if keys else grouped.filter(getattr(col, _NUMBER) > 0)
        columns = tuple(
            Named(name=name, expression=ColumnRef(name=name) if isinstance(one, Aggregate) else one)
            for name, one in parts.items()
        )
        return Elements(_then(grouped, Select(columns=columns)), self.shape)

    def _keys(self, key: Function) -> tuple[Named, ...]:
        columns, _ = columns_of(Meaning(self.rows.schema, key.language).call(key, refer(self.shape)))
        if all(isinstance(one.expression, Literal) for one in columns):
            return ()
        return tuple(Named(name=f"{_KEY}{place}", expression=one.expression) for place, one in enumerate(columns, 1))

    def _combined(self, function: Function, keys: dict[AnyExpression, str]) -> dict[str, Aggregate | ColumnRef]:
        """Return, by column, what becomes of many: an aggregate, or the key."""
        names = leaves(self.shape)
        schema = self.rows.schema
        both = Schema.from_pairs((prefix + name, schema[name].type) for prefix in (_FIRST, _SECOND) for name in names)
        value = Meaning(both, function.language).call(function, refer(self.shape, _FIRST), refer(self.shape, _SECOND))
        columns, made = columns_of(value)
        if len(leaves(made)) != len(names):
            raise Unreadable("it makes an element of another form than it takes")
        return {name: _many(name, column.expression, keys) for name, column in zip(names, columns, strict=True)}

    def sort(self, key: Function) -> Elements:
        """Order the elements by a key."""
        columns, _ = columns_of(Meaning(self.rows.schema, key.language).call(key, refer(self.shape)))
        return Elements(self.rows.sort(*(E(one.expression) for one in columns)), self.shape)

    def distinct(self) -> Elements:
        """Keep one of equal elements."""
        return Elements(self.rows.distinct(), self.shape)

    def count(self) -> Elements:
        """Count the elements."""
        counted = Named(name=VALUE, expression=Aggregate(function="count"))
        return Elements(_then(self.rows, GroupBy(aggregates=(counted,))), VALUE)

    def sample(self, size: int) -> Elements:
        """Draw some elements."""
        return Elements(self.rows.sample(n=size), self.shape)

    def union(self, other: Elements) -> Elements:
        """Return the elements of both."""
        left, right = self._alike(other)
        return Elements(left.rows.union(right.rows), left.shape)

    def intersect(self, other: Elements) -> Elements:
        """Return the elements that are in both."""
        left, right = self._alike(other)
        return Elements(left.rows.intersect(right.rows), left.shape)

    def _alike(self, other: Elements) -> tuple[Elements, Elements]:
        left, right = self.renamed(()), other.renamed(())
        if left.shape != right.shape:
            raise Unreadable("the elements of its inputs have different forms")
        return left, right

    def join(self, other: Elements, key: Function, other_key: Function) -> Elements:
        """Pair the elements of both that have the same key."""
        left, keys = self._keyed(key, 1)
        right, theirs = other._keyed(other_key, 2)
        if len(keys) != len(theirs):
            raise Unreadable("its keys have different forms")
        joined = left.rows.join(right.rows, on=list(zip(keys, theirs, strict=True)))
        return Elements(joined, (left.shape, right.shape)).renamed(())

    def cartesian(self, other: Elements) -> Elements:
        """Pair every element with every other."""
        left, right = self.renamed((1,)), other.renamed((2,))
        return Elements(left.rows.join(right.rows, how="cross"), (left.shape, right.shape))

    def _keyed(self, key: Function, side: int) -> tuple[Elements, list[str]]:
        columns, _ = columns_of(Meaning(self.rows.schema, key.language).call(key, refer(self.shape)))
        keys = {f"{_KEY}{side}_{place}": one.expression for place, one in enumerate(columns, 1)}
        shape = shape_at(self.shape, (side,))
        kept = [
            Named(name=new, expression=ColumnRef(name=old))
            for old, new in zip(leaves(self.shape), leaves(shape), strict=True)
        ]
        added = [Named(name=name, expression=one) for name, one in keys.items()]
        return Elements(_then(self.rows, Select(columns=(*kept, *added))), shape), list(keys)

    def renamed(self, path: tuple[int, ...]) -> Elements:
        """Return the same with columns named after their places, and no others."""
        shape = shape_at(self.shape, path)
        old, new = leaves(self.shape), leaves(shape)
        if old == new and tuple(self.rows.columns) == new:
            return self
        columns = tuple(Named(name=b, expression=ColumnRef(name=a)) for a, b in zip(old, new, strict=True))
        return Elements(_then(self.rows, Select(columns=columns)), shape)

    def _meant(self, function: Function) -> Value:
        return Meaning(self.rows.schema, function.language).call(function, refer(self.shape))

    def _made(self, value: Value) -> Elements:
        columns, shape = columns_of(value)
        same = all(column.expression == ColumnRef(name=column.name) for column in columns)
        if same and tuple(column.name for column in columns) == tuple(self.rows.columns):
            return Elements(self.rows, shape)
        return Elements(_then(self.rows, Select(columns=columns)), shape)


def _is_plain(listed: Listed) -> bool:
    """Tell whether the expression split() makes the same parts: then every platform can do it."""
    if not listed.separator:
        return False
    if listed.language == "python":
        return True
    # Java leaves empty parts at the end out, and reads the separator as a pattern.
    first = listed.then[0] if listed.then else None
    return (
        re.escape(listed.separator).replace("\\ ", " ") == listed.separator
        and first is not None
        and _is_not_empty(first)
    )


def _is_not_empty(each: Each) -> bool:
    """Tell whether only parts with a sign in them are kept."""
    if not each.keeps or len(each.function.parameters) != 1:
        return False
    item = Name(str(each.function.parameters[0]))
    return each.function.body in (
        Method(item, "nonEmpty"),
        Operation("not", (Method(item, "isEmpty"),)),
        Operation("!=", (item, Constant(""))),
    )


def _many(name: str, made: AnyExpression, keys: dict[AnyExpression, str]) -> Aggregate | ColumnRef:
    """Return what many values of a column become if two become this."""
    column = ColumnRef(name=name)
    first, second = ColumnRef(name=_FIRST + name), ColumnRef(name=_SECOND + name)
    if made in (first, second):
        if column in keys:
            return ColumnRef(name=keys[column])
        raise Unreadable(f"part {name.lstrip('_')} keeps whichever of two comes first, and rows have no order")
    match made:
        case Binary(op="+" | "and" | "or" as sign, left=left, right=right) if {left, right} == {first, second}:
            return Aggregate(function=_COMBINED[sign], arg=column)
        case Call(function="max2" | "min2" as sign, args=args) if set(args) == {first, second}:
            return Aggregate(function=_COMBINED[sign], arg=column)
        case Case(condition=Binary(op="<" | "<=" | ">" | ">=" as sign, left=left, right=right), then=then) if (
            {left, right} == {first, second} == {made.then, made.otherwise}
        ):
            return Aggregate(function="max" if (sign[0] == ">") == (then == left) else "min", arg=column)
    raise Unreadable(f"part {name.lstrip('_')} is no sum and no least or greatest value of both")


def _then(rows: Collection, operator: AnyOperator) -> Collection:
    return Collection(VertexPort(Vertex(operator, (rows.port,))), rows.desk)
