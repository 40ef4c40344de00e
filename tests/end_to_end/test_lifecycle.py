"""Runs that are stopped, sites that keep back or fail, sessions that are closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import DisclosureError, OperatorError, RunStoppedError, SiteError
from jupyter_wayang.events import RunFinished, StopRequested, Withheld
from jupyter_wayang.transport.messages import Train, decode_request

POLICY = 'tables = ["patients"]\noperators = ["aggregate", "learn", "fit", "evaluate"]\nminimum_rows = 10\n'

col = wy.col


@pytest.fixture
def session(tmp_path: Path) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path)
    yield made
    made.close()


def declared(session: wy.Session, **tables: pa.Table) -> wy.Collection:
    """Declare a federation of these tables, and return its collection."""
    (session.folder / "policy.toml").write_text(POLICY)
    sites = {}
    for site, table in tables.items():
        pq.write_table(table, session.folder / f"{site}.parquet")
        sites[site] = {"tables": {"patients": {"path": f"{site}.parquet"}}, "policy": "policy.toml"}
    session.federation("f", sites)
    return session.read("patients", sites="f")


def table(rows: int, few: int = 0) -> pa.Table:
    return pa.table(
        {
            "x": [float(n) for n in range(rows)],
            "few": [1.0 if n < few else None for n in range(rows)],
            "y": [n % 2 == 0 for n in range(rows)],
        }
    )


def fitted(rows: wy.Collection, rounds: int, learning_rate: float = 0.01) -> wy.Collection:
    model = (
        rows.select("x", "y")
        .scale()
        .fit(
            wy.logistic_regression(l2=0.1),
            target=col.y,
            rounds=rounds,
            strategy=wy.fedavg(learning_rate=learning_rate),
        )
    )
    return model.evaluate(rows)


def test_what_no_site_may_tell_is_null_and_not_zero(session: wy.Session) -> None:
    rows = declared(session, a=table(20, few=5), b=table(20, few=5))
    result = rows.agg(n=wy.count(), k=wy.count(col.few)).run()
    assert result.to_arrow().to_pylist() == [{"n": 40, "k": None}]
    kept = [event for event in result.run.events() if isinstance(event, Withheld)]
    assert {event.site for event in kept} == {"a", "b"}
    assert rows.filter(col.x < 3).agg(n=wy.count()).run().to_arrow().to_pylist() == [{"n": None}]


def test_a_site_that_keeps_back_is_named_under_the_rows(session: wy.Session) -> None:
    rows = declared(session, large=table(40), small=table(6))
    result = rows.agg(n=wy.count()).run()
    assert result.to_arrow().to_pylist() == [{"n": 40}]
    assert result.notes == ("small: groups under the site's minimum were left out",)
    assert "small: groups under" in repr(result)
    assert "small: groups under" in result._repr_html_()


def test_joins_at_the_sites_are_refused_before_anything_runs(session: wy.Session) -> None:
    rows = declared(session, a=table(20), b=table(20))
    with pytest.raises(DisclosureError, match="one row count for many"):
        rows.join(rows.select(z=col.x), how="cross").agg(n=wy.count()).run()


def test_a_stop_ends_every_training_of_the_plan(session: wy.Session) -> None:
    rows = declared(session, a=table(40), b=table(40))
    both = fitted(rows, 5_000).join(fitted(rows, 5_000, learning_rate=0.02), on="site")
    run = both.run(wait=False)
    for event in run.follow():
        if type(event).__name__ == "RoundFinished":
            run.stop()
            break
    result = run.wait()
    last = run.events()[-1]
    assert isinstance(last, RunFinished)
    assert last.state == result.state == "stopped"
    assert last.rounds < 5_000
    assert "stopped after" in repr(result)
    assert "stopped after" in result._repr_html_()


def test_the_bins_of_an_evaluation_are_those_asked_for(session: wy.Session) -> None:
    rows = declared(session, a=table(200), b=table(200))
    model = (
        rows.select("x", "y")
        .scale()
        .fit(wy.logistic_regression(), target=col.y, rounds=2, strategy=wy.fedavg(learning_rate=1.0))
    )
    errors = [model.evaluate(rows, bins=bins).run().run.events() for bins in (2, 50)]
    bounds = [
        max(
            e.auc_error
            for e in found
            if type(e).__name__ == "MetricsMeasured" and e.site == "global" and e.auc is not None
        )
        for found in errors
    ]
    assert bounds[0] > bounds[1]


def test_rows_predicted_by_a_model_can_be_evaluated_by_it(session: wy.Session) -> None:
    rows = session.read(pa.table({"x": [0.0, 1.0, 2.0, 3.0] * 10, "y": [False, True, False, True] * 10}))
    model = rows.fit(wy.logistic_regression(l2=0.1), target=col.y, features=["x"])
    assert model.evaluate(model.predict(rows)).run().to_arrow()["rows"].to_pylist() == [40]


def test_a_site_that_dies_in_a_round_fails_the_run_and_is_named(session: wy.Session) -> None:
    rows = declared(session, a=table(40), b=table(40))
    kernel = session.kernel
    carriers = dict(kernel._federations["f"])
    healthy = carriers["b"]

    def dies(request: bytes) -> bytes:
        message = decode_request(request)
        if isinstance(message, Train) and message.round == 3:
            raise ConnectionResetError("gone")
        return healthy(request)

    kernel.join("f", {**carriers, "b": dies}, kernel._titles["f"])
    run = fitted(rows, 10).run(wait=False)
    with pytest.raises(SiteError, match=r"b failed in round 3.*did not answer") as caught:
        run.wait()
    assert "the model after 2 rounds is kept" in str(caught.value.hint)
    assert run.state == "failed"
    kernel.join("f", carriers, kernel._titles["f"])
    assert fitted(rows, 2).run().state == "done"


def test_planning_leaves_nothing_at_the_places(session: wy.Session) -> None:
    rows = declared(session, a=table(40), b=table(40))
    for _ in range(2):
        rows.agg(n=wy.count()).plan()
        fitted(rows, 2).plan()
    agents = [session._here, *session._sites["f"].values()]
    assert [agent._parts for agent in agents] == [{}, {}, {}]
    rows.agg(n=wy.count()).run()
    assert [agent._parts for agent in agents] == [{}, {}, {}]


def test_a_federation_does_not_change_under_a_run(session: wy.Session) -> None:
    rows = declared(session, a=table(40), b=table(40))
    run = fitted(rows, 5_000).run(wait=False)
    site = {"tables": {"patients": {"path": "a.parquet"}}, "policy": "policy.toml"}
    with pytest.raises(OperatorError, match=f"the run {run.id} goes on"):
        session.federation("f", {"a": site})
    run.stop()
    run.wait()
    assert declared(session, a=table(40)).agg(n=wy.count()).run().to_arrow().to_pylist() == [{"n": 40}]
    assert list(session._sites["f"]) == ["a"]


@pytest.mark.parametrize("name", ["../../evil", "here", "kernel", "global", "a b", ""])
def test_sites_have_plain_names(session: wy.Session, name: str) -> None:
    with pytest.raises(OperatorError, match="cannot be called"):
        session.federation("g", {name: {"tables": {"patients": {"path": "a.parquet"}}}})
    assert not (session.folder.parent / "evil.jsonl").exists()


def test_a_closed_session_says_so(tmp_path: Path) -> None:
    session = wy.Session(tmp_path)
    run = session.read(pa.table({"a": [1]})).run().run
    session.close()
    with pytest.raises(RunStoppedError, match="session is closed"):
        run.events()


def test_closing_stops_what_runs(tmp_path: Path) -> None:
    session = wy.Session(tmp_path)
    rows = declared(session, a=table(40), b=table(40))
    run = fitted(rows, 10_000).run(wait=False)
    next(iter(run.follow()))
    session.close()
    again = wy.Session(tmp_path)
    (summary,) = [found for found in again.kernel.runs() if found.run == run.id]
    assert summary.state == "stopped"
    assert not (tmp_path / ".wayang" / "workspace").exists()
    again.close()


def test_a_run_of_a_process_that_ended_is_not_left_running(tmp_path: Path) -> None:
    script = (
        "import os, sys, pyarrow as pa, jupyter_wayang as wy\n"
        "from jupyter_wayang.kernel.journal import Journal\n"
        "journal = Journal(__import__('pathlib').Path(sys.argv[1]) / '.wayang')\n"
        "journal.begin('lost', 'a run')\n"
        "os._exit(9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=dict(os.environ), check=False)
    assert ended.returncode == 9
    session = wy.Session(tmp_path)
    assert [(run.run, run.state) for run in session.kernel.runs()] == [("lost", "failed")]
    assert session.attach("lost").events()[-1].reason == "its process ended"
    session.close()


def test_the_audit_of_a_site_says_what_was_asked(session: wy.Session) -> None:
    rows = declared(session, a=table(40))
    rows.agg(n=wy.count()).run()
    lines = [json.loads(line) for line in (session.folder / ".wayang/audit/f/a.jsonl").read_text().splitlines()]
    asked = {line["asked"]: line["detail"] for line in lines}
    assert asked["describe"] == "patients"
    assert asked["aggregate"].startswith("aggregate over read: ")
    assert "count()" in asked["aggregate"]


def test_a_stop_is_noted_once(session: wy.Session) -> None:
    rows = declared(session, a=table(40), b=table(40))
    run = fitted(rows, 5_000).run(wait=False)
    run.stop()
    run.stop()
    run.wait()
    run.stop()
    assert sum(isinstance(event, StopRequested) for event in run.events()) == 1
