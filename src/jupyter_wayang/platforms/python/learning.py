"""Python trains nothing: NumPy and scikit-learn do."""

from __future__ import annotations

__all__: list[str] = []
