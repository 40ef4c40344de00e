r"""Local differential privacy: a site clips its update and adds noise itself, before anything leaves it.

.. math:: \tilde\Delta_i = \Delta_i \min(1, C / \|\Delta_i\|) + N(0, (2 C z)^2 I)

Two updates of norm C are at most 2C apart, so that nobody can tell from what a site sends which of any two it had, but for
epsilon and delta. Nobody has to be trusted; the price is that the noise of every site stays in the mean.

References
----------
Kasiviswanathan, S. P., Lee, H. K., Nissim, K., Raskhodnikova, S., & Smith, A. (2011). What Can We Learn Privately?
SIAM Journal on Computing, 40(3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.federation.privacy.accountant import Account, Spend, noise_multiplier
from jupyter_wayang.federation.privacy.clipping import clipped
from jupyter_wayang.federation.privacy.noise_state import SiteNoise, Training
from jupyter_wayang.federation.strategies.state import Client
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.privacy import Guard, LocalDP
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.numpy.noise import noisy
from jupyter_wayang.platforms.randomness import Entropy, derived_seed

if TYPE_CHECKING:
    import numpy as np

__all__ = ["asked", "begin", "randomized", "received"]


def begin(mechanism: LocalDP, training: Training) -> SiteNoise:
    """Return the state before the first round: noise enough for all of them, over 2C.

    Examples
    --------
    >>> state = begin(LocalDP(epsilon=1.0, delta=1e-5), Training(rounds=30, sites=4, steps=1))
    >>> round(state.spend.noise_multiplier, 3)
    20.434
    """
    noise = noise_multiplier(mechanism.epsilon, mechanism.delta, training.rounds, accountant=mechanism.accountant)
    return SiteNoise(spend=Spend(noise_multiplier=noise), account=Account.of(mechanism, unit="site"))


def asked(mechanism: LocalDP, state: SiteNoise, task: LocalTask, client: Client) -> LocalTask:
    """Return a task that has the site clip its update, and add noise to it."""
    guard = Guard(
        clip=mechanism.clip,
        noise_multiplier=state.spend.noise_multiplier,
        seed=derived_seed(mechanism.seed, client.round, client.site),
    )
    return msgspec.structs.replace(task, guard=guard)


def received(
    mechanism: LocalDP, state: SiteNoise, sent: tuple[NamedArray, ...], updates: tuple[tuple[str, Update], ...]
) -> tuple[SiteNoise, tuple[tuple[str, Update], ...]]:
    """Return the state of the next round, and the updates: whatever is made of them tells no more than they do."""
    return state.charged(), updates


def randomized(change: np.ndarray, clip: float, noise_multiplier: float, entropy: Entropy) -> np.ndarray:
    """Return a change as it may leave a site.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.platforms.randomness import from_seed
    >>> sent = randomized(np.zeros(10_000), clip=0.5, noise_multiplier=3.0, entropy=from_seed(1))
    >>> round(float(sent.std()), 1)
    3.0
    """
    shortened, _ = clipped(change, clip)
    return noisy(shortened, 2.0 * clip * noise_multiplier, entropy)
