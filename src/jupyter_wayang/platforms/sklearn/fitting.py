"""Fits with scikit-learn: what is kept of an estimator is named arrays, never the estimator."""

from __future__ import annotations

import warnings
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import (
    DecisionTree,
    GradientBoosting,
    KMeans,
    LinearRegression,
    NaiveBayes,
    NeuralNetwork,
    PrincipalComponents,
    RandomForest,
    tag_of,
)
from jupyter_wayang.plan.models import NamedArray, named_array
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.numpy.learning import beyond_numbers, no_rows

if TYPE_CHECKING:
    import numpy as np

__all__ = ["fit"]


def fit(X: np.ndarray, y: np.ndarray, task: LocalTask) -> Update:
    """Fit a model, and return it as the arrays of :mod:`jupyter_wayang.platforms.numpy.inference`.

    Raises
    ------
    OperatorError
        If there are too few rows, or only one class where two are needed.
    """
    import numpy as np

    if not len(y):
        raise no_rows("fit")
    if not X.shape[1]:
        raise OperatorError(f"{tag_of(task.model)}() needs a feature, and there is none")
    made = _fit(task.model, X, y, task.makes == "probability")
    parameters = tuple(named_array(name, np.asarray(values, dtype=float)) for name, values in made.items())
    if not all(np.isfinite(np.frombuffer(named.data)).all() for named in parameters):
        raise beyond_numbers()
    return Update(parameters=_sorted(parameters), rows=len(y))


def _sorted(parameters: tuple[NamedArray, ...]) -> tuple[NamedArray, ...]:
    return tuple(sorted(parameters, key=lambda named: named.name))


