"""Commands about costs and plans, as they stand on a line."""

from __future__ import annotations

import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.notebook.commands import calibrated


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
