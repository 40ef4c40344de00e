"""Commands about costs and plans, as they stand on a line."""

from __future__ import annotations

import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import NameUnknownError, OperatorError
from jupyter_wayang.notebook.commands import calibrated, planned


class Asked:
    """A session that only notes what it is asked for."""

    def calibrate(self, *, quick=False):
        return f"measured, quick: {quick}"

    def calibrate_from_runs(self):
        return "from runs"


@pytest.mark.parametrize(
    ("line", "answer"),
    [("", "measured, quick: False"), ("--quick", "measured, quick: True"), ("--from-runs", "from runs")],
)
def test_calibrate_measures_or_reads_runs(line, answer):
    assert answer in repr(calibrated(Asked(), line))


@pytest.mark.parametrize("line", ["--fast", "quick", "--quick --from-runs"])
def test_calibrate_takes_nothing_else(line):
    with pytest.raises(OperatorError):
        calibrated(Asked(), line)


def test_a_name_stands_for_its_last_run(tmp_path):
    session = wy.Session(tmp_path)
    rows = session.values([{"age": 41}, {"age": 7}])
    first, last = (rows.filter(wy.col.age > least).run(name="old", wait=True) for least in (18, 50))
    assert planned(session, "old").id == last.run.id
    assert planned(session, first.run.id).id == first.run.id
    with pytest.raises(NameUnknownError, match="Did you mean old"):
        planned(session, "olf")
    session.close()


def test_a_policy_is_said_in_words(cells):
    (cells.session.folder / "policy.toml").write_text('tables = ["t"]\noperators = ["aggregate"]\nminimum_rows = 20\n')
    tables = {"t": {"path": "visits.csv"}}
    sites = {"porto": {"tables": tables, "policy": "policy.toml"}, "faro": {"tables": tables}}
    cells.session.federation("south", sites)
    shown = cells("%wayang sites policy south")
    assert "Porto answers everyone whose connection it accepts" in shown
    assert "is about fewer than 20 rows" in shown
    assert "Faro answers nothing" in shown
    assert "Faro" not in cells("%wayang sites policy south/porto")
    assert "south has no site prto. Did you mean porto?" in cells("%wayang sites policy south/prto")
