from __future__ import annotations

import pyarrow as pa
import pytest

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.operators import ReadFrame, ReadTable, Select, Sort, SortKey
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.pandas import PLATFORM

SCHEMA = Schema.of(i="int64", x="float64", n="null")
TABLE = pa.table({"i": [2**62 + 1, None], "x": [float("nan"), 1.5], "n": pa.nulls(2)}, schema=arrow_schema(SCHEMA))


@pytest.fixture
def engine(tmp_path):
    return PLATFORM.open(tmp_path)


def read(engine):
    return engine.apply(ReadFrame(key="t", label="t", schema=SCHEMA), (), (), {"t": TABLE}, "")[0]


def test_integers_with_nulls_stay_integers_and_nan_becomes_null(engine):
    found = engine.convert(read(engine), "pandas.frame", "arrow.table", SCHEMA)
    assert found.schema.remove_metadata() == arrow_schema(SCHEMA)
    assert found.to_pydict() == {"i": [2**62 + 1, None], "x": [None, 1.5], "n": [None, None]}


def test_the_index_of_a_frame_never_shows(engine):
    by_i = Sort(keys=(SortKey(expression=ColumnRef(name="x")),))
    (ordered,) = engine.apply(by_i, (read(engine),), (SCHEMA,), {}, "")
    doubled = Select(columns=(Named(name="x", expression=ColumnRef(name="x")),))
    (made,) = engine.apply(doubled, (ordered,), (SCHEMA,), {}, "")
    found = engine.convert(made, "pandas.frame", "arrow.table", Schema.of(x="float64"))
    assert found.to_pydict() == {"x": [1.5, None]}


def test_rows_that_were_not_handed_over_are_named(engine):
    with pytest.raises(PlatformError, match="visits were not handed"):
        engine.apply(ReadFrame(key="k", label="visits", schema=SCHEMA), (), (), {}, "")


def test_what_frames_do_not_run_is_said(engine):
    with pytest.raises(PlatformError, match=r"pandas does not run read\(\)"):
        engine.apply(ReadTable(database="d", table="t", schema=SCHEMA), (), (), {}, "")
    with pytest.raises(PlanError, match=r"no conversion from pandas\.frame to polars\.frame"):
        engine.convert(read(engine), "pandas.frame", "polars.frame", SCHEMA)
