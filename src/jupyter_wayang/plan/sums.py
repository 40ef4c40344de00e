"""What a site adds up over its prepared rows for an exact fit: a closed set of sums, never an expression of the asker."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import Family, Link
from jupyter_wayang.plan.models import NamedArray

__all__ = ["ByCentre", "ByClass", "Errors", "Means", "Products", "Slopes", "Sums", "SumsTask"]

Vector: TypeAlias = tuple[float, ...]


class _Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    features: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.features or len(set(self.features)) < len(self.features):
            raise OperatorError("sums need features, each of them once", found=", ".join(self.features))

    def _finite(self, name: str, values: Iterable[float], count: int) -> None:
        found = list(values)
        if len(found) != count or not all(map(math.isfinite, found)):
            raise OperatorError(f"{name} must be {count} finite numbers", found=str(found))

    @property
    def parameters(self) -> int:
        """How many numbers a model of these sums has: a site with fewer rows does not answer."""
        return len(self.features) + 1


class Means(_Task, frozen=True, kw_only=True, tag="means"):
    """``sums`` of the features, and last of the target if it is wanted."""

    target: bool = True


class Products(_Task, frozen=True, kw_only=True, tag="products"):
    """``products`` of every two features, and last the target if it is wanted, each less its centre."""

    centres: Vector
    target: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._finite("centres", self.centres, len(self.features) + self.target)


class Slopes(_Task, frozen=True, kw_only=True, tag="slopes"):
    """The log likelihood of a generalised linear model at a point, with its derivatives.

    The linear predictor is ``intercept`` plus ``weights`` times the features less ``centres``. The arrays are ``loss``
    (minus the log likelihood without constants), ``gradient`` and ``curvature`` of it (the intercept last), and
    ``pearson``, the sum of squared Pearson residuals. ``expected``: the curvature is Fisher's information.
    """

    family: Family
    centres: Vector
    weights: Vector
    intercept: float
    expected: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._finite("centres", self.centres, len(self.features))
        self._finite("weights", self.weights, len(self.features))
        self._finite("intercept", (self.intercept,), 1)


class ByClass(_Task, frozen=True, kw_only=True, tag="by_class"):
    """Of the rows of each class, no and yes: ``counts``, and ``sums`` and ``squares`` of the features less ``centres``."""

    centres: tuple[Vector, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._finite("centres", (c for row in self.centres for c in row), 2 * len(self.features))

    @property
    def parameters(self) -> int:
        """A mean and a variance of every feature in both classes."""
        return 4 * len(self.features)


class ByCentre(_Task, frozen=True, kw_only=True, tag="by_centre"):
    """Of the rows nearest to each centre: ``counts``, ``sums`` of the features, and ``squares`` of the distances."""

    centres: tuple[Vector, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.centres) <= 100:
            raise OperatorError("over sites kmeans() takes 1 to 100 centres", found=str(len(self.centres)))
        self._finite("centres", (c for row in self.centres for c in row), len(self.centres) * len(self.features))

    @property
    def parameters(self) -> int:
        """All coordinates of the centres."""
        return len(self.centres) * len(self.features)


class Errors(_Task, frozen=True, kw_only=True, tag="errors"):
    """How far off a line is: ``squares`` and ``absolute`` of the errors, ``sums`` and ``spread`` of the target.

    The target is taken less ``level``; what the line says is the mean whose ``link`` is ``intercept`` plus ``weights``
    times the features.
    """

    link: Link
    weights: Vector
    intercept: float
    level: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._finite("weights", self.weights, len(self.features))
        self._finite("intercept and level", (self.intercept, self.level), 2)

    @property
    def parameters(self) -> int:
        """None are learned."""
        return 1


SumsTask = Means | Products | Slopes | ByClass | ByCentre | Errors
"""What can be added up."""


class Sums(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arrays that add up over sites, and the number of rows that they are of."""

    arrays: tuple[NamedArray, ...]
    rows: int
