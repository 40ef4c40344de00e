"""The cells that the tests and the gallery run."""

from __future__ import annotations

SETUP = """
%load_ext jupyter_wayang
import jupyter_wayang as wy
from jupyter_wayang.datasets import hospitals

declaration = hospitals("hospitals", java=False)
wy.default_session().federation("hospitals", declaration)
"""

_TASK = """
patients = read("patients")
known    = patients.with_columns(chol=None if chol == 0 else chol, trestbps=None if trestbps == 0 else trestbps)
asked    = known.select(age, sex, cp, trestbps, chol, fbs, restecg, thalach, exang, oldpeak, num)

train, test = asked.split(0.8, seed=7, by=[num > 0])
ready       = train.impute(mean).scale().one_hot(cp, restecg)
model       = ready.fit(logistic_regression(l2=1e-3), target=num > 0, rounds={rounds},
                        strategy=fedavg(local_epochs=5, learning_rate=0.5))
model.evaluate(test)
"""


def heart(options: str = "--sites hospitals", *, rounds: int = 30, name: str = "heart <<") -> str:
    """Return the cell of the four hospitals."""
    return f"%%wayang {name} {options}" + _TASK.format(rounds=rounds)
