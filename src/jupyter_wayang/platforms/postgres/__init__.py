"""PostgreSQL: base operators as one SQL statement a stage, run where the tables are."""

from jupyter_wayang.platforms.postgres.capabilities import PostgresPlatform

__all__ = ["PLATFORM"]

PLATFORM = PostgresPlatform()
