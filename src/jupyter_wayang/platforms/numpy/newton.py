"""Fitting a logistic regression to convergence, whatever computes its sums: Newton steps with a line search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError, PlatformError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["BOUND", "Point", "minimize"]

BOUND = 1e-10
"""The norm of the gradient at which a fit has converged."""

_ITERATIONS = 200
_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class Point:
    """The objective at some parameters: weights in the order of the features, the intercept last."""

    parameters: np.ndarray
    loss: float
    """Mean log loss and penalty."""
    gradient: np.ndarray
    hessian: np.ndarray
    margin: float
    """The least of (2y - 1)z over all rows: above 0 where every row is on its class's side."""
    positives: float
    """The share of rows of class 1."""

    @property
    def slope(self) -> float:
        """The norm of the gradient."""
        import numpy as np

        return float(np.linalg.norm(self.gradient))


def minimize(objective: Callable[[np.ndarray], Point], start: np.ndarray, *, penalties: np.ndarray) -> Point:
    """Find where the gradient's norm is below :data:`BOUND`.

    Collinear columns are no obstacle: of all Newton steps the shortest is taken, and it is halved until the loss falls.
    Where rounding allows no lower gradient than one of norm 1e-6, that is taken.

    Parameters
    ----------
    objective
        Loss, gradient and second derivatives at given parameters.
    start
        Where to begin.
    penalties
        The penalty of every parameter, the intercept last: without one there need not be a minimum.

    Raises
    ------
    OperatorError
        If there is no minimum: without a penalty on the weights where the features tell two classes apart exactly,
        without one on the intercept where all rows are of one class.
    PlatformError
        If the bound is not met after 200 steps.

    References
    ----------
    S. Boyd and L. Vandenberghe, Convex Optimization, algorithm 9.5.

    Examples
    --------
    >>> import numpy as np
    >>> def square(w):
    ...     return Point(parameters=w, loss=float(w @ w), gradient=2 * w, hessian=2 * np.eye(1), margin=0.0, positives=0.5)
    >>> float(minimize(square, np.array([3.0]), penalties=np.array([2.0])).parameters[0])
    0.0
    """
    point = objective(start)
    if not 0 < point.positives < 1 and not penalties.all():
        raise OperatorError(
            "every row has the same target, so without a penalty on it the intercept grows without end",
            hint="take rows of both classes, or logistic_regression(l2=1e-3, penalize_intercept=True)",
        )
    for _ in range(_ITERATIONS):
        if not penalties[:-1].any() and point.margin > 0 and 0 < point.positives < 1:
            raise OperatorError(
                "the features tell the two classes apart exactly, so without a penalty the weights grow without end",
                hint="give the model one, as in logistic_regression(l2=1e-3)",
            )
        if point.slope < BOUND:
            # A step more squares the distance that is left, so that platforms agree in nearly all digits.
            return _next(objective, point, shortest=1.0) or point
        following = _next(objective, point, shortest=1e-8)
        if following is None:
            break
        point = following
    if point.slope < _ROUNDING:
        return point
    raise PlatformError(
        "the fit did not converge",
        facts=(("gradient", f"of norm {point.slope:.1e}, and {BOUND:g} is asked for"),),
        hint="scale() the features first, or raise l2",
    )


def _next(objective: Callable[[np.ndarray], Point], point: Point, *, shortest: float) -> Point | None:
    """Return the point after a damped Newton step, or None where rounding leaves nothing to gain."""
    import numpy as np

    step = np.linalg.lstsq(point.hessian, point.gradient, rcond=1e-13)[0]
    gain = float(point.gradient @ step)
    length = 1.0
    while length >= shortest:
        candidate = objective(point.parameters - length * step)
        # Close to the minimum the loss no longer changes in its last digit, though the gradient does.
        if candidate.loss < point.loss - 1e-4 * length * gain or (gain < 1e-9 and candidate.slope < point.slope):
            return candidate
        length /= 2
    return None
