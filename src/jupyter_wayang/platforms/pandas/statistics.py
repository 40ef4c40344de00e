"""What pandas knows of a frame without computing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["rows_in"]


def rows_in(frame: pd.DataFrame) -> int:
    """Return the number of rows.

    Examples
    --------
    >>> import pandas as pd
    >>> rows_in(pd.DataFrame({"a": [1, 2]}))
    2
    """
    return len(frame)
