"""Differential privacy over the four hospitals: what sites are asked, what leaves them, and what is spent."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.events import PrivacySpent
from jupyter_wayang.federation.privacy.accountant import Spend, epsilon
from jupyter_wayang.plan.models import array
from jupyter_wayang.plan.operators import LocalUpdate
from jupyter_wayang.transport.messages import Train, Trained, decode_answer, decode_request

sys.path.insert(0, str(Path(__file__).parent))

from heart import task

SITES = ("cleveland", "hungary", "switzerland", "va")
PLATFORMS = dict(
    zip(SITES, (("duckdb", "numpy"), ("polars", "numpy"), ("pandas", "numpy"), ("pandas", "numpy")), strict=True)
)
AVERAGED = {"local_epochs": 5, "learning_rate": 0.5, "weights": "uniform"}


class Heard:
    """What the coordinator and the sites said to each other about training."""

    def __init__(self, session: wy.Session) -> None:
        self.tasks: list[tuple[str, Train]] = []
        self.updates: list[tuple[str, Trained]] = []
        kernel = session.kernel
        carriers = kernel._federations["hospitals"]
        heard = {site: self._listening(site, carrier) for site, carrier in carriers.items()}
        kernel.join("hospitals", heard, kernel._titles["hospitals"])

    def _listening(self, site: str, inner: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def carrier(request: bytes) -> bytes:
            asked, answer = decode_request(request), inner(request)
            if isinstance(asked, Train):
                self.tasks.append((site, asked))
                told = decode_answer(answer)
                assert isinstance(told, Trained), told
                self.updates.append((site, told))
            return answer

        return carrier

    def changes(self) -> list[np.ndarray]:
        """What every update changed."""
        return [
            np.concatenate(
                [array(b) - array(a) for a, b in zip(asked.task.parameters, told.update.parameters, strict=True)]
            )
            for (_, asked), (_, told) in zip(self.tasks, self.updates, strict=True)
        ]


def fitted(opened: Callable[..., wy.Session], privacy: object, rounds: int = 3, **strategy: object):
    session = opened(PLATFORMS)
    heard = Heard(session)
    model, test = task(session, rounds=rounds, strategy=wy.fedavg(**{**AVERAGED, **strategy}), privacy=privacy)
    result = model.evaluate(test).run()
    spent = [event for event in result.run.events() if isinstance(event, PrivacySpent)]
    return result, heard, spent


def test_central_noise_with_a_norm_that_adapts(opened: Callable[..., wy.Session]) -> None:
    mechanism = wy.central_dp(epsilon=200, delta=1e-3, first_clip=0.3)
    result, heard, spent = fitted(opened, mechanism)
    norms = [asked.task.guard.clip for _, asked in heard.tasks if asked.task.guard]
    assert norms[0] == 0.3
    assert len({round(norm, 12) for norm in norms}) == 3
    assert all(np.linalg.norm(change) <= norm * (1 + 1e-9) for change, norm in zip(heard.changes(), norms, strict=True))
    # Site by site: whether the update was within the norm, and nothing of its rows.
    assert {told.update.rows for _, told in heard.updates} == {1}
    assert {told.update.within for _, told in heard.updates} <= {True, False}
    assert [event.round for event in spent] == [1, 2, 3]
    assert spent[-1].epsilon == pytest.approx(200, rel=1e-3)
    assert spent[-1].epsilon <= 200
    assert (spent[0].unit, spent[0].mechanism, spent[0].repeatable) == ("site", "central_dp", False)
    assert result.model is not None


def test_a_seed_repeats_a_training_and_is_said(opened: Callable[..., wy.Session]) -> None:
    mechanism = wy.central_dp(epsilon=20, delta=1e-3, clip=0.5, seed=11)
    (one, _, spent), (other, _, _) = fitted(opened, mechanism), fitted(opened, mechanism)
    assert one.model.parameters == other.model.parameters
    assert spent[0].repeatable
    fresh, _, _ = fitted(opened, wy.central_dp(epsilon=20, delta=1e-3, clip=0.5))
    assert fresh.model.parameters != one.model.parameters


def test_local_noise_is_added_before_an_update_leaves(opened: Callable[..., wy.Session]) -> None:
    _, heard, spent = fitted(opened, wy.local_dp(epsilon=10, delta=1e-3, clip=0.5), rounds=2)
    guard = heard.tasks[0][1].task.guard
    assert guard is not None
    assert guard.noise_multiplier is not None
    deviation = 2 * 0.5 * guard.noise_multiplier
    # The clipped change is at most 0.5 long; in 8 updates of 17 numbers what is seen is noise.
    seen = np.concatenate(heard.changes())
    assert seen.std() == pytest.approx(deviation, rel=0.3)
    assert spent[-1].epsilon == pytest.approx(epsilon((Spend(noise_multiplier=guard.noise_multiplier, count=2),), 1e-3))


def test_rows_are_protected_by_sites_that_can(opened: Callable[..., wy.Session]) -> None:
    session = opened(PLATFORMS)
    model, _ = task(session, rounds=2, strategy=wy.fedavg(**AVERAGED), privacy=wy.record_dp(epsilon=3, delta=1e-4))
    plan = model.plan()
    updates = [one for one in plan.execution.operators if one.verb == "local_update"]
    assert {one.decision.platform for one in updates} == {"numpy"}
    result, heard, spent = fitted(opened, wy.record_dp(epsilon=3, delta=1e-4, clip=0.8), rounds=2)
    noise = heard.tasks[0][1].task.noise
    assert noise is not None
    assert spent[-1].epsilon == pytest.approx(3, rel=1e-3)
    assert spent[-1].epsilon == pytest.approx(
        epsilon((Spend(noise_multiplier=noise.noise_multiplier, count=10),), 1e-4)
    )
    assert spent[-1].unit == "row"
    assert result.model is not None


def test_rows_cannot_be_protected_where_no_platform_adds_noise(opened: Callable[..., wy.Session]) -> None:
    session = opened({**PLATFORMS, "va": ("pandas",)})
    model, _ = task(session, rounds=2, strategy=wy.fedavg(**AVERAGED), privacy=wy.record_dp(epsilon=3, delta=1e-4))
    with pytest.raises(wy.WayangError, match=r"no platform can run local_update\(5 epochs, with noise\) at Va"):
        model.plan()


@pytest.mark.parametrize(
    ("privacy", "strategy", "said"),
    [
        (wy.central_dp(epsilon=1, delta=1e-3), wy.fedavg(learning_rate=0.5), "every site counts the same"),
        (
            wy.central_dp(epsilon=1, delta=1e-3),
            wy.strategy("krum", learning_rate=0.5, f=1),
            "looks at the update of each",
        ),
        (
            [wy.central_dp(epsilon=1, delta=1e-3), wy.local_dp(epsilon=1, delta=1e-3)],
            wy.fedavg(**AVERAGED),
            "one mechanism with noise",
        ),
        ([wy.secure_aggregation(), wy.secure_aggregation()], wy.fedavg(**AVERAGED), "every mechanism once"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(
    opened: Callable[..., wy.Session], privacy: object, strategy: object, said: str
) -> None:
    session = opened(PLATFORMS)
    with pytest.raises(OperatorError, match=said):
        task(session, rounds=2, strategy=strategy, privacy=privacy)[0].plan()


def test_the_plan_says_what_is_asked_for() -> None:
    assert (
        LocalUpdate(model=wy.logistic_regression(), rounds=2, epochs=5, private=True).describe()
        == "5 epochs, with noise"
    )
