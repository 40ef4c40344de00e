"""Loops and graphs in a federation: over what the sites answered, never over their rows."""

from __future__ import annotations

import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.events import RoundFinished

from .conftest import SITES, Opened


def test_a_loop_goes_on_with_what_sites_answered(opened: Opened) -> None:
    session = opened(dict.fromkeys(SITES, ("pandas",)))
    patients = session.read("patients", sites="hospitals")
    counts = patients.group_by("sex").agg(n=wy.count())
    made = wy.repeat(3, lambda c: c.with_columns(n=wy.col.n * 2), counts).sort("sex")
    result = made.run()
    plain = counts.sort("sex").run().to_arrow()["n"].to_pylist()
    assert len(plain) == 2
    assert result.to_arrow()["n"].to_pylist() == [n * 8 for n in plain]
    assert [event.round for event in result.run.events() if isinstance(event, RoundFinished)] == [1, 2, 3]
    plan = result.run.plan().execution
    assert plan.loop is not None
    assert {plan.operator(id_).lane for id_ in plan.loop.operators} == {"kernel"}


def test_rows_of_sites_go_round_in_no_loop(opened: Opened) -> None:
    session = opened(dict.fromkeys(SITES, ("pandas",)))
    patients = session.read("patients", sites="hospitals")
    made = wy.repeat(3, lambda p: p.with_columns(age=wy.col.age + 1), patients).agg(n=wy.count())
    with pytest.raises(DisclosureError, match="a loop over rows"):
        made.run()
    edges = patients.with_columns(a=wy.cast(wy.col.age, int), b=wy.cast(wy.col.chol, int))
    with pytest.raises(DisclosureError, match=r"pagerank\(\)"):
        edges.pagerank("a", "b").agg(n=wy.count()).run()
