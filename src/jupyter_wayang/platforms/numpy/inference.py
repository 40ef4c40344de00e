"""What a fitted model says of rows, from its named arrays alone.

================== ==============================================================================================
linear, logistic   ``weights`` (d), ``intercept`` (1); so has a generalised linear model
kmeans             ``centres`` (k, d): the number of the nearest, the first of equally near ones
naive_bayes        ``shares`` (2), ``means`` (2, d), ``variances`` (2, d), of the classes no and yes
pca                ``mean`` (d), ``components`` (n, d)
trees              ``roots`` (trees), and of all nodes one after the other ``feature`` (-1: a leaf), ``threshold``,
                   ``left``, ``right``, ``value``; ``base`` (1), ``rate`` (1), and ``sums`` (1): whether the trees are
                   added up (then a probability is given by its log-odds) or their mean is taken
mlp                ``weights_1`` (d, h), ``biases_1`` (h) and so on
================== ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import TYPE_CHECKING, TypeAlias

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import (
    DecisionTree,
    GeneralizedLinear,
    GradientBoosting,
    KMeans,
    LinearRegression,
    LogisticRegression,
    NaiveBayes,
    NeuralNetwork,
    PrincipalComponents,
    RandomForest,
    link_of,
)
from jupyter_wayang.plan.models import array
from jupyter_wayang.plan.tasks import InferTask
from jupyter_wayang.platforms.numpy.learning import sigmoid

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Arrays: TypeAlias = Mapping[str, np.ndarray]

__all__ = ["add", "infer"]


def add(rows: pa.Table, task: InferTask) -> pa.Table:
    """Return rows with what a model says in place of the features; of a row with a null feature it says null."""
    import numpy as np
    import pyarrow as pa

    X = np.column_stack([np.empty((rows.num_rows, 0)), *(rows.column(name).to_numpy() for name in task.features)])
    known = ~np.isnan(X).any(axis=1)
    said = np.zeros((rows.num_rows, len(task.columns)))
    if known.any():
        said[known] = infer(X[known], task).reshape(int(known.sum()), len(task.columns))
    kept = rows.select([name for name in rows.column_names if name not in task.features])
    type_ = pa.int64() if task.makes == "cluster" else pa.float64()
    for index, name in enumerate(task.columns):
        kept = kept.append_column(name, pa.array(said[:, index], pa.float64(), mask=~known).cast(type_))
    return kept


def infer(X: np.ndarray, task: InferTask) -> np.ndarray:
    """Return what a model says of rows without nulls: of shape (n,), or (n, components).

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import named_array
    >>> centres = named_array("centres", np.array([[0.0], [10.0]]))
    >>> task = InferTask(model=KMeans(k=2), makes="cluster", features=("a",), parameters=(centres,))
    >>> infer(np.array([[1.0], [9.0]]), task).tolist()
    [0, 1]
    """
    arrays = {named.name: array(named) for named in task.parameters}
    found: np.ndarray = _infer(task.model, X, arrays, task)
    return found


@singledispatch
def _infer(model: object, X: np.ndarray, arrays: Arrays, task: InferTask) -> np.ndarray:
    raise OperatorError(f"nothing is known of {type(model).__name__}")


@_infer.register(LogisticRegression)
@_infer.register(LinearRegression)
def _(model: LogisticRegression | LinearRegression, X: np.ndarray, arrays: Arrays, task: InferTask) -> np.ndarray:
    z: np.ndarray = X @ arrays["weights"] + arrays["intercept"][0]
    return sigmoid(z) if task.makes == "probability" else z


@_infer.register(GeneralizedLinear)
def _(model: GeneralizedLinear, X: np.ndarray, arrays: Arrays, task: InferTask) -> np.ndarray:
    import numpy as np

    z: np.ndarray = X @ arrays["weights"] + arrays["intercept"][0]
    match link_of(model):
        case "logit":
            return sigmoid(z)
        case "log":
            z = np.exp(z)
    return z


@_infer.register(KMeans)
def _(model: KMeans, X: np.ndarray, arrays: Arrays, task: InferTask) -> np.ndarray:
    import numpy as np

    # A centre at a time: n × k × d numbers at once would not fit where the rows do.
    distances = np.column_stack([((X - centre) ** 2).sum(axis=1) for centre in arrays["centres"]])
    nearest: np.ndarray = distances.argmin(axis=1)
    return nearest


@_infer.register(NaiveBayes)
def _(model: NaiveBayes, X: np.ndarray, arrays: Arrays, task: InferTask) -> np.ndarray:
    import numpy as np

    with np.errstate(divide="ignore"):
        odds = np.log(arrays["shares"][1]) - np.log(arrays["shares"][0])
    parts = [
        (np.log(2 * np.pi * variance) + (X - mean) ** 2 / variance).sum(axis=1) / 2
        for mean, variance in zip(arrays["means"], arrays["variances"], strict=True)
    ]
    return sigmoid(odds + parts[0] - parts[1])


@_infer.register(PrincipalComponents)
def _(model: PrincipalComponents, X: np.ndarray, arrays: Arrays, task: InferTask) -> np.ndarray:
    made: np.ndarray = (X - arrays["mean"]) @ arrays["components"].T
    return made


@_infer.register(DecisionTree)
@_infer.register(RandomForest)
@_infer.register(GradientBoosting)
def _(model: object, X: np.ndarray, arrays: Arrays, task: InferTask) -> np.ndarray:
    import numpy as np

    feature, left, right = (arrays[name].astype(np.int64) for name in ("feature", "left", "right"))
    # scikit-learn looks at features as 32-bit floats, and its thresholds lie between such.
    held = X.astype(np.float32)
    rows, total = np.arange(len(X)), np.zeros(len(X))
    for root in arrays["roots"].astype(np.int64):
        at = np.full(len(X), root)
        while (inner := feature[at] >= 0).any():
            where = at[inner]
            low = held[rows[inner], feature[where]] <= arrays["threshold"][where]
            at[inner] = np.where(low, left[where], right[where])
        total += arrays["value"][at]
    if not arrays["sums"][0]:
        return total / len(arrays["roots"])
    made = arrays["base"][0] + arrays["rate"][0] * total
    return sigmoid(made) if task.makes == "probability" else made


@_infer.register(NeuralNetwork)
def _(model: NeuralNetwork, X: np.ndarray, arrays: Arrays, task: InferTask) -> np.ndarray:
    import numpy as np

    layers = len(model.hidden) + 1
    for layer in range(1, layers + 1):
        X = X @ arrays[f"weights_{layer}"] + arrays[f"biases_{layer}"]
        X = np.maximum(X, 0.0) if layer < layers else X
    return sigmoid(X[:, 0]) if task.makes == "probability" else X[:, 0]
