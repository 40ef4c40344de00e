"""What a fitted line says of the world beyond its rows: standard errors, tests and p-values of its coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import link_of, tag_of
from jupyter_wayang.plan.models import Model, array

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["coefficients", "p_values"]


def coefficients(model: Model) -> pa.Table:
    """Return the coefficients of a model that is a weighted sum: the intercept, then a row for each feature.

    ``statistic`` is the coefficient over its standard error: z, or t where the spread of the target was estimated. It
    and what follows from it are null where a penalty, or features that depend on each other, leave no standard errors.

    Raises
    ------
    OperatorError
        If the model has no coefficients.
    """
    import numpy as np
    import pyarrow as pa

    if link_of(model.spec) is None:
        raise OperatorError(
            f"{tag_of(model.spec)}() has no coefficients", hint="run().to_arrow() shows what the model is made of"
        )
    values = np.append(array(model["intercept"]), array(model["weights"]))
    known = {named.name: array(named) for named in model.statistics}
    unknown = np.full(len(values), np.nan)
    errors = np.roll(np.sqrt(np.diag(known["covariance"])), 1) if known else unknown
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = values / errors
    tests = p_values(ratio, float(known["degrees"][0]) if "degrees" in known else None)
    columns = {"coefficient": values, "standard_error": errors, "statistic": ratio, "p_value": tests}
    # NaN is null from the moment it enters.
    made = {name: pa.array(column, pa.float64(), from_pandas=True) for name, column in columns.items()}
    return pa.table({"feature": pa.array(["(intercept)", *model.features], pa.string()), **made})


def p_values(statistics: np.ndarray, degrees: float | None) -> np.ndarray:
    """Return the probability of statistics as far from 0, of a t distribution, or without degrees of a normal one.

    Examples
    --------
    >>> import numpy as np
    >>> p_values(np.array([0.0, 1.959963984540054]), None).round(9).tolist()
    [1.0, 0.05]
    >>> p_values(np.array([2.228138851964939]), 10.0).round(9).tolist()
    [0.05]
    """
    import numpy as np
    from scipy import special  # type: ignore[import-untyped]

    away = -np.abs(statistics)
    found: np.ndarray = 2 * (special.ndtr(away) if degrees is None else special.stdtr(degrees, away))
    return found
