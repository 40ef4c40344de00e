"""Differential privacy of rows: sites train with clipped gradients and noise, and every step is accounted for.

How a site trains is :mod:`jupyter_wayang.platforms.numpy.private_gradient`; here is how much noise its steps need, and what
they spend. A row is at one site only, so that the budget of a row is that of its site's steps, however many sites there are.
"""

from __future__ import annotations

from jupyter_wayang.federation.privacy.accountant import Account, Spend, noise_multiplier
from jupyter_wayang.plan.privacy import RecordDP, RecordNoise

__all__ = ["account", "noise", "spend"]


def account(mechanism: RecordDP) -> Account:
    """Return the account of rows about which nothing has been told yet."""
    return Account(epsilon=mechanism.epsilon, delta=mechanism.delta, unit="row", accountant=mechanism.accountant)


def noise(mechanism: RecordDP, steps: int) -> RecordNoise:
    """Return what a site's tasks say of noise: enough for so many steps in all rounds together.

    Examples
    --------
    >>> made = noise(RecordDP(epsilon=2.0, delta=1e-5, sample=0.1), steps=50)
    >>> round(made.noise_multiplier, 2), spend(made, steps=5).count
    (1.75, 5)
    """
    needs = noise_multiplier(
        mechanism.epsilon, mechanism.delta, steps, sampling=mechanism.sample, accountant=mechanism.accountant
    )
    return RecordNoise(clip=mechanism.clip, noise_multiplier=needs, sample=mechanism.sample, seed=mechanism.seed)


def spend(noise: RecordNoise, steps: int) -> Spend:
    """Return what so many steps spend."""
    return Spend(noise_multiplier=noise.noise_multiplier, sampling=noise.sample, count=steps)
