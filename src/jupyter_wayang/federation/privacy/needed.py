"""What the mechanisms need beyond the core: imported where it is used, and named where it is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from jupyter_wayang.errors import PlatformError

__all__ = ["needed"]


def needed(module: str, purpose: str) -> ModuleType:
    """Import a module of the extra ``privacy``.

    Raises
    ------
    PlatformError
        If it is not installed.

    Examples
    --------
    >>> needed("cryptography.hazmat.primitives.hashes", "secure_aggregation()").SHA256.digest_size
    32
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        root = module.split(".", maxsplit=1)[0]
        raise PlatformError(
            f"{purpose} needs {root}, which is not installed", hint='pip install "jupyter-wayang[privacy]"'
        ) from error
