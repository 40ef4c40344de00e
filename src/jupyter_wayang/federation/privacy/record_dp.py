"""Differential privacy of rows: sites train with clipped gradients and noise, and every step is accounted for.

How a site trains is :mod:`jupyter_wayang.platforms.numpy.private_gradient`; here is how much noise its steps need, and what
they spend. A row is at one site only, so that the budget of a row is that of its site's steps, however many sites there are.
"""

from __future__ import annotations

import msgspec

from jupyter_wayang.federation.privacy.accountant import Account, Spend, noise_multiplier
from jupyter_wayang.federation.privacy.noise_state import SiteNoise, Training
from jupyter_wayang.federation.strategies.state import Client
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.privacy import RecordDP, RecordNoise
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.randomness import derived_seed

__all__ = ["asked", "begin", "received"]


def begin(mechanism: RecordDP, training: Training) -> SiteNoise:
    """Return the state before the first round: noise enough for the steps of all rounds.

    Examples
    --------
    >>> made = begin(RecordDP(epsilon=2.0, delta=1e-5, sample=0.1), Training(rounds=10, sites=4, steps=5))
    >>> round(made.spend.noise_multiplier, 2), made.spend.count
    (1.75, 5)
    """
    needs = noise_multiplier(
        mechanism.epsilon,
        mechanism.delta,
        training.rounds * training.steps,
        sampling=mechanism.sample,
        accountant=mechanism.accountant,
    )
    spend = Spend(noise_multiplier=needs, sampling=mechanism.sample, count=training.steps)
    return SiteNoise(spend=spend, account=Account.of(mechanism, unit="row"))


def asked(mechanism: RecordDP, state: SiteNoise, task: LocalTask, client: Client) -> LocalTask:
    """Return a task whose steps have noise."""
    noise = RecordNoise(
        clip=mechanism.clip,
        noise_multiplier=state.spend.noise_multiplier,
        sample=mechanism.sample,
        seed=derived_seed(mechanism.seed, client.round, client.site),
    )
    return msgspec.structs.replace(task, noise=noise)


def received(
    mechanism: RecordDP, state: SiteNoise, sent: tuple[NamedArray, ...], updates: tuple[tuple[str, Update], ...]
) -> tuple[SiteNoise, tuple[tuple[str, Update], ...]]:
    """Return the state of the next round, and the updates: whatever is made of them tells no more than they do."""
    return state.charged(), updates
