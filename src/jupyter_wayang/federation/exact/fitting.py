"""Which method fits which model exactly, and in how many rounds at most."""

from __future__ import annotations

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.exact import clusters, glm, least_squares, naive_bayes, principal_components
from jupyter_wayang.federation.exact.method import Fitting
from jupyter_wayang.plan.model_specs import (
    GeneralizedLinear,
    KMeans,
    LinearRegression,
    LogisticRegression,
    ModelSpec,
    NaiveBayes,
    PrincipalComponents,
    tag_of,
)

__all__ = ["fitting", "most_rounds"]


def fitting(model: ModelSpec, features: tuple[str, ...]) -> Fitting:
    """Return the method that fits a model.

    Raises
    ------
    OperatorError
        If there is none, or if there are no features.

    Examples
    --------
    >>> next(fitting(LinearRegression(), ("age",))).task
    Means(features=('age',), target=True)
    """
    if not features:
        raise OperatorError(f"{tag_of(model)}() needs a feature, and there is none")
    match model:
        case LogisticRegression(l2=l2, penalize_intercept=penalize):
            return glm.fit("binomial", features, l2, penalize_intercept=penalize)
        case LinearRegression(l2=l2):
            return least_squares.fit(features, l2)
        case GeneralizedLinear(family="gaussian"):
            return least_squares.fit(features)
        case GeneralizedLinear(family=family):
            return glm.fit(family, features)
        case NaiveBayes():
            return naive_bayes.fit(features)
        case PrincipalComponents(n=n):
            return principal_components.fit(features, n)
        case KMeans(k=k, start=start, seed=seed):
            return clusters.fit(features, k, start=start, seed=seed)
    raise OperatorError(f"{tag_of(model)}() has no exact method over sites")


def most_rounds(model: ModelSpec) -> int:
    """Return how many rounds a fit may take at most; those that take two take no more.

    Examples
    --------
    >>> most_rounds(LinearRegression()), most_rounds(LogisticRegression())
    (2, 50)
    """
    match model:
        case LogisticRegression() | GeneralizedLinear():
            return 2 if isinstance(model, GeneralizedLinear) and model.family == "gaussian" else 50
        case KMeans():
            return 300
    return 2
