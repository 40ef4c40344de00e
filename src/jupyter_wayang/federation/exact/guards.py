"""What a site looks at before it adds anything up: sums are about enough rows, and no value stands for a few of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.federation.exact.statement import ROWS, column
from jupyter_wayang.plan.expressions import Aggregate, Named
from jupyter_wayang.plan.operators import GroupBy
from jupyter_wayang.plan.sums import ByClass, Errors, Means, Products, Slopes, SumsTask
from jupyter_wayang.plan.tasks import TARGET
from jupyter_wayang.platforms.numpy.learning import missing_values, no_rows, other_values

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["check", "examined", "hidden"]

_LOOKED_AT = ("count", "min", "max", "mean", "var")


def _columns(task: SumsTask) -> tuple[str, ...]:
    reads = isinstance(task, Slopes | ByClass | Errors) or (isinstance(task, Means | Products) and task.target)
    return (*task.features, TARGET) if reads else task.features


def examined(task: SumsTask) -> GroupBy:
    """Return what a site finds out about its prepared rows; the answer never leaves it."""
    looked = (
        Named(name=f"{function}{index}", expression=Aggregate(function=function, arg=column(name)))
        for index, name in enumerate(_columns(task))
        for function in _LOOKED_AT
    )
    return GroupBy(aggregates=(*looked, Named(name=ROWS, expression=Aggregate(function="count"))))


def check(task: SumsTask, found: pa.Table, site: str, *, minimum_rows: int, minimum_cell: int) -> None:
    """Refuse sums that would be about too few rows, or that would be wrong.

    A feature with two values, as an indicator, adds up the rows of one of them: each value must be that of
    ``minimum_cell`` rows, or of none. So must the classes be, where the target has two.

    Parameters
    ----------
    task
        What is asked for.
    found
        What :func:`examined` found.
    site
        The title of the site, for messages.
    minimum_rows, minimum_cell
        As the policy says.

    Raises
    ------
    DisclosureError
        If there are fewer rows than the minimum, or than the model has parameters, or a value has too few.
    OperatorError
        If a value is missing, or the target has one that the model cannot have.
    """
    (row,) = found.to_pylist()
    rows, verb = row[ROWS], "evaluate" if isinstance(task, Errors) else "fit"
    if rows == 0:
        raise no_rows(verb)
    if minimum_rows and rows < max(minimum_rows, task.parameters):
        raise DisclosureError(
            f"{site} has fewer rows to fit on than its minimum, or than the model has parameters",
            hint="leave features out, or this site",
        )
    for index, name in enumerate(_columns(task)):
        count, low, high, mean, variance = (row[f"{function}{index}"] for function in _LOOKED_AT)
        if count < rows:
            raise missing_values(verb, name)
        spread = (variance or 0.0) * (rows - 1) / rows
        share = _share(low, high, mean, spread)
        if name == TARGET:
            _check_target(task, low, high, two_valued=share is not None)
        if share is not None and min(share, 1.0 - share) * rows < minimum_cell - 0.5:
            called = "the target" if name == TARGET else name
            raise DisclosureError(
                f"{site} has one of the two values of {called} in fewer rows than its minimum cell",
                hint="leave it out, or put rare levels together before one_hot()",
            )


def _share(low: float, high: float, mean: float, spread: float) -> float | None:
    """Return the share of rows with the higher of two values; None if there are more values, or one.

    The variance of values in [low, high] is at most (high - mean)(mean - low), and that exactly where all lie at the
    ends (Bhatia & Davis, 2000).
    """
    width = high - low
    if width <= 0 or abs((high - mean) * (mean - low) - spread) > 1e-9 * width**2:
        return None
    return (mean - low) / width


def _check_target(task: SumsTask, low: float, high: float, *, two_valued: bool) -> None:
    if isinstance(task, ByClass) or (isinstance(task, Slopes) and task.family == "binomial"):
        if {low, high} - {0.0, 1.0} or (low < high and not two_valued):
            raise other_values("fit")
    elif isinstance(task, Slopes) and task.family == "poisson" and low < 0:
        raise OperatorError('fit(): a target of glm("poisson") is 0 or more', hint="filter() the other rows out first")
    elif isinstance(task, Slopes) and task.family == "gamma" and low <= 0:
        raise OperatorError('fit(): a target of glm("gamma") is above 0', hint="filter() the other rows out first")


def hidden(counts: list[int], minimum_rows: int) -> tuple[int, ...]:
    """Return the groups that are kept back: those of too few rows, and with them the next larger ones.

    A group that is kept back alone would be the difference of all rows and the groups that are shown.

    Examples
    --------
    >>> hidden([40, 3, 12, 0], minimum_rows=10)
    (1, 2)
    >>> hidden([40, 9], minimum_rows=10), hidden([40, 0, 12], minimum_rows=10)
    ((0, 1), ())
    """
    order = sorted((index for index, n in enumerate(counts) if n), key=lambda index: counts[index])
    kept_back: list[int] = []
    for index in order:
        if counts[index] < minimum_rows or (kept_back and sum(counts[i] for i in kept_back) < minimum_rows):
            kept_back.append(index)
    return tuple(sorted(kept_back))