@singledispatch
def _fit(model: object, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    raise OperatorError(f"scikit-learn does not fit {type(model).__name__}")


@_fit.register(LinearRegression)
def _(model: LinearRegression, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    from sklearn.linear_model import LinearRegression as Plain
    from sklearn.linear_model import Ridge

    found = Ridge(alpha=model.l2 * len(y), solver="svd").fit(X, y) if model.l2 > 0 else Plain().fit(X, y)
    return {"weights": found.coef_, "intercept": [found.intercept_]}


@_fit.register(KMeans)
def _(model: KMeans, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    import numpy as np
    from sklearn.cluster import KMeans as Lloyd

    if model.start is not None and len(model.start[0]) != X.shape[1]:
        raise OperatorError(f"start= of kmeans() has {len(model.start[0])} numbers a centre, for {X.shape[1]} features")
    if len(X) < model.k:
        raise OperatorError(f"kmeans() of {model.k} clusters needs as many rows, and there are {len(X)}")
    with warnings.catch_warnings():
        # Fewer different rows than clusters: some centres are then the same.
        warnings.simplefilter("ignore")
        begin = {"n_init": 10} if model.start is None else {"init": np.array(model.start), "n_init": 1}
        found = Lloyd(model.k, **begin, random_state=model.seed, algorithm="lloyd").fit(X)
    return {"centres": found.cluster_centers_}


@_fit.register(NaiveBayes)
def _(model: NaiveBayes, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    from sklearn.naive_bayes import GaussianNB

    _two_classes(model, y)
    found = GaussianNB().fit(X, y)
    return {"shares": found.class_prior_, "means": found.theta_, "variances": found.var_}


@_fit.register(PrincipalComponents)
def _(model: PrincipalComponents, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    import numpy as np
    from sklearn.decomposition import PCA

    most = min(X.shape)
    if model.n > most:
        raise OperatorError(
            f"pca({model.n}) needs as many features and rows, and there are {X.shape[1]} features of {len(X)} rows"
        )
    found = PCA(model.n, svd_solver="full").fit(X)
    largest = found.components_[np.arange(model.n), np.abs(found.components_).argmax(axis=1)]
    components = found.components_ * np.where(largest < 0, -1.0, 1.0)[:, None]
    return {"mean": found.mean_, "components": components, "variances": found.explained_variance_}


@_fit.register(DecisionTree)
def _(model: DecisionTree, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeClassifier if yes_or_no else DecisionTreeRegressor
    found = kind(max_depth=model.depth, random_state=model.seed).fit(X, y)
    return _trees([found.tree_], [_share(found, yes_or_no)])


@_fit.register(RandomForest)
def _(model: RandomForest, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if yes_or_no else RandomForestRegressor
    found = kind(model.trees, max_depth=model.depth, random_state=model.seed).fit(X, y)
    return _trees([tree.tree_ for tree in found.estimators_], [_share(tree, yes_or_no) for tree in found.estimators_])


@_fit.register(GradientBoosting)
def _(model: GradientBoosting, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    import numpy as np
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    if yes_or_no:
        _two_classes(model, y)
    kind = GradientBoostingClassifier if yes_or_no else GradientBoostingRegressor
    found = kind(
        n_estimators=model.trees, max_depth=model.depth, learning_rate=model.learning_rate, random_state=model.seed
    ).fit(X, y)
    trees = [tree.tree_ for tree in found.estimators_[:, 0]]
    share = y.mean()
    base = float(np.log(share / (1 - share))) if yes_or_no else float(share)
    made = _trees(trees, [tree.value[:, 0, 0] for tree in trees])
    return {**made, "base": [base], "rate": [model.learning_rate], "sums": [1.0]}


def _share(tree: Any, yes_or_no: bool) -> np.ndarray:
    """Return what every node of a tree says: the share of yes among its rows, or their mean."""
    import numpy as np

    values: np.ndarray = tree.tree_.value[:, 0, :]
    if not yes_or_no:
        return values[:, 0]
    if len(tree.classes_) == 1:
        return np.full(len(values), float(tree.classes_[0]))
    shares: np.ndarray = values[:, 1] / values.sum(axis=1)
    return shares


def _trees(trees: list[Any], values: list[np.ndarray]) -> dict[str, Any]:
    """Put trees one after the other; the children of a node are numbered through all of them."""
    import numpy as np

    starts = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]
    leaf = np.concatenate([tree.children_left < 0 for tree in trees])
    left = np.concatenate([tree.children_left + at for tree, at in zip(trees, starts, strict=True)])
    right = np.concatenate([tree.children_right + at for tree, at in zip(trees, starts, strict=True)])
    return {
        "roots": starts,
        "feature": np.where(leaf, -1, np.concatenate([tree.feature for tree in trees])),
        "threshold": np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
        "left": np.where(leaf, -1, left),
        "right": np.where(leaf, -1, right),
        "value": np.concatenate(values),
        "base": [0.0],
        "rate": [1.0],
        "sums": [0.0],
    }


@_fit.register(NeuralNetwork)
def _(model: NeuralNetwork, X: np.ndarray, y: np.ndarray, yes_or_no: bool) -> dict[str, Any]:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    if yes_or_no:
        _two_classes(model, y)
    kind = MLPClassifier if yes_or_no else MLPRegressor
    network = kind(
        hidden_layer_sizes=model.hidden,
        alpha=model.l2,
        max_iter=model.epochs,
        random_state=model.seed,
        tol=0.0,
        n_iter_no_change=model.epochs,
    )
    with warnings.catch_warnings():
        # It takes as many epochs as it is told, converged or not.
        warnings.simplefilter("ignore")
        try:
            network.fit(X, y)
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            raise beyond_numbers() from error
    made: dict[str, Any] = {f"weights_{index + 1}": values for index, values in enumerate(network.coefs_)}
    return made | {f"biases_{index + 1}": values for index, values in enumerate(network.intercepts_)}


def _two_classes(model: Any, y: np.ndarray) -> None:
    if len(set(y.tolist())) < 2:
        raise OperatorError(f"{tag_of(model)}() needs rows of both classes, and these are all of one")
