"""The journal: numbers without gaps, before anybody sees them; retention; another version."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from jupyter_wayang.errors import DataError, NameUnknownError
from jupyter_wayang.events import RoundFinished, RunFinished, RunStarted
from jupyter_wayang.kernel import journal as journal_module
from jupyter_wayang.kernel.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / ".wayang", clock=lambda: 12.5)


def test_events_come_back_numbered_and_stamped(journal: Journal) -> None:
    journal.begin("a", "first")
    journal.append("a", RunStarted(name="first"))
    journal.append("a", RoundFinished(round=1, seconds=0.5, sites=("x",)))
    assert [(event.run, event.seq, event.at_s) for event in journal.events("a")] == [("a", 1, 12.5), ("a", 2, 12.5)]
    assert journal.events("a", since=1) == (
        RoundFinished(run="a", seq=2, at_s=12.5, round=1, seconds=0.5, sites=("x",)),
    )


def test_numbers_have_no_gap_when_threads_write_at_once(journal: Journal) -> None:
    journal.begin("a", "")
    threads = [
        threading.Thread(target=lambda: [journal.append("a", RunStarted(name=str(n))) for n in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.seq for event in journal.events("a")] == list(range(1, 201))


def test_another_journal_of_the_folder_goes_on_where_it_ended(journal: Journal, tmp_path: Path) -> None:
    journal.begin("a", "first")
    journal.append("a", RunStarted(name="first"))
    journal.end("a", "done")
    journal.close()
    again = Journal(tmp_path / ".wayang")
    assert again.append("a", RunFinished(state="done", reason="")).seq == 2
    assert [(run.run, run.name, run.state) for run in again.runs()] == [("a", "first", "done")]


def test_a_reader_waits_for_what_is_new(journal: Journal) -> None:
    journal.begin("a", "")
    assert not journal.wait("a", 0, timeout_s=0.0)
    journal.append("a", RunStarted(name=""))
    assert journal.wait("a", 0, timeout_s=0.0)


def test_nobody_waits_for_events_of_a_run_that_has_ended(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.begin("a", "")
    journal.append("a", RunFinished(state="done", reason=""))
    waits = []
    monkeypatch.setattr(journal._changed, "wait_for", lambda over, timeout_s: waits.append(not over()))
    assert not journal.wait("a", 1, timeout_s=60.0)
    journal.end("a", "done")
    assert not journal.wait("a", 1, timeout_s=60.0)
    assert waits == [True, False]


def test_old_runs_are_forgotten_and_running_ones_are_not(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "KEPT_RUNS", 2)
    for number in range(5):
        journal.begin(f"run-{number}", "")
        journal.append(f"run-{number}", RunStarted(name=""))
        if number:
            journal.end(f"run-{number}", "done")
    journal.begin("last", "")
    assert {run.run for run in journal.runs() if run.state == "running"} == {"run-0", "last"}
    assert len([run for run in journal.runs() if run.state == "done"]) == 2
    with pytest.raises(NameUnknownError, match="no run"):
        journal.events("run-1") if "run-1" not in {run.run for run in journal.runs()} else journal.events("none")


def test_git_does_not_see_the_folder(journal: Journal) -> None:
    assert (journal.path.parent / ".gitignore").read_text() == "*\n"


def test_a_journal_of_another_version_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    journal.close()
    with sqlite3.connect(journal.path) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    connection.close()
    with pytest.raises(DataError, match="version 99"):
        Journal(tmp_path / ".wayang")


def test_what_a_run_needs_to_go_on_is_kept_until_the_run_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / ".wayang", clock=iter(map(float, range(100))).__next__)
    monkeypatch.setattr(journal_module, "KEPT_RUNS", 1)
    journal.begin("a", "")
    journal.keep("a", "rounds/fit", b"1")
    journal.keep("a", "rounds/fit", b"2")
    journal.keep("a", "task", b"plan")
    assert journal.kept("a") == {"rounds/fit": b"2", "task": b"plan"}
    assert journal.kept("b") == {}
    journal.end("a", "failed")
    for run in "bc":
        journal.begin(run, "")
        journal.end(run, "done")
    journal.begin("d", "")
    assert journal.kept("a") == {}
