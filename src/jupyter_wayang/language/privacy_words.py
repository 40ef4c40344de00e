"""The words of privacy: what ``privacy=`` of ``fit()`` takes."""

from __future__ import annotations

from jupyter_wayang.language.word import Parameter, Word, option

__all__ = ["PRIVACY"]

_BUDGET = (Parameter("epsilon", "value"), Parameter("delta", "value"))
_COUNTED = (option("accountant", '"pld"'), option("seed", "None"))

PRIVACY = (
    Word(
        "secure_aggregation",
        ("privacy",),
        "updates are masked so that only their sum can be read",
        "secure_aggregation(threshold=3)",
        (option("threshold", "None"),),
    ),
    Word(
        "central_dp",
        ("privacy",),
        "noise on the sum of clipped updates: the model does not show whether a site took part",
        "central_dp(epsilon=2, delta=1e-5)",
        (
            *_BUDGET,
            option("clip", '"adaptive"'),
            option("first_clip", "0.1"),
            option("quantile", "0.5"),
            option("clip_rate", "0.2"),
            *_COUNTED,
        ),
    ),
    Word(
        "local_dp",
        ("privacy",),
        "every site clips its update and adds noise itself",
        "local_dp(epsilon=8, delta=1e-5, clip=0.5)",
        (*_BUDGET, option("clip", "1.0"), *_COUNTED),
    ),
    Word(
        "record_dp",
        ("privacy",),
        "every site clips the gradients of its rows and adds noise: no row shows",
        "record_dp(epsilon=2, delta=1e-5)",
        (*_BUDGET, option("clip", "1.0"), option("sample", "1.0"), *_COUNTED),
    ),
)
