"""The words of rows and columns from the session to the rows: the same on one platform alone, and on all freely."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import DataError

VISITS = pa.table(
    {
        "ward": ["a", "b", "a", None, "c", "b", "a"],
        "day": [1, 2, 3, 4, 5, 6, 3],
        "cost": [10.0, 20.0, None, 5.0, 7.5, 2.5, 1.0],
    }
)
RATES = pa.table({"ward": ["a", "b", "b", "d"], "day": [2, 1, 5, 1], "rate": [1.5, 2.0, 3.0, 4.0]})


def rows(collection: wy.Collection, *platforms: str) -> list[dict[str, object]]:
    made = collection.run(platforms=platforms or None, wait=True).to_arrow().to_pylist()
    return sorted(made, key=repr)


@pytest.mark.parametrize("platform", ["pandas", "polars", "duckdb", "sqlite"])
def test_a_chain_of_all_words(tmp_path: Path, platform: str) -> None:
    session = wy.Session(tmp_path)
    visits, rates = session.read(VISITS), session.read(RATES)
    priced = visits.join(rates, on="ward", how="left", as_of="day").join(
        rates, on="ward", how="anti", where=wy.col.rate_2 > 2.5, suffix="_2"
    )
    again = priced.union(priced).except_(priced.top_k(2, by=wy.col.day)).distinct()
    long = again.unpivot(["cost", "rate"]).filter(wy.col.value > 0)
    wide = long.select("ward", "variable", "value").pivot("variable", "value", "sum", levels=["cost", "rate"])
    result = wide.zip_with_id("n")
    assert rows(result, platform) == rows(result) == EXPECTED
    session.close()


EXPECTED: list[dict[str, object]] = [
    {"ward": "a", "cost": 11.0, "rate": 3.0, "n": 0},
    {"ward": "c", "cost": 7.5, "rate": None, "n": 1},
    {"ward": None, "cost": 5.0, "rate": None, "n": 2},
]


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    session = wy.Session(tmp_path)
    visits = session.read(VISITS)
    assert rows(visits.write("visits.parquet")) == [{"path": str(tmp_path / "visits.parquet"), "rows": 7}]
    assert rows(session.read("visits.parquet")) == rows(visits)
    with pytest.raises(DataError, match=r"visits\.parquet is there already"):
        rows(visits.write("visits.parquet"))
    rows(visits.write("visits.parquet", mode="append"))
    assert rows(session.read("visits.parquet").count()) == [{"count": 14}]
    session.close()
