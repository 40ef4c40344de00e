"""Frames: what the page gets is what the journal has. ``python tests/notebook/widgets/test_frames.py`` writes the page's case."""

from __future__ import annotations

import base64
import json
import math
import struct
from pathlib import Path

import msgspec

from jupyter_wayang.events import (
    AnyEvent,
    BytesMoved,
    MetricsMeasured,
    OperatorFinished,
    RoundStarted,
    RunStarted,
    SiteReported,
)
from jupyter_wayang.notebook.widgets.frames import frame_of

CASE = Path(__file__).parents[3] / "js" / "test" / "run" / "frame.json"


def journal() -> list[AnyEvent]:
    events: list[AnyEvent] = [
        RunStarted(name="heart", sites=("lyon", "köln"), rounds=3),
        OperatorFinished(operator="lyon/read", rows=303, seconds=0.25),
        OperatorFinished(operator="köln/read", rows=None, seconds=0.5),
        BytesMoved(site="lyon", direction="down", kind="learned", bytes=2**40, round=None),
        RoundStarted(round=1, sites=("lyon", "köln")),
        BytesMoved(site="köln", direction="up", kind="trained", bytes=917, round=1),
        SiteReported(round=1, site="lyon", seconds=0.125),
        SiteReported(round=1, site="köln", seconds=1.5, error="the disk is full: 「/」", missing="failed"),
        MetricsMeasured(round=1, site="global", on="test", rows=185, log_loss=0.5, accuracy=0.75, auc=None),
        MetricsMeasured(
            round=1,
            site="lyon",
            on="test",
            rows=None,
            log_loss=None,
            accuracy=None,
            auc=0.5,
            auc_error=0.01,
            note="few",
        ),
    ]
    return [
        msgspec.structs.replace(event, run="r1", seq=5 + index, at_s=1e9 + index / 8)
        for index, event in enumerate(events, start=1)
    ]


def case() -> str:
    frame = frame_of(journal(), since=5, now_s=1e9 + 60)
    shown = {
        "head": frame.head,
        "body": base64.b64encode(frame.body).decode(),
        "events": msgspec.to_builtins(journal()),
    }
    return json.dumps(shown, indent=1, ensure_ascii=False) + "\n"


def test_the_case_of_the_page_is_what_a_frame_is() -> None:
    assert CASE.read_text(encoding="utf-8") == case()


def test_columns_are_little_endian_and_each_begins_at_a_multiple_of_eight() -> None:
    frame = frame_of(journal(), since=5, now_s=0.0)
    tag, count, columns = frame.head["tables"][-1]
    assert (tag, count) == ("metrics_measured", 2)
    assert columns[0] == ["seq", "u4"]
    size = sum(math.ceil(count * (8 if form == "f8" else 4) / 8) * 8 for _, form in columns)
    last = frame.body[len(frame.body) - size :]
    assert struct.unpack("<2I", last[:8]) == (14, 15)


def test_numbers_of_a_frame_leave_no_gap() -> None:
    frame = frame_of(journal(), since=5, now_s=0.0)
    assert (frame.since, frame.seq) == (5, 15)
    count = sum(rows for _, rows, _ in frame.head["tables"]) + len(frame.head["events"])
    assert count == frame.seq - frame.since


if __name__ == "__main__":
    CASE.write_text(case(), encoding="utf-8")
