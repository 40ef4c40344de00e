"""Drivers: the same run, turned by a plain loop and by a thread, comes to the same."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import replace

import pytest

from jupyter_wayang.errors import PlanError, SiteError, WireError
from jupyter_wayang.events import BytesMoved, SitesAsked
from jupyter_wayang.kernel import asking as asking_module
from jupyter_wayang.kernel.asking import Asking, RunContext, Stopped
from jupyter_wayang.kernel.steps import (
    Post,
    Receive,
    Reply,
    Silence,
    Stop,
    VirtualClock,
    drive_in_thread,
    drive_plainly,
)
from jupyter_wayang.transport.messages import Describe, Done, Failure, decode_request, encode


def echo(request: bytes) -> bytes:
    asked = decode_request(request)
    return encode(Done(run=asked.run, id=asked.id))


def two_questions() -> Generator[Post | Receive, Reply | Stop | None, list[str]]:
    for place in ("a", "b"):
        yield Post(place=place, message=Describe(run=place, table="t"))
    heard = []
    for _ in range(2):
        reply = yield Receive()
        heard.append(f"{reply.place} {reply.answer.run}" if isinstance(reply, Reply) else "stop")
    return sorted(heard)


def test_both_drivers_come_to_the_same() -> None:
    places = {"a": echo, "b": echo}
    assert drive_plainly(two_questions(), places) == ["a a", "b b"]
    assert drive_in_thread(two_questions(), places, threading.Event()) == ["a a", "b b"]


def test_bytes_are_those_of_the_encoded_messages() -> None:
    def one() -> Generator[Post | Receive, Reply | Stop | None, Reply]:
        yield Post(place="a", message=Describe(run="r", table="t"))
        reply = yield Receive()
        assert isinstance(reply, Reply)
        return reply

    reply = drive_plainly(one(), {"a": echo})
    assert reply.bytes_down == len(encode(Describe(run="r", table="t")))
    assert reply.bytes_up == len(encode(Done(run="r")))


def test_a_wish_to_stop_is_told_once() -> None:
    stop = threading.Event()
    stop.set()
    assert drive_in_thread(two_questions(), {"a": echo, "b": echo}, stop).count("stop") == 1
    assert drive_plainly(two_questions(), {"a": echo, "b": echo}, stop_after=1).count("stop") == 1


def test_a_run_that_may_not_go_on_keeps_the_answers() -> None:
    go, heard, answered = threading.Event(), [], threading.Semaphore(0)

    def answers(request: bytes) -> bytes:
        answered.release()
        return echo(request)

    def work() -> None:
        heard.append(drive_in_thread(two_questions(), {"a": answers, "b": answers}, threading.Event(), go))

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(2):
        assert answered.acquire(timeout=10)
    assert thread.is_alive()
    assert heard == []
    go.set()
    thread.join(10)
    assert heard == [["a a", "b b"]]


def test_a_wish_to_stop_goes_before_a_pause() -> None:
    stop = threading.Event()
    stop.set()
    assert drive_in_thread(two_questions(), {"a": echo, "b": echo}, stop, threading.Event()).count("stop") == 1


def test_places_work_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)

    def meets(request: bytes) -> bytes:
        both.wait()
        return echo(request)

    assert drive_in_thread(two_questions(), {"a": meets, "b": meets}, threading.Event()) == ["a a", "b b"]


@pytest.mark.parametrize("answer", [ConnectionError("the line is dead"), b"garbage"], ids=["raises", "garbage"])
def test_a_place_that_cannot_be_reached_answers_with_a_failure(answer: Exception | bytes) -> None:
    def broken(request: bytes) -> bytes:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(SiteError, match="Alpha: it did not answer"):
        drive_in_thread(Asking(context([])).all({"a": Describe(run="r", table="t")}), {"a": broken}, threading.Event())


def test_waiting_for_nobody_is_an_error_and_no_hang() -> None:
    def waits() -> Generator[Post | Receive, Reply | Stop | None, None]:
        yield Receive()

    with pytest.raises(PlanError, match="nobody was asked"):
        drive_plainly(waits(), {})


def context(said: list[object]) -> RunContext:
    return RunContext(run="r", name="", platforms=None, titles={"a": "Alpha"}, emit=said.append)


def test_a_failure_names_the_place_and_keeps_its_kind() -> None:
    def refuses(request: bytes) -> bytes:
        return encode(
            Failure(
                run="r",
                id=decode_request(request).id,
                kind="DisclosureError",
                message="it is not allowed",
                hint="ask for less",
            )
        )

    asking = Asking(context([]))
    with pytest.raises(PermissionError, match="Alpha: it is not allowed") as caught:
        drive_plainly(asking.all({"a": Describe(run="r", table="t")}), {"a": refuses})
    assert caught.value.hint == "ask for less"


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "SystemExit", "closest", "WayangErrors", "__all__"])
def test_a_failure_of_an_unknown_kind_is_a_site_error(kind: str) -> None:
    def lies(request: bytes) -> bytes:
        return encode(Failure(run="r", id=decode_request(request).id, kind=kind, message="boom"))

    with pytest.raises(RuntimeError, match="Alpha failed: boom"):
        drive_plainly(Asking(context([])).all({"a": Describe(run="r", table="t")}), {"a": lies})


def test_answers_that_nobody_waits_for_any_more_are_passed_over() -> None:
    said: list[object] = []
    asking = Asking(context(said))

    def run() -> Generator[Post | Receive, Reply | Stop | None, list[str]]:
        yield from asking.post("a", Describe(run="old", table="t"))
        answers = yield from asking.all({"a": Describe(run="new", table="t")})
        return [answer.run for answer in answers.values()]

    assert drive_plainly(run(), {"a": echo}) == ["new"]
    moved = [event for event in said if isinstance(event, BytesMoved)]
    assert [(event.site, event.direction) for event in moved] == [("a", "down"), ("a", "up")] * 2
    assert [event for event in said if isinstance(event, SitesAsked)] == [SitesAsked(kind="describe", sites=("a", "a"))]


def test_a_stopped_run_waits_for_what_it_asked_and_unwinds() -> None:
    asking = Asking(context([]))
    with pytest.raises(Stopped):
        drive_plainly(
            asking.all({"a": Describe(run="r", table="t"), "b": Describe(run="r", table="t")}),
            {"a": echo, "b": echo},
            stop_after=1,
        )


def test_a_place_that_does_not_answer_is_waited_for_until_its_time_and_named() -> None:
    clock = VirtualClock(100.0)
    asking = Asking(replace(context([]), clock=clock))

    with pytest.raises(SiteError, match="Alpha did not answer within 3600 s"):
        drive_plainly(late(asking), {"a": echo}, clock=clock)
    assert clock() == 100.0 + asking_module.PATIENCE_S


def late(asking: Asking) -> Generator[Post | Receive, Reply | Stop | Silence | None, object]:
    """Ask what is answered after a year."""
    steps = asking.all({"a": Describe(run="r", table="t")})
    value = None
    while True:
        try:
            step = steps.send(value)
        except StopIteration as finished:
            return finished.value
        value = yield replace(step, delay_s=3e7) if isinstance(step, Post) else step


def test_a_place_that_hangs_does_not_hold_up_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_module, "GRACE_S", 0.2)
    stop, asked, free = threading.Event(), threading.Event(), threading.Event()

    def hangs(request: bytes) -> bytes:
        asked.set()
        stop.set()
        free.wait()
        return echo(request)

    with pytest.raises(Stopped):
        drive_in_thread(Asking(context([])).all({"a": Describe(run="r", table="t")}), {"a": hangs}, stop)
    assert asked.is_set()
    free.set()


def test_a_deadline_does_not_pass_in_a_pause() -> None:
    go = threading.Event()
    heard: list[object] = []

    def waits() -> Generator[Post | Receive, Reply | Stop | Silence | None, None]:
        heard.append((yield Receive(within_s=0.05)))

    thread = threading.Thread(target=lambda: drive_in_thread(waits(), {}, threading.Event(), go))
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    go.set()
    thread.join(10)
    assert heard == [Silence()]


def test_a_place_that_cannot_be_reached_is_asked_again_with_the_same_id() -> None:
    ids: list[str] = []

    def shaky(request: bytes) -> bytes:
        ids.append(decode_request(request).id)
        if len(ids) < 3:
            raise ConnectionError("the line is dead")
        return echo(request)

    answers = drive_plainly(Asking(context([])).all({"a": Describe(run="r", table="t")}), {"a": shaky})
    assert ids == ["1", "1", "1"]
    assert list(answers) == ["a"]


def test_an_answer_to_another_request_is_a_failure() -> None:
    def replays(request: bytes) -> bytes:
        return encode(Done(run="r", id="0"))

    with pytest.raises(WireError, match="Alpha: its answer was rejected: it is one to another request"):
        drive_plainly(Asking(context([])).all({"a": Describe(run="r", table="t")}), {"a": replays})
