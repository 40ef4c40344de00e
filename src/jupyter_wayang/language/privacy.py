"""The mechanisms of privacy as functions: each makes a value of the plan, checked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.expressions import unboxed
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.privacy import Accountant, CentralDP, LocalDP, Mechanism, RecordDP, SecureAggregation

__all__ = ["MECHANISMS", "central_dp", "local_dp", "mechanisms", "record_dp", "secure_aggregation"]


@worded
def secure_aggregation(threshold: int | None = None) -> Mechanism:
    """Return secure aggregation: the coordinator learns the sum of the updates, and of none anything else.

    Parameters
    ----------
    threshold
        Without so many sites there is no sum; at least three, and more than half of them. None: just so many.

    Examples
    --------
    >>> secure_aggregation(threshold=3)
    SecureAggregation(threshold=3)
    """
    wanted = None if unboxed(threshold) is None else _whole("secure_aggregation", "threshold", threshold)
    return SecureAggregation(threshold=wanted)


@worded
def central_dp(
    epsilon: float,
    delta: float,
    clip: object = "adaptive",
    first_clip: float = 0.1,
    quantile: float = 0.5,
    clip_rate: float = 0.2,
    accountant: str = "pld",
    seed: int | None = None,
) -> Mechanism:
    """Return central differential privacy: the coordinator adds noise to the sum of clipped updates.

    Parameters
    ----------
    epsilon, delta
        The budget of all rounds together; what it protects is a site.
    clip
        The largest norm of an update, or ``"adaptive"``.
    first_clip, quantile, clip_rate
        Where a norm that adapts begins, which quantile of the updates' norms it follows, and how quickly.
    accountant
        ``"pld"``, or ``"rdp"``, which is quicker and a little pessimistic.
    seed
        For teaching: noise that can be repeated, and so taken away. None: the system's secure source.

    Examples
    --------
    >>> central_dp(epsilon=2, delta=1e-5, clip=0.5).clip
    0.5
    """
    word = "central_dp"
    return CentralDP(
        clip="adaptive" if unboxed(clip) == "adaptive" else _real(word, "clip", clip),
        first_clip=_real(word, "first_clip", first_clip),
        quantile=_real(word, "quantile", quantile),
        clip_rate=_real(word, "clip_rate", clip_rate),
        **_budget(word, epsilon, delta, accountant, seed),
    )


@worded
def local_dp(
    epsilon: float, delta: float, clip: float = 1.0, accountant: str = "pld", seed: int | None = None
) -> Mechanism:
    """Return local differential privacy: every site clips its update to ``clip`` and adds noise itself.

    The other parameters are those of :func:`central_dp`.

    Examples
    --------
    >>> local_dp(epsilon=8, delta=1e-5).clip
    1.0
    """
    word = "local_dp"
    return LocalDP(clip=_real(word, "clip", clip), **_budget(word, epsilon, delta, accountant, seed))


@worded
def record_dp(
    epsilon: float,
    delta: float,
    clip: float = 1.0,
    sample: float = 1.0,
    accountant: str = "pld",
    seed: int | None = None,
) -> Mechanism:
    """Return differential privacy of rows: every site clips the gradient of each row and adds noise to their sum.

    Parameters
    ----------
    epsilon, delta, accountant, seed
        As in :func:`central_dp`; what the budget protects is a row.
    clip
        The largest norm of a row's gradient.
    sample
        The part of its rows that a site draws for a step.

    Examples
    --------
    >>> record_dp(epsilon=2, delta=1e-5, sample=0.1).sample
    0.1
    """
    word = "record_dp"
    return RecordDP(
        clip=_real(word, "clip", clip),
        sample=_real(word, "sample", sample),
        **_budget(word, epsilon, delta, accountant, seed),
    )


MECHANISMS: Mapping[str, Callable[..., Any]] = {
    made.__name__: made for made in (secure_aggregation, central_dp, local_dp, record_dp)
}
"""Every mechanism by its word."""


def mechanisms(value: object) -> tuple[Mechanism, ...]:
    """Return what ``privacy=`` was given: a mechanism, several in a list, or none.

    Raises
    ------
    OperatorError
        If it is something else.
    """
    found = () if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)
    for one in found:
        if not isinstance(one, Mechanism):
            raise OperatorError(
                f"privacy= takes mechanisms, not {given.shown(one)}",
                found="privacy",
                hint="as in privacy=[secure_aggregation(), central_dp(epsilon=2, delta=1e-5)]",
            )
    return found


def _budget(word: str, epsilon: object, delta: object, accountant: object, seed: object) -> dict[str, Any]:
    known: dict[object, Accountant] = {"pld": "pld", "rdp": "rdp"}
    if unboxed(accountant) not in known:
        raise OperatorError(
            f'accountant= of {word}() is "pld" or "rdp", not {given.shown(accountant)}', found="accountant"
        )
    return {
        "epsilon": _real(word, "epsilon", epsilon),
        "delta": _real(word, "delta", delta),
        "accountant": known[unboxed(accountant)],
        "seed": None if unboxed(seed) is None else _whole(word, "seed", seed),
    }


def _real(word: str, name: str, value: object) -> float:
    found = given.real(unboxed(value))
    if found is None:
        raise OperatorError(
            f"{name}= of {word}() takes a number, not {given.shown(value)}",
            found=name,
            hint=f"as in {WORDS[word].example}",
        )
    return found


def _whole(word: str, name: str, value: object) -> int:
    return given.whole(name, value, WORDS[word])
