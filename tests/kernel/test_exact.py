"""The driver of exact fits, turned by hand over places that add up with NumPy."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from jupyter_wayang import events
from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.kernel.actions import Train
from jupyter_wayang.kernel.asking import Asking, RunContext, Stopped
from jupyter_wayang.kernel.exact import fit_exactly
from jupyter_wayang.kernel.steps import drive_plainly
from jupyter_wayang.kernel.training import Trained
from jupyter_wayang.plan.expressions import ColumnRef
from jupyter_wayang.plan.model_specs import GeneralizedLinear, LinearRegression, ModelSpec
from jupyter_wayang.plan.models import array, named_array
from jupyter_wayang.plan.operators import Fit, FitOptions
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.sums import Means, Products, Slopes, Sums, SumsTask
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.messages import Answer, Failure, Summed, decode_request, encode

PLACES = ("a", "b", "c")
RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(90, 2))
Y = RANDOM.poisson(np.exp(0.3 * X[:, 0] - 0.2 * X[:, 1] + 0.5)) * 1.0
PARTS = {place: slice(start, start + 30) for place, start in zip(PLACES, (0, 30, 60), strict=True)}

Answering = Callable[[messages.Sum], Answer | None]


def sums(place: str, task: SumsTask) -> dict[str, np.ndarray]:
    x, y = X[PARTS[place]], Y[PARTS[place]]
    match task:
        case Means():
            return {"sums": np.append(x.sum(axis=0), y.sum())}
        case Products(centres=centres):
            u = np.column_stack([x, y]) - centres
            return {"products": u.T @ u}
        case Slopes(family="poisson"):
            u = np.column_stack([x - task.centres, np.ones(len(y))])
            eta = u @ [*task.weights, task.intercept]
            mu = np.exp(eta)
            return {
                "loss": np.array([(mu - y * eta).sum()]),
                "gradient": -u.T @ (y - mu),
                "curvature": (u.T * mu) @ u,
                "pearson": np.array([((y - mu) ** 2 / mu).sum()]),
            }
    raise AssertionError(task)


def fitted(
    model: ModelSpec,
    *,
    rounds: int = 50,
    strategy: str | None = None,
    stop_after: int | None = None,
    instead: Answering | None = None,
    heard: list[events.AnyEvent] | None = None,
) -> tuple[Trained, list[events.AnyEvent]]:
    """Fit over three places; ``instead`` may answer for b."""
    heard = [] if heard is None else heard
    context = RunContext(run="r", name="r", platforms=None, titles={}, emit=heard.append, federated=True)
    action = Train(
        node="fit",
        fit=Fit(model=model, target=ColumnRef(name="y"), options=FitOptions(rounds=rounds, strategy=strategy)),
        steps=(),
        inputs=Schema.of(x="float64", z="float64", y="float64"),
        features=("x", "z"),
        prepare="p",
        update="p",
        watch="s",
        watch_prepare="p",
        on="train",
        bins=None,
        exact=True,
    )

    def carrier(place: str) -> Callable[[bytes], bytes]:
        def answer(request: bytes) -> bytes:
            message = decode_request(request)
            assert isinstance(message, messages.Sum)
            other = instead(message) if instead is not None and place == "b" else None
            made = tuple(named_array(name, values) for name, values in sums(place, message.task).items())
            summed = Summed(run="r", round=message.round, sums=Sums(arrays=made, rows=30))
            return encode(msgspec.structs.replace(other if other is not None else summed, id=message.id))

        return answer

    run = fit_exactly(action, ("x", "z"), PLACES, Asking(context))
    return drive_plainly(run, {place: carrier(place) for place in PLACES}, stop_after), heard


def weights(trained: Trained) -> list[float]:
    values = {named.name: array(named) for named in trained.parameters}
    return [*values["weights"].tolist(), *values["intercept"].tolist()]


def test_a_line_takes_two_rounds() -> None:
    trained, heard = fitted(LinearRegression())
    wanted = np.linalg.lstsq(np.column_stack([X, np.ones(90)]), Y, rcond=None)[0]
    assert weights(trained) == pytest.approx(wanted.tolist(), rel=1e-12)
    assert (trained.state, trained.rounds, dict(trained.seen)) == ("done", 2, dict.fromkeys(PLACES, 30))
    told = [type(event).__name__ for event in heard if isinstance(event, events.RoundStarted | events.RoundFinished)]
    assert told == ["RoundStarted", "RoundFinished"] * 2


def test_newton_ends_where_the_gradient_is_nothing() -> None:
    trained, _ = fitted(GeneralizedLinear(family="poisson"))
    w = np.array(weights(trained))
    residual = Y - np.exp(X @ w[:-1] + w[-1])
    assert np.abs([*(X.T @ residual), residual.sum()]).max() < 1e-10
    assert trained.reason == f"exact after {trained.rounds} rounds"
    assert trained.rounds < 10


@pytest.mark.parametrize("answers", range(1, 16))
def test_a_stop_at_any_answer_keeps_the_last_model(answers: int) -> None:
    # Three answers a round. The first round finds means; before its end there is no model to keep.
    done = answers // 3
    if done < 1:
        with pytest.raises(Stopped):
            fitted(GeneralizedLinear(family="poisson"), stop_after=answers)
        return
    trained, heard = fitted(GeneralizedLinear(family="poisson"), stop_after=answers)
    whole, _ = fitted(GeneralizedLinear(family="poisson"))
    if trained.state == "done":  # it had converged before the wish came
        assert weights(trained) == weights(whole)
        return
    assert (trained.state, trained.rounds) == ("stopped", done)
    assert trained.reason.startswith(f"stopped after {done} round")
    assert len([event for event in heard if isinstance(event, events.RoundFinished)]) == done
    shorter, _ = fitted(GeneralizedLinear(family="poisson"), rounds=done, strategy="newton")
    assert weights(trained) == weights(shorter)


def test_a_refusal_is_the_error_of_the_run_and_is_reported() -> None:
    def refuses(message: messages.Sum) -> Answer | None:
        return (
            Failure(run="r", kind="DisclosureError", message="b keeps it", hint="ask less")
            if message.round == 2
            else None
        )

    heard: list[events.AnyEvent] = []
    with pytest.raises(DisclosureError, match="b keeps it"):
        fitted(LinearRegression(), instead=refuses, heard=heard)
    reports = {(e.round, e.site): e.error for e in heard if isinstance(e, events.SiteReported)}
    assert reports[2, "b"] == "b keeps it"
    assert {error for key, error in reports.items() if key != (2, "b")} == {None}


def test_rounds_that_nobody_chose_are_enough_or_it_is_an_error() -> None:
    few, _ = fitted(GeneralizedLinear(family="poisson"), rounds=3, strategy="newton")
    assert (few.reason, few.statistics) == ("all 3 rounds are done", ())
    with pytest.raises(OperatorError, match="did not come to its end in 3 rounds"):
        fitted(GeneralizedLinear(family="poisson"), rounds=3)
