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

from jupyter_wayang.federation.privacy.accountant import Account, noise_multiplier
from jupyter_wayang.federation.privacy.clipping import clipped
from jupyter_wayang.plan.privacy import LocalDP
from jupyter_wayang.platforms.numpy.noise import noisy
from jupyter_wayang.platforms.randomness import Entropy

if TYPE_CHECKING:
    import numpy as np

__all__ = ["account", "noise", "randomized"]


def account(mechanism: LocalDP) -> Account:
    """Return the account of a site that has sent nothing yet."""
    return Account(epsilon=mechanism.epsilon, delta=mechanism.delta, unit="site", accountant=mechanism.accountant)


def noise(mechanism: LocalDP, rounds: int) -> float:
    """Return the noise multiplier z of a round, of so many: over 2C, what two updates differ by at most."""
    return noise_multiplier(mechanism.epsilon, mechanism.delta, rounds, accountant=mechanism.accountant)


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
