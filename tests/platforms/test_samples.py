from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_wayang.catalog import Catalog, TableSpec
from jupyter_wayang.plan.operators import ReadFile
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.relational.samples import sample_of

SCHEMA = Schema.of(id="int64", ward="string")


def test_parquet_is_sampled_from_several_row_groups(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": range(80_000), "ward": ["a"] * 80_000}), path, row_group_size=10_000)
    some = sample_of(ReadFile(path=str(path), format="parquet", schema=SCHEMA))
    assert some is not None
    ids = some["id"].to_pylist()
    assert 5_000 < len(ids) <= 10_000
    assert max(ids) > 60_000
    assert min(ids) < 20_000


def test_a_long_csv_is_read_at_its_start_only(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,ward\n" + "".join(f"{n},ward {n % 7}\n" for n in range(200_000)), encoding="utf-8")
    some = sample_of(ReadFile(path=str(path), format="csv", schema=SCHEMA))
    assert some is not None
    assert 10_000 < some.num_rows < 150_000


def test_what_cannot_be_read_says_nothing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,ward\nx,y\n", encoding="utf-8")
    assert sample_of(ReadFile(path=str(path), format="csv", schema=SCHEMA)) is None
    (tmp_path / "b.parquet").write_bytes(b"no parquet")
    assert sample_of(ReadFile(path=str(tmp_path / "b.parquet"), format="parquet", schema=SCHEMA)) is None


def test_the_catalog_knows_values_that_differ(tmp_path):
    (tmp_path / "v.csv").write_text("id,ward\n" + "".join(f"{n},w{n % 5}\n" for n in range(1000)), encoding="utf-8")
    catalog = Catalog(tmp_path)
    known = catalog.statistics(catalog.source(TableSpec(path="v.csv")))
    assert known.distinct == {"id": 1000, "ward": 5}
    assert known.quantiles["id"][0] == 0
    assert known.origin == "lines counted"
