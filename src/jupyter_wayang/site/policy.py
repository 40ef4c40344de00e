"""A site's policy: what may be asked and what may leave. Deny is the default: no policy file, no answer."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from jupyter_wayang.errors import DataError, DisclosureError, OperatorError
from jupyter_wayang.plan.expressions import columns_of, has_window
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
from jupyter_wayang.plan.schema import Schema

__all__ = ["OPEN", "OPERATORS", "ROW_BY_ROW", "Columns", "Policy", "PrivacyBudget", "read_policy"]

OPERATORS = ("aggregate", "learn", "fit", "evaluate", "rows")
"""What a policy can allow; ``rows`` is for a person's own machine."""

_STEPS = (Impute, Scale, OneHot, Bin)
ROW_BY_ROW = (
    *(Filter, Select, WithColumns, Drop, Rename, Sort, Split, Sample),
    *(*_STEPS, Prepare, Predict, LocalUpdate, Score),
)
"""Operators that make at most one row of a row: only so does a count of rows count people."""


class PrivacyBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What noisy answers may tell each person together, as differential privacy counts it: ``epsilon``, ``delta``."""

    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < float("inf") or not 0 < self.delta < 1:
            raise OperatorError("a privacy budget has an epsilon above 0 and a delta between 0 and 1")


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which columns of a table exist for who asks: those of ``allow`` (None: all), without those of ``deny``."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()

    def admits(self, name: str) -> bool:
        """Tell whether a column may be used."""
        return name not in self.deny and (self.allow is None or name in self.allow)


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site allows.

    Parameters
    ----------
    analysts
        Who may ask, as the site's own connections name people; ``*`` stands for everyone who is connected.
    tables
        The tables that may be used.
    columns
        By table, which of its columns; of a table that is not named, all.
    operators
        What may be asked for (:data:`OPERATORS`).
    minimum_rows
        No number about fewer rows leaves.
    minimum_cell
        A cell of a score histogram has at least so many rows, and so many contribute to a sum with more than 0.
    minimum_level
        A level of a category that a model is trained on (``cp == 4``) has at least so many rows, or none. With 1 a
        person who is alone in a category is told about: the update of that level's weight is about nobody else.
    dominance
        The largest share of a sum that one row may make up (the (1, k) rule).
    numbers_per_row
        How many sums about one column may be told of a set of rows, per row of the set.
    parameters_per_row
        How many parameters a model may have, per row that it is trained on.
    metric_rows
        Right answers of a score are told in steps of so many rows.
    metric_digits
        Digits after the point of a sum of log losses; None: all.
    differences
        Whether answers are checked against all that the same person was told before.
    different_questions
        About how many different sets of rows of a table a person may ask, ever.
    queries_per_hour
        In how many runs an hour a person is answered; None: in any number.
    privacy_budget
        What noisy answers may tell each person of a table; None: they are not counted.
    """

    analysts: tuple[str, ...] = ("*",)
    tables: tuple[str, ...] = ()
    columns: dict[str, Columns] = {}
    operators: tuple[str, ...] = ()
    minimum_rows: int = 10
    minimum_cell: int = 3
    minimum_level: int = 3
    dominance: float = 0.8
    numbers_per_row: float = 0.33
    parameters_per_row: float = 0.33
    metric_rows: int = 1
    metric_digits: int | None = None
    differences: bool = True
    different_questions: int = 100
    queries_per_hour: int | None = None
    privacy_budget: PrivacyBudget | None = None

    def __post_init__(self) -> None:
        unknown = set(self.operators) - set(OPERATORS)
        if unknown:
            raise OperatorError(f"a policy cannot allow {', '.join(sorted(unknown))}", expected=OPERATORS)
        if min(self.minimum_rows, self.minimum_cell, self.minimum_level) < 0:
            raise OperatorError("the minima of a policy are 0 or more")
        if not (0 < self.dominance <= 1 and self.numbers_per_row > 0 and self.parameters_per_row > 0):
            raise OperatorError("dominance is a share from 0 to 1, and what is told per row is above 0")
        if self.metric_rows < 1 or self.different_questions < 1 or (self.queries_per_hour or 1) < 1:
            raise OperatorError("metric_rows, different_questions and queries_per_hour are 1 or more")
        unheard = set(self.columns) - set(self.tables)
        if unheard:
            raise OperatorError(f"the policy names columns of {', '.join(sorted(unheard))}, which it does not allow")

    def check_analyst(self, analyst: str, site: str) -> None:
        """Refuse a person whom the policy does not name.

        Raises
        ------
        DisclosureError
            If it does not.
        """
        if "*" not in self.analysts and analyst not in self.analysts:
            raise DisclosureError(f"{site} does not answer {analyst or 'people without a name'}", hint="ask its owner")

    def check_columns(self, table: str, names: Iterable[str], site: str) -> None:
        """Refuse columns that the policy does not allow; they do not exist for who asks.

        Raises
        ------
        DisclosureError
            If one is not allowed.
        """
        allowed = self.columns.get(table, Columns())
        for name in names:
            if not allowed.admits(name):
                raise DisclosureError(f"{site} does not allow the column {name} of {table}", found=name)

    def visible(self, table: str, schema: Schema) -> Schema:
        """Return the columns of a table that exist for who asks."""
        allowed = self.columns.get(table, Columns())
        return Schema(columns=tuple(column for column in schema if allowed.admits(column.name)))

    def check_parameters(self, parameters: int, rows: int, site: str) -> None:
        """Refuse a model with too many parameters for its rows: it would be the rows, written another way.

        Raises
        ------
        DisclosureError
            If it has.

        Examples
        --------
        >>> Policy().check_parameters(10, rows=40, site="VA")
        >>> Policy().check_parameters(20, rows=40, site="VA")
        Traceback (most recent call last):
        jupyter_wayang.errors.DisclosureError: VA does not train a model with more parameters than 0.33 per row
        """
        if parameters > self.parameters_per_row * rows:
            raise DisclosureError(
                f"{site} does not train a model with more parameters than {self.parameters_per_row:g} per row",
                hint="fewer features, or fewer levels of them",
            )

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
                self.check_columns(operator.table, operator.schema.names, site)
            elif isinstance(operator, Select | WithColumns) and any(has_window(c.expression) for c in operator.columns):
                raise DisclosureError(
                    f"{site} runs no window functions on its rows: one row could count for many",
                    hint="a group_by(…).agg(…) is allowed",
                )
            elif isinstance(operator, Limit | TopK):
                raise DisclosureError(
                    f"{site} does not run {operator.verb}() on its rows: one row more or less would tell of that row",
                    hint="sample(fraction=…) draws rows by chance",
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


OPEN = Policy(operators=OPERATORS, minimum_rows=0, minimum_cell=0, minimum_level=0, parameters_per_row=float("inf"))
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
