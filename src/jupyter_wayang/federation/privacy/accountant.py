"""What noise is worth: how much privacy rounds spend, how much noise a budget asks for, and when it is spent.

The figures are those of ``dp-accounting``; neighbours differ by one that is protected, present or not.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import msgspec

from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.federation.privacy.needed import needed
from jupyter_wayang.plan.privacy import Accountant, CentralDP, LocalDP, RecordDP

__all__ = ["Account", "Spend", "epsilon", "noise_multiplier"]

_PURPOSE = "differential privacy"
_CLOSE = 1e-5
"""How close to the least noise the search comes, relative to it; it stays on the safe side."""


class Spend(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was revealed ``count`` times: a sum with Gaussian noise.

    Parameters
    ----------
    noise_multiplier
        The deviation of the noise over what one that is protected can change.
    sampling
        The chance with which each takes part, by itself.
    count
        How often.
    """

    noise_multiplier: float
    sampling: float = 1.0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.noise_multiplier < math.inf or not 0 < self.sampling <= 1 or self.count < 0:
            raise OperatorError(f"this cannot be accounted for: {self}")


@lru_cache(maxsize=256)
def epsilon(spends: tuple[Spend, ...], delta: float, accountant: Accountant = "pld") -> float:
    """Return the epsilon that all of it comes to, at a delta.

    Examples
    --------
    >>> once = (Spend(noise_multiplier=1.0, sampling=0.01, count=1000),)
    >>> round(epsilon(once, 1e-5, "rdp"), 4), round(epsilon(once, 1e-5), 4)
    (2.1014, 1.8282)
    """
    spends = tuple(spend for spend in spends if spend.count)
    if not spends:
        return 0.0
    dp = needed("dp_accounting", _PURPOSE)
    if accountant == "pld" and all(spend.sampling == 1.0 for spend in spends):
        # The losses of Gaussian noise are Gaussian and add up: in closed form, without a grid.
        together = sum(spend.count / spend.noise_multiplier**2 for spend in spends) ** -0.5
        return float(dp.get_epsilon_gaussian(together, delta))
    with _quiet():
        account = _fresh(accountant)
        for spend in spends:
            account.compose(_event(dp, spend), spend.count)
        return float(account.get_epsilon(delta))


def _fresh(accountant: Accountant) -> Any:
    if accountant == "rdp":
        return needed("dp_accounting.rdp", _PURPOSE).RdpAccountant()
    return needed("dp_accounting.pld", _PURPOSE).PLDAccountant()


def _event(dp: Any, spend: Spend) -> Any:
    noise = dp.GaussianDpEvent(spend.noise_multiplier)
    return noise if spend.sampling == 1.0 else dp.PoissonSampledDpEvent(spend.sampling, noise)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself which orders of the Rényi divergence the accountant left out: it takes the best of the others."""

    def told(record: logging.LogRecord) -> bool:
        return "Excluding this order" not in record.getMessage()

    logger = logging.getLogger("absl")
    logger.addFilter(told)
    try:
        yield
    finally:
        logger.removeFilter(told)


@lru_cache(maxsize=64)
def noise_multiplier(
    budget: float, delta: float, count: int, sampling: float = 1.0, accountant: Accountant = "pld"
) -> float:
    """Return the least noise with which something can be revealed ``count`` times within an epsilon.

    Parameters
    ----------
    budget, delta
        The epsilon and delta of all of it.
    count
        How often.
    sampling
        The chance with which each takes part.
    accountant
        How it adds up.

    Raises
    ------
    OperatorError
        If the budget is so small that no noise would do.

    Examples
    --------
    >>> needs = noise_multiplier(1.0, 1e-5, count=30)
    >>> round(needs, 3), round(epsilon((Spend(noise_multiplier=needs, count=30),), 1e-5), 3)
    (20.434, 1.0)
    """

    def spent(noise: float) -> float:
        return epsilon((Spend(noise_multiplier=noise, sampling=sampling, count=count),), delta, accountant)

    # Rényi accounting is quick and never says too little, so that it bounds the noise from above.
    high = 1.0
    while epsilon((Spend(noise_multiplier=high, sampling=sampling, count=count),), delta, "rdp") > budget:
        high *= 2.0
        if high > 2.0**40:
            raise OperatorError(f"no noise keeps {count} rounds within epsilon {budget:g} and delta {delta:g}")
    low = high / 2.0
    while spent(low) <= budget and low > 2.0**-20:
        high, low = low, low / 2.0
    close = _CLOSE * high
    root = needed("scipy.optimize", _PURPOSE).brentq(lambda noise: spent(noise) - budget, low, high, xtol=close)
    return float(min(root + close, high))


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A budget, and what was spent of it. It is a value: what is spent makes another one, which can be kept in a file.

    Parameters
    ----------
    epsilon, delta
        The budget.
    unit
        What is protected: a site, or a row.
    accountant
        How it adds up.
    spends
        What was spent, in order; equal ones that follow each other are one.

    Examples
    --------
    >>> account = Account(epsilon=1.0, delta=1e-5, unit="row").charged(Spend(noise_multiplier=5.0))
    >>> account.describe()
    'epsilon 0.726 of 1 at delta 1e-05 per row'

    A second time would make it 1.06, and is refused.
    """

    epsilon: float
    delta: float
    unit: str
    accountant: Accountant = "pld"
    spends: tuple[Spend, ...] = ()

    @classmethod
    def of(cls, mechanism: CentralDP | LocalDP | RecordDP, unit: str) -> Account:
        """Return the account of a mechanism of which nothing is spent."""
        return cls(epsilon=mechanism.epsilon, delta=mechanism.delta, unit=unit, accountant=mechanism.accountant)

    @property
    def spent(self) -> float:
        """The epsilon spent so far."""
        return epsilon(self.spends, self.delta, self.accountant)

    def charged(self, spend: Spend) -> Account:
        """Return the account after something more was revealed.

        Raises
        ------
        DisclosureError
            If the budget does not reach: then it must not be revealed.
        """
        after = msgspec.structs.replace(self, spends=_joined(self.spends, spend))
        if after.spent > self.epsilon * (1 + 1e-9):
            raise DisclosureError(
                f"the privacy budget of a {self.unit} is spent: epsilon {self.spent:.3g} of {self.epsilon:g}, "
                f"and this would make it {after.spent:.3g}",
                found=f"{after.spent:.3g}",
                hint=f"fewer rounds, more noise, or a larger budget; delta is {self.delta:g}",
            )
        return after

    def describe(self) -> str:
        """Return what was spent, in words."""
        return f"epsilon {self.spent:.3g} of {self.epsilon:g} at delta {self.delta:g} per {self.unit}"


def _joined(spends: tuple[Spend, ...], spend: Spend) -> tuple[Spend, ...]:
    if spends and msgspec.structs.replace(spends[-1], count=spend.count) == spend:
        return (*spends[:-1], msgspec.structs.replace(spend, count=spends[-1].count + spend.count))
    return (*spends, spend)
