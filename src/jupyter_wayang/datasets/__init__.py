"""Example data that is shipped with the package: real records, small enough to plan and learn on in seconds."""

from jupyter_wayang.datasets.heart import COLUMNS, heart_disease
from jupyter_wayang.datasets.sites import hospitals

__all__ = ["COLUMNS", "heart_disease", "hospitals"]
