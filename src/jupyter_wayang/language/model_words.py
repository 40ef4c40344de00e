"""The words of models: what ``fit()`` takes first."""

from __future__ import annotations

from jupyter_wayang.language.word import Parameter, Word, option

__all__ = ["MODELS"]

MODELS = (
    Word(
        "logistic_regression",
        ("model",),
        "the probability of a yes, from a weighted sum of the features",
        "logistic_regression(l2=1e-3)",
        (option("l2", "0.0"), option("penalize_intercept", "False")),
    ),
    Word(
        "linear_regression",
        ("model",),
        "a number, as a weighted sum of the features; with l2, ridge regression",
        "linear_regression(l2=0.1)",
        (option("l2", "0.0"),),
    ),
    Word(
        "glm",
        ("model",),
        "a generalised linear model, with standard errors: gaussian, binomial, poisson or gamma",
        'glm("poisson")',
        (Parameter("family", "value"),),
    ),
    Word(
        "kmeans",
        ("model",),
        "the number of the nearest of k centres; learns without a target",
        "kmeans(3)",
        (option("k", "8"), option("seed", "0"), option("start", "None")),
    ),
    Word("naive_bayes", ("model",), "the probability of a yes, from each feature by itself", "naive_bayes()"),
    Word(
        "pca",
        ("model",),
        "the n directions in which rows vary most; learns without a target",
        "pca(2)",
        (option("n", "2"),),
    ),
    Word(
        "decision_tree",
        ("model",),
        "a tree of questions: the probability of a yes, or a number",
        "decision_tree(depth=5)",
        (option("depth", "None"), option("seed", "0")),
    ),
    Word(
        "random_forest",
        ("model",),
        "the mean of many trees: the probability of a yes, or a number",
        "random_forest(trees=200)",
        (option("trees", "100"), option("depth", "None"), option("seed", "0")),
    ),
    Word(
        "gradient_boosting",
        ("model",),
        "a sum of small trees, each for what those before it got wrong",
        "gradient_boosting(trees=200, depth=3)",
        (option("trees", "100"), option("depth", "3"), option("learning_rate", "0.1"), option("seed", "0")),
    ),
    Word(
        "mlp",
        ("model",),
        "a neural network: the probability of a yes, or a number",
        "mlp(hidden=(16,))",
        (option("hidden", "(16,)"), option("epochs", "200"), option("l2", "0.0001"), option("seed", "0")),
    ),
)
