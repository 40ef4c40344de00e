"""Spark: a local session, SQL written by us, and training in one job per task."""

from jupyter_wayang.platforms.spark.capabilities import SparkPlatform

__all__ = ["PLATFORM"]

PLATFORM = SparkPlatform()
