"""Sums and products of the features of prepared rows: the site's half of all that is linear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.federation.exact.statement import Statement, centred, column, paired, picked, symmetric
from jupyter_wayang.plan.expressions import Named
from jupyter_wayang.plan.operators import Select
from jupyter_wayang.plan.sums import Means, Products
from jupyter_wayang.plan.tasks import TARGET

if TYPE_CHECKING:
    import numpy as np

    from jupyter_wayang.federation.exact.statement import Columns

__all__ = ["means", "products", "summed_means", "summed_products"]


def _names(task: Means | Products) -> tuple[str, ...]:
    return (*task.features, TARGET) if task.target else task.features


def means(task: Means) -> Statement:
    """Return how the sums of features are computed."""
    sums = (Named(name=f"s{index}", expression=column(name)) for index, name in enumerate(_names(task)))
    return Statement(derived=(), sums=tuple(sums))


def summed_means(task: Means, columns: Columns) -> dict[str, np.ndarray]:
    """Return the sums as an array."""
    return {"sums": picked(columns, len(_names(task)), "s")[0]}


def products(task: Products) -> Statement:
    """Return how the products about the centres are computed."""
    made = centred(_names(task), task.centres)
    return Statement(derived=(Select(columns=made),), sums=paired([named.name for named in made], "h"))


def summed_products(task: Products, columns: Columns) -> dict[str, np.ndarray]:
    """Return the products as a matrix."""
    return {"products": symmetric(columns, len(_names(task)), "h")}
