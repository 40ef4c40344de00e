"""A site's policy: what may be asked and what may leave. Deny is the default: no policy file, no answer."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import DataError, DisclosureError, OperatorError
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Case,
    Expression,
    IsNull,
    Literal,
    Named,
    columns_of,
    has_window,
    text,
    walk,
)
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Bin,
    Drop,
    Filter,
    GroupBy,
    Impute,
    Limit,
    LocalUpdate,
    OneHot,
    Predict,
    Prepare,
    ReadFederated,
    ReadFile,
    ReadFrame,
    ReadTable,
    Rename,
    Sample,
    Scale,
    Score,
    Select,
    Sort,
    Split,
    TopK,
    WithColumns,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["OPEN", "OPERATORS", "ROW_BY_ROW", "Policy", "read_policy", "withhold"]

OPERATORS = ("aggregate", "learn", "fit", "evaluate", "rows")
"""What a policy can allow; ``rows`` is for a person's own machine."""

_STEPS = (Impute, Scale, OneHot, Bin)
ROW_BY_ROW = (
    *(Filter, Select, WithColumns, Drop, Rename, Sort, Limit, TopK, Split, Sample),
    *(*_STEPS, Prepare, Predict, LocalUpdate, Score),
)
"""Operators that make at most one row of a row: only so does a count of rows count people."""

_SAFE_AGGREGATES = frozenset({"count", "sum", "mean", "var", "std", "cov"})
_ROWS = "__site_rows"


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site allows.

    ``tables`` that may be used; ``operators`` that may be asked for (:data:`OPERATORS`); no number about fewer than
    ``minimum_rows`` rows leaves; a cell of a score histogram has at least ``minimum_cell`` rows.
    """

    tables: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    minimum_rows: int = 10
    minimum_cell: int = 3

    def __post_init__(self) -> None:
        unknown = set(self.operators) - set(OPERATORS)
        if unknown:
            raise OperatorError(f"a policy cannot allow {', '.join(sorted(unknown))}", expected=OPERATORS)
        if self.minimum_rows < 0 or self.minimum_cell < 0:
            raise OperatorError("the minima of a policy are 0 or more")

    @property
    def allows_rows(self) -> bool:
        """Whether rows may leave: only on a person's own machine."""
        return "rows" in self.operators

    def allow(self, word: str, site: str) -> None:
        """Refuse a request whose word is not allowed.

        Raises
        ------
        DisclosureError
            If it is not.
        """
        if word not in self.operators:
            allowed = ", ".join(self.operators) or "nothing"
            raise DisclosureError(
                f"{site} does not allow {word}",
                found=word,
                expected=self.operators,
                hint=f"its policy allows: {allowed}",
            )

    def check_plan(self, plan: LogicalPlan, site: str) -> None:
        """Refuse a plan that reads anything but the tables allowed, or that makes many rows of one.

        Raises
        ------
        DisclosureError
            If a table is not allowed, if the plan names files or databases of the site itself, or if an operator could
            make a row count more than once: the minima would then protect nobody.
        """
        for node in plan.nodes:
            operator = node.operator
            if isinstance(operator, ReadFile | ReadTable | ReadFrame):
                raise DisclosureError(f"{site} gives access to tables by name, not to {operator.describe()}")
            if isinstance(operator, ReadFederated):
                self.check_table(operator.table, site)
            elif isinstance(operator, Select | WithColumns) and any(has_window(c.expression) for c in operator.columns):
                raise DisclosureError(
                    f"{site} runs no window functions on its rows: one row could count for many",
                    hint="a group_by(…).agg(…) is allowed",
                )
            elif not isinstance(operator, ROW_BY_ROW):
                raise DisclosureError(
                    f"{site} does not run {operator.verb}() on its rows: one row could count for many",
                    hint="filter, select, with_columns and the like, and then agg(…), group_by(…).agg(…) or fit(…)",
                )

    def check_table(self, table: str, site: str) -> None:
        """Refuse a table that is not allowed.

        Raises
        ------
        DisclosureError
            If it is not.
        """
        if table not in self.tables:
            raise DisclosureError(
                f"{site} does not allow the table {table}", hint=f"allowed: {', '.join(self.tables) or 'none'}"
            )

    def check_aggregate(self, operator: GroupBy, purpose: str, readers: tuple[AnyOperator, ...], site: str) -> None:
        """Refuse an aggregation that is not for what it says.

        Parameters
        ----------
        operator
            What is asked for.
        purpose
            ``aggregate``, or ``learn``: then only columns of a step that reads these rows.
        readers
            The operators of the plan that read these rows.
        site
            The name of the site, for the message.

        Raises
        ------
        DisclosureError
            If the purpose is not allowed, or if learning asks for more than a step needs.
        """
        if purpose not in ("aggregate", "learn"):
            raise DisclosureError(f"{site} knows no aggregation for {purpose}", expected=("aggregate", "learn"))
        self.allow(purpose, site)
        if purpose == "learn":
            asked = {
                name for column in (*operator.keys, *operator.aggregates) for name in columns_of(column.expression)
            }
            steps = [set(reader.columns) for reader in readers if isinstance(reader, _STEPS)]
            if not any(asked <= columns for columns in steps):
                raise DisclosureError(
                    f"{site} tells a step no more than it needs to learn", found=", ".join(sorted(asked))
                )

    def guarded(self, operator: GroupBy) -> tuple[GroupBy, tuple[tuple[str, ...], ...]]:
        """Return an aggregation that also counts what each of its numbers is about.

        Returns
        -------
        tuple
            The operator with a hidden count of rows and a hidden count per aggregated expression, and for every
            aggregate column the names of the hidden counts that guard it.

        Raises
        ------
        DisclosureError
            If an aggregate shows values of single rows (min, max, n_unique).
        """
        hidden: dict[AnyExpression, str] = {}
        guards = tuple(tuple(_guards(column.expression, hidden)) for column in operator.aggregates)
        counts = (
            Named(name=_ROWS, expression=Aggregate(function="count")),
            *(Named(name=name, expression=Aggregate(function="count", arg=arg)) for arg, name in hidden.items()),
        )
        return msgspec.structs.replace(operator, aggregates=operator.aggregates + counts), guards


