"""What the plan view draws: a plan, its places, and how its platforms look, as one value.

``python -m jupyter_wayang.notebook.widgets.display js/src/plan/picture.schema.json`` writes its JSON Schema, from which
the TypeScript side is generated.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec

from jupyter_wayang.drawing.captions import platforms_of
from jupyter_wayang.drawing.changes import Changes, changes
from jupyter_wayang.drawing.collapse import MOST_OPERATORS, collapsed, stacks
from jupyter_wayang.drawing.comparison import compared
from jupyter_wayang.drawing.layout import layout
from jupyter_wayang.drawing.places import Layout
from jupyter_wayang.drawing.tokens import look_of
from jupyter_wayang.plan.execution import ExecutionPlan

__all__ = [
    "Look",
    "Overview",
    "PlanComparison",
    "PlanPicture",
    "comparison_display",
    "picture_schema",
    "plan_display",
    "plan_picture",
]


class Look(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a platform is shown: title, two letters, a hue, and the hue in the dark where it differs."""

    title: str
    badge: str
    hue: str
    dark: str | None = None
    outlined: bool = False


class Overview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The plan with sites of equal plans as one lane, its places, and by lane and operator those it stands for."""

    plan: ExecutionPlan
    layout: Layout
    stacks: dict[str, tuple[str, ...]]


class PlanPicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is needed to draw a plan without a kernel.

    ``layout`` is None above 300 operators, ``overview`` where no two sites have equal plans. ``pinnable`` are the
    operators that can be pinned, by id, with the verb that the pin's text goes after; None where nothing can.
    """

    plan: ExecutionPlan
    layout: Layout | None
    overview: Overview | None
    looks: dict[str, Look]
    pinnable: dict[str, str] | None = None
    version: int = 1
    kind: Literal["plan"] = "plan"


def plan_picture(plan: ExecutionPlan, *, pinnable: dict[str, str] | None = None) -> PlanPicture:
    """Lay a plan out, in full up to 300 operators, and as an overview where sites have equal plans.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Interval
    >>> plan_picture(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))).kind
    'plan'
    """
    small = collapsed(plan)
    overview = None
    if small is not plan:
        overview = Overview(plan=small, layout=layout(small), stacks=stacks(plan))
    full = len(plan.operators) <= MOST_OPERATORS or overview is None
    looks = {}
    for name in platforms_of(plan):
        look = look_of(name)
        looks[name] = Look(title=look.title, badge=look.badge, hue=look.hue, dark=look.dark, outlined=look.outlined)
    return PlanPicture(
        plan=plan, layout=layout(plan) if full else None, overview=overview, looks=looks, pinnable=pinnable
    )


class PlanComparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two plans to be drawn side by side: what they are called, what is different, and which operators are the same."""

    before: PlanPicture
    after: PlanPicture
    names: tuple[str, str]
    changes: Changes
    pairs: tuple[tuple[str, str], ...]
    version: int = 1
    kind: Literal["comparison"] = "comparison"


def comparison_display(before: ExecutionPlan, after: ExecutionPlan, names: tuple[str, str]) -> dict[str, Any]:
    """Return the display JSON of two plans.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Interval
    >>> empty = ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))
    >>> comparison_display(empty, empty, ("A", "B"))["pairs"]
    ()
    """
    both = [(pair.before.id, pair.after.id) for pair in compared(before, after) if pair.before and pair.after]
    made = PlanComparison(
        before=plan_picture(before),
        after=plan_picture(after),
        names=names,
        changes=changes(before, after),
        pairs=tuple(both),
    )
    shown: dict[str, Any] = msgspec.to_builtins(made)
    return shown


def plan_display(plan: ExecutionPlan) -> dict[str, Any]:
    """Return the display JSON of a plan, as it is written into a notebook."""
    shown: dict[str, Any] = msgspec.to_builtins(plan_picture(plan))
    return shown


def picture_schema() -> dict[str, Any]:
    """Return the schema of pictures, of changes and of comparisons."""
    (picture, told, comparison), definitions = msgspec.json.schema_components(
        (PlanPicture, Changes, PlanComparison), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Picture",
        "description": "What the plan view draws.",
        "type": "object",
        "properties": {"picture": picture, "changes": told, "comparison": comparison},
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def main() -> None:
    """Write the schema to the file that is named."""
    Path(sys.argv[1]).write_text(json.dumps(picture_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
