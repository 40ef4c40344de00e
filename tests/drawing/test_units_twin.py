"""The browser writes numbers as Python does: both are held to the cases in js/test/units.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.tokens import heat
from jupyter_wayang.plan.execution import Interval

_CASES = json.loads((Path(__file__).parents[2] / "js" / "test" / "units.json").read_text(encoding="utf-8"))
_FUNCTIONS = {
    "size": units.size,
    "duration": units.duration,
    "signed_duration": units.signed_duration,
    "count": units.count,
    "compact": units.compact,
    "share": units.share,
    "metric": units.metric,
    "heat": heat,
    "estimate": lambda bounds: units.estimate(Interval(low=bounds[0], high=bounds[1])),
}


@pytest.mark.parametrize("name", sorted(_CASES))
def test_python_writes_the_cases(name: str) -> None:
    assert [_FUNCTIONS[name](value) for value, _ in _CASES[name]] == [expected for _, expected in _CASES[name]]
