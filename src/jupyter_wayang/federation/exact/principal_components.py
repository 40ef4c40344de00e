"""Principal components from the products of all sites: two rounds."""

from __future__ import annotations

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.exact.method import Ask, Fitting, Solution
from jupyter_wayang.plan.models import named_array
from jupyter_wayang.plan.sums import Means, Products

__all__ = ["fit"]


def fit(features: tuple[str, ...], n: int) -> Fitting:
    r"""Find the directions in which all rows together vary most.

    They are the eigenvectors of :math:`\sum u u^\top / (m - 1)`, the covariance of the features :math:`u` less their
    means over all :math:`m` rows. Of each, the largest part in absolute value is positive.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.federation.exact.method import Total
    >>> from jupyter_wayang.plan.models import array
    >>> fitting = fit(("a", "b"), 1)
    >>> _ = next(fitting), fitting.send(Total(arrays={"sums": np.zeros(2)}, rows=3))
    >>> try:
    ...     fitting.send(Total(arrays={"products": np.array([[2.0, 0.0], [0.0, 8.0]])}, rows=3))
    ... except StopIteration as end:
    ...     {named.name: array(named).tolist() for named in end.value.parameters}
    {'components': [[0.0, 1.0]], 'mean': [0.0, 0.0], 'variances': [4.0]}
    """
    import numpy as np

    summed = yield Ask(task=Means(features=features, target=False))
    if n > min(len(features), summed.rows):
        raise OperatorError(f"pca({n}) needs as many features and rows, and there are {len(features)} features")
    mean = summed.arrays["sums"] / summed.rows
    total = yield Ask(task=Products(features=features, centres=tuple(mean.tolist()), target=False))
    values, vectors = np.linalg.eigh(total.arrays["products"] / max(total.rows - 1, 1))
    components = vectors[:, ::-1].T[:n]
    largest = components[np.arange(n), np.abs(components).argmax(axis=1)]
    return Solution(
        parameters=(
            named_array("components", components * np.where(largest < 0, -1.0, 1.0)[:, None]),
            named_array("mean", mean),
            named_array("variances", np.maximum(values[::-1][:n], 0.0)),
        )
    )
