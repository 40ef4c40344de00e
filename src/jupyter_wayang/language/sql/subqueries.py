"""Sub-queries in conditions and expressions, as joins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal as Choice

from sqlglot import exp

from jupyter_wayang.language.sql.functions import BINARY
from jupyter_wayang.language.sql.grouping import is_one_row, is_total
from jupyter_wayang.language.sql.joins import Pair, all_of, filtered, joined_by, null_safe
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.places import Grouped, Place, sub_queries
from jupyter_wayang.language.sql.relations import Field, Relation, free_name
from jupyter_wayang.language.sql.scalars import Scalars
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    Case,
    ColumnRef,
    IsNull,
    Literal,
    Named,
    Not,
    substitute,
)
from jupyter_wayang.plan.operators import GroupBy, JoinHow, Select, WithColumns

__all__ = ["Answer", "SubQueries", "Wanted"]

Wanted = Choice["rows", "exists", "count", "value"]
"""What is wanted of a query: its rows, whether there are any, how many there are, or the value of its one row."""

AnyPlace = Place | Grouped
_TRUE, _FALSE = Literal.of(True), Literal.of(False)


@dataclass(frozen=True, eq=False)
class Answer:
    """The rows of a query.

    Parameters
    ----------
    relation
        The rows; their fields are what SELECT names.
    carried
        (column of the place around, column here that carries it, whether null means nothing there).
    single
        Whether there is exactly one row, or one for each of the values that are carried.
    value
        The one value as an expression over the fields, to be computed where the two are joined; None: the first field.
    columns
        The number of columns that SELECT has, where fields are others.
    over, reads
        Conditions that are to be met where the two are joined, and the columns of the place around that they read.
    """

    relation: Relation
    carried: tuple[tuple[AnyExpression, str, bool], ...] = ()
    single: bool = False
    value: AnyExpression | None = None
    columns: int = 1
    over: tuple[exp.Expr, ...] = ()
    reads: tuple[AnyExpression, ...] = ()


class SubQueries:
    """Turns sub-queries at a place into joins.

    Parameters
    ----------
    page
        The text.
    answer
        What reads a query: the query, the place that it stands at, and what is wanted of it.
    """

    def __init__(self, page: SqlPage, answer: Callable[[exp.Query, AnyPlace, Wanted], Answer]) -> None:
        self.page, self.answer = page, answer

    def filter(self, place: AnyPlace, condition: exp.Expr, done: dict[int, AnyExpression]) -> AnyPlace:
        """Return the place with only the rows where a condition with sub-queries is true."""
        negated, core = _stripped(condition)
        if isinstance(core, exp.Exists):
            return self._exists(place, core.this, negated=negated)
        if isinstance(core, exp.In) and is_one_row(core):
            same = exp.EQ(this=core.this, expression=core.args["query"])
            return self.filter(place, exp.Not(this=same) if negated else same, done)
        if isinstance(core, exp.In) and core.args.get("query") is not None and not sub_queries(core.this):
            return self._not_in(place, core, done) if negated else self._in(place, core, done)
        place, more = self.values([condition], place, done, strict=_is_strict(condition))
        return replace(place, relation=filtered(place.relation, [Scalars(self.page, place, more).read(condition)]))

    def values(
        self, nodes: Sequence[exp.Expr], place: AnyPlace, done: dict[int, AnyExpression], *, strict: bool = False
    ) -> tuple[AnyPlace, dict[int, AnyExpression]]:
        """Return the place with the values of all sub-queries in some parts, and by ``id`` what they are.

        Parameters
        ----------
        nodes
            The parts.
        place
            Where they stand.
        done
            What is known already.
        strict
            Whether rows for which a sub-query gives null are not wanted.
        """
        known = dict(done)
        for query in [query for node in nodes if id(node) not in known for query in sub_queries(node)]:
            holder = query.parent
            if isinstance(holder, exp.In) and holder.args.get("query") is query and is_one_row(holder):
                place, value = self._value(place, query, strict=False)
                scalars = Scalars(self.page, place, known)
                known[id(holder)] = scalars.compared("==", scalars.read(holder.this), value)
            elif isinstance(holder, exp.Exists):
                place, known[id(holder)] = self._exists_value(place, holder)
            elif isinstance(holder, exp.In) and holder.args.get("query") is query:
                place, known[id(holder)] = self._in_value(place, holder, known)
            elif isinstance(query, exp.Subquery) and not isinstance(holder, exp.Any | exp.All):
                place, known[id(query)] = self._value(place, query, strict=strict)
            else:
                hint = "= ANY is IN; for > ALL compare with (SELECT MAX(…) …)"
                raise self.page.unsupported(holder or query, self.page.text(holder or query), hint)
        return place, known

    def _asked(self, place: AnyPlace, query: exp.Query, wanted: Wanted) -> Answer | None:
        """Return what EXISTS asks for; None where there is always a row: that of an aggregate over all."""
        inner = query.unnest()
        total = isinstance(inner, exp.Select) and is_total(inner)
        if total and inner.args.get("having") is None:
            return None
        answer = self.answer(query, place, wanted)
        if total and answer.carried:
            raise self.page.unsupported(
                inner.args["having"], "HAVING in EXISTS without GROUP BY", "compare the aggregate"
            )
        return answer

    def _exists(self, place: AnyPlace, query: exp.Query, *, negated: bool) -> AnyPlace:
        answer = self._asked(place, query, "exists")
        if answer is None:
            return replace(place, relation=filtered(place.relation, [_FALSE])) if negated else place
        if not answer.carried and not answer.over:
            place, count = self._counted(place, answer)
            test = Binary(op="==" if negated else ">", left=count["n"], right=Literal.of(0))
            return replace(place, relation=filtered(place.relation, [test]))
        return self._joined(place, answer, [], "anti" if negated else "semi")

    def _in(self, place: AnyPlace, node: exp.In, done: dict[int, AnyExpression]) -> AnyPlace:
        answer = self.answer(node.args["query"], place, "rows")
        values = self._left_values(node, place, answer, done)
        pairs = [Pair(v, ColumnRef(name=f.column)) for v, f in zip(values, answer.relation.fields, strict=True)]
        return self._joined(place, answer, pairs, "semi")

    def _not_in(self, place: AnyPlace, node: exp.In, done: dict[int, AnyExpression]) -> AnyPlace:
        answer = self.answer(node.args["query"], place, "rows")
        value, column = self._one_value(node, place, answer, done)
        place, count = self._counted(place, answer, column)
        empty = Binary(op="==", left=count["n"], right=Literal.of(0))
        complete = Binary(op="==", left=count["known"], right=count["n"])
        known = Binary(op="and", left=Not(arg=IsNull(arg=value)), right=complete)
        kept = filtered(place.relation, [Binary(op="or", left=empty, right=known)])
        return self._joined(replace(place, relation=kept), answer, [Pair(value, column)], "anti")

    def _left_values(
        self, node: exp.In, place: AnyPlace, answer: Answer, done: dict[int, AnyExpression]
    ) -> list[AnyExpression]:
        parts = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
        if len(parts) != len(answer.relation.fields):
            count = len(answer.relation.fields)
            raise self.page.unsupported(node, f"IN with {len(parts)} values beside a query of {count} columns")
        scalars = Scalars(self.page, place, done)
        return [scalars.read(part) for part in parts]

    def _one_value(
        self, node: exp.In, place: AnyPlace, answer: Answer, done: dict[int, AnyExpression]
    ) -> tuple[AnyExpression, ColumnRef]:
        values = self._left_values(node, place, answer, done)
        if len(values) != 1:
            raise self.page.unsupported(node, "NOT IN with several values", "NOT EXISTS (…) does it")
        return values[0], ColumnRef(name=answer.relation.fields[0].column)

    def _joined(self, place: AnyPlace, answer: Answer, pairs: list[Pair], how: JoinHow) -> AnyPlace:
        """Join the place with an answer on what is carried and on more pairs; nothing of the answer is kept."""
        keys = [*pairs, *self._carried(place.relation, answer)]
        count = len(place.relation.fields)

        def where(both: Relation) -> AnyExpression | None:
            inner = Place(replace(both, fields=both.fields[count:]), place, {one: one for one in answer.reads})
            return all_of([Scalars(self.page, inner).read(part) for part in answer.over]) if answer.over else None

        return replace(place, relation=joined_by(place.relation, answer.relation, keys, how, where))

    def _carried(self, relation: Relation, answer: Answer) -> list[Pair]:
        pairs: list[Pair] = []
        for outer, column, strict in answer.carried:
            here = ColumnRef(name=column)
            if strict:
                pairs.append(Pair(outer, here))
            else:
                both = zip(null_safe(relation, outer), null_safe(answer.relation, here), strict=True)
                pairs += [Pair(*sides) for sides in both]
        return pairs

    def _beside(
        self, place: AnyPlace, answer: Answer, pairs: list[Pair], columns: Sequence[str], how: JoinHow
    ) -> tuple[AnyPlace, list[ColumnRef]]:
        """Join the place with an answer; returns where columns of the answer are then."""
        marked = replace(answer.relation, fields=tuple(Field(None, name, name) for name in columns))
        keys = [*pairs, *self._carried(place.relation, answer)]
        made = joined_by(place.relation, marked, keys, how if keys else "cross")
        count = len(place.relation.fields)
        found = [ColumnRef(name=field.column) for field in made.fields[count:]]
        return replace(place, relation=replace(made, fields=made.fields[:count])), found

    def _counted(
        self, place: AnyPlace, answer: Answer, value: AnyExpression | None = None
    ) -> tuple[AnyPlace, dict[str, AnyExpression]]:
        """Add the number of rows of an answer, and how many of them have a value, to the rows of the place."""
        keys = tuple(Named(name=name, expression=ColumnRef(name=name)) for _, name, _ in answer.carried)
        taken = [key.name for key in keys]
        wanted = {"n": Aggregate(function="count")}
        if value is not None:
            wanted["known"] = Aggregate(function="count", arg=value)
        names = {word: free_name(word, taken) for word in wanted}
        made = answer.relation.then(
            GroupBy(keys=keys, aggregates=tuple(Named(name=names[w], expression=e) for w, e in wanted.items()))
        )
        counted = replace(answer, relation=made)
        place, found = self._beside(place, counted, [], list(names.values()), "left")
        zero = Literal.of(0)
        counts: dict[str, AnyExpression] = {
            word: Case(condition=IsNull(arg=column), then=zero, otherwise=column) if keys else column
            for word, column in zip(names, found, strict=True)
        }
        return place, counts

    def _exists_value(self, place: AnyPlace, node: exp.Exists) -> tuple[AnyPlace, AnyExpression]:
        answer = self._asked(place, node.this, "count")
        if answer is None:
            return place, _TRUE
        place, count = self._counted(place, answer)
        return place, Binary(op=">", left=count["n"], right=Literal.of(0))

    def _in_value(
        self, place: AnyPlace, node: exp.In, done: dict[int, AnyExpression]
    ) -> tuple[AnyPlace, AnyExpression]:
        answer = self.answer(node.args["query"], place, "rows")
        value, column = self._one_value(node, place, answer, done)
        place, count = self._counted(place, answer, column)
        place, found = self._found(place, answer, value, column)
        less = Binary(op="<", left=count["known"], right=count["n"])
        unknown = Binary(op="or", left=IsNull(arg=value), right=less)
        null = Literal(value=None, type="bool")
        empty = Binary(op="==", left=count["n"], right=Literal.of(0))
        missing = Case(condition=unknown, then=null, otherwise=_FALSE)
        missing = Case(condition=empty, then=_FALSE, otherwise=missing)
        return place, Case(condition=Not(arg=IsNull(arg=found)), then=_TRUE, otherwise=missing)

    def _found(
        self, place: AnyPlace, answer: Answer, value: AnyExpression, column: ColumnRef
    ) -> tuple[AnyPlace, ColumnRef]:
        """Add a column that is true where the value is in the answer, and null elsewhere."""
        names = [column.name, *(name for _, name, _ in answer.carried)]
        keys = tuple(Named(name=name, expression=ColumnRef(name=name)) for name in dict.fromkeys(names))
        mark = free_name("found", names)
        different = answer.relation.then(GroupBy(keys=keys))
        marked = different.then(WithColumns(columns=(Named(name=mark, expression=_TRUE),)))
        place, (found,) = self._beside(place, replace(answer, relation=marked), [Pair(value, column)], [mark], "left")
        return place, found

    def _late(self, place: AnyPlace, answer: Answer, value: AnyExpression) -> tuple[AnyPlace, AnyExpression]:
        """Return a value over aggregates of each group: where there is no group, a count is 0 and the rest is null."""
        names = [field.column for field in answer.relation.fields]
        place, found = self._beside(place, answer, [], names, "left")
        grouping = answer.relation.port.vertex.operator
        assert isinstance(grouping, GroupBy)  # noqa: S101 -- what has a late value is grouped
        made = {one.name: one.expression for one in grouping.aggregates}
        columns: dict[str, AnyExpression] = {name: outer for outer, name, _ in answer.carried}
        columns |= {name: _value_of(made[name], column) for name, column in zip(names, found, strict=True)}
        return place, substitute(value, columns)

    def _value(self, place: AnyPlace, query: exp.Subquery, *, strict: bool) -> tuple[AnyPlace, AnyExpression]:
        answer = self.answer(query, place, "value")
        if (answer.columns if answer.value is not None else len(answer.relation.fields)) != 1:
            raise self.page.unsupported(query, "a value that is a row of several columns", "one column is a value")
        if not answer.single:
            hint = "an aggregate makes one value of many rows: (SELECT MAX(x) FROM …); or ORDER BY … LIMIT 1"
            raise self.page.unsupported(query, "a value of a query that may have several rows", hint)
        if answer.value is not None:
            return self._late(place, answer, answer.value)
        column = answer.relation.fields[0].column
        names = [column, *(name for _, name, _ in answer.carried)]
        if set(answer.relation.schema.names) != set(names):
            columns = tuple(Named(name=name, expression=ColumnRef(name=name)) for name in names)
            answer = replace(answer, relation=answer.relation.then(Select(columns=columns)))
        place, (value,) = self._beside(place, answer, [], [column], "inner" if strict else "left")
        return place, value


def _value_of(aggregate: AnyExpression, column: ColumnRef) -> AnyExpression:
    """Return an aggregate where there was perhaps nothing to aggregate."""
    if isinstance(aggregate, Aggregate) and aggregate.function in ("count", "n_unique"):
        return Case(condition=IsNull(arg=column), then=Literal.of(0), otherwise=column)
    return column


def _stripped(node: exp.Expr) -> tuple[bool, exp.Expr]:
    """Return whether a condition is negated, and what is without brackets and NOT."""
    negated = False
    while isinstance(node, exp.Paren | exp.Not):
        negated ^= isinstance(node, exp.Not)
        node = node.this
    return negated, node


def _is_strict(condition: exp.Expr) -> bool:
    """Tell whether a condition is not true as soon as the value of one of its sub-queries is null."""
    through = (*(kind for kind in BINARY if kind not in (exp.And, exp.Or)), exp.Paren, exp.Neg, exp.Between)
    for query in sub_queries(condition):
        part = query
        while part is not condition:
            part = part.parent  # type: ignore[assignment]
            if not isinstance(part, through):
                return False
    return True
