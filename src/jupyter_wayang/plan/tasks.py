"""What a site is asked to do with its prepared rows, declaratively, and what it answers.

The same full-batch task gives the same update on every platform, to tolerance.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import LogisticRegression, Makes, tag_of
from jupyter_wayang.plan.models import ModelSpec, NamedArray

__all__ = [
    "TARGET",
    "InferTask",
    "LocalTask",
    "MergedCell",
    "PersonalTask",
    "ScoreCell",
    "ScoreTask",
    "Update",
    "steps_of",
]

TARGET = "__target__"
"""The column of prepared rows that holds the class; ``fit()`` takes no feature of this name."""


class PersonalTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Train a second model on the same rows, from parameters of its own, held near those that the task starts from."""

    parameters: tuple[NamedArray, ...]
    proximal: float
    epochs: int

    def __post_init__(self) -> None:
        if not 0 <= self.proximal < math.inf or self.epochs < 1:
            raise OperatorError("a personal model takes a proximal term of 0 or more, and a step or more")


class LocalTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Train a model on rows with columns ``features`` and :data:`TARGET` (0 or 1), all floats without nulls.

    What is made small is declared, so that no strategy needs a platform to know of it:

    .. math:: F(w) = f(w) + \frac{\lambda}{2} \lVert w \rVert^2
              + \frac{\rho}{2} \lVert w - a \rVert^2 + \langle g, w \rangle,

    with f the mean log loss, λ the model's ``l2`` (intercept left out unless the model penalizes it), ρ ``proximal``,
    a ``anchor`` and g ``linear``. ``solver="gradient"``: ``epochs`` passes of steps w ← w - learning_rate · ∇F(w), each
    over all rows or over ``batch`` of them. ``solver="exact"``: to convergence (the norm of ∇F below 1e-10). Both start
    at the parameters.

    ``anchor`` are the parameters where it is empty, ``linear`` is 0 where it is. ``loss`` asks for the data loss with
    the model's penalty at the parameters, before any step. ``batch``: each pass puts the rows into another order, made
    of ``seed`` and of nothing else, and takes the next ``batch`` rows for each step; the last step of a pass takes what
    is left. ``personal`` is trained after the rest.
    """

    model: ModelSpec
    features: tuple[str, ...]
    parameters: tuple[NamedArray, ...]
    solver: Literal["gradient", "exact"] = "gradient"
    epochs: int = 1
    learning_rate: float = 0.1
    makes: Makes = "probability"
    proximal: float = 0.0
    anchor: tuple[NamedArray, ...] = ()
    linear: tuple[NamedArray, ...] = ()
    loss: bool = False
    batch: int | None = None
    seed: int = 0
    personal: PersonalTask | None = None

    def __post_init__(self) -> None:
        if self.solver == "gradient" and self.epochs < 1:
            raise OperatorError("local_epochs must be 1 or more", found=str(self.epochs))
        if not 0 < self.learning_rate < math.inf:
            raise OperatorError("learning_rate must be a number above 0", found=str(self.learning_rate))
        if not 0 <= self.proximal < math.inf:
            raise OperatorError("the proximal term must be a number of 0 or more", found=str(self.proximal))
        if self.batch is not None and (self.batch < 1 or self.solver == "exact"):
            raise OperatorError("batch is a number of rows, 1 or more, for gradient steps", found=str(self.batch))
        more = self.proximal or self.anchor or self.linear or self.loss or self.batch or self.personal
        if more and not isinstance(self.model, LogisticRegression):
            raise OperatorError(f"{tag_of(self.model)}() is fitted without further terms")
        given = {"anchor": self.anchor, "linear": self.linear}
        if self.personal is not None:
            given["personal"] = self.personal.parameters
        for name, arrays in given.items():
            if (arrays or name == "personal") and _shapes(arrays) != _shapes(self.parameters):
                raise OperatorError(f"{name} has not the names and shapes of the parameters")

    def second(self) -> LocalTask | None:
        """Return the training of the personal model as a task of its own, or None."""
        if self.personal is None:
            return None
        return msgspec.structs.replace(
            self,
            parameters=self.personal.parameters,
            epochs=self.personal.epochs,
            proximal=self.personal.proximal,
            anchor=self.parameters,
            linear=(),
            loss=False,
            personal=None,
        )


def steps_of(epochs: int, batch: int | None, rows: int) -> int:
    """Return how many steps a site takes in a round.

    Examples
    --------
    >>> steps_of(2, None, 100), steps_of(2, 32, 100)
    (2, 8)
    """
    return epochs if batch is None else epochs * math.ceil(rows / batch)


def _shapes(arrays: tuple[NamedArray, ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple((one.name, one.shape) for one in arrays)


class InferTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say of rows with columns ``features`` what a model says: add it as ``columns``, and leave the features out.

    ``makes`` says whether it is a probability, a number, a cluster or several components.
    """

    model: ModelSpec
    makes: Makes
    features: tuple[str, ...]
    parameters: tuple[NamedArray, ...]
    columns: tuple[str, ...] = ()


class Update(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters after local training and the number of rows they were trained on.

    ``loss`` and ``personal`` (the parameters of the personal model) are there if the task asked for them.
    """

    parameters: tuple[NamedArray, ...]
    rows: int
    loss: float | None = None
    personal: tuple[NamedArray, ...] = ()


class ScoreTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Score rows with a model and count them per class and score bin.

    The bin of a score p in [0, 1] is ``min(floor(p * bins), bins - 1)``.
    """

    model: ModelSpec
    features: tuple[str, ...]
    parameters: tuple[NamedArray, ...]
    bins: int = 20


class ScoreCell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class (0 or 1) and score bin: rows, the sum of their log losses, and how many score on their class's side of ½.

    A score of exactly ½ counts as class 1. Log loss is of scores clipped to [1e-15, 1 - 1e-15].
    """

    bin: int
    target: int
    n: int
    log_loss: float
    correct: int


class MergedCell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What leaves a site of its score cells: a class and the bins ``low_bin`` to ``high_bin``, both inclusive."""

    low_bin: int
    high_bin: int
    target: int
    n: int
    log_loss: float
    correct: int
