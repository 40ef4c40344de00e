"""A task says all that is to be made small, or is refused."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import KMeans, LogisticRegression
from jupyter_wayang.plan.models import named_array
from jupyter_wayang.plan.tasks import LocalTask, PersonalTask


def arrays(weights=(0.0, 0.0), intercept=0.0):
    return (named_array("weights", np.array(weights)), named_array("intercept", np.array([intercept])))


def task(**options):
    return LocalTask(**{"model": LogisticRegression(), "features": ("a", "b"), "parameters": arrays(), **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"proximal": -1.0}, "proximal term"),
        ({"proximal": float("inf")}, "proximal term"),
        ({"batch": 0}, "batch is a number of rows"),
        ({"batch": 4, "solver": "exact"}, "batch is a number of rows"),
        ({"anchor": arrays((1.0,))}, "anchor has not the names and shapes"),
        ({"linear": arrays()[:1]}, "linear has not the names and shapes"),
        ({"personal": PersonalTask(parameters=(), proximal=0.0, epochs=1)}, "personal has not the names and shapes"),
        ({"model": KMeans(k=2), "solver": "exact", "parameters": (), "proximal": 1.0}, "kmeans.. is fitted without"),
        ({"model": KMeans(k=2), "solver": "exact", "parameters": (), "loss": True}, "kmeans.. is fitted without"),
    ],
)
def test_a_task_that_cannot_be_is_refused(options, message):
    with pytest.raises(OperatorError, match=message):
        task(**options)


@pytest.mark.parametrize(("proximal", "epochs"), [(-0.1, 1), (float("nan"), 1), (0.1, 0)])
def test_a_personal_model_that_cannot_be_is_refused(proximal, epochs):
    with pytest.raises(OperatorError, match="personal model"):
        PersonalTask(parameters=arrays(), proximal=proximal, epochs=epochs)


def test_the_second_training_is_held_near_where_the_first_begins():
    own = PersonalTask(parameters=arrays((3.0, 4.0)), proximal=0.3, epochs=7)
    first = task(parameters=arrays((1.0, 2.0)), linear=arrays((9.0, 9.0)), loss=True, epochs=2, personal=own)
    second = first.second()
    assert second == task(
        parameters=own.parameters, anchor=first.parameters, proximal=0.3, epochs=7, learning_rate=first.learning_rate
    )
    assert second.second() is None


def test_a_task_is_the_same_after_a_journey():
    own = PersonalTask(parameters=arrays((3.0, 4.0)), proximal=0.3, epochs=7)
    sent = task(proximal=0.2, linear=arrays((9.0, 9.0)), loss=True, batch=3, seed=2**48 - 1, personal=own)
    assert msgspec.json.decode(msgspec.json.encode(sent), type=LocalTask) == sent
