"""What a notebook keeps of a plan and a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.displaypub import CapturingDisplayPublisher

from jupyter_wayang.notebook.mime import MIME_TYPE, WIDGET_TYPE, with_widget
from jupyter_wayang.notebook.views import can_be_live

if TYPE_CHECKING:
    import pytest


class Kernel:
    """A kernel that is asked by somebody who can be asked back, or not."""

    def __init__(self, *, stdin: bool) -> None:
        self._stdin = stdin

    def get_parent(self, channel: str) -> dict[str, Any]:
        return {"content": {"allow_stdin": self._stdin}, "metadata": {}, "header": {}}


class Shell:
    def __init__(self, kernel: Kernel | None) -> None:
        self.kernel = kernel


def test_only_somebody_before_a_front_end_gets_a_live_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_wayang.notebook.views.is_built", lambda: True)
    assert can_be_live(Shell(Kernel(stdin=True)))
    assert not can_be_live(Shell(Kernel(stdin=False))), "a program that executes notebooks"
    assert not can_be_live(Shell(None)), "a terminal"
    monkeypatch.setenv("JUPYTER_WAYANG_WIDGETS", "0")
    assert not can_be_live(Shell(Kernel(stdin=True)))


def test_without_the_bundle_there_is_no_live_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_wayang.notebook.views.is_built", lambda: False)
    assert not can_be_live(Shell(Kernel(stdin=True)))


def test_a_plan_in_a_cell_is_data_picture_and_text(cells: Any) -> None:
    cells.shell.display_pub = published = CapturingDisplayPublisher()
    cells('%%wayang\nread("visits.csv").filter(age > 18)')
    plan = published.outputs[0]["data"]
    assert set(plan) == {MIME_TYPE, "text/html", "text/plain"}
    assert '<img style="max-width:none"' in plan["text/html"]
    assert plan[MIME_TYPE]["kind"] == "plan"


def test_a_kept_plan_tells_that_its_run_is_done(cells: Any) -> None:
    from jupyter_wayang.notebook.mime import plan_data

    cells('%%wayang out << --wait\nread("visits.csv").filter(age > 18)')
    run = cells.shell.user_ns["out"].run
    told = plan_data(run.plan().execution, run.events())["events"]
    assert [event["tag"] for event in told if event["tag"].startswith("run_")] == ["run_started", "run_finished"]
    assert [event["seq"] for event in told] == sorted(event["seq"] for event in told)


def test_the_live_view_stands_beside_what_is_kept() -> None:
    bundle = with_widget({"text/plain": "a plan"}, "abc")
    assert bundle[WIDGET_TYPE] == {"version_major": 2, "version_minor": 0, "model_id": "abc"}
    assert bundle["text/plain"] == "a plan"


def test_two_plans_in_a_cell_are_data_pictures_and_text(cells: Any) -> None:
    from jupyter_wayang.notebook.magics import register

    register(cells.shell)
    cells('%%wayang\none = read("visits.csv").filter(age > 18)\ntwo = one.sort(age)')
    cells.shell.display_pub = published = CapturingDisplayPublisher()
    said = cells("%wayang compare one two")
    assert published.outputs, said
    shown = published.outputs[-1]["data"]
    assert set(shown) == {MIME_TYPE, "text/html", "text/plain"}
    data = shown[MIME_TYPE]
    assert (data["version"], data["kind"], data["names"]) == (1, "comparison", ("one", "two"))
    ids = [{operator["id"] for operator in data[side]["plan"]["operators"]} for side in ("before", "after")]
    assert {pair[0] for pair in data["pairs"]} == ids[0]
    assert ids[1] - {pair[1] for pair in data["pairs"]} == {"sort"}
    assert [item["kind"] for item in data["changes"]["items"]] == ["added"]
    assert shown["text/html"].count("<img") == 2
