"""The site's half of an exact fit: what it computes for a task, and what of it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.federation.exact import clusters, errors, glm, moments, naive_bayes
from jupyter_wayang.federation.exact.guards import hidden
from jupyter_wayang.federation.exact.statement import GROUP, ROWS, Statement
from jupyter_wayang.plan.models import named_array
from jupyter_wayang.plan.sums import ByCentre, ByClass, Errors, Means, Products, Slopes, Sums, SumsTask

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["answered", "statement", "withheld"]

_Made = Callable[[Any], Statement]
_Summed = Callable[[Any, Mapping[str, "np.ndarray"]], "dict[str, np.ndarray]"]

_HALVES: Mapping[type, tuple[_Made, _Summed]] = {
    Means: (moments.means, moments.summed_means),
    Products: (moments.products, moments.summed_products),
    Slopes: (glm.slopes, glm.summed_slopes),
    ByClass: (naive_bayes.by_class, naive_bayes.summed_by_class),
    ByCentre: (clusters.by_centre, clusters.summed_by_centre),
    Errors: (errors.errors, errors.summed_errors),
}


def statement(task: SumsTask) -> Statement:
    """Return what a site computes for a task.

    Examples
    --------
    >>> next(statement(Means(features=("x",), target=False)).aggregates()).describe()
    's0=sum(x), rows=count()'
    """
    return _HALVES[type(task)][0](task)


def answered(task: SumsTask, tables: Sequence[pa.Table], site: str, *, minimum_rows: int) -> tuple[Sums, str | None]:
    """Return what leaves the site of its answer, and what was kept back, in words.

    Parameters
    ----------
    task
        What was asked for.
    tables
        What the aggregations of its statement came to.
    site
        The title of the site, for messages.
    minimum_rows
        No group of fewer rows is told, and at a point of a model no fewer rows make up its curvature.

    Raises
    ------
    DisclosureError
        If the curvature is that of too few rows.
    OperatorError
        If a sum is beyond all numbers.
    """
    import numpy as np

    groups = statement(task).groups
    columns: dict[str, np.ndarray] = {}
    for table in tables:
        places = table[GROUP].to_numpy() if groups > 1 else np.zeros(table.num_rows, dtype=int)
        for name in table.column_names:
            columns[name] = np.zeros(groups)
            columns[name][places.astype(int)] = table[name].to_numpy()
    note = None
    kept_back = hidden(columns[ROWS].astype(int).tolist(), minimum_rows) if groups > 1 else ()
    if kept_back:
        note = "groups under the site's minimum, and what would tell them, were left out"
        for values in columns.values():
            values[list(kept_back)] = 0.0
    if not all(np.isfinite(values).all() for values in columns.values()):
        raise OperatorError("fit(): a sum is beyond all numbers", hint="scale() the features first")
    if isinstance(task, Slopes):
        _enough(float(columns[f"h{len(task.features)}_{len(task.features)}"][0]), columns, site, minimum_rows)
    arrays = _HALVES[type(task)][1](task, columns)
    if groups > 1:
        arrays["counts"] = columns[ROWS]
    named = tuple(named_array(name, values) for name, values in sorted(arrays.items()))
    return Sums(arrays=named, rows=int(columns[ROWS].sum())), note


def withheld(task: SumsTask, rows: int, minimum_rows: int) -> tuple[Sums, str] | None:
    """Return the answer of a site with too few rows to measure a model on: nothing, and why; None if it has enough."""
    if not isinstance(task, Errors) or rows >= minimum_rows:
        return None
    return Sums(arrays=(), rows=0), f"under {minimum_rows} rows"


def _enough(weight: float, columns: Mapping[str, np.ndarray], site: str, minimum_rows: int) -> None:
    """Refuse a point at which nearly all rows weigh nothing: their curvature would be that of a few.

    As many rows of equal weight would make the same sums of weights and of their squares (Kish, 1965).
    """
    squares = float(columns["weights_squared"][0])
    if minimum_rows and weight**2 < minimum_rows * squares:
        raise DisclosureError(
            f"{site} does not tell how a model fits that only a few of its rows have a say in",
            hint="weights that grow without end do this: give the model a penalty, or scale() the features",
        )
