"""Secure aggregation over the four hospitals: masked integers leave the sites, and the model is the same."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.events import PrivacySpent, RoundFinished, SiteReported
from jupyter_wayang.plan.models import array
from jupyter_wayang.transport.messages import Train, Trained, decode_answer, decode_request

sys.path.insert(0, str(Path(__file__).parent))

from heart import task

SITES = ("cleveland", "hungary", "switzerland", "va")
PLATFORMS = dict.fromkeys(SITES, ("pandas", "numpy"))
STRATEGY = {"local_epochs": 5, "learning_rate": 0.5}


def listened(session: wy.Session) -> list[tuple[str, object]]:
    """Keep what every site answers to a request to train, and to those about masks."""
    heard: list[tuple[str, object]] = []
    kernel = session.kernel

    def listening(site: str, inner: Callable[..., bytes]) -> Callable[..., bytes]:
        def carrier(request: bytes, *more: object) -> bytes:
            answer = inner(request, *more)
            kind = str(type(decode_request(request)).__struct_config__.tag)
            if kind in ("train", "secure"):
                heard.append((site, decode_answer(answer)))
            return answer

        return carrier

    carriers = kernel._federations["hospitals"]
    kernel.join("hospitals", {s: listening(s, c) for s, c in carriers.items()}, kernel._titles["hospitals"])
    return heard


def weights(result: wy.Result) -> np.ndarray:
    return np.concatenate([array(result.model["weights"]), array(result.model["intercept"])])


@pytest.mark.parametrize("counting", ["rows", "uniform"])
def test_the_model_is_that_of_plain_averaging(opened: Callable[..., wy.Session], counting: str) -> None:
    strategy = wy.fedavg(**STRATEGY, weights=counting)
    session = opened(PLATFORMS)
    heard = listened(session)
    model, test = task(session, rounds=3, strategy=strategy, privacy=wy.secure_aggregation())
    secure = model.evaluate(test).run()
    assert [type(answer).__name__ for _, answer in heard] == ["Secured"] * 4 * 4 * 3
    model, test = task(opened(PLATFORMS), rounds=3, strategy=strategy)
    plain = model.evaluate(test).run()
    assert weights(secure) == pytest.approx(weights(plain), rel=1e-12)


def test_no_update_leaves_a_site_in_the_clear(opened: Callable[..., wy.Session]) -> None:
    session = opened(PLATFORMS)
    heard = listened(session)
    model, _ = task(session, rounds=1, strategy=wy.fedavg(**STRATEGY), privacy=wy.secure_aggregation())
    model.run()
    assert not [answer for _, answer in heard if isinstance(answer, Trained)]
    sizes = {len(answer.said.words) for _, answer in heard if type(answer.said).__name__ == "Masked"}
    # A change for every weight and the intercept, the weight, and the bit: 16 bytes each.
    assert sizes == {16 * (len(model.run().model.features) + 1 + 2)}


def test_a_site_may_be_lost_before_its_update_comes(opened: Callable[..., wy.Session]) -> None:
    lost = [wy.fault("fail", "va", rounds=1, first=2)]
    model, test = task(
        opened(PLATFORMS),
        rounds=3,
        strategy=wy.fedavg(**STRATEGY),
        privacy=wy.secure_aggregation(threshold=3),
        faults=lost,
    )
    result = model.evaluate(test).run()
    counted = [event.sites for event in result.run.events() if isinstance(event, RoundFinished)]
    assert counted == [SITES, SITES[:3], SITES]
    missing = [event.site for event in result.run.events() if isinstance(event, SiteReported) and event.error]
    assert missing == ["va"]
    plain, test = task(opened(PLATFORMS), rounds=3, strategy=wy.fedavg(**STRATEGY), faults=lost, quorum=3)
    assert weights(result) == pytest.approx(weights(plain.evaluate(test).run()), rel=1e-12)


def test_with_central_noise_on_top(opened: Callable[..., wy.Session]) -> None:
    mechanisms = [wy.secure_aggregation(threshold=3), wy.central_dp(epsilon=100, delta=1e-3, seed=4)]
    strategy = wy.fedavg(**STRATEGY, weights="uniform")
    model, test = task(opened(PLATFORMS), rounds=2, strategy=strategy, privacy=mechanisms)
    secure = model.evaluate(test).run()
    assert [event.round for event in secure.run.events() if isinstance(event, PrivacySpent)] == [1, 2]
    model, test = task(opened(PLATFORMS), rounds=2, strategy=strategy, privacy=mechanisms[1])
    # The same noise on the same sum.
    assert weights(secure) == pytest.approx(weights(model.evaluate(test).run()), rel=1e-9)


def test_what_cannot_be_summed_is_refused_before_anything_runs(opened: Callable[..., wy.Session]) -> None:
    session = opened(PLATFORMS)
    for strategy, privacy, said in (
        (wy.strategy("coordinate_median", learning_rate=0.5), wy.secure_aggregation(), "looks at the update of each"),
        (wy.fedavg(**STRATEGY), wy.secure_aggregation(threshold=5), "between 3 and 4, not 5"),
    ):
        with pytest.raises(OperatorError, match=said):
            task(session, rounds=2, strategy=strategy, privacy=privacy)[0].plan()


def test_a_site_that_masks_is_not_talked_into_sending_its_update(opened: Callable[..., wy.Session]) -> None:
    session = opened(PLATFORMS)
    kernel, told = session.kernel, []
    carriers = dict(kernel._federations["hospitals"])
    inner = carriers["va"]

    def curious(request: bytes, *more: object) -> bytes:
        asked = decode_request(request)
        if isinstance(asked, Train) and asked.inbox is not None:
            import msgspec

            plain = msgspec.structs.replace(asked, inbox=None, id="another")
            told.append(decode_answer(inner(msgspec.msgpack.encode(plain), *more)))
        return inner(request, *more)

    kernel.join("hospitals", {**carriers, "va": curious}, kernel._titles["hospitals"])
    model, _ = task(session, rounds=1, strategy=wy.fedavg(**STRATEGY), privacy=wy.secure_aggregation())
    model.run()
    assert [answer.kind for answer in told] == ["DisclosureError"]
