from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jupyter_wayang.datasets import COLUMNS, heart_disease
from jupyter_wayang.datasets.heart import raw_file

ROWS = {"cleveland": 303, "hungary": 294, "switzerland": 123, "va": 200}


@pytest.fixture(scope="module")
def tables():
    return heart_disease()


def test_four_hospitals_with_their_rows(tables):
    assert {hospital: table.num_rows for hospital, table in tables.items()} == ROWS


def test_every_column_is_a_named_float(tables):
    expected = pa.schema([(name, pa.float64()) for name in COLUMNS])
    assert all(table.schema.equals(expected) for table in tables.values())


@pytest.mark.parametrize("hospital", ROWS)
def test_values_are_those_of_the_file(tables, hospital):
    lines = raw_file(hospital).read_text().split()
    expected = [[None if field == "?" else float(field) for field in line.split(",")] for line in lines]
    assert [list(row.values()) for row in tables[hospital].to_pylist()] == expected


def test_zeros_are_left_as_they_are(tables):
    assert pc.sum(pc.equal(tables["switzerland"]["chol"], 0)).as_py() == 123
    assert pc.sum(pc.equal(tables["va"]["trestbps"], 0)).as_py() == 1


def test_shares_of_the_ill_are_the_published_ones(tables):
    share = {hospital: pc.mean(pc.greater(table["num"], 0)).as_py() for hospital, table in tables.items()}
    assert share["switzerland"] == pytest.approx(0.935, abs=5e-4)
    assert share["va"] == pytest.approx(0.745)


def test_licence_and_citation_are_shipped():
    folder = raw_file("va").parent
    assert "CC BY 4.0" in (folder / "LICENSE").read_text()
    assert "10.24432/C52P4X" in (folder / "README.md").read_text()
