from __future__ import annotations

import subprocess
import sys

import pytest

from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.numpy import PLATFORM as NUMPY
from jupyter_wayang.platforms.pandas import PLATFORM as PANDAS
from jupyter_wayang.platforms.platform import (
    BASE_OPERATORS,
    LEARNING_OPERATORS,
    MODEL_OPERATORS,
    PRIVATE_OPERATORS,
    Platform,
)
from jupyter_wayang.platforms.polars import PLATFORM as POLARS
from jupyter_wayang.platforms.sklearn import PLATFORM as SKLEARN

OURS = [PANDAS, POLARS, NUMPY, SKLEARN]
MODULES = ("channels", "costs", "capabilities")


@pytest.mark.parametrize("platform", OURS, ids=lambda platform: platform.name)
def test_a_declaration_is_a_platform_that_prices_all_that_it_declares(platform):
    assert isinstance(platform, Platform)
    assert platform.operators <= {*BASE_OPERATORS, *LEARNING_OPERATORS, *PRIVATE_OPERATORS, *MODEL_OPERATORS}
    assert set(platform.costs.operators) == platform.operators
    assert set(platform.costs.conversions) == {f"{step.source}>{step.target}" for step in platform.conversions}
    assert platform.missing() is None


@pytest.mark.parametrize("platform", OURS, ids=lambda platform: platform.name)
def test_asking_a_platform_imports_no_engine(platform):
    package = f"jupyter_wayang.platforms.{platform.name}"
    program = (
        f"import sys; from {package} import PLATFORM; PLATFORM.missing(); PLATFORM.operators\n"
        + "".join(f"import {package}.{module}\n" for module in MODULES)
        + "print(*[m for m in ('numpy', 'pandas', 'polars', 'pyarrow', 'sklearn', 'narwhals') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.split() == []


def test_what_is_not_installed_is_said_with_what_brings_it():
    fields = {name: getattr(POLARS, name) for name in Declaration.__dataclass_fields__}
    absent = Declaration(**{**fields, "needs": (("no_such_module", "jupyter-wayang[such]"),)})
    assert absent.missing() == 'no_such_module is not installed: pip install "jupyter-wayang[such]"'
