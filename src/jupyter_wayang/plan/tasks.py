"""What a site is asked to do with its prepared rows, declaratively, and what it answers.

The same full-batch task gives the same update on every platform, to tolerance.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import Makes
from jupyter_wayang.plan.models import ModelSpec, NamedArray
from jupyter_wayang.plan.privacy import Guard, RecordNoise

__all__ = ["TARGET", "InferTask", "LocalTask", "MergedCell", "ScoreCell", "ScoreTask", "Update"]

TARGET = "__target__"
"""The column of prepared rows that holds the class; ``fit()`` takes no feature of this name."""


class LocalTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Train a model on rows with columns ``features`` and :data:`TARGET` (0 or 1), all floats without nulls.

    ``solver="gradient"``: ``epochs`` full-batch steps w ← w - learning_rate · ∇F(w), where F is the mean log loss plus
    ``l2 / 2 · ‖w‖²`` (intercept left out unless the model penalizes it). ``solver="exact"``: to convergence
    (the norm of ∇F below 1e-10), starting at the parameters.

    ``noise`` is added to the gradients of every step, each row's clipped; ``guard`` says what is done to the update before
    it leaves the site.
    """

    model: ModelSpec
    features: tuple[str, ...]
    parameters: tuple[NamedArray, ...]
    solver: Literal["gradient", "exact"] = "gradient"
    epochs: int = 1
    learning_rate: float = 0.1
    makes: Makes = "probability"
    noise: RecordNoise | None = None
    guard: Guard | None = None

    def __post_init__(self) -> None:
        if self.solver == "gradient" and self.epochs < 1:
            raise OperatorError("local_epochs must be 1 or more", found=str(self.epochs))
        if not 0 < self.learning_rate < math.inf:
            raise OperatorError("learning_rate must be a number above 0", found=str(self.learning_rate))


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

    ``within`` says whether what changed was within the norm of the task's guard, if that asks for it.
    """

    parameters: tuple[NamedArray, ...]
    rows: int
    within: bool | None = None


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
