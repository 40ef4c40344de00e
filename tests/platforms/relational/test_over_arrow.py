from __future__ import annotations

import hashlib
import math

import numpy as np
import pyarrow as pa
import pytest

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.expressions import Binary, ColumnRef, Literal
from jupyter_wayang.plan.operators import Split
from jupyter_wayang.platforms.relational.over_arrow import split

ROWS = [
    (n % 7 if n % 11 else None, float(n * 37 % 53), ("a", "B", "é", None)[n % 4], (True, False, None)[n % 3])
    for n in range(101)
]
TABLE = pa.table(dict(zip(("k", "x", "s", "p"), map(list, zip(*ROWS, strict=True)), strict=True)))


def rows(table):
    return [tuple(row.values()) for row in table.to_pylist()]


def independently(listed, fraction, seed, salt, stratum):
    """The definition in the module's docstring, written again in plain Python."""
    in_order = sorted(listed, key=lambda row: [(value is None, value if value is not None else 0) for value in row])
    digest = hashlib.sha256(f"{seed}:{salt}".encode()).digest()
    drawn = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big"))).permutation(len(in_order))
    sizes, taken, first = {}, {}, set()
    for row in in_order:
        sizes[stratum(row)] = sizes.get(stratum(row), 0) + 1
    for place in drawn:
        key = stratum(in_order[place])
        if taken.get(key, 0) < math.floor(fraction * sizes[key] + 0.5):
            taken[key] = taken.get(key, 0) + 1
            first.add(int(place))
    return (
        [row for place, row in enumerate(in_order) if place in first],
        [row for place, row in enumerate(in_order) if place not in first],
    )


SICK = Binary(op=">", left=ColumnRef(name="k"), right=Literal.of(2))
STRATA = {
    "none": ((), lambda row: None),
    "a column with null": ((ColumnRef(name="s"),), lambda row: row[2]),
    "a condition": ((SICK,), lambda row: None if row[0] is None else row[0] > 2),
    "two": ((ColumnRef(name="p"), SICK), lambda row: (row[3], None if row[0] is None else row[0] > 2)),
}


@pytest.mark.parametrize("name", STRATA)
@pytest.mark.parametrize(("fraction", "seed", "salt"), [(0.8, 7, "cleveland"), (0.5, 0, ""), (0.05, 7, "hungary")])
def test_the_split_is_as_documented(name, fraction, seed, salt):
    by, stratum = STRATA[name]
    found = split(TABLE, Split(fraction=fraction, seed=seed, by=by), salt)
    assert tuple(map(rows, found)) == independently(ROWS, fraction, seed, salt, stratum)


def test_the_order_of_the_input_does_not_matter():
    backwards = TABLE.take(list(range(len(TABLE) - 1, -1, -1)))
    chunked = pa.concat_tables([backwards.slice(50), backwards.slice(0, 50)])
    operator = Split(fraction=0.7, seed=1, by=(SICK,))
    for one, other in zip(split(TABLE, operator, "x"), split(chunked, operator, "x"), strict=True):
        assert rows(one) == rows(other)


def test_sites_and_seeds_draw_differently():
    drawn = {
        tuple(rows(split(TABLE, Split(fraction=0.5, seed=seed), salt)[0])) for seed in (1, 2) for salt in ("a", "b")
    }
    assert len(drawn) == 4


@pytest.mark.parametrize(("size", "kept"), [(1, 1), (2, 1), (3, 2), (5, 3)])
def test_half_a_row_is_rounded_up(size, kept):
    assert len(split(pa.table({"n": list(range(size))}), Split(fraction=0.5), "x")[0]) == kept


def test_no_rows_are_two_parts_of_the_same_columns():
    empty = TABLE.slice(0, 0)
    assert [part.schema for part in split(empty, Split(fraction=0.5, by=(SICK,)), "x")] == [TABLE.schema] * 2


def test_an_overflow_in_the_strata_is_an_error():
    by = Binary(op="*", left=ColumnRef(name="k"), right=Literal.of(2**62))
    with pytest.raises(PlatformError, match=r"split\(\) failed .* 64-bit integer"):
        split(TABLE, Split(fraction=0.5, by=(by,)), "x")
