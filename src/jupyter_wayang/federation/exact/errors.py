"""How far off a model of a number is, from sums of errors over all sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jupyter_wayang.federation.exact.method import Total
from jupyter_wayang.federation.exact.statement import Statement, binary, column, number, square, total
from jupyter_wayang.plan.expressions import Call, Named
from jupyter_wayang.plan.operators import Select
from jupyter_wayang.plan.sums import Errors
from jupyter_wayang.plan.tasks import TARGET

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from jupyter_wayang.federation.exact.statement import Columns

__all__ = ["errors", "errors_table", "summed_errors"]


def errors(task: Errors) -> Statement:
    """Return how a site adds up the errors of a line."""
    weighted = (
        binary("*", column(name), number(weight)) for name, weight in zip(task.features, task.weights, strict=True)
    )
    eta = total([number(task.intercept), *weighted])
    said = Call(function="exp", args=(eta,)) if task.link == "log" else eta
    above = Named(name="above", expression=binary("-", column(TARGET), number(task.level)))
    off = Named(name="off", expression=binary("-", column(TARGET), said))
    return Statement(
        derived=(Select(columns=(off, above)),),
        sums=(
            Named(name="squares", expression=square(column("off"))),
            Named(name="absolute", expression=Call(function="abs", args=(column("off"),))),
            Named(name="sums", expression=column("above")),
            Named(name="spread", expression=square(column("above"))),
        ),
    )


def summed_errors(task: Errors, columns: Columns) -> dict[str, np.ndarray]:
    """Return the sums as arrays of one number."""
    return {name: columns[name] for name in ("squares", "absolute", "sums", "spread")}


def errors_table(places: Mapping[str, Total], notes: Mapping[str, str | None]) -> pa.Table:
    """Return root mean squared error, mean absolute error and R² of every place, in the order of the notes.

    Parameters
    ----------
    places
        What the places told, with targets less one level for all; ``global`` has their total.
    notes
        What is to be said of every place; one that told nothing has no figures.

    Examples
    --------
    >>> import numpy as np
    >>> sums = {"squares": np.array([4.0]), "absolute": np.array([4.0]), "sums": np.zeros(1), "spread": np.array([16.0])}
    >>> errors_table({"global": Total(arrays=sums, rows=4)}, {"global": None}).to_pylist()
    [{'site': 'global', 'rows': 4, 'rmse': 1.0, 'mae': 1.0, 'r2': 0.75, 'note': None}]
    """
    import pyarrow as pa

    order = ["global", *(place for place in notes if place != "global")]
    found = []
    for place in order:
        told = places.get(place)
        figures: dict[str, float | None] = {"rmse": None, "mae": None, "r2": None}
        if told is not None:
            squares, absolute, sums, spread = (
                float(told.arrays[name][0]) for name in ("squares", "absolute", "sums", "spread")
            )
            about = spread - sums**2 / told.rows
            r2 = 1.0 - squares / about if about > 0 else None
            figures = {"rmse": (squares / told.rows) ** 0.5, "mae": absolute / told.rows, "r2": r2}
        rows = told.rows if told is not None else None
        found.append({"site": place, "rows": rows, **figures, "note": notes[place]})
    kinds = {"site": pa.string(), "rows": pa.int64(), "note": pa.string()}
    names = ("site", "rows", "rmse", "mae", "r2", "note")
    return pa.table({name: pa.array([row[name] for row in found], kinds.get(name, pa.float64())) for name in names})
