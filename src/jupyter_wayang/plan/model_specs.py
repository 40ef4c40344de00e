"""What can be fitted, as values: the kind of a model and the numbers that it is fitted with, never code."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.schema import DataType

__all__ = [
    "EXACT",
    "DecisionTree",
    "Family",
    "GeneralizedLinear",
    "GradientBoosting",
    "KMeans",
    "LinearRegression",
    "Link",
    "LogisticRegression",
    "Makes",
    "ModelSpec",
    "NaiveBayes",
    "NeuralNetwork",
    "PrincipalComponents",
    "RandomForest",
    "Saying",
    "link_of",
    "makes",
    "saying",
    "tag_of",
]

Makes = Literal["probability", "number", "cluster", "components"]
"""What a model says of a row: the probability of a yes, a number, the number of its cluster, or several numbers."""

Family = Literal["gaussian", "binomial", "poisson", "gamma"]
"""How a target is spread about its mean: with the links identity, logit, log and log."""

_MOST = 10_000


class LogisticRegression(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="logistic_regression", tag_field="tag"
):
    """Binary logistic regression.

    The loss is the mean log loss plus ``l2 / 2`` times the squared norm of the weights; the intercept is left out of
    the penalty unless ``penalize_intercept``.
    """

    l2: float = 0.0
    penalize_intercept: bool = False

    def __post_init__(self) -> None:
        _not_negative("l2", self.l2)


class LinearRegression(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="linear_regression", tag_field="tag"
):
    """Least squares: half of the mean squared error plus ``l2 / 2`` times the squared norm of the weights.

    The intercept is not penalized. With ``l2`` this is ridge regression.
    """

    l2: float = 0.0

    def __post_init__(self) -> None:
        _not_negative("l2", self.l2)


class GeneralizedLinear(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="glm", tag_field="tag"
):
    """A generalised linear model by maximum likelihood, with standard errors."""

    family: Family


class KMeans(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="kmeans", tag_field="tag"):
    """Lloyd's algorithm: from the centres of ``start``, or else from such as ``seed`` decides.

    Where all rows are that is ten starts that are spread out (k-means++), the best of which is kept.
    """

    k: int
    seed: int = 0
    start: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        _between("k", self.k)
        if self.start is not None and (len(self.start) != self.k or len({len(row) for row in self.start}) > 1):
            raise OperatorError(
                f"start= has {len(self.start)} centres, and kmeans({self.k}) needs {self.k} of one length",
                hint="as in kmeans(2, start=((0, 0), (1, 1)))",
            )


class NaiveBayes(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="naive_bayes", tag_field="tag"
):
    """Gaussian naive Bayes: in each class every feature is normal, and independent of the others."""


class PrincipalComponents(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pca", tag_field="tag"
):
    """The directions in which rows vary most; of each, the largest part in absolute value is positive."""

    n: int

    def __post_init__(self) -> None:
        _between("n", self.n)


class DecisionTree(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="decision_tree", tag_field="tag"
):
    """A tree of questions whether a feature is at most so much; without ``depth``, until its leaves are pure."""

    depth: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        _depth(self.depth)


class RandomForest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="random_forest", tag_field="tag"
):
    """The mean of trees over rows that are drawn with repetition."""

    trees: int = 100
    depth: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        _between("trees", self.trees)
        _depth(self.depth)


class GradientBoosting(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="gradient_boosting", tag_field="tag"
):
    """A sum of small trees, each of which is fitted to what those before it got wrong."""

    trees: int = 100
    depth: int = 3
    learning_rate: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        _between("trees", self.trees)
        _depth(self.depth)
        if not 0 < self.learning_rate < math.inf:
            raise OperatorError("learning_rate must be a number above 0", found=str(self.learning_rate))


class NeuralNetwork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="mlp", tag_field="tag"):
    """Layers of rectified linear units, trained with Adam in batches of up to 200 rows.

    The loss has ``l2 / 2`` times the squared norm of all weights, divided by the rows of a batch.
    """

    hidden: tuple[int, ...] = (16,)
    epochs: int = 200
    l2: float = 1e-4
    seed: int = 0

    def __post_init__(self) -> None:
        for size in self.hidden:
            _between("a layer of hidden", size)
        _between("epochs", self.epochs)
        _not_negative("l2", self.l2)


ModelSpec = (
    LogisticRegression
    | LinearRegression
    | GeneralizedLinear
    | KMeans
    | NaiveBayes
    | PrincipalComponents
    | DecisionTree
    | RandomForest
    | GradientBoosting
    | NeuralNetwork
)
"""What can be fitted."""

EXACT = (LogisticRegression, LinearRegression, GeneralizedLinear, NaiveBayes, PrincipalComponents, KMeans)
"""Models that sums over rows lead to: sites together fit them as if all rows were at one place."""

Link = Literal["logit", "identity", "log"]
"""What of a mean is the weighted sum of the features."""

Saying = Link | Literal["nearest"]
"""What is made of the expressions that a model is told as: a mean by its link, or the nearest of centres."""


def tag_of(spec: ModelSpec) -> str:
    """Return the word of a kind of model.

    Examples
    --------
    >>> tag_of(KMeans(k=3))
    'kmeans'
    """
    return str(type(spec).__struct_config__.tag)


def link_of(spec: ModelSpec) -> Link | None:
    """Return the link of a model that is a weighted sum of its features; None of another.

    Examples
    --------
    >>> link_of(GeneralizedLinear(family="gamma")), link_of(NaiveBayes())
    ('log', None)
    """
    match spec:
        case LogisticRegression() | GeneralizedLinear(family="binomial"):
            return "logit"
        case LinearRegression() | GeneralizedLinear(family="gaussian"):
            return "identity"
        case GeneralizedLinear():
            return "log"
    return None


def saying(spec: ModelSpec) -> Saying | None:
    """Return what is made of the expressions that say what a model says; None where only arrays do.

    Naive Bayes is a sum over features and their squares.

    Examples
    --------
    >>> saying(KMeans(k=2)), saying(RandomForest())
    ('nearest', None)
    """
    match spec:
        case NaiveBayes():
            return "logit"
        case PrincipalComponents():
            return "identity"
        case KMeans():
            return "nearest"
    return link_of(spec)


def makes(spec: ModelSpec, target: DataType) -> Makes:
    """Return what a model makes, fitted to a target of a type: trees and networks learn a yes or no, or a number.

    Examples
    --------
    >>> makes(DecisionTree(), "bool"), makes(DecisionTree(), "float64")
    ('probability', 'number')
    """
    match spec:
        case LogisticRegression() | NaiveBayes() | GeneralizedLinear(family="binomial"):
            return "probability"
        case LinearRegression() | GeneralizedLinear():
            return "number"
        case KMeans():
            return "cluster"
        case PrincipalComponents():
            return "components"
    return "probability" if target == "bool" else "number"


def _not_negative(name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise OperatorError(f"{name} must be a number of 0 or more", found=str(value))


def _between(name: str, value: int) -> None:
    if not 1 <= value <= _MOST:
        raise OperatorError(f"{name} is a number between 1 and {_MOST:,}", found=str(value))


def _depth(value: int | None) -> None:
    if value is not None and not 1 <= value <= 64:
        raise OperatorError("depth is a number between 1 and 64", found=str(value))
