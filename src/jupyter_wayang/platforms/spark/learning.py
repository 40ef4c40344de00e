"""Training and scoring in Spark: one job per task, a NumPy function that Spark carries to where the rows are.

What travels are closures over numbers that import NumPy and Arrow only. A fit to convergence is the exception: it is
that of :mod:`jupyter_wayang.platforms.numpy.learning`, which Spark's Python must have, and in local mode has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from jupyter_wayang.errors import OperatorError, PlatformError, WayangError
from jupyter_wayang.plan.model_specs import LinearRegression
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.numpy.learning import (
    added,
    missing_values,
    no_rows,
    other_values,
    parameters,
    penalties,
    updated,
)
from jupyter_wayang.platforms.spark import regression
from jupyter_wayang.platforms.spark.reading import quoted

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from pyspark.sql import DataFrame, Row

    Batches: TypeAlias = Iterator[pa.RecordBatch]
    Carried: TypeAlias = Callable[[Batches], Batches]
    Training: TypeAlias = Callable[[np.ndarray, np.ndarray], dict[str, Any]]

__all__ = ["score", "update"]

_UPDATE = (
    "parameters binary, rows bigint, loss double, missing int, other boolean, error string, message string, hint string"
)
_CELLS = "bin bigint, target bigint, n bigint, log_loss double, correct bigint, missing int, other boolean"


def update(rows: DataFrame, task: LocalTask) -> Update:
    """Train on rows in one job on one task, so that every step sees all rows.

    Parameters
    ----------
    rows
        With the columns of the task, floats without nulls.
    task
        What to train, from where, and how.

    Returns
    -------
    Update
        The parameters after training, and the number of rows.

    Raises
    ------
    OperatorError
        If there are no rows, or a value is missing, or the target is not 0 or 1, or (exact) there is no minimum.
    PlatformError
        If the fit does not converge.
    """
    import numpy as np

    columns = [*task.features, TARGET]
    if isinstance(task.model, LinearRegression):
        return regression.fit(_columns(rows, columns), columns, task.model)
    train = _carried(_fit(task) if task.solver == "exact" else _steps(task), len(columns))
    answers = _columns(rows, columns).coalesce(1).mapInArrow(train, _UPDATE).collect()
    if not answers or not answers[0].rows:
        raise no_rows("fit")
    (answer,) = answers
    if answer.missing is not None:
        raise missing_values("fit", columns[answer.missing])
    if answer.other:
        raise other_values("fit")
    if answer.error is not None:
        raise _refused(answer)
    return updated(np.frombuffer(bytes(answer.parameters), dtype="<f8"), answer.rows, answer.loss)


def score(rows: DataFrame, task: ScoreTask) -> tuple[ScoreCell, ...]:
    """Score rows in one job, a part of the rows in each task, and add the counts up.

    Parameters
    ----------
    rows
        With the columns of the task, floats without nulls.
    task
        The model, and how many bins.

    Returns
    -------
    tuple of ScoreCell
        In the order of class and bin; cells without rows are left out.

    Raises
    ------
    OperatorError
        If a value is missing, or the target is not 0 or 1.
    """
    columns = [*task.features, TARGET]
    totals: dict[tuple[int, int], list[float]] = {}
    for part in _columns(rows, columns).mapInArrow(_counts(task), _CELLS).collect():
        if part.missing is not None:
            raise missing_values("evaluate", columns[part.missing])
        if part.other:
            raise other_values("evaluate")
        total = totals.setdefault((part.target, part.bin), [0, 0.0, 0])
        total[:] = [total[0] + part.n, total[1] + part.log_loss, total[2] + part.correct]
    return tuple(
        ScoreCell(bin=bin_, target=target, n=int(n), log_loss=loss, correct=int(correct))
        for (target, bin_), (n, loss, correct) in sorted(totals.items())
    )


def _columns(rows: DataFrame, names: Sequence[str]) -> DataFrame:
    # Numbered, because pyspark takes a dot in a name for a field of a struct on the way to Python.
    return rows.select(*map(quoted, names)).toDF(*(f"c{index}" for index in range(len(names))))


def _refused(answer: Row) -> WayangError:
    if answer.error == "ImportError":
        return PlatformError(
            f"Spark's Python cannot fit to convergence: {answer.message}",
            hint="install jupyter-wayang where Spark runs, or pin the operator to another platform",
        )
    kind = OperatorError if answer.error == "OperatorError" else PlatformError
    return kind(answer.message, hint=answer.hint)


def _carried(train: Training, width: int) -> Carried:
    """Return the function that Spark carries: it makes arrays of all rows and trains on them."""

    def carried(batches: Batches) -> Batches:
        import numpy as np
        import pyarrow as pa

        parts = [np.column_stack([column.to_numpy(zero_copy_only=False) for column in batch]) for batch in batches]
        rows = np.vstack([np.empty((0, width)), *parts])
        holed = np.isnan(rows).any(axis=0)
        answer: dict[str, Any] = {"rows": len(rows)}
        if holed.any():
            answer["missing"] = int(holed.argmax())
        elif not np.isin(rows[:, -1], (0.0, 1.0)).all():
            answer["other"] = True
        elif len(rows):
            answer.update(train(rows[:, :-1], rows[:, -1]))
        types = {
            "parameters": pa.binary(),
            "rows": pa.int64(),
            "loss": pa.float64(),
            "missing": pa.int32(),
            "other": pa.bool_(),
        }
        types.update(dict.fromkeys(("error", "message", "hint"), pa.string()))
        yield pa.RecordBatch.from_pydict({name: pa.array([answer.get(name)], type_) for name, type_ in types.items()})

    return carried


def _steps(task: LocalTask) -> Training:
    """Return a function that takes the gradient steps of a task."""
    if task.batch is not None:
        raise OperatorError("rows that Spark holds have no order to draw batches from: leave batch out")
    start, more = parameters(task), added(task)
    scale, shift, epochs, rate = more.scale, more.shift, task.epochs, task.learning_rate
    penalty = float(penalties(task.model, len(task.features)) @ (start * start)) / 2 if task.loss else None

    def steps(X: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        import numpy as np

        w, loss = start, None
        if penalty is not None:
            z = X @ w[:-1] + w[-1]
            loss = float(np.mean(np.logaddexp(0.0, z) - y * z)) + penalty
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(epochs):
                z = X @ w[:-1] + w[-1]
                falling = np.exp(-np.abs(z))
                residual = np.where(z >= 0, 1.0, falling) / (1.0 + falling) - y
                w = w - rate * (np.append(X.T @ residual / len(y), residual.mean()) + scale * w + shift)
        return {"parameters": w.tobytes(), "loss": loss}

    return steps


def _fit(task: LocalTask) -> Training:
    """Return a function that fits to convergence; the task travels as JSON, so that only the fit needs our package."""
    text = msgspec.json.encode(task)

    def fit(X: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        try:
            import msgspec

            from jupyter_wayang.errors import WayangError
            from jupyter_wayang.plan.tasks import LocalTask
            from jupyter_wayang.platforms.numpy.learning import exact
        except ImportError as error:
            return {"error": "ImportError", "message": str(error)}
        try:
            made = exact(X, y, msgspec.json.decode(text, type=LocalTask))
        except WayangError as error:
            return {"error": type(error).__name__, "message": error.message, "hint": error.hint}
        return {"parameters": b"".join(named.data for named in made.parameters), "loss": made.loss}

    return fit


def _counts(task: ScoreTask) -> Carried:
    """Return a function that counts the rows that it sees by class and bin."""
    start, bins = parameters(task), task.bins

    def counts(batches: Batches) -> Batches:
        import numpy as np
        import pyarrow as pa

        for batch in batches:
            rows = np.column_stack([column.to_numpy(zero_copy_only=False) for column in batch])
            holed = np.isnan(rows).any(axis=0)
            z = rows[:, :-1] @ start[:-1] + start[-1]
            falling = np.exp(-np.abs(z))
            p = np.where(z >= 0, 1.0, falling) / (1.0 + falling)
            if holed.any():
                p = np.zeros(len(rows))
            target = (rows[:, -1] >= 0.5).astype(np.int64)
            bin_ = np.minimum(np.floor(p * bins).astype(np.int64), bins - 1)
            clipped = np.clip(p, 1e-15, 1 - 1e-15)
            losses = -np.log(np.where(target == 1, clipped, 1 - clipped))
            keys, inverse, n = np.unique(target * bins + bin_, return_inverse=True, return_counts=True)
            right = (p >= 0.5) == (target == 1)
            loss, correct = (np.bincount(inverse, weights=each, minlength=len(keys)) for each in (losses, right))
            missing = pa.array([int(holed.argmax()) if holed.any() else None] * len(keys), pa.int32())
            other = np.full(len(keys), not np.isin(rows[:, -1], (0.0, 1.0)).all())
            columns = [keys % bins, keys // bins, n.astype(np.int64), loss, correct.astype(np.int64), missing, other]
            names = ["bin", "target", "n", "log_loss", "correct", "missing", "other"]
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=names)

    return counts
