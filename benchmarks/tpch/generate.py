"""Tables of TPC-H in the shape of its specification, the same rows for the same scale and seed.

    python -m benchmarks.tpch.generate FOLDER [--scale 0.01] [--seed 6]

A table is a Parquet file. The numbers are drawn by NumPy and are not those of dbgen: the distributions are, and with the
seed that is set every one of the 22 queries has rows.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from . import words

__all__ = ["SEED", "TABLES", "generate", "tables"]

SEED = 6
TABLES = ("region", "nation", "part", "supplier", "partsupp", "customer", "orders", "lineitem")

_FIRST = (dt.date(1992, 1, 1) - dt.date(1970, 1, 1)).days
_LAST = (dt.date(1998, 12, 31) - dt.date(1970, 1, 1)).days - 151
_CURRENT = (dt.date(1995, 6, 17) - dt.date(1970, 1, 1)).days
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,"))


def generate(folder: Path, scale: float = 0.01, seed: int = SEED, *, exact: bool = True) -> dict[str, Path]:
    """Write all tables into a folder, and return their files by name.

    Parameters
    ----------
    folder
        Where to.
    scale
        The scale factor: at 1 there are about 6,000,000 lines.
    seed
        Another seed draws others.
    exact
        Whether money is a decimal, as the specification has it, or a float.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, table in tables(scale, seed).items():
        files[name] = folder / f"{name}.parquet"
        pq.write_table(table if exact else _with_floats(table), files[name])
    return files


def _with_floats(table: pa.Table) -> pa.Table:
    types = [pa.float64() if pa.types.is_decimal(field.type) else field.type for field in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, types, strict=True))))


def tables(scale: float = 0.01, seed: int = SEED) -> dict[str, pa.Table]:
    """Return all tables by name."""
    maker = _Maker(scale, seed)
    made = {"region": maker.region(), "nation": maker.nation(), "part": maker.part(), "supplier": maker.supplier()}
    made |= {"partsupp": maker.partsupp(), "customer": maker.customer()}
    made["orders"], made["lineitem"] = maker.orders_and_lineitem()
    return {name: made[name] for name in TABLES}


