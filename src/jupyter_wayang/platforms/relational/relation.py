"""A payload of a SQL engine: a statement, and what is needed to run it and to say what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    from jupyter_wayang.platforms.relational.sql_parts import Statement

__all__ = ["Held", "Relation"]


class Held:
    """A table or view of the engine; it is dropped when no relation reads it any more."""

    __slots__ = ("__weakref__", "name")

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True, kw_only=True, eq=False)
class Relation:
    """A statement over what the engine holds.

    ``operator`` made it from ``inputs``; both are None and empty for rows that were handed over or kept. ``place`` is
    the database that it runs in, where an engine has several.
    """

    select: Statement
    schema: Schema
    holds: tuple[Held, ...] = ()
    operator: AnyOperator | None = None
    inputs: tuple[Relation, ...] = ()
    kept: bool = False
    place: str = ""
