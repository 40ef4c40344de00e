"""Linear regression by Spark's own library: the normal equations are summed where the rows are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jupyter_wayang.plan.model_specs import LinearRegression
from jupyter_wayang.plan.tasks import Update
from jupyter_wayang.platforms.numpy.learning import missing_values, no_rows, updated

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["fit"]


def fit(rows: DataFrame, names: Sequence[str], model: LinearRegression) -> Update:
    """Fit a line: that of :mod:`jupyter_wayang.platforms.numpy.least_squares`.

    Where features depend on each other they agree to about 1e-7: the normal equations see only half of the digits.

    Parameters
    ----------
    rows
        With columns ``c0`` and so on: the features, and last the target.
    names
        What they are called, for messages.
    model
        With an ``l2`` above 0, so that there is one line only.

    Raises
    ------
    OperatorError
        If there are no rows, or if a value is missing.
    """
    import numpy as np
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import LinearRegression as Regression
    from pyspark.sql import functions as f

    columns = [f"c{index}" for index in range(len(names))]
    holes = [f.max(f.col(name).isNull() | f.isnan(name)).alias(name) for name in columns]
    spread = f.stddev_pop(columns[-1]).alias("spread")
    seen = rows.agg(f.count("*").alias("rows"), spread, *holes).collect()[0]
    if not seen.rows:
        raise no_rows("fit")
    holed = next((index for index, name in enumerate(columns) if seen[name]), None)
    if holed is not None:
        raise missing_values("fit", names[holed])
    vectors = VectorAssembler(inputCols=columns[:-1], outputCol="features").transform(rows)
    # Spark divides the penalty by the deviation of the target, as glmnet does.
    penalty = model.l2 * seen.spread
    regression = Regression(
        labelCol=columns[-1], regParam=penalty, elasticNetParam=0.0, standardization=False, solver="normal"
    )
    fitted = regression.fit(vectors)
    return updated(np.append(fitted.coefficients.toArray(), fitted.intercept), seen.rows)
