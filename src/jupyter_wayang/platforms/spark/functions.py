"""Functions of the notebook on Spark: batches of Arrow go through the Python processes that Spark starts here.

Only on the person's own machine: Spark is started by this process, and its Python workers by Spark.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_wayang.plan.operators.functions import Calling
from jupyter_wayang.platforms.functions import Function
from jupyter_wayang.platforms.python.job import encoded

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TAGS", "batches", "reported"]

TAGS = ("map", "filter_by", "flat_map", "map_batches")
"""Tags of the operators whose function needs no other rows than those of a batch."""

_MARK = "function of the notebook failed: "


def batches(
    operator: Calling, function: Function, names: tuple[str, ...], made: tuple[str, ...]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return what Spark calls with the batches of a partition.

    Parameters
    ----------
    operator, function
        What is to be done.
    names
        The names of the columns as the function knows them; Spark has others.
    made
        The names that Spark has for the columns that come out.
    """
    job, pickled, path = encoded(operator, 1, 0), function.pickled, tuple(sys.path)

    def run(incoming: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pickle
        import sys

        import pyarrow as pa

        # Modules are found where the session finds them.
        sys.path.extend(part for part in path if part not in sys.path)

        from jupyter_wayang.platforms.python.calls import RaisedError, apply, report
        from jupyter_wayang.platforms.python.job import Job
        from jupyter_wayang.platforms.python.rows import WrongShapeError

        asked: Any = msgspec.json.decode(job, type=Job).operator
        # Spark's workers are children of this process: the function is the person's own.
        called = pickle.loads(pickled)  # noqa: S301
        for batch in incoming:
            table = pa.Table.from_batches([batch]).rename_columns(list(names))
            try:
                result = apply(asked, called, [table], [])
            except (RaisedError, WrongShapeError) as error:
                told = {**report(error, called, table), "number": None}
                raise RuntimeError(_MARK + json.dumps(told)) from None
            yield from result.rename_columns(list(made)).combine_chunks().to_batches()

    return run


def reported(text: str) -> dict[str, Any] | None:
    """Return what a function that failed said, if that is what a message of Spark is about.

    Examples
    --------
    >>> reported('RuntimeError: function of the notebook failed: {"raised": "KeyError"}')
    {'raised': 'KeyError'}
    >>> reported("another error") is None
    True
    """
    at = text.find(_MARK)
    if at < 0:
        return None
    found: dict[str, Any]
    found, _ = json.JSONDecoder().raw_decode(text[at + len(_MARK) :])
    return found
