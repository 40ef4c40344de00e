"""The models of the language as functions: each makes a specification, checked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast, get_args

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.expressions import unboxed
from jupyter_wayang.language.learners import logistic_regression
from jupyter_wayang.language.unknown import unknown
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.model_specs import (
    DecisionTree,
    Family,
    GeneralizedLinear,
    GradientBoosting,
    KMeans,
    LinearRegression,
    ModelSpec,
    NaiveBayes,
    NeuralNetwork,
    PrincipalComponents,
    RandomForest,
)

__all__ = [
    "MAKERS",
    "decision_tree",
    "glm",
    "gradient_boosting",
    "kmeans",
    "linear_regression",
    "mlp",
    "naive_bayes",
    "pca",
    "random_forest",
]


@worded
def linear_regression(l2: float = 0.0) -> ModelSpec:
    """Return a linear regression; with ``l2``, ridge regression.

    Parameters
    ----------
    l2
        Half of it times the squared norm of the weights is added to half of the mean squared error.

    Examples
    --------
    >>> linear_regression(l2=0.1)
    LinearRegression(l2=0.1)
    """
    return LinearRegression(l2=_number("linear_regression", "l2", l2))


@worded
def glm(family: str) -> ModelSpec:
    """Return a generalised linear model by maximum likelihood; its coefficients have standard errors.

    Parameters
    ----------
    family
        ``gaussian`` (identity link), ``binomial`` (logit), ``poisson`` (log), ``gamma`` (log).

    Examples
    --------
    >>> glm("poisson")
    GeneralizedLinear(family='poisson')
    """
    found = unboxed(family)
    if found not in get_args(Family):
        raise unknown("family", str(found), get_args(Family))
    return GeneralizedLinear(family=cast("Family", found))


@worded
def kmeans(k: int = 8, seed: int = 0, start: object = None) -> ModelSpec:
    """Return k-means by Lloyd's algorithm.

    Parameters
    ----------
    k
        The number of centres.
    seed
        Another seed begins elsewhere.
    start
        Where the centres begin: k rows of one number for each feature. None: as ``seed`` decides.

    Examples
    --------
    >>> kmeans(3)
    KMeans(k=3, seed=0, start=None)
    """
    k, seed = _whole("kmeans", "k", k), _whole("kmeans", "seed", seed)
    rows = unboxed(start)
    if rows is None:
        return KMeans(k=k, seed=seed)
    try:
        begun = tuple(tuple(float(value) for value in row) for row in cast("Any", rows))
    except (TypeError, ValueError) as error:
        raise OperatorError(
            f"start= of kmeans() takes rows of numbers, not {given.shown(start)}",
            hint="as in kmeans(2, start=((0, 0), (1, 1)))",
        ) from error
    return KMeans(k=k, seed=seed, start=begun)


@worded
def naive_bayes() -> ModelSpec:
    """Return Gaussian naive Bayes of a yes or no.

    Examples
    --------
    >>> naive_bayes()
    NaiveBayes()
    """
    return NaiveBayes()


@worded
def pca(n: int = 2) -> ModelSpec:
    """Return the ``n`` principal components.

    Examples
    --------
    >>> pca(2)
    PrincipalComponents(n=2)
    """
    return PrincipalComponents(n=_whole("pca", "n", n))


@worded
def decision_tree(depth: int | None = None, seed: int = 0) -> ModelSpec:
    """Return a decision tree: of a yes or no, the probability; of a number, the number.

    Examples
    --------
    >>> decision_tree(depth=5)
    DecisionTree(depth=5, seed=0)
    """
    return DecisionTree(depth=_deep("decision_tree", depth), seed=_whole("decision_tree", "seed", seed))


@worded
def random_forest(trees: int = 100, depth: int | None = None, seed: int = 0) -> ModelSpec:
    """Return the mean of trees over rows that are drawn with repetition.

    Examples
    --------
    >>> random_forest(trees=50).trees
    50
    """
    return RandomForest(
        trees=_whole("random_forest", "trees", trees),
        depth=_deep("random_forest", depth),
        seed=_whole("random_forest", "seed", seed),
    )


@worded
def gradient_boosting(trees: int = 100, depth: int = 3, learning_rate: float = 0.1, seed: int = 0) -> ModelSpec:
    """Return a sum of small trees, each fitted to what those before it got wrong.

    Examples
    --------
    >>> gradient_boosting(trees=50, depth=2).depth
    2
    """
    return GradientBoosting(
        trees=_whole("gradient_boosting", "trees", trees),
        depth=_whole("gradient_boosting", "depth", depth),
        learning_rate=_number("gradient_boosting", "learning_rate", learning_rate),
        seed=_whole("gradient_boosting", "seed", seed),
    )


@worded
def mlp(hidden: object = (16,), epochs: int = 200, l2: float = 1e-4, seed: int = 0) -> ModelSpec:
    """Return a neural network of layers of rectified linear units.

    Parameters
    ----------
    hidden
        The number of units of each hidden layer.
    epochs
        How often all rows are gone through.
    l2
        What holds the weights down.
    seed
        Decides the first weights and the order of rows.

    Examples
    --------
    >>> mlp(hidden=(16, 8)).hidden
    (16, 8)
    """
    listed = unboxed(hidden)
    sizes = listed if isinstance(listed, list | tuple) else (listed,)
    return NeuralNetwork(
        hidden=tuple(_whole("mlp", "hidden", size) for size in sizes),
        epochs=_whole("mlp", "epochs", epochs),
        l2=_number("mlp", "l2", l2),
        seed=_whole("mlp", "seed", seed),
    )


MAKERS: Mapping[str, Callable[..., Any]] = {
    made.__name__: made
    for made in (
        *(logistic_regression, linear_regression, glm, kmeans, naive_bayes, pca),
        *(decision_tree, random_forest, gradient_boosting, mlp),
    )
}
"""Every model by its word."""


def _number(word: str, name: str, value: object) -> float:
    found = given.real(unboxed(value))
    if found is None:
        raise OperatorError(f"{name}= takes a number, not {given.shown(value)}", hint=f"as in {WORDS[word].example}")
    return found


def _whole(word: str, name: str, value: object) -> int:
    return given.whole(name, value, WORDS[word])


def _deep(word: str, depth: object) -> int | None:
    return None if unboxed(depth) is None else _whole(word, "depth", depth)