class _Maker:
    """Draws the tables, each with a generator of its own, so that one does not change with another."""

    def __init__(self, scale: float, seed: int) -> None:
        self.seed = seed
        self.suppliers = max(round(10_000 * scale), 10)
        self.parts = max(round(200_000 * scale), 40)
        self.customers = max(round(150_000 * scale), 30)
        self.orders = max(round(1_500_000 * scale), 300)
        self.prices = _retail(np.arange(1, self.parts + 1))

    def _random(self, table: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self.seed, table]))

    def region(self) -> pa.Table:
        random = self._random(0)
        names = list(words.REGIONS)
        return pa.table({"r_regionkey": _keys(range(5)), "r_name": names, "r_comment": _sentences(random, 5, 31, 115)})

    def nation(self) -> pa.Table:
        random = self._random(1)
        return pa.table(
            {
                "n_nationkey": _keys(range(25)),
                "n_name": [name for name, _ in words.NATIONS],
                "n_regionkey": _keys([region for _, region in words.NATIONS]),
                "n_comment": _sentences(random, 25, 31, 114),
            }
        )

    def part(self) -> pa.Table:
        random, count = self._random(2), self.parts
        keys = np.arange(1, count + 1)
        maker, brand = random.integers(1, 6, count), random.integers(1, 6, count)
        colours = np.array(words.COLOURS)
        names = [" ".join(colours[random.permutation(len(colours))[:5]]) for _ in range(count)]
        return pa.table(
            {
                "p_partkey": _keys(keys),
                "p_name": names,
                "p_mfgr": [f"Manufacturer#{m}" for m in maker],
                "p_brand": [f"Brand#{m}{b}" for m, b in zip(maker, brand, strict=True)],
                "p_type": _joined(random, words.TYPES, count),
                "p_size": _keys(random.integers(1, 51, count)),
                "p_container": _joined(random, words.CONTAINERS, count),
                "p_retailprice": _money(self.prices),
                "p_comment": _sentences(random, count, 5, 22),
            }
        )

    def supplier(self) -> pa.Table:
        random, count = self._random(3), self.suppliers
        nation = random.integers(0, 25, count)
        comments = _sentences(random, count, 25, 100)
        # Five suppliers of 10,000 have complaints, and five recommendations; of few suppliers one each.
        some = max(round(count * 5 / 10_000), 1)
        chosen = random.permutation(count)
        for place in chosen[:some]:
            comments[place] = f"{comments[place][:20]} Customer {comments[place][20:30]}Complaints"
        for place in chosen[some : 2 * some]:
            comments[place] = f"{comments[place][:20]} Customer {comments[place][20:30]}Recommends"
        return pa.table(
            {
                "s_suppkey": _keys(np.arange(1, count + 1)),
                "s_name": [f"Supplier#{key:09d}" for key in range(1, count + 1)],
                "s_address": _addresses(random, count),
                "s_nationkey": _keys(nation),
                "s_phone": _phones(random, nation),
                "s_acctbal": _money(random.integers(-99_999, 1_000_000, count)),
                "s_comment": comments,
            }
        )

    def partsupp(self) -> pa.Table:
        random, count = self._random(4), 4 * self.parts
        part = np.repeat(np.arange(1, self.parts + 1), 4)
        return pa.table(
            {
                "ps_partkey": _keys(part),
                "ps_suppkey": _keys(self._supplier_of(part, np.tile(np.arange(4), self.parts))),
                "ps_availqty": _keys(random.integers(1, 10_000, count)),
                "ps_supplycost": _money(random.integers(100, 100_001, count)),
                "ps_comment": _sentences(random, count, 49, 198),
            }
        )

    def _supplier_of(self, part: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return one of the four suppliers of a part (specification, 4.2.3)."""
        count = self.suppliers
        return (part + which * (count // 4 + (part - 1) // count)) % count + 1

    def customer(self) -> pa.Table:
        random, count = self._random(5), self.customers
        nation = random.integers(0, 25, count)
        return pa.table(
            {
                "c_custkey": _keys(np.arange(1, count + 1)),
                "c_name": [f"Customer#{key:09d}" for key in range(1, count + 1)],
                "c_address": _addresses(random, count),
                "c_nationkey": _keys(nation),
                "c_phone": _phones(random, nation),
                "c_acctbal": _money(random.integers(-99_999, 1_000_000, count)),
                "c_mktsegment": _chosen(random, words.SEGMENTS, count),
                "c_comment": _sentences(random, count, 29, 116),
            }
        )

    def orders_and_lineitem(self) -> tuple[pa.Table, pa.Table]:
        random, count = self._random(6), self.orders
        place = np.arange(count)
        # Eight keys of every 32 are used, and a third of the customers never orders.
        keys = place // 8 * 32 + place % 8 + 1
        customers = np.arange(1, self.customers + 1)
        customer = random.choice(customers[customers % 3 != 0], count)
        ordered = random.integers(_FIRST, _LAST + 1, count)
        lines = random.integers(1, 8, count)
        which = np.repeat(place, lines)
        lineitem, charged, shipped = self._lineitem(keys, ordered, lines, which)
        open_ = np.bincount(which, weights=shipped > _CURRENT, minlength=count)
        status = np.where(open_ == 0, "F", np.where(open_ == lines, "O", "P"))
        orders = pa.table(
            {
                "o_orderkey": _keys(keys),
                "o_custkey": _keys(customer),
                "o_orderstatus": status.tolist(),
                "o_totalprice": _money(np.bincount(which, weights=charged, minlength=count).astype(np.int64)),
                "o_orderdate": _days(ordered),
                "o_orderpriority": _chosen(random, words.PRIORITIES, count),
                "o_clerk": [f"Clerk#{key:09d}" for key in random.integers(1, max(count // 1500, 1) + 1, count)],
                "o_shippriority": _keys(np.zeros(count)),
                "o_comment": _sentences(random, count, 19, 78),
            }
        )
        return orders, lineitem

    def _lineitem(
        self, keys: np.ndarray, ordered: np.ndarray, lines: np.ndarray, which: np.ndarray
    ) -> tuple[pa.Table, np.ndarray, np.ndarray]:
        """Return the lines, the cents that each adds to its order, and when they were shipped."""
        random, count = self._random(7), len(which)
        part = random.integers(1, self.parts + 1, count)
        quantity = random.integers(1, 51, count)
        price = quantity * self.prices[part - 1]
        discount, tax = random.integers(0, 11, count), random.integers(0, 9, count)
        shipped = ordered[which] + random.integers(1, 122, count)
        committed = ordered[which] + random.integers(30, 91, count)
        received = shipped + random.integers(1, 31, count)
        returned = np.where(random.integers(0, 2, count) == 0, "R", "A")
        numbers = np.arange(count) - np.repeat(np.cumsum(lines) - lines, lines) + 1
        table = pa.table(
            {
                "l_orderkey": _keys(keys[which]),
                "l_partkey": _keys(part),
                "l_suppkey": _keys(self._supplier_of(part, random.integers(0, 4, count))),
                "l_linenumber": _keys(numbers),
                "l_quantity": _money(quantity * 100),
                "l_extendedprice": _money(price),
                "l_discount": _money(discount),
                "l_tax": _money(tax),
                "l_returnflag": np.where(received <= _CURRENT, returned, "N").tolist(),
                "l_linestatus": np.where(shipped > _CURRENT, "O", "F").tolist(),
                "l_shipdate": _days(shipped),
                "l_commitdate": _days(committed),
                "l_receiptdate": _days(received),
                "l_shipinstruct": _chosen(random, words.INSTRUCTIONS, count),
                "l_shipmode": _chosen(random, words.MODES, count),
                "l_comment": _sentences(random, count, 10, 43),
            }
        )
        return table, price * (100 + tax) * (100 - discount) // 10_000, shipped


def _retail(keys: np.ndarray) -> np.ndarray:
    """Return the price of parts in cents (specification, 4.2.3)."""
    return 90_000 + (keys // 10) % 20_001 + 100 * (keys % 1_000)


def _keys(values: Sequence[int] | np.ndarray | range) -> pa.Array:
    return pa.array(np.asarray(values, dtype=np.int64))


def _days(values: np.ndarray) -> pa.Array:
    return pa.array(values.astype(np.int32)).cast(pa.date32())


def _money(cents: np.ndarray) -> pa.Array:
    return pa.array([Decimal(int(value)).scaleb(-2) for value in cents], pa.decimal128(15, 2))


def _chosen(random: np.random.Generator, options: Sequence[str], count: int) -> list[str]:
    return np.array(options)[random.integers(0, len(options), count)].tolist()


def _joined(random: np.random.Generator, options: Sequence[Sequence[str]], count: int) -> list[str]:
    return [" ".join(parts) for parts in zip(*(_chosen(random, each, count) for each in options), strict=True)]


def _phones(random: np.random.Generator, nation: np.ndarray) -> list[str]:
    parts = (nation + 10, *(random.integers(low, high, len(nation)) for low, high in ((100, 1000),) * 2))
    last = random.integers(1000, 10_000, len(nation))
    return [f"{a}-{b}-{c}-{d}" for a, b, c, d in zip(*parts, last, strict=True)]


def _addresses(random: np.random.Generator, count: int) -> list[str]:
    return ["".join(_LETTERS[random.integers(0, len(_LETTERS), random.integers(10, 41))]).strip() for _ in range(count)]


def _sentences(random: np.random.Generator, count: int, least: int, most: int) -> list[str]:
    """Return texts of the words of TPC-H's grammar, cut to a length between the bounds."""
    kinds = (words.ADVERBS, words.ADJECTIVES, words.NOUNS, words.VERBS, words.ADJECTIVES, words.NOUNS)
    pool = " ".join(" ".join(parts) + "." for parts in zip(*(_chosen(random, k, 4_000) for k in kinds), strict=True))
    lengths = random.integers(least, most + 1, count)
    starts = random.integers(0, len(pool) - most, count)
    return [pool[start : start + length] for start, length in zip(starts, lengths, strict=True)]


def main() -> None:
    """Write the tables that the command asks for."""
    parser = argparse.ArgumentParser(description="Write the tables of TPC-H as Parquet files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    for name, file in generate(options.folder, options.scale, options.seed).items():
        print(f"{name:<9} {pq.read_metadata(file).num_rows:>10,} rows  {file}")


if __name__ == "__main__":
    main()
