"""The run view: what it hears and sends, what it leaves behind, and what a notebook keeps of a run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from ipywidgets.widgets.widget import _instances as open_comms

import jupyter_wayang as wy
from jupyter_wayang.events import (
    AnyEvent,
    BytesMoved,
    MetricsMeasured,
    OperatorFinished,
    RunFinished,
    RunStarted,
    SiteReported,
    SitesAsked,
)
from jupyter_wayang.notebook.widgets import run as module
from jupyter_wayang.notebook.widgets.run import RunView, run_display
from jupyter_wayang.session import Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(module, "bundled", lambda name: f"/* {name} */")
    session = wy.Session(tmp_path)
    ages = session.read(pa.table({"age": [17, 42, 60]}))
    made = ages.filter(wy.col.age > 18).run(wait=False)
    made.wait()
    yield made
    session.close()


class Sending:
    """Notes what a view sends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        self.heard = threading.Condition()
        monkeypatch.setattr(RunView, "send", self.send)

    def send(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        with self.heard:
            self.sent.append((content, buffers or []))
            self.heard.notify_all()

    def until(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        def found() -> list[dict[str, Any]]:
            return [content for content, _ in self.sent if content["type"] == kind]

        with self.heard:
            assert self.heard.wait_for(lambda: len(found()) >= count, 10)
            return found()


def streams() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "wayang-stream"]


def test_a_view_sends_all_of_a_run_and_then_its_thread_ends(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sending = Sending(monkeypatch)
    view = RunView(run)
    head = sending.until("frame")[0]["head"]
    for thread in streams():
        thread.join(10)
    assert (head["since"], head["seq"]) == (0, run.events()[-1].seq)
    assert (view.run_id, view.snapshot["seq"]) == (run.id, head["seq"])
    assert view.snapshot["body"] == sending.sent[0][1][0]
    assert streams() == []
    view.close()


def test_what_a_page_says_is_only_noted_and_carried_out_by_the_stream(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = Sending(monkeypatch)
    by: list[str] = []
    monkeypatch.setattr(Run, "pause", lambda self: by.append(threading.current_thread().name))
    view = RunView(run)
    sending.until("frame")
    view._handle_custom_msg({"type": "since", "seq": 1}, [])
    assert sending.until("frame", 2)[-1]["head"]["since"] == 1
    for nonsense in ({"type": "since", "seq": "all"}, {"type": "since", "seq": -1}, {"type": "rm"}, "pause", None):
        view._handle_custom_msg(nonsense, [])
    view._handle_custom_msg({"type": "pause"}, [])
    view._handle_custom_msg({"type": "since", "seq": 2}, [])
    assert sending.until("frame", 3)[-1]["head"]["since"] == 2
    assert by == ["wayang-stream"]
    view.close()


def test_a_command_that_cannot_be_carried_out_is_told_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sending = Sending(monkeypatch)
    view = RunView(Run("gone", run._kernel))
    view._handle_custom_msg({"type": "stop"}, [])
    assert "there is no run gone" in sending.until("refused")[-1]["text"]
    view.close()


def test_a_closed_view_leaves_no_thread_and_no_comm(run: Run) -> None:
    before = set(open_comms)
    view = RunView(run)
    assert len(open_comms) == len(before) + 2
    view.close()
    view.close()
    assert streams() == []
    assert set(open_comms) == before


class Told:
    """A run that a test tells of."""

    id = "r1"

    def __init__(self, *events: AnyEvent) -> None:
        self._events = tuple(
            msgspec.structs.replace(event, run="r1", seq=seq) for seq, event in enumerate(events, start=1)
        )

    def events(self) -> tuple[AnyEvent, ...]:
        return self._events


def measured(round_: int, site: str) -> AnyEvent:
    return MetricsMeasured(round=round_, site=site, on="test", rows=9, log_loss=0.5, accuracy=None, auc=None)


def display(*events: AnyEvent) -> dict[str, Any]:
    return run_display(Told(*events))  # type: ignore[arg-type]


def test_a_notebook_keeps_what_a_picture_needs() -> None:
    shown = display(
        RunStarted(name="heart", sites=("a",), rounds=1),
        SitesAsked(kind="train", sites=("a",), round=1),
        BytesMoved(site="a", direction="up", kind="trained", bytes=3, round=1),
        BytesMoved(site="a", direction="up", kind="scored", bytes=4, round=1),
        BytesMoved(site="a", direction="down", kind="scored", bytes=5, round=1),
        OperatorFinished(operator="a/fit"),
        measured(1, "global"),
        RunFinished(state="done", reason="all 1 round is done"),
    )
    assert (shown["version"], shown["kind"], shown["run"], shown["plan"]) == (1, "run", "r1", None)
    assert [event["tag"] for event in shown["events"]] == [
        "run_started",
        "bytes_moved",
        "bytes_moved",
        "metrics_measured",
        "run_finished",
    ]
    assert [event["bytes"] for event in shown["events"] if event["tag"] == "bytes_moved"] == [7, 5]


def test_a_very_long_run_is_kept_with_fewer_rounds_of_its_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DISPLAY_EVENTS", 100)
    events = [event for n in range(150) for event in (measured(n, "global"), measured(n, "a"))]
    failed = SiteReported(round=7, site="a", seconds=1.0, error="boom")
    shown = display(*events, failed)["events"]
    of_site = [event["round"] for event in shown if event.get("site") == "a" and event["tag"] == "metrics_measured"]
    assert sum(event.get("site") == "global" for event in shown) == 150
    assert 30 <= len(of_site) <= 60
    assert of_site[-1] == 149
    assert shown[-1]["error"] == "boom"
