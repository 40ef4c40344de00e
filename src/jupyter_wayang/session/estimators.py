"""Fitted models as estimators of scikit-learn, made of their arrays alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import TYPE_CHECKING, Any, TypeAlias

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import (
    GeneralizedLinear,
    KMeans,
    LinearRegression,
    LogisticRegression,
    NaiveBayes,
    NeuralNetwork,
    PrincipalComponents,
    link_of,
    tag_of,
)
from jupyter_wayang.plan.models import Model, array

if TYPE_CHECKING:
    import numpy as np

    Arrays: TypeAlias = Mapping[str, np.ndarray]

__all__ = ["estimator"]


def estimator(model: Model) -> Any:
    """Return a fitted estimator of scikit-learn that says of prepared features what the model says.

    ``feature_names_in_`` has the names of the features: those after the steps of the model, which the estimator does
    not take. Classes are 0 and 1.

    Raises
    ------
    OperatorError
        If scikit-learn has no estimator that could be made of the model's arrays.
    """
    import numpy as np

    made = _estimator(model.spec, {named.name: array(named) for named in model.parameters}, model)
    made.n_features_in_ = len(model.features)
    made.feature_names_in_ = np.array(model.features, dtype=object)
    return made


@singledispatch
def _estimator(spec: object, arrays: Arrays, model: Model) -> Any:
    raise OperatorError(
        f"no estimator of scikit-learn can be made of the arrays of {tag_of(model.spec)}()",
        hint="predict() works everywhere",
    )


@_estimator.register(LogisticRegression)
def _(spec: LogisticRegression, arrays: Arrays, model: Model) -> Any:
    return _logistic(arrays)


def _logistic(arrays: Arrays) -> Any:
    import numpy as np
    from sklearn.linear_model import LogisticRegression as Classifier

    made = Classifier()
    made.classes_ = np.array([0, 1])
    made.coef_, made.intercept_ = arrays["weights"][None, :], arrays["intercept"]
    return made


@_estimator.register(LinearRegression)
def _(spec: LinearRegression, arrays: Arrays, model: Model) -> Any:
    return _line(arrays)


def _line(arrays: Arrays) -> Any:
    from sklearn.linear_model import LinearRegression as Line

    made = Line()
    made.coef_, made.intercept_ = arrays["weights"], float(arrays["intercept"][0])
    return made


@_estimator.register(GeneralizedLinear)
def _(spec: GeneralizedLinear, arrays: Arrays, model: Model) -> Any:
    from sklearn.linear_model import GammaRegressor, PoissonRegressor

    match link_of(spec):
        case "logit":
            return _logistic(arrays)
        case "identity":
            return _line(arrays)
    made = GammaRegressor(alpha=0) if spec.family == "gamma" else PoissonRegressor(alpha=0)
    made.coef_, made.intercept_ = arrays["weights"], float(arrays["intercept"][0])
    made._base_loss = made._get_loss()  # noqa: SLF001 - predict() asks it for the link, and fit() alone sets it
    return made


@_estimator.register(KMeans)
def _(spec: KMeans, arrays: Arrays, model: Model) -> Any:
    from sklearn.cluster import KMeans as Lloyd

    made = Lloyd(spec.k)
    made.cluster_centers_ = arrays["centres"]
    made._n_threads = 1  # noqa: SLF001 - predict() reads it, and fit() alone sets it
    return made


@_estimator.register(NaiveBayes)
def _(spec: NaiveBayes, arrays: Arrays, model: Model) -> Any:
    import numpy as np
    from sklearn.naive_bayes import GaussianNB

    made = GaussianNB()
    made.classes_ = np.array([0, 1])
    made.class_prior_, made.theta_, made.var_ = arrays["shares"], arrays["means"], arrays["variances"]
    return made


@_estimator.register(PrincipalComponents)
def _(spec: PrincipalComponents, arrays: Arrays, model: Model) -> Any:
    from sklearn.decomposition import PCA

    made = PCA(spec.n)
    made.components_, made.mean_ = arrays["components"], arrays["mean"]
    made.explained_variance_, made.n_components_ = arrays["variances"], spec.n
    return made


@_estimator.register(NeuralNetwork)
def _(spec: NeuralNetwork, arrays: Arrays, model: Model) -> Any:
    import numpy as np
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import LabelBinarizer

    yes_or_no = model.makes == "probability"
    made = (MLPClassifier if yes_or_no else MLPRegressor)(hidden_layer_sizes=spec.hidden)
    layers = range(1, len(spec.hidden) + 2)
    made.coefs_ = [arrays[f"weights_{layer}"] for layer in layers]
    made.intercepts_ = [arrays[f"biases_{layer}"] for layer in layers]
    made.n_layers_, made.n_outputs_ = len(spec.hidden) + 2, 1
    made.out_activation_ = "logistic" if yes_or_no else "identity"
    if yes_or_no:
        made.classes_ = np.array([0, 1])
        made._label_binarizer = LabelBinarizer().fit(made.classes_)  # noqa: SLF001 - predict() reads it
    return made
