"""Linear and ridge regression from means and products of all sites: two rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.exact.linear import inverse, solved
from jupyter_wayang.federation.exact.method import Ask, Fitting, Solution
from jupyter_wayang.plan.models import NamedArray, named_array
from jupyter_wayang.plan.sums import Means, Products

if TYPE_CHECKING:
    import numpy as np

__all__ = ["few_rows", "fit", "line", "uncentred"]


def fit(features: tuple[str, ...], l2: float = 0.0) -> Fitting:
    r"""Minimize half of the mean squared error plus ``l2 / 2`` times the squared norm of the weights.

    With the features :math:`u` and the target :math:`v` less their means over all sites, sites add up
    :math:`G = \sum u u^\top` and :math:`g = \sum u v`; over all :math:`n` rows

    .. math:: w = (G + n \lambda I)^{-1} g .

    Without ``l2`` the weights have standard errors, from
    :math:`\operatorname{cov} w = \hat\sigma^2 G^{-1}` with :math:`\hat\sigma^2 = (\sum v^2 - w^\top g) / (n - d - 1)`.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.federation.exact.method import Total
    >>> from jupyter_wayang.plan.models import array
    >>> fitting = fit(("x",))
    >>> next(fitting).task
    Means(features=('x',), target=True)
    >>> fitting.send(Total(arrays={"sums": np.array([3.0, 9.0])}, rows=3)).task.centres
    (1.0, 3.0)
    >>> try:  # the rows (0, 1), (1, 3), (2, 5)
    ...     fitting.send(Total(arrays={"products": np.array([[2.0, 4.0], [4.0, 8.0]])}, rows=3))
    ... except StopIteration as end:
    ...     [array(named).tolist() for named in end.value.parameters]
    [[2.0], [1.0]]
    """
    import numpy as np

    summed = yield Ask(task=Means(features=features))
    few_rows(summed.rows, len(features) + 1)
    means = summed.arrays["sums"] / summed.rows
    total = yield Ask(task=Products(features=features, centres=tuple(means.tolist())))
    products, rows = total.arrays["products"], total.rows
    gram, wanted = products[:-1, :-1], products[:-1, -1]
    weights = solved(gram + rows * l2 * np.eye(len(features)), wanted)
    statistics: tuple[NamedArray, ...] = ()
    degrees, of_weights = rows - len(features) - 1, inverse(gram)
    if l2 == 0 and degrees > 0 and of_weights is not None:
        spread = max(products[-1, -1] - weights @ wanted, 0.0) / degrees
        covariance = np.zeros((len(means), len(means)))
        covariance[:-1, :-1] = of_weights
        covariance[-1, -1] = 1 / rows
        statistics = (
            named_array("covariance", uncentred(spread * covariance, means[:-1])),
            named_array("dispersion", np.array([spread])),
            named_array("degrees", np.array([float(degrees)])),
        )
    return Solution(parameters=line(np.append(weights, means[-1]), means[:-1]), statistics=statistics)


def few_rows(rows: int, parameters: int) -> None:
    """Refuse a fit of more parameters than there are rows.

    Raises
    ------
    OperatorError
        If there are.
    """
    if rows < parameters:
        raise OperatorError(f"the model has {parameters} parameters, and all sites together fewer rows")


def line(point: np.ndarray, centres: np.ndarray) -> tuple[NamedArray, ...]:
    """Return weights and intercept, of those of features less their centres (the intercept last)."""
    import numpy as np

    weights, intercept = point[:-1], point[-1] - centres @ point[:-1]
    return (named_array("weights", weights), named_array("intercept", np.array([intercept])))


def uncentred(covariance: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the covariance of weights and intercept, of that for features less their centres."""
    import numpy as np

    moved = np.eye(len(covariance))
    moved[-1, :-1] = -centres
    made: np.ndarray = moved @ covariance @ moved.T
    return made
