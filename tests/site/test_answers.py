"""What a site has answered: once, whoever asks how often."""

from __future__ import annotations

import threading

import pytest

from jupyter_wayang.errors import WireError
from jupyter_wayang.site.answers import Answers
from jupyter_wayang.transport.messages import Done


def test_who_asks_while_the_answer_is_made_waits_for_it() -> None:
    answers, begun, may, made = Answers(), threading.Event(), threading.Event(), []

    def make() -> Done:
        made.append(threading.get_ident())
        begun.set()
        assert may.wait(10)
        return Done(run="r", id="7")

    heard: list[object] = []
    threads = [threading.Thread(target=lambda: heard.append(answers.once("r", "7", b"train", make))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    assert heard == []
    may.set()
    for thread in threads:
        thread.join(10)
    assert heard == [Done(run="r", id="7")] * 4
    assert len(made) == 1


def test_an_id_that_comes_again_with_something_else_is_refused() -> None:
    answers = Answers()
    answers.once("r", "7", b"train", Done)
    with pytest.raises(WireError, match="the request 7 came before, and asked for something else"):
        answers.once("r", "7", b"train on less", Done)
    answers.once("another run", "7", b"train on less", Done)


def test_only_the_last_answers_of_a_run_are_held_and_none_after_its_end() -> None:
    answers, made = Answers(), []

    def making(name: str) -> Done:
        made.append(name)
        return Done(run="r", id=name)

    for name in ("1", "2", "3", "3", "1"):
        answers.once("r", name, b"", lambda name=name: making(name))
    assert made == ["1", "2", "3", "1"]
    answers.forget("r")
    answers.once("r", "1", b"", lambda: making("1"))
    assert made[-1] == "1"
    assert len(made) == 5
