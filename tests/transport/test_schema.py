"""The schema that the TypeScript side is generated from is that of today's messages."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_wayang.transport.schema import wire_schema

STORED = Path(__file__).parents[2] / "js" / "src" / "wire.schema.json"


def test_the_stored_schema_is_not_stale() -> None:
    assert json.loads(STORED.read_text(encoding="utf-8")) == json.loads(json.dumps(wire_schema())), (
        "make it again: python -m jupyter_wayang.transport.schema js/src/wire.schema.json"
    )


def test_every_reference_has_its_definition() -> None:
    text = json.dumps(wire_schema())
    defined = set(wire_schema()["$defs"])
    used = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert used <= defined
    assert {"Train", "Scored", "MetricsMeasured", "ExecutionOperator"} <= used
