"""K-means by Lloyd's algorithm over the sums of all sites: a round a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.exact.method import Ask, Fitting, Solution
from jupyter_wayang.federation.exact.statement import Statement, binary, column, number, picked, square, total
from jupyter_wayang.plan.expressions import Literal, Named
from jupyter_wayang.plan.models import NamedArray, named_array, nearest
from jupyter_wayang.plan.operators import Select
from jupyter_wayang.plan.sums import ByCentre, Means, Products

if TYPE_CHECKING:
    import numpy as np

    from jupyter_wayang.federation.exact.statement import Columns

__all__ = ["by_centre", "fit", "summed_by_centre"]


def by_centre(task: ByCentre) -> Statement:
    """Return how the rows nearest to each centre are added up; of equally near centres the first counts."""
    kept = tuple(Named(name=f"u{index}", expression=column(name)) for index, name in enumerate(task.features))
    distances = tuple(
        Named(
            name=f"d{number_}",
            expression=total(
                [square(binary("-", column(f), number(c))) for f, c in zip(task.features, centre, strict=True)]
            ),
        )
        for number_, centre in enumerate(task.centres)
    )
    names = [named.name for named in distances]
    chosen = (
        *(Named(name=named.name, expression=column(named.name)) for named in kept),
        Named(name="nearest", expression=nearest(names, [Literal.of(index) for index in range(len(names))])),
        Named(name="distance", expression=nearest(names, [column(name) for name in names])),
    )
    return Statement(
        derived=(Select(columns=(*kept, *distances)), Select(columns=chosen)),
        sums=(
            *(Named(name=f"s{index}", expression=column(named.name)) for index, named in enumerate(kept)),
            Named(name="squares", expression=column("distance")),
        ),
        key=column("nearest"),
        groups=len(task.centres),
    )


def summed_by_centre(task: ByCentre, columns: Columns) -> dict[str, np.ndarray]:
    """Return the sums as arrays of a row for each centre."""
    return {"sums": picked(columns, len(task.features), "s"), "squares": columns["squares"]}


def fit(
    features: tuple[str, ...], k: int, *, start: tuple[tuple[float, ...], ...] | None = None, seed: int = 0
) -> Fitting:
    r"""Move every centre to the mean of the rows that are nearest to it, until none moves.

    Parameters
    ----------
    features
        The features, in order.
    k
        The number of centres.
    start
        Where they begin. Without, they are drawn from the normal distribution with the means and covariances of all
        rows, which two rounds find out: no row of any site is a centre.
    seed
        Another seed draws others.

    References
    ----------
    Lloyd, S. P. (1982). Least squares quantization in PCM. IEEE Transactions on Information Theory, 28(2), 129-137.

    Examples
    --------
    >>> next(fit(("x",), 2, start=((0.0,), (10.0,)))).task
    ByCentre(features=('x',), centres=((0.0,), (10.0,)))
    """
    import numpy as np

    if start is None:
        summed = yield Ask(task=Means(features=features, target=False))
        mean = summed.arrays["sums"] / summed.rows
        spread = yield Ask(task=Products(features=features, centres=tuple(mean.tolist()), target=False))
        covariance = spread.arrays["products"] / max(spread.rows - 1, 1)
        centres = np.random.default_rng(seed).multivariate_normal(mean, covariance, size=k, method="eigh")
    else:
        centres = np.array(start, dtype=float)
        if centres.shape != (k, len(features)):
            raise OperatorError(
                f"start= has the shape {centres.shape}, and {k} centres of {len(features)} features are needed",
                hint="one number for every feature, after scale() and one_hot()",
            )
    while True:
        task = ByCentre(features=features, centres=tuple(tuple(row) for row in centres.tolist()))
        found = yield Ask(task=task, parameters=_centres(centres))
        counts = found.arrays["counts"]
        if not counts.any():
            raise OperatorError(f"kmeans({k}): no site has a cluster that it may tell", hint="take fewer clusters")
        # A centre that is nearest to no row stays where it is.
        moved = np.where(counts[:, None] > 0, found.arrays["sums"] / np.maximum(counts, 1)[:, None], centres)
        if np.abs(moved - centres).max() <= 1e-13 * np.abs(moved).max():
            return Solution(parameters=_centres(moved))
        centres = moved


def _centres(centres: np.ndarray) -> tuple[NamedArray, ...]:
    return (named_array("centres", centres),)
