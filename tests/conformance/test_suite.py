"""The suite that third parties run on their platforms, on ours."""

from jupyter_wayang.testing.suite import *  # noqa: F403
