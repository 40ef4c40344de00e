"""The JSON Schema of all that crosses: messages, plans and events. The TypeScript side is generated from it.

``python -m jupyter_wayang.transport.schema js/src/wire.schema.json`` writes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from jupyter_wayang.events import AnyEvent
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.transport.messages import VERSION, Answer, Request

__all__ = ["wire_schema"]


def wire_schema() -> dict[str, Any]:
    """Return the schema of the wire: a definition per struct, and the unions of what may cross.

    Examples
    --------
    >>> sorted(wire_schema()["properties"])
    ['answer', 'event', 'plan', 'request']
    """
    (request, answer, event, plan), definitions = msgspec.json.schema_components(
        (Request, Answer, AnyEvent, ExecutionPlan), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wire",
        "description": f"What crosses between execution kernel, sites and widgets, version {VERSION}.",
        "type": "object",
        "properties": {"request": request, "answer": answer, "event": event, "plan": plan},
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def main() -> None:
    """Write the schema to the file that is named."""
    Path(sys.argv[1]).write_text(json.dumps(wire_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
