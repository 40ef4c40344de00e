"""What Spark declares, asked without starting it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from jupyter_wayang.plan.expressions import Binary, Call, ColumnRef, Literal
from jupyter_wayang.plan.operators import Filter, Limit, ReadFile
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms import channels
from jupyter_wayang.platforms.platform import ARROW, Platform
from jupyter_wayang.platforms.spark import PLATFORM, java
from jupyter_wayang.platforms.spark.channels import FRAME


def test_it_is_a_platform():
    assert isinstance(PLATFORM, Platform)


def test_every_operator_and_conversion_has_a_cost():
    assert set(PLATFORM.costs.operators) == PLATFORM.operators
    named = {f"{conversion.source}>{conversion.target}" for conversion in PLATFORM.conversions}
    assert set(PLATFORM.costs.conversions) == named


def test_rows_get_in_and_out():
    steps = {(c.source, c.target) for c in (*PLATFORM.conversions, *channels.CONVERSIONS)}
    assert (FRAME, ARROW) in steps
    assert any(
        (ARROW, between) in steps and (between, FRAME) in steps for between in [c.name for c in channels.CHANNELS]
    )


def test_without_pyspark_it_says_which_extra_brings_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert PLATFORM.missing() == "pyspark is not installed (extra `spark`)"


def test_without_java_it_says_so(monkeypatch):
    pytest.importorskip("pyspark")
    monkeypatch.setattr(java, "why_not", lambda: "no java on the PATH")
    assert PLATFORM.missing() == "no java on the PATH"


def test_asking_imports_no_engine():
    script = (
        "import sys; from jupyter_wayang.platforms.spark import PLATFORM; PLATFORM.missing();"
        "print([name for name in ('pyspark', 'pyarrow', 'numpy', 'pandas', 'sqlglot') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_sql_cannot_say_is_refused_with_the_reason():
    schema = Schema.of(x="float64", k="int64")

    def above_zero(digits):
        rounded = Call(function="round", args=(ColumnRef(name="x"), digits))
        return Filter(condition=Binary(op=">", left=rounded, right=Literal.of(0.0)))

    assert PLATFORM.refuses(above_zero(ColumnRef(name="k")), (schema,)) == (
        "round() takes a constant number of digits, not k"
    )
    assert PLATFORM.refuses(above_zero(Literal.of(1)), (schema,)) is None


def test_a_read_is_neither_refused_nor_shown_as_sql():
    read = ReadFile(path="a.csv", format="csv", schema=Schema.of(a="int64"))
    assert PLATFORM.refuses(read, ()) is None
    assert PLATFORM.code(read, ()) is None


def test_code_names_its_inputs():
    adults = Filter(condition=Binary(op=">=", left=ColumnRef(name="age"), right=Literal.of(18)))
    shown = PLATFORM.code(adults, (("visits", Schema.of(age="int64")),))
    assert shown is not None
    assert " ".join(shown.split()) == "SELECT * FROM `visits` WHERE `age` >= 18"
    assert "LIMIT 3" in str(PLATFORM.code(Limit(rows=3), (("visits", Schema.of(age="int64")),)))
