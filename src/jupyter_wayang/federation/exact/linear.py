"""Solving symmetric equations of which some may say the same: features that depend on each other are no obstacle."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["inverse", "solved"]

_SAME = 1e-11


def solved(matrix: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the shortest solution of symmetric, positive semidefinite equations.

    They are scaled to a diagonal of ones first, so that the units of features do not matter.

    Examples
    --------
    >>> import numpy as np
    >>> solved(np.array([[4.0, 0.0], [0.0, 0.25]]), np.array([4.0, 1.0])).round(12).tolist()
    [1.0, 4.0]
    >>> solved(np.ones((2, 2)), np.ones(2)).round(12).tolist()
    [0.5, 0.5]
    """
    import numpy as np

    size, values, vectors = _decomposed(matrix)
    known = values > _SAME * values.max(initial=0.0)
    found: np.ndarray = vectors[:, known] @ ((vectors[:, known].T @ (wanted / size)) / values[known]) / size
    if not known.all():
        free = vectors[:, ~known] / size[:, None]
        found -= free @ np.linalg.lstsq(free, found, rcond=None)[0]
    return found


def inverse(matrix: np.ndarray) -> np.ndarray | None:
    """Return the inverse of a symmetric, positive definite matrix; None if some of its rows depend on others.

    Examples
    --------
    >>> import numpy as np
    >>> inverse(np.ones((2, 2))) is None
    True
    """
    size, values, vectors = _decomposed(matrix)
    if not (values > _SAME * values.max(initial=0.0)).all():
        return None
    scaled = vectors / size[:, None]
    found: np.ndarray = (scaled / values) @ scaled.T
    return found


def _decomposed(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return by what each row and column is scaled, and the eigenvalues and vectors of the scaled matrix."""
    import numpy as np

    diagonal = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    size = np.where(diagonal > 0, diagonal, 1.0)
    values, vectors = np.linalg.eigh(matrix / np.outer(size, size))
    return size, values, vectors
