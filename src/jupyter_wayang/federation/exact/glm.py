"""Generalised linear models by Newton's method over the sums of all sites: a round a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.exact.families import dispersed, link, mean_column, terms
from jupyter_wayang.federation.exact.least_squares import few_rows, line, uncentred
from jupyter_wayang.federation.exact.linear import inverse, solved
from jupyter_wayang.federation.exact.method import Ask, Fitting, Solution
from jupyter_wayang.federation.exact.statement import (
    Statement,
    binary,
    centred,
    column,
    number,
    paired,
    picked,
    square,
    symmetric,
    total,
)
from jupyter_wayang.plan.expressions import Named
from jupyter_wayang.plan.model_specs import Family
from jupyter_wayang.plan.models import NamedArray, named_array
from jupyter_wayang.plan.operators import Select
from jupyter_wayang.plan.sums import Means, Slopes
from jupyter_wayang.plan.tasks import TARGET

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np

    from jupyter_wayang.federation.exact.method import Total
    from jupyter_wayang.federation.exact.statement import Columns

__all__ = ["fit", "slopes", "summed_slopes"]

_CONVERGED = 1e-16
_HALVINGS = 30


def slopes(task: Slopes) -> Statement:
    """Return how a site adds up the log likelihood at a point, with its derivatives."""
    moved = centred(task.features, task.centres)
    names = [named.name for named in moved]
    weighted = [binary("*", named.expression, number(w)) for named, w in zip(moved, task.weights, strict=True)]
    kept = tuple(Named(name=name, expression=column(name)) for name in names)
    y, eta = (Named(name=name, expression=column(name)) for name in ("y", "eta"))
    first = (
        *moved,
        Named(name="y", expression=column(TARGET)),
        Named(name="eta", expression=total([number(task.intercept), *weighted])),
    )
    second = (*kept, y, eta, Named(name="mu", expression=mean_column(task.family)))
    third = (*kept, Named(name="one", expression=number(1)), *terms(task.family, expected=task.expected))
    residual, weight = column("residual"), column("weight")
    return Statement(
        derived=(Select(columns=first), Select(columns=second), Select(columns=third)),
        sums=(
            Named(name="loss", expression=column("loss")),
            Named(name="pearson", expression=column("pearson")),
            Named(name="weights_squared", expression=square(weight)),
            *(
                Named(name=f"g{index}", expression=binary("*", residual, column(name)))
                for index, name in enumerate((*names, "one"))
            ),
            *paired([*names, "one"], "h", weight),
        ),
    )


def summed_slopes(task: Slopes, columns: Columns) -> dict[str, np.ndarray]:
    """Return the sums as arrays: loss, gradient, curvature, pearson."""
    size = len(task.features) + 1
    return {
        "loss": columns["loss"],
        "gradient": -picked(columns, size, "g")[0],
        "curvature": symmetric(columns, size, "h"),
        "pearson": columns["pearson"],
    }


@dataclass(frozen=True, kw_only=True)
class _Newton:
    """The objective over all sites: weights of centred features and, last, the intercept."""

    family: Family
    features: tuple[str, ...]
    centres: np.ndarray
    penalty: np.ndarray

    def at(self, point: np.ndarray, model: np.ndarray, *, expected: bool = False) -> Generator[Ask, Total, _Point]:
        """Ask for the objective at a point, while ``model`` is the best that is known."""
        task = Slopes(
            family=self.family,
            features=self.features,
            centres=tuple(self.centres.tolist()),
            weights=tuple(point[:-1].tolist()),
            intercept=float(point[-1]),
            expected=expected,
        )
        found = yield Ask(task=task, parameters=line(model, self.centres))
        pull = found.rows * self.penalty
        return _Point(
            at=point,
            loss=float(found.arrays["loss"][0] + point @ pull @ point / 2),
            gradient=found.arrays["gradient"] + pull @ point,
            curvature=found.arrays["curvature"] + pull,
            pearson=float(found.arrays["pearson"][0]),
        )

    def minimum(self, start: np.ndarray) -> Generator[Ask, Total, _Point]:
        """Take Newton steps, each halved until the objective falls, down to the last digits."""
        import numpy as np

        here = yield from self.at(start, start)
        flat = 1e-7 * np.diag(here.curvature)
        while True:
            if not self.penalty.any() and (np.diag(here.curvature) < flat).any():
                raise _endless(self.family)
            step = solved(here.curvature, here.gradient)
            gain = float(here.gradient @ step)
            if gain <= _CONVERGED * max(1.0, abs(here.loss)):
                # The step that is left squares the distance once more, and needs no further round.
                return here.moved(-step)
            here = yield from self._along(here, step, gain)

    def _along(self, here: _Point, step: np.ndarray, gain: float) -> Generator[Ask, Total, _Point]:
        length = 1.0
        for _ in range(_HALVINGS):
            there = yield from self.at(here.at - length * step, here.at)
            # Close to the minimum the loss no longer changes in its last digits.
            if gain < 1e-8 * max(1.0, abs(here.loss)) or there.loss < here.loss - 1e-4 * length * gain:
                return there
            length /= 2
        raise OperatorError("the fit did not converge", hint="scale() the features first, or give the model a penalty")


@dataclass(frozen=True, kw_only=True)
class _Point:
    at: np.ndarray
    loss: float
    gradient: np.ndarray
    curvature: np.ndarray
    pearson: float

    def moved(self, step: np.ndarray) -> _Point:
        """Return the point a step further, with the derivatives from before it."""
        return _Point(
            at=self.at + step,
            loss=self.loss,
            gradient=self.gradient,
            curvature=self.curvature,
            pearson=self.pearson,
        )


def _endless(family: Family) -> OperatorError:
    what = "the features tell the two classes apart" if family == "binomial" else "for some rows the mean goes to 0"
    return OperatorError(
        f"{what}, so without a penalty the weights grow without end",
        hint="leave such a feature out, or give the model a penalty, as in logistic_regression(l2=1e-3)",
    )


def fit(family: Family, features: tuple[str, ...], l2: float = 0.0, *, penalize_intercept: bool = False) -> Fitting:
    r"""Fit a generalised linear model by maximum likelihood, or with ``l2`` by penalized likelihood.

    Sites add up the gradient :math:`g` and the curvature :math:`H` of minus the log likelihood at parameters
    :math:`\beta`. The next ones are

    .. math:: \beta - t\,(H + n \Lambda)^{-1} (g + n \Lambda \beta),

    with :math:`t` halved until the objective falls; for canonical links this is iteratively reweighted least squares.
    Without a penalty :math:`\operatorname{cov} \beta = \hat\varphi\,I^{-1}`, where :math:`I` is Fisher's information and
    :math:`\hat\varphi` is 1, or Pearson's :math:`\sum (y-\mu)^2 / V(\mu)` over :math:`n - d - 1`.

    Parameters
    ----------
    family
        How the target is spread about its mean.
    features
        The features, in order.
    l2
        Half of it times the squared norm of the weights is added to the mean loss.
    penalize_intercept
        Whether the intercept is a part of that norm.

    References
    ----------
    McCullagh, P., & Nelder, J. A. (1989). Generalized Linear Models, 2nd edition, section 2.5.
    Wolfson, M., et al. (2010). DataSHIELD: resolving a conflict in contemporary bioscience. International Journal of
    Epidemiology, 39(5), 1372-1382.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.federation.exact.method import Total
    >>> fitting = fit("poisson", ("x",))
    >>> _ = next(fitting)
    >>> fitting.send(Total(arrays={"sums": np.array([6.0, 4.0])}, rows=4)).task
    Slopes(features=('x',), family='poisson', centres=(1.5,), weights=(0.0,), intercept=0.0, expected=False)
    """
    import numpy as np

    summed = yield Ask(task=Means(features=features))
    size = len(features) + 1
    few_rows(summed.rows, size)
    means = summed.arrays["sums"] / summed.rows
    newton = _Newton(
        family=family,
        features=features,
        centres=means[:-1],
        penalty=_penalty(means[:-1], l2, penalize_intercept=penalize_intercept),
    )
    inside = min(max(means[-1], 1e-6), 1 - 1e-6) if l2 > 0 and penalize_intercept else means[-1]
    found = yield from newton.minimum(np.append(np.zeros(size - 1), link(family, float(inside))))
    if l2 > 0:
        return Solution(parameters=line(found.at, newton.centres))
    if family == "gamma":
        # Its link is not canonical: what the steps were made of is not Fisher's information.
        at = found.at
        found = yield from newton.at(at, at, expected=True)
    return Solution(
        parameters=line(found.at, newton.centres),
        statistics=_statistics(family, found, newton.centres, summed.rows - size),
    )


def _penalty(centres: np.ndarray, l2: float, *, penalize_intercept: bool) -> np.ndarray:
    """Return the matrix of the penalty, for features less their centres."""
    import numpy as np

    made = l2 * np.eye(len(centres) + 1)
    made[-1, -1] = 0.0
    if penalize_intercept:
        # The intercept of the features themselves is that of the centred ones, less the weights times the centres.
        own = np.append(-centres, 1.0)
        made += l2 * np.outer(own, own)
    return made


def _statistics(family: Family, found: _Point, centres: np.ndarray, degrees: int) -> tuple[NamedArray, ...]:
    import numpy as np

    covariance = inverse(found.curvature)
    if covariance is None or (dispersed(family) and degrees < 1):
        return ()
    if not dispersed(family):
        return (named_array("covariance", uncentred(covariance, centres)),)
    spread = found.pearson / degrees
    return (
        named_array("covariance", uncentred(spread * covariance, centres)),
        named_array("dispersion", np.array([spread])),
        named_array("degrees", np.array([float(degrees)])),
    )
