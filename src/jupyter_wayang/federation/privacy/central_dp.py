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
from jupyter_wayang.federation.privacy.clipping import Adaptive, clipped
from jupyter_wayang.federation.privacy.noise_state import Training
from jupyter_wayang.federation.strategies.state import Client
from jupyter_wayang.federation.strategies.vectors import arrays_like, vector
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.privacy import CentralDP, Guard
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.numpy.noise import noisy
from jupyter_wayang.platforms.randomness import Entropy, chosen

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ALL", "CentralNoise", "asked", "begin", "received", "released"]

ALL = "all sites"
"""Whose update a strategy is given where only the sum of all is known."""


class CentralNoise(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="central", tag_field="tag"
):
    """What the coordinator remembers between rounds: norm, noise multiplier, account, sites in a round, rounds done."""

    clip: Adaptive
    noise_multiplier: float
    account: Account
    sites: int
    round: int = 0


def begin(mechanism: CentralDP, training: Training) -> CentralNoise:
    """Return the state before the first round: noise enough for all of them.

    Examples
    --------
    >>> state = begin(CentralDP(epsilon=1.0, delta=1e-5, clip=2.0), Training(rounds=30, sites=4, steps=1))
    >>> state.clip.norm, round(state.noise_multiplier, 3)
    (2.0, 20.434)
    """
    noise = noise_multiplier(mechanism.epsilon, mechanism.delta, training.rounds, accountant=mechanism.accountant)
    norm = mechanism.first_clip if mechanism.clip == "adaptive" else mechanism.clip
    clip = Adaptive(norm=norm, quantile=mechanism.quantile, rate=mechanism.clip_rate)
    return CentralNoise(
        clip=clip, noise_multiplier=noise, account=Account.of(mechanism, unit="site"), sites=training.sites
    )


def asked(mechanism: CentralDP, state: CentralNoise, task: LocalTask, client: Client) -> LocalTask:
    """Return a task that has the site clip its update at the norm of the round."""
    return msgspec.structs.replace(task, guard=Guard(clip=state.clip.norm, tells=mechanism.adaptive))


def received(
    mechanism: CentralDP,
    state: CentralNoise,
    sent: tuple[NamedArray, ...],
    updates: tuple[tuple[str, Update], ...],
) -> tuple[CentralNoise, tuple[tuple[str, Update], ...]]:
    """Return the state of the next round, and the mean of the updates with noise as the one update there is.

    Parameters
    ----------
    mechanism, state
        What was asked for, and the state of this round.
    sent
        The parameters that sites were sent.
    updates
        What came back.

    Raises
    ------
    DisclosureError
        If the budget is spent.
    """
    before = vector(sent)
    # Sites have clipped; the noise must not rely on it.
    changes = [clipped(vector(update.parameters) - before, state.clip.norm)[0] for _, update in updates]
    within = sum(0.5 if update.within else -0.5 for _, update in updates)
    entropy = chosen(mechanism.seed, "central_dp", state.round + 1)
    state, mean = released(state, mechanism, sum(changes, 0.0 * before), within, entropy)
    return state, ((ALL, Update(parameters=arrays_like(before + mean, sent), rows=state.sites)),)


def released(
    state: CentralNoise, mechanism: CentralDP, changes: np.ndarray, within: float, entropy: Entropy
) -> tuple[CentralNoise, np.ndarray]:
    """Return the state of the next round, and the mean change with noise.

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
    entropy
        Where noise comes from.

    Raises
    ------
    DisclosureError
        If the budget is spent.
    """
    import numpy as np

    norm, noise, told = state.clip.norm, state.noise_multiplier, state.clip
    account = state.account.charged(Spend(noise_multiplier=noise))
    if mechanism.adaptive:
        bit_noise = Adaptive.bit_noise(noise, state.sites)
        told = state.clip.after(float(noisy(np.array([within]), bit_noise, entropy)[0]), state.sites)
        noise = Adaptive.update_noise(noise, bit_noise)
    mean: np.ndarray = noisy(changes, noise * norm, entropy) / state.sites
    return msgspec.structs.replace(state, clip=told, account=account, round=state.round + 1), mean
