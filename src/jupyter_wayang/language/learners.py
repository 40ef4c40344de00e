"""What ``fit()`` takes: models, strategies, and goals over metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from jupyter_wayang.errors import NameUnknownError, OperatorError
from jupyter_wayang.language.arguments import real, shown
from jupyter_wayang.language.expressions import unboxed
from jupyter_wayang.language.faults import fault_list
from jupyter_wayang.language.privacy import mechanisms
from jupyter_wayang.language.unknown import guessed, unknown
from jupyter_wayang.language.words import NOT_YET, WORDS, worded
from jupyter_wayang.plan.faults import Drop, Replay
from jupyter_wayang.plan.models import LogisticRegression, ModelSpec
from jupyter_wayang.plan.operators.learning import NEWTON, FitOptions, Goal, MetricName

__all__ = [
    "Measure",
    "Metrics",
    "Strategy",
    "fedavg",
    "fit_options",
    "logistic_regression",
    "metric",
    "newton",
    "strategy",
    "unknown_model",
]

Argument = float | int | str | None

_NEWTON_ROUNDS = 50


@dataclass(frozen=True)
class Strategy:
    """A strategy by name, and the parameters that were given; they are checked by :meth:`checked`."""

    name: str
    arguments: tuple[tuple[str, object], ...] = ()

    def checked(self, known: Mapping[str, Mapping[str, object]]) -> tuple[tuple[str, Argument], ...]:
        """Return all parameters in the order of the strategy, with defaults filled in.

        Parameters
        ----------
        known
            The strategies that there are: parameters and their defaults, ``...`` for none.

        Raises
        ------
        NameUnknownError
            If there is no such strategy.
        OperatorError
            If a parameter is unknown, missing, or no number or text.

        Examples
        --------
        >>> fedavg(learning_rate=1).checked({"fedavg": {"local_epochs": 1, "learning_rate": 0.1}})
        (('local_epochs', 1), ('learning_rate', 1.0))
        """
        parameters = _parameters(self.name, known)
        given = dict(self.arguments)
        for name in given:
            if name not in parameters:
                raise OperatorError(
                    guessed(f'{self.name}() has no argument "{name}".', name, parameters),
                    found=name,
                    expected=tuple(parameters),
                    hint="arguments: " + ", ".join(parameters),
                )
        return tuple(
            (name, self._argument(name, given.get(name, fallback), fallback)) for name, fallback in parameters.items()
        )

    def _argument(self, name: str, value: object, fallback: object) -> Argument:
        value = unboxed(value)
        if value is ...:
            raise OperatorError(f"{self.name}() needs {name}=", hint=f"as in {self.name}({name}=0.1)")
        if not isinstance(value, float | int | str | None):
            raise OperatorError(f"{name}= of {self.name}() takes a number or text, not {value!r}")
        if isinstance(fallback, int | float) and not isinstance(value, int | float):
            raise OperatorError(
                f"{name}= of {self.name}() takes a number, not {value!r}", hint=f"the default is {fallback}"
            )
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise OperatorError(f"{name}= of {self.name}() does not fit into a 64-bit integer")
        return float(value) if isinstance(fallback, float) and isinstance(value, int) else value


def _parameters(name: str, known: Mapping[str, Mapping[str, object]]) -> Mapping[str, object]:
    if name in known:
        return known[name]
    raise unknown("strategy", name, known, "strategies")


def strategy(name: str, /, **arguments: object) -> Strategy:
    """Return a strategy by name; it is checked when it is given to ``fit()``.

    Examples
    --------
    >>> strategy("fedavg", local_epochs=5) == fedavg(local_epochs=5)
    True
    """
    return Strategy(name, tuple(arguments.items()))


def fedavg(**arguments: object) -> Strategy:
    """Return federated averaging: every site trains on its rows, the models are averaged.

    Parameters
    ----------
    arguments
        ``local_epochs``, ``learning_rate``, ``weights``: see the strategy.

    Examples
    --------
    >>> fedavg(local_epochs=5, learning_rate=0.5).name
    'fedavg'
    """
    return Strategy("fedavg", tuple(arguments.items()))


def newton() -> Strategy:
    """Return Newton's method over the sums of all sites: the fit that all rows together would have.

    Without a strategy a model is fitted so too; with it, rounds and a goal may be given.

    Examples
    --------
    >>> newton().name
    'newton'
    """
    return Strategy(NEWTON)


@worded
def logistic_regression(l2: float = 0.0, penalize_intercept: bool = False) -> ModelSpec:
    """Return a binary logistic regression.

    Parameters
    ----------
    l2
        Half of it times the squared norm of the weights is added to the mean log loss.
    penalize_intercept
        Whether the intercept is a part of that norm.

    Examples
    --------
    >>> logistic_regression(l2=1e-3)
    LogisticRegression(l2=0.001, penalize_intercept=False)
    """
    penalty, penalize = real(unboxed(l2)), unboxed(penalize_intercept)
    if penalty is None:
        raise OperatorError(f"l2= takes a number, not {shown(l2)}", hint="as in logistic_regression(l2=1e-3)")
    if not isinstance(penalize, bool):
        raise OperatorError(f"penalize_intercept= takes True or False, not {shown(penalize)}")
    return LogisticRegression(l2=penalty, penalize_intercept=penalize)


@dataclass(frozen=True)
class Measure:
    """A metric of the global model; compared with a number it is a goal.

    Examples
    --------
    >>> (metric.log_loss < 0.4).describe()
    'log_loss < 0.4'
    """

    name: MetricName

    def __lt__(self, threshold: object) -> Goal:
        return Goal(metric=self.name, op="<", threshold=self._number(threshold))

    def __le__(self, threshold: object) -> Goal:
        return Goal(metric=self.name, op="<=", threshold=self._number(threshold))

    def __gt__(self, threshold: object) -> Goal:
        return Goal(metric=self.name, op=">", threshold=self._number(threshold))

    def __ge__(self, threshold: object) -> Goal:
        return Goal(metric=self.name, op=">=", threshold=self._number(threshold))

    def _number(self, value: object) -> float:
        threshold = real(unboxed(value))
        if threshold is None or math.isnan(threshold):
            raise OperatorError(
                f"metric.{self.name} is compared with a number, not {shown(value)}", hint="as in metric.log_loss < 0.4"
            )
        return threshold


class Metrics:
    """The metrics by name: ``metric.log_loss``, ``metric.accuracy``, ``metric.auc``."""

    def __getattr__(self, name: str) -> Measure:
        if name.startswith(("__", "_repr_", "_ipython_")):
            raise AttributeError(name)
        return self.named(name)

    def named(self, name: str) -> Measure:
        """Return a metric.

        Raises
        ------
        NameUnknownError
            If there is none of this name.
        """
        known = get_args(MetricName)
        if name in known:
            return Measure(cast("MetricName", name))
        raise unknown("metric", name, known)


metric = Metrics()


def fit_options(
    known: Mapping[str, Mapping[str, object]], rounds: object, chosen: object, until: object, **how: object
) -> FitOptions:
    """Return how a fit proceeds, checked.

    Parameters
    ----------
    known
        The strategies that there are.
    rounds, chosen, until
        The arguments of ``fit()``; ``chosen`` is its strategy.
    how
        Those of a fit over sites: ``participation``, ``deadline``, ``quorum``, ``faults``, ``seed``, ``privacy``.

    Raises
    ------
    OperatorError
        If something is no strategy or goal, or if rounds come without a strategy, or a strategy without rounds.
    """
    as_in = "as in rounds=30, strategy=fedavg(local_epochs=5, learning_rate=0.5)"
    rounds = unboxed(rounds)
    if chosen is None:
        usual = {"rounds": None, "until": None, **_OVER_SITES}
        given = [name for name, value in {"rounds": rounds, "until": until, **how}.items() if value != usual[name]]
        if given:
            raise OperatorError(f"{given[0]}= needs a strategy", found=given[0], hint=as_in)
        return FitOptions()
    if not isinstance(chosen, Strategy):
        raise OperatorError(f"strategy= takes a strategy, not {shown(chosen)}", hint=as_in)
    if until is not None and not isinstance(until, Goal):
        raise OperatorError(f"until= takes a goal, not {shown(until)}", hint="as in until=metric.log_loss < 0.4")
    arguments = chosen.checked(known)
    if rounds is None and chosen.name == NEWTON:
        rounds = _NEWTON_ROUNDS
    if rounds is None:
        raise OperatorError("a strategy needs rounds=, the most that there may be", hint=as_in)
    if isinstance(rounds, bool) or not isinstance(rounds, int):
        raise OperatorError(f"rounds= takes a whole number, not {shown(rounds)}", hint=as_in)
    over_sites = _over_sites(**{**_OVER_SITES, **how})
    return FitOptions(rounds=rounds, strategy=chosen.name, arguments=arguments, until=until, **over_sites)


_OVER_SITES: Mapping[str, object] = {
    "participation": 1.0,
    "deadline": 3600,
    "quorum": None,
    "faults": None,
    "seed": 0,
    "privacy": None,
}


def _over_sites(
    *, participation: object, deadline: object, quorum: object, faults: object, seed: object, privacy: object
) -> dict[str, Any]:
    """Return the options of a fit over sites."""
    struck = fault_list(faults)
    silent = next((fault for fault in struck if isinstance(fault, Drop | Replay)), None)
    if silent is not None and deadline == _OVER_SITES["deadline"]:
        raise OperatorError(
            f"{type(silent).__name__.lower()}() needs deadline=: nothing else notices that a site is silent",
            found="faults",
            hint='as in fit(…, deadline=5, quorum=3, faults=[drop("va", rounds=3)])',
        )
    numbers = {"participation": participation, "deadline": deadline}
    for name, value in numbers.items():
        if real(unboxed(value)) is None:
            raise OperatorError(f"{name}= takes a number, not {shown(value)}", found=name)
    for name, value in {"seed": seed, **({} if quorum is None else {"quorum": quorum})}.items():
        if isinstance(unboxed(value), bool) or not isinstance(unboxed(value), int):
            raise OperatorError(f"{name}= takes a whole number, not {shown(value)}", found=name)
    return {
        "participation": real(unboxed(participation)),
        "deadline_s": real(unboxed(deadline)),
        "quorum": unboxed(quorum),
        "seed": unboxed(seed),
        "faults": struck,
        "privacy": mechanisms(privacy),
    }


def unknown_model(name: str) -> NameUnknownError:
    """Return the error that says there is no such model."""
    known = [word.name for word in WORDS.values() if "model" in word.roles]
    if name in NOT_YET:
        return NameUnknownError(
            f"{name}() is not in this version", found=name, expected=known, hint="models: " + ", ".join(known)
        )
    return unknown("model", name, known)
