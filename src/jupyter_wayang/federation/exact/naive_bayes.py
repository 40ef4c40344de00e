"""Gaussian naive Bayes from sums by class: two rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.exact.method import Ask, Fitting, Solution
from jupyter_wayang.federation.exact.statement import Statement, binary, column, number, picked, square
from jupyter_wayang.plan.expressions import Case, Cast, Named
from jupyter_wayang.plan.models import named_array
from jupyter_wayang.plan.operators import Select
from jupyter_wayang.plan.sums import ByClass
from jupyter_wayang.plan.tasks import TARGET

if TYPE_CHECKING:
    import numpy as np

    from jupyter_wayang.federation.exact.statement import Columns

__all__ = ["by_class", "fit", "summed_by_class"]

_SMOOTHING = 1e-9


def by_class(task: ByClass) -> Statement:
    """Return how sums and squares about the centres of each class are computed."""
    yes = binary("==", column(TARGET), number(1))
    moved = tuple(
        Named(
            name=f"u{index}",
            expression=binary("-", column(name), Case(condition=yes, then=number(high), otherwise=number(low))),
        )
        for index, (name, low, high) in enumerate(zip(task.features, *task.centres, strict=True))
    )
    y = Named(name="y", expression=column(TARGET))
    return Statement(
        derived=(Select(columns=(*moved, y)),),
        sums=(
            *(Named(name=f"s{index}", expression=column(named.name)) for index, named in enumerate(moved)),
            *(Named(name=f"q{index}", expression=square(column(named.name))) for index, named in enumerate(moved)),
        ),
        key=Cast(arg=column("y"), to="int64"),
        groups=2,
    )


def summed_by_class(task: ByClass, columns: Columns) -> dict[str, np.ndarray]:
    """Return the sums as arrays of a row for each class."""
    size = len(task.features)
    return {"sums": picked(columns, size, "s"), "squares": picked(columns, size, "q")}


def fit(features: tuple[str, ...]) -> Fitting:
    r"""Fit a mean and a variance to every feature in both classes.

    The first round gives the counts and means of the classes, the second the squares about these means. To every
    variance :math:`10^{-9}` times the largest variance of a feature over all rows is added, as scikit-learn does.

    Examples
    --------
    >>> next(fit(("x",))).task.centres
    ((0.0,), (0.0,))
    """
    zero = (0.0,) * len(features)
    first = yield Ask(task=ByClass(features=features, centres=(zero, zero)))
    counts = first.arrays["counts"]
    if (counts == 0).any():
        raise OperatorError("naive_bayes() needs rows of both classes, and these are all of one")
    means = first.arrays["sums"] / counts[:, None]
    low, high = (tuple(row.tolist()) for row in means)
    second = yield Ask(task=ByClass(features=features, centres=(low, high)))
    counts = second.arrays["counts"]
    off = second.arrays["sums"] / counts[:, None]
    within = second.arrays["squares"] / counts[:, None] - off**2
    shares = counts / counts.sum()
    middle = shares @ means
    overall = shares @ (within + (means - middle) ** 2)
    return Solution(
        parameters=(
            named_array("means", means + off),
            named_array("shares", shares),
            named_array("variances", within + _SMOOTHING * overall.max()),
        )
    )
