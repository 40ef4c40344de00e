"""Privacy of a fit, checked before anything runs."""

from __future__ import annotations

from jupyter_wayang.errors import Span, WayangError
from jupyter_wayang.federation import strategy
from jupyter_wayang.federation.privacy.protected import protected
from jupyter_wayang.plan.operators.learning import FitOptions

__all__ = ["check_privacy"]


def check_privacy(options: FitOptions, span: Span | None) -> None:
    """Refuse mechanisms of privacy that do not go with the strategy.

    Parameters
    ----------
    options
        How the fit proceeds.
    span
        Where it stands in the cell.

    Raises
    ------
    OperatorError
        If they do not.
    """
    if not options.privacy:
        return
    try:
        protected(strategy.named(options.strategy, options.arguments), options.privacy, options.rounds, sites=1)
    except WayangError as error:
        error.located(span, None)
        raise
