"""Spark on this machine, in a cluster or behind Spark Connect: SQL written by us, training in one job per task."""

from jupyter_wayang.platforms.spark.capabilities import SparkPlatform

__all__ = ["PLATFORM"]

PLATFORM = SparkPlatform()
