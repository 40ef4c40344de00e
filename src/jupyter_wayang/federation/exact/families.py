"""The families of generalised linear models: what a row adds to the log likelihood and to its derivatives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.exact.statement import binary, column, number, square
from jupyter_wayang.plan.expressions import AnyExpression, Call, Case, Named, Negate
from jupyter_wayang.plan.models import sigmoid

if TYPE_CHECKING:
    from jupyter_wayang.plan.model_specs import Family

__all__ = ["dispersed", "link", "mean_column", "terms"]

_Y, _ETA, _MU = column("y"), column("eta"), column("mu")

# Where a step overshoots, the exponential must still be a number whose products are numbers.
_LARGEST = 300.0


def dispersed(family: Family) -> bool:
    """Tell whether the spread of a family is estimated; then tests are t tests, else z tests."""
    return family in ("gaussian", "gamma")


def link(family: Family, mean: float) -> float:
    """Return the linear predictor at which a family has a mean.

    Raises
    ------
    OperatorError
        If it has that mean nowhere: then the intercept would grow without end.

    Examples
    --------
    >>> link("poisson", 1.0), link("binomial", 0.5)
    (0.0, 0.0)
    """
    if family == "gaussian":
        return mean
    if mean <= 0 or (family == "binomial" and mean >= 1):
        raise OperatorError(
            "every row has the same target, so the intercept grows without end",
            found=f"{mean:g}",
            hint="take rows with different targets",
        )
    return math.log(mean / (1 - mean)) if family == "binomial" else math.log(mean)


def mean_column(family: Family) -> AnyExpression:
    """Return the mean of a row of linear predictor ``eta``."""
    if family == "gaussian":
        return _ETA
    if family == "binomial":
        return sigmoid(_ETA)
    capped = Case(condition=binary(">", _ETA, number(_LARGEST)), then=number(_LARGEST), otherwise=_ETA)
    return Call(function="exp", args=(capped,))


def terms(family: Family, *, expected: bool) -> tuple[Named, ...]:
    r"""Return what a row adds, of its ``y``, ``eta`` and ``mu``: ``loss``, ``residual``, ``weight`` and ``pearson``.

    With the log likelihood :math:`\ell` of a row (without its constants, for a dispersion of 1) they are
    :math:`-\ell`, :math:`\partial\ell/\partial\eta`, :math:`-\partial^2\ell/\partial\eta^2` (its expectation, if
    ``expected``) and :math:`(y-\mu)^2/V(\mu)`. The link is canonical but for the gamma family, where it is the logarithm.

    References
    ----------
    McCullagh, P., & Nelder, J. A. (1989). Generalized Linear Models, 2nd edition, chapter 2.
    """
    off = binary("-", _Y, _MU)
    made: tuple[AnyExpression, ...]
    match family:
        case "gaussian":
            made = (binary("/", square(off), number(2)), off, number(1), square(off))
        case "binomial":
            falling = Call(function="exp", args=(Negate(arg=Call(function="abs", args=(_ETA,))),))
            positive = Case(condition=binary(">", _ETA, number(0)), then=_ETA, otherwise=number(0))
            whole = binary("+", positive, Call(function="log", args=(binary("+", number(1), falling),)))
            weight = binary("*", _MU, binary("-", number(1), _MU))
            made = (binary("-", whole, binary("*", _Y, _ETA)), off, weight, number(0))
        case "poisson":
            made = (binary("-", _MU, binary("*", _Y, _ETA)), off, _MU, binary("/", square(off), _MU))
        case "gamma":
            ratio = binary("/", _Y, _MU)
            residual = binary("-", ratio, number(1))
            made = (binary("+", ratio, _ETA), residual, number(1) if expected else ratio, square(residual))
    names = ("loss", "residual", "weight", "pearson")
    return tuple(Named(name=name, expression=expression) for name, expression in zip(names, made, strict=True))
