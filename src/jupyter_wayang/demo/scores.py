"""How good a model is on rows that may be seen: exact metrics, under the same minimum as a site's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MINIMUM_CELL", "MINIMUM_ROWS", "Score", "auc", "score"]

MINIMUM_ROWS = 10
MINIMUM_CELL = 3


class Score(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Metrics on ``rows`` rows. What is null would be about fewer rows than the site's minimum; ``note`` says which."""

    rows: int
    auc: float | None = None
    log_loss: float | None = None
    accuracy: float | None = None
    note: str | None = None


def score(probability: np.ndarray, ill: np.ndarray) -> Score:
    """Compare predicted probabilities with what is true, and keep to the minimum of the demo's policies.

    Parameters
    ----------
    probability
        The predicted probability of being ill, by row.
    ill
        Whether the patient is, by row.

    Examples
    --------
    >>> import numpy as np
    >>> found = score(np.linspace(0, 1, 12), np.arange(12) > 9)
    >>> found.auc is None, found.note, found.rows
    (True, 'class 1 has under 3 rows', 12)
    """
    import numpy as np

    rows = len(ill)
    if rows < MINIMUM_ROWS:
        return Score(rows=rows, note=f"under {MINIMUM_ROWS} rows")
    clipped = np.clip(probability, 1e-15, 1 - 1e-15)
    loss = -np.log(np.where(ill, clipped, 1 - clipped)).mean()
    accuracy = ((probability >= 0.5) == ill).mean()
    small = [target for target, count in ((0, (~ill).sum()), (1, ill.sum())) if count < MINIMUM_CELL]
    return Score(
        rows=rows,
        auc=None if small else auc(probability, ill),
        log_loss=float(loss),
        accuracy=float(accuracy),
        note=f"class {small[0]} has under {MINIMUM_CELL} rows" if small else None,
    )


def auc(probability: np.ndarray, ill: np.ndarray) -> float:
    """Return the probability that somebody ill scores above somebody healthy, a tie counting ½.

    Examples
    --------
    >>> import numpy as np
    >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    above = probability[ill][:, None] - probability[~ill][None, :]
    return float(((above > 0) + 0.5 * (above == 0)).mean())
