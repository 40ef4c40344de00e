r"""Central differential privacy: sites clip their updates, the coordinator adds noise to the sum.

In round t, with n sites asked, norm :math:`C_t` and noise multiplier z (McMahan et al., Algorithm 1, q = 1):

.. math:: w_{t+1} = w_t + \frac{1}{n} \Big( \sum_i \Delta_i \min(1, C_t / \|\Delta_i\|) + N(0, (z C_t)^2 I) \Big).

Every site counts the same, and n is the number of those asked: who drops out counts as no change. A site's part in the
model is then at most C/n, whatever its rows. It is sites that are protected; for rows see
:mod:`~jupyter_wayang.federation.privacy.record_dp`.

References
----------
McMahan, H. B., Ramage, D., Talwar, K., & Zhang, L. (2018). Learning Differentially Private Recurrent Language Models.
ICLR. https://arxiv.org/abs/1710.06963
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.federation.privacy.accountant import Account, Spend, noise_multiplier
from jupyter_wayang.federation.privacy.clipping import Adaptive
from jupyter_wayang.plan.privacy import CentralDP
from jupyter_wayang.platforms.numpy.noise import noisy
from jupyter_wayang.platforms.randomness import Entropy

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CentralState", "begin", "released"]


class CentralState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the coordinator remembers between rounds: the norm, the noise multiplier of a round, and the account."""

    clip: Adaptive
    noise_multiplier: float
    account: Account


def begin(mechanism: CentralDP, rounds: int) -> CentralState:
    """Return the state before the first of so many rounds: noise enough for all of them.

    Examples
    --------
    >>> state = begin(CentralDP(epsilon=1.0, delta=1e-5, clip=2.0), rounds=30)
    >>> state.clip.norm, round(state.noise_multiplier, 3)
    (2.0, 20.434)
    """
    noise = noise_multiplier(mechanism.epsilon, mechanism.delta, rounds, accountant=mechanism.accountant)
    norm = mechanism.first_clip if mechanism.clip == "adaptive" else mechanism.clip
    account = Account(epsilon=mechanism.epsilon, delta=mechanism.delta, unit="site", accountant=mechanism.accountant)
    clip = Adaptive(norm=norm, quantile=mechanism.quantile, rate=mechanism.clip_rate)
    return CentralState(clip=clip, noise_multiplier=noise, account=account)


def released(
    state: CentralState, mechanism: CentralDP, changes: np.ndarray, within: float, sites: int, entropy: Entropy
) -> tuple[CentralState, np.ndarray]:
    """Return the mean change with noise, and the state of the next round.

    Parameters
    ----------
    state
        The state of this round, whose norm the changes were clipped at.
    mechanism
        What was asked for.
    changes
        The sum of the clipped changes.
    within
        Of a norm that adapts, the sum over sites of ½ if a change was within the norm before, else -½.
    sites
        How many sites were asked.
    entropy
        Where noise comes from.

    Raises
    ------
    DisclosureError
        If the budget is spent.
    """
    import numpy as np

    norm, update_noise, told = state.clip.norm, state.noise_multiplier, state.clip
    account = state.account.charged(Spend(noise_multiplier=state.noise_multiplier))
    if mechanism.adaptive:
        bit_noise = Adaptive.bit_noise(state.noise_multiplier, sites)
        update_noise = Adaptive.update_noise(state.noise_multiplier, bit_noise)
        told = state.clip.after(float(noisy(np.array([within]), bit_noise, entropy)[0]), sites)
    mean: np.ndarray = noisy(changes, update_noise * norm, entropy) / sites
    return msgspec.structs.replace(state, clip=told, account=account), mean