def _guards(expression: Expression, hidden: dict[AnyExpression, str]) -> Iterable[str]:
    for part in walk(expression):
        if isinstance(part, Aggregate):
            if part.function not in _SAFE_AGGREGATES:
                raise DisclosureError(
                    f"{text(part)} would show the value of a single row",
                    hint="allowed: " + ", ".join(sorted(_SAFE_AGGREGATES)),
                )
            if part.arg is not None:
                yield hidden.setdefault(_counted(part, part.arg), f"__site_rows_{len(hidden)}")


def _counted(aggregate: Aggregate, arg: AnyExpression) -> AnyExpression:
    """Return what is null wherever a row is no part of an aggregate: a covariance is of rows where both are known."""
    if aggregate.other is None:
        return arg
    nothing = Literal(value=None, type="int64")
    known = Case(condition=IsNull(arg=arg), then=nothing, otherwise=Literal.of(1))
    return Case(condition=IsNull(arg=aggregate.other), then=nothing, otherwise=known)


def withhold(
    table: pa.Table, guards: tuple[tuple[str, ...], ...], names: tuple[str, ...], policy: Policy
) -> tuple[pa.Table, str | None]:
    """Take out of a guarded aggregation what is about too few rows.

    Groups under the minimum are left out; a number over fewer values than the minimum, but more than none, is null.

    Parameters
    ----------
    table
        The guarded aggregation: keys, aggregates, hidden counts.
    guards
        Per aggregate column, the hidden counts that guard it.
    names
        The aggregate columns.
    policy
        The policy.

    Returns
    -------
    tuple
        The table without hidden columns, and a note if anything was withheld.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    # With no row at all there is nothing to protect: an empty group is not a small one.
    rows = table[_ROWS]
    kept = table.filter(pc.or_(pc.greater_equal(rows, policy.minimum_rows), pc.equal(rows, 0)))
    note = "groups under the site's minimum were left out" if kept.num_rows < table.num_rows else None
    for name, hidden in zip(names, guards, strict=True):
        for guard in hidden:
            counts = kept[guard]
            small = pc.and_(pc.greater(counts, 0), pc.less(counts, policy.minimum_rows))
            if pc.any(small).as_py():
                note = note or "numbers about fewer values than the site's minimum were left out"
                index = kept.schema.get_field_index(name)
                column = pc.if_else(small, pa.scalar(None, kept.schema.field(index).type), kept[name])
                kept = kept.set_column(index, kept.schema.field(index), column)
    hidden_names = [name for name in kept.column_names if name.startswith(_ROWS)]
    return kept.drop_columns(hidden_names), note


OPEN = Policy(tables=(), operators=OPERATORS, minimum_rows=0, minimum_cell=0)
"""The policy of a person's own machine for the person's own rows."""


def read_policy(path: Path) -> Policy:
    r"""Read a policy file (TOML).

    Raises
    ------
    DataError
        If the file is missing or is not a policy; a site then answers nothing.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "policy.toml"
    >>> _ = path.write_text('tables = ["patients"]\noperators = ["fit"]\n')
    >>> read_policy(path).minimum_rows
    10
    """
    try:
        policy = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Policy)
    except FileNotFoundError as error:
        raise DataError(
            f"there is no policy file {path.name}", hint="a site without a policy answers nothing"
        ) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, OSError) as error:
        raise DataError(f"the policy {path.name} cannot be read: {error}") from error
    if policy.allows_rows:
        raise DataError(
            f"the policy {path.name} lets rows leave, which no site does", hint='take "rows" out of operators'
        )
    return policy
