"""A pause: noted at once, kept until it is taken back, and nobody's time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_wayang.errors import NameUnknownError
from jupyter_wayang.events import Paused, Resumed, RunFinished, StopRequested
from jupyter_wayang.kernel.execution_kernel import ExecutionKernel
from jupyter_wayang.kernel.journal import Journal
from jupyter_wayang.kernel.results import Results
from jupyter_wayang.plan.logical import LogicalPlan, Vertex, VertexPort
from jupyter_wayang.plan.operators import ReadFrame
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.session.runs import Run
from jupyter_wayang.transport.messages import Failure, decode_request, encode


class Here:
    """A place that answers when it is let to, and then that it cannot."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.asked = threading.Event()

    def __call__(self, request: bytes) -> bytes:
        self.asked.set()
        assert self.may.wait(10)
        asked = decode_request(request)
        return encode(Failure(run=asked.run, id=asked.id, kind="DataError", message="nothing here"))


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
def run(tmp_path: Path, here: Here) -> Iterator[Run]:
    kernel = ExecutionKernel(Journal(tmp_path), Results(tmp_path / "results"), here)
    read = Vertex(ReadFrame(key="k", label="k", schema=Schema.from_pairs([("a", "int64")])))
    plan = LogicalPlan.of((VertexPort(read),), {}, {})
    yield Run(kernel.submit(plan, name="", platforms=None), kernel)
    here.may.set()
    kernel.close()


def test_a_paused_run_keeps_what_is_answered_until_it_goes_on(run: Run, here: Here) -> None:
    assert here.asked.wait(10)
    run.pause()
    run.pause()
    here.may.set()
    assert run.state == "paused"
    assert not run.waited(0.3)
    assert isinstance(run.events()[-1], Paused)
    run.resume()
    run.resume()
    assert run.waited(10)
    assert [type(e) for e in run.events() if isinstance(e, Paused | Resumed | RunFinished)] == [
        Paused,
        Resumed,
        RunFinished,
    ]
    run.pause()
    assert isinstance(run.events()[-1], RunFinished)


def test_a_paused_run_can_be_stopped(run: Run, here: Here) -> None:
    assert here.asked.wait(10)
    run.pause()
    run.stop()
    run.resume()
    assert run.state == "running"
    here.may.set()
    assert run.waited(10)
    assert [type(e) for e in run.events() if isinstance(e, Paused | Resumed | StopRequested)] == [Paused, StopRequested]


def test_a_run_of_another_session_cannot_be_paused(run: Run) -> None:
    with pytest.raises(NameUnknownError, match="no run nope"):
        Run("nope", run._kernel).pause()
