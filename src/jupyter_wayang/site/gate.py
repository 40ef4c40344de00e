"""The gate of a site: who may ask, and what a question tells in the light of all that its asker was told before."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    Expression,
    IsNull,
    Literal,
    Named,
    columns_of,
    walk,
)
from jupyter_wayang.plan.operators import GroupBy
from jupyter_wayang.plan.tasks import TARGET
from jupyter_wayang.site.counting import Counting
from jupyter_wayang.site.disclosure.contributions import cells, conditions, few_enough, is_level, terms, true
from jupyter_wayang.site.disclosure.differencing import Told, sets_of, too_close
from jupyter_wayang.site.disclosure.lineage import RowSet
from jupyter_wayang.site.disclosure.withholding import Looked
from jupyter_wayang.site.ledger import Ledger, Question
from jupyter_wayang.site.policy import Policy

__all__ = ["Gate"]

_HOUR_S = 3600.0
_ADDED = frozenset({"sum", "mean", "var", "std"})
_NULL = Literal(value=None, type="float64")
_LARGE = 20_000_000
"""Sets times cells: more than this cannot be audited in seconds."""

Group = tuple[Hashable, ...]


@dataclass(frozen=True)
class _Group:
    """What was seen of the rows of a group: its key, how many there are, and aggregates of them."""

    key: Group
    rows: int
    seen: Mapping[AnyExpression, float]

    def sides(self, made: Expression) -> tuple[float, float]:
        """Return how many rows add something to a sum, and how many do not."""
        nonzero, _, _ = _by_term(made)[0]
        return self.seen[nonzero], self.rows - self.seen[nonzero]

    def counts(self, made: Expression) -> bool:
        """Tell whether a sum is a count in disguise: some rows add the same, and all others nothing."""
        if not _by_term(made):
            return False
        nonzero, most, total = (self.seen[one] or 0.0 for one in _by_term(made)[0])
        return 0 < nonzero < self.rows and math.isclose(most * nonzero, total, rel_tol=1e-9)


class Gate:
    """Checks questions against a policy and a ledger.

    Parameters
    ----------
    policy
        The policy.
    ledger
        What was answered before.
    counting
        Counts inside the site.
    site
        What the site is called.
    """

    def __init__(self, policy: Policy, ledger: Ledger, counting: Counting, site: str) -> None:
        self.policy = policy
        self._ledger = ledger
        self._counting = counting
        self._site = site
        self._fitting: set[tuple[Question, tuple[AnyExpression, ...]]] = set()

    def admit(self, analyst: str, run: str) -> None:
        """Refuse a person whom the policy does not name, and one who asks more often than it allows.

        Raises
        ------
        DisclosureError
            If the person may not ask, or not now.
        """
        self.policy.check_analyst(analyst, self._site)
        rate = self.policy.queries_per_hour
        if rate is None:
            return
        runs = self._ledger.runs_since(analyst, _HOUR_S)
        if run not in runs and len(runs) >= rate:
            raise DisclosureError(
                f"{self._site} answers {rate} questions an hour, and {analyst} has asked them",
                hint="wait, or ask its owner",
            )

    def rows(self, analyst: str, run: str, rows: RowSet) -> None:
        """Check what is told of rows as a whole: an update, a score.

        Raises
        ------
        DisclosureError
            If they differ from others by too few.
        """
        question = _question(rows)
        self._audit(analyst, rows.table, (question,))
        self._ledger.note(analyst, run, question)

    def features(self, rows: RowSet, names: Sequence[str]) -> None:
        """Refuse features that tell single rows apart: the update of their weight is about those rows.

        Raises
        ------
        DisclosureError
            If a condition in a feature is true, or is not, of fewer rows than a cell may have.
        """
        made = (rows.columns[name] for name in names if name in rows.columns)
        found = tuple(dict.fromkeys(one for feature in made for one in _conditions_in(feature)))
        classes = _conditions_in(rows.columns[TARGET]) if TARGET in rows.columns else ()
        if len(classes) > 1:
            # One condition says which class a row is of; more can change the class of a single row.
            found = tuple(dict.fromkeys((*found, *classes)))
        question = _question(rows)
        if not found or (question, found) in self._fitting:
            return
        counts = (Named(name=f"c{place}", expression=_count(true(one))) for place, one in enumerate(found))
        everything = Named(name="n", expression=Aggregate(function="count"))
        table = self._counting.aggregate(
            rows.table, rows.condition, GroupBy(aggregates=(everything, *counts)), rows.cuts
        )
        (row,) = table.to_pylist()
        for place, one in enumerate(found):
            feature = is_level(one) and one not in classes
            least = self.policy.minimum_level if feature else self.policy.minimum_cell
            if any(0 < side < least for side in (row[f"c{place}"], row["n"] - row[f"c{place}"])):
                raise DisclosureError(
                    f"{self._site} does not train on a feature that tells fewer than {least} rows apart",
                    hint="leave out features that hardly any row has, or join levels that are rare",
                )
        self._fitting.add((question, found))

    def numbers(self, analyst: str, run: str, rows: RowSet, operator: GroupBy, purpose: str) -> Looked | None:
        """Check an aggregation, and say which of its numbers may leave; None: all that are about enough rows.

        Parameters
        ----------
        analyst, run
            Who asks, in which run.
        rows
            The rows.
        operator
            The aggregation of them.
        purpose
            What it is for. Steps learn sums of columns, which hide nothing; only ``aggregate`` may have any expression.

        Raises
        ------
        DisclosureError
            If the answer, with those before, would be about too few rows.
        """
        keys = tuple(rows.composed(key.expression) for key in operator.keys)
        if keys and purpose == "learn":
            # The levels of a category are learned by name; how many rows have each is nobody's business.
            return Looked({column.name: set() for column in operator.aggregates})
        question = _question(rows, keys)
        if purpose != "aggregate":
            self._audit(analyst, rows.table, (question,))
            self._ledger.note(analyst, run, question)
            return None
        asked = {
            column.name: [
                self._as_sum(rows.composed(part)) for part in walk(column.expression) if isinstance(part, Aggregate)
            ]
            for column in operator.aggregates
        }
        parts = {name: _parts(made) for name, made in asked.items()}
        seen = self._seen(question, asked, parts)
        counted = {name: (*found, *_counted(asked[name], seen)) for name, found in parts.items()}
        questions = (question, *(_question(rows, keys, found) for found in dict.fromkeys(counted.values()) if found))
        self._audit(analyst, rows.table, questions)
        looked = self._judged(self._numbers_before(analyst, question), seen, asked, parts)
        for one in questions:
            told = (made for name, found in asked.items() if counted[name] == one.parts for made in found)
            self._ledger.note(analyst, run, one, tuple(dict.fromkeys(told)))
        return looked

    def _as_sum(self, made: AnyExpression) -> AnyExpression:
        """Return a covariance as the sum of products that it tells: only of columns, or any vector could be one of them."""
        if not isinstance(made, Aggregate) or made.other is None or made.arg is None:
            return made
        columns = [one for one in (_column_of(made.arg), _column_of(made.other)) if one is not None]
        if len(columns) < 2:
            raise DisclosureError(
                f"{self._site} tells covariances and correlations of columns only",
                hint="as in corr(age, chol); of anything else a sum or a mean may be asked",
            )
        left, right = (Cast(arg=one, to="float64") for one in columns)
        return Aggregate(function="sum", arg=Binary(op="*", left=left, right=right))

    def _seen(
        self,
        question: Question,
        asked: Mapping[str, Sequence[AnyExpression]],
        parts: Mapping[str, tuple[AnyExpression, ...]],
    ) -> list[_Group]:
        """Look at what the rows of every group contribute to every number."""
        inspected: dict[AnyExpression, str] = {}
        for name, made in asked.items():
            for one in (*_cell_counts(parts[name]), *(c for a in made for c in _contributions(a))):
                inspected.setdefault(one, f"a{len(inspected)}")
        everything = Named(name="n", expression=Aggregate(function="count"))
        table = self._counting.aggregate(
            question.table,
            question.condition,
            GroupBy(
                keys=tuple(Named(name=f"k{place}", expression=key) for place, key in enumerate(question.keys)),
                aggregates=(everything, *(Named(name=n, expression=e) for e, n in inspected.items())),
            ),
            question.cuts,
        )
        return [
            _Group(
                tuple(row[f"k{place}"] for place in range(len(question.keys))),
                row["n"],
                {expression: row[name] for expression, name in inspected.items()},
            )
            for row in table.to_pylist()
        ]

    def _judged(
        self,
        before: frozenset[AnyExpression],
        groups: Sequence[_Group],
        asked: Mapping[str, Sequence[AnyExpression]],
        parts: Mapping[str, tuple[AnyExpression, ...]],
    ) -> Looked:
        """Say of which groups a number may leave, and why not of others."""
        numbers = {*before, *(made for all_ in asked.values() for made in all_)}
        looked = Looked({name: set() for name in asked})
        for group in groups:
            for name, made in asked.items():
                reason = (
                    self._few_apart(parts[name], group.seen, group.rows)
                    or self._few_contribute(made, group)
                    or self._too_many(made, numbers, group.rows)
                )
                if reason is None:
                    looked.told[name].add(group.key)
                elif reason not in looked.reasons:
                    looked.reasons.append(reason)
        return looked

    def _few_apart(
        self, parts: tuple[AnyExpression, ...], seen: Mapping[AnyExpression, float], rows: int
    ) -> str | None:
        least = self.policy.minimum_rows
        for part in parts:
            for side in (seen[_count(true(part))], rows - seen[_count(true(part))]):
                # That a division has no result may be true of no row; that somebody's condition is, tells who it is not.
                if side < least and (side > 0 or not isinstance(part, IsNull)):
                    return f"numbers that tell fewer than {least} rows apart were left out"
        if any(0 < seen[one] < least for one in _cell_counts(parts)):
            return f"numbers that tell fewer than {least} rows apart were left out"
        return None

    def _few_contribute(self, made: Sequence[AnyExpression], group: _Group) -> str | None:
        for one in made:
            for nonzero, most, total in _by_term(one):
                if 0 < group.seen[nonzero] < self.policy.minimum_cell:
                    return "numbers to which too few rows contribute were left out"
                if group.seen[nonzero] and group.seen[most] > self.policy.dominance * group.seen[total]:
                    return "numbers that are mostly about one row were left out"
            if group.counts(one) and min(group.sides(one)) < self.policy.minimum_rows:
                return f"numbers that count fewer than {self.policy.minimum_rows} rows were left out"
        return None

    def _too_many(self, made: Sequence[AnyExpression], numbers: Iterable[AnyExpression], rows: int) -> str | None:
        mine = {name for one in made if _is_value(one) for name in columns_of(one)}
        for name in mine:
            about = sum(1 for one in numbers if _is_value(one) and name in columns_of(one))
            if about > self.policy.numbers_per_row * rows:
                return "more numbers about a column than its rows allow were left out"
        return None

    def _numbers_before(self, analyst: str, question: Question) -> frozenset[AnyExpression]:
        same = (
            entry
            for entry in self._ledger.of(analyst, question.table)
            if (entry.question.condition, entry.question.keys) == (question.condition, question.keys)
        )
        return frozenset(number for entry in same for number in entry.numbers)

    def _audit(self, analyst: str, table: str, asked: tuple[Question, ...]) -> None:
        """Refuse questions whose answers differ by too few rows from what is known."""
        if not self.policy.differences or self.policy.minimum_rows <= 1:
            return
        known = tuple(dict.fromkeys(entry.question for entry in self._ledger.of(analyst, table)))
        new = tuple(one for one in asked if one not in known)
        if not new or (not known and len(asked) == 1):
            return
        if len(known) + len(new) > self.policy.different_questions:
            raise DisclosureError(
                f"{self._site} has answered {analyst} about {len(known)} different sets of rows of {table}, "
                "and each one more tells them further apart",
                hint="ask again for what was answered, or ask the site's owner",
            )
        sizes, sets = self._sets(table, (*known, *new))
        before = [cells for one in known for cells in sets[one]]
        added = [cells for one in new for cells in sets[one]]
        if len(sizes) * (len(before) + len(added)) > _LARGE:
            raise DisclosureError(
                f"{self._site} cannot check so many groups against what was asked before", hint="ask for fewer groups"
            )
        if too_close(before, added, sizes, self.policy.minimum_rows):
            raise DisclosureError(
                f"{self._site} does not answer this beside what it has answered {analyst} before: the difference "
                f"would be about fewer than {self.policy.minimum_rows} rows",
                hint="ask for the rows you asked for before, or for rows that differ by more",
            )

    def _sets(self, table: str, questions: tuple[Question, ...]) -> tuple[list[int], dict[Question, Told]]:
        """Cut a table into the cells that questions tell apart; return their rows, and which cells each tells."""
        named: dict[AnyExpression, str] = {}
        for one in questions:
            for expression in (*_inside(one), *_keys(one)):
                named.setdefault(expression, f"k{len(named)}")
        keys = tuple(Named(name=name, expression=expression) for expression, name in named.items())
        everything = Named(name="n", expression=Aggregate(function="count"))
        cuts = tuple(dict.fromkeys(cut for one in questions for cut in one.cuts))
        found = self._counting.aggregate(table, None, GroupBy(keys=keys, aggregates=(everything,)), cuts)
        columns = {expression: found[name].to_pylist() for expression, name in named.items()}
        sizes = found["n"].to_pylist()
        return sizes, {one: self._told(one, columns, sizes) for one in questions}

    def _told(self, question: Question, columns: Mapping[AnyExpression, list[Hashable]], sizes: list[int]) -> Told:
        minimum = self.policy.minimum_rows
        inside = [True] * len(sizes)
        for expression in _inside(question):
            inside = [value == 1 for value in columns[expression]]
        made = _keys(question)
        groups = [tuple(columns[key][cell] for key in made[: len(question.keys)]) for cell in range(len(sizes))]
        if not question.parts:
            return sets_of(inside, groups, sizes, minimum)
        sides = [tuple(columns[key][cell] for key in made[len(question.keys) :]) for cell in range(len(sizes))]
        told: Told = []
        for group in sets_of(inside, groups, sizes, minimum):
            parts: dict[Group, list[int]] = {}
            for cell in group:
                parts.setdefault(sides[cell], []).append(cell)
            # Where a part is too small the number is held back, and tells nothing.
            if all(sum(sizes[cell] for cell in part) >= minimum for part in parts.values()):
                told += [tuple(part) for part in parts.values()]
        return told


def _question(rows: RowSet, keys: tuple[AnyExpression, ...] = (), parts: tuple[AnyExpression, ...] = ()) -> Question:
    return Question(table=rows.table, condition=rows.condition, keys=keys, parts=parts, cuts=rows.cuts)


def _inside(question: Question) -> tuple[AnyExpression, ...]:
    if question.condition is None:
        return ()
    return (Case(condition=question.condition, then=Literal.of(1), otherwise=Literal.of(0)),)


def _keys(question: Question) -> tuple[AnyExpression, ...]:
    """Return the keys of a question, then its parts, null outside of it."""
    parts = (Case(condition=part, then=Literal.of(1), otherwise=Literal.of(0)) for part in question.parts)
    made = (*question.keys, *parts)
    if question.condition is None:
        return made
    return tuple(Case(condition=question.condition, then=key, otherwise=Literal.of(None)) for key in made)


def _conditions_in(feature: AnyExpression) -> tuple[AnyExpression, ...]:
    return tuple(one for one in conditions(feature) if not isinstance(one, IsNull))


def _parts(made: Iterable[AnyExpression]) -> tuple[AnyExpression, ...]:
    return few_enough(one for aggregate in made for one in conditions(aggregate))


def _count(condition: AnyExpression) -> Aggregate:
    one = Case(condition=condition, then=Literal.of(1), otherwise=Literal(value=None, type="int64"))
    return Aggregate(function="count", arg=one)


def _cell_counts(parts: tuple[AnyExpression, ...]) -> tuple[Aggregate, ...]:
    if not parts:
        return ()
    return (*(_count(true(part)) for part in parts), *(_count(cell) for cell in cells(parts)))


def _by_term(aggregate: Expression) -> list[tuple[Aggregate, Aggregate, Aggregate]]:
    """Return for every term that is added up: how many are not 0, the largest, and the sum, signs aside."""
    if not _is_value(aggregate):
        return []
    found = []
    for term in terms(aggregate.arg):  # type: ignore[attr-defined]
        size = Call(function="abs", args=(Cast(arg=term, to="float64"),))
        nonzero = Binary(op=">", left=size, right=Literal.of(0.0))
        largest, total = (Aggregate(function=function, arg=size) for function in ("max", "sum"))
        found.append((_count(nonzero), largest, total))
    return found


def _contributions(aggregate: AnyExpression) -> Iterable[Aggregate]:
    return (one for three in _by_term(aggregate) for one in three)


def _counted(made: Iterable[AnyExpression], groups: Sequence[_Group]) -> tuple[AnyExpression, ...]:
    """Return the conditions that sums count by, without saying so: a mean of a column of 0 and 1 is a count of rows."""
    counts = (one for one in made if any(group.counts(one) for group in groups))
    return tuple(dict.fromkeys(Binary(op="!=", left=one.arg, right=Literal.of(0.0)) for one in counts))  # type: ignore[union-attr, arg-type]


def _column_of(made: Expression) -> ColumnRef | None:
    """Return the column that is moved and scaled by constants, or null where another is, if there is nothing else."""
    while not isinstance(made, ColumnRef):
        if isinstance(made, Cast):
            made = made.arg
        elif isinstance(made, Binary) and made.op in ("+", "-", "*", "/") and isinstance(made.right, Literal):
            made = made.left
        elif isinstance(made, Case) and isinstance(made.condition, IsNull) and made.then == _NULL:
            made = made.otherwise
        else:
            return None
    return made


def _is_value(aggregate: Expression) -> bool:
    return isinstance(aggregate, Aggregate) and aggregate.function in _ADDED and aggregate.arg is not None
