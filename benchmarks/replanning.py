"""Time a filter whose selectivity is mis-hinted, with and without planning again, and what checkpoints cost if all is right.

Sales are in SQLite; the filter is said to keep one row of a thousand, and keeps nearly all. What comes after (pairs of
buyers of the same item, counted) is then better done in DuckDB, though the rows have to move there first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from unittest.mock import patch

import jupyter_wayang as wy
from jupyter_wayang.events import Replanned

_REPEATS = 7


def sales(rows: int) -> object:
    """Make a table of buyers and items: a hundred sales of each item."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(7)
    return pa.table(
        {
            "buyer": random.integers(0, rows // 5, rows),
            "item": random.integers(0, max(1, rows // 100), rows),
            "price": random.random(rows),
        }
    )


def task(session: wy.Session, table: object, least: float, hint: float | None) -> object:
    """Return the buyers with the most pairs, of what costs more than ``least``."""
    col = wy.col
    dear = session.read(table).on("sqlite").filter(col.price > least).on("sqlite")
    dear = dear.selectivity(hint) if hint is not None else dear
    others = dear.select("item", other=col.buyer)
    pairs = dear.join(others, on="item").group_by(col.buyer).agg(n=wy.count(), total=wy.sum(col.other))
    return pairs.sort(col.n, descending=True).limit(10)


@contextmanager
def checkpoints(*, kept: bool) -> Iterator[None]:
    """Plan with checkpoints, or without any."""
    if kept:
        yield
    else:
        with patch("jupyter_wayang.optimizer.pipeline._checkpoints", return_value={}):
            yield


def seconds(table: object, least: float, hint: float | None, *, kept: bool) -> tuple[float, bool]:
    """Run the task in a session of its own; return how long it took, and whether it was planned again."""
    session = wy.Session()
    try:
        with checkpoints(kept=kept):
            began = perf_counter()
            run = task(session, table, least, hint).run(platforms=["sqlite", "duckdb"], wait=False)  # type: ignore[attr-defined]
            run.wait()
            taken = perf_counter() - began
        return taken, any(isinstance(event, Replanned) for event in run.events())
    finally:
        session.close()


def compared(table: object, least: float, hint: float | None, repeats: int) -> tuple[float, float, bool]:
    """Return the median seconds with and without checkpoints, interleaved, and whether it was planned again."""
    with_, without, again = [], [], False
    for _ in range(repeats):
        taken, planned = seconds(table, least, hint, kept=True)
        with_.append(taken)
        again = again or planned
        without.append(seconds(table, least, hint, kept=False)[0])
    return median(with_), median(without), again


def table(rows: int, repeats: int) -> list[str]:
    """Return the lines of the table."""
    made = sales(rows)
    lines = [
        f"| {rows:,} rows | with checkpoints | without | planned again | ratio |",
        "|---|---|---|---|---|",
    ]
    cases = (
        ("keeps 99.9 %, said to keep 0.1 %", 0.001, 0.001),
        ("keeps 99.9 %, and said so", 0.001, 0.999),
        ("keeps 0.1 %, and said so", 0.999, 0.001),
    )
    for said, least, hint in cases:
        with_, without, again = compared(made, least, hint, repeats)
        ratio = f"{without / with_:.1f} times as fast" if again else f"{100 * (with_ / without - 1):+.1f} %"
        lines.append(f"| {said} | {with_:.2f} s | {without:.2f} s | {'yes' if again else 'no'} | {ratio} |")
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rows, once")
    quick = parser.parse_args().quick
    print("\n".join(table(2_000 if quick else 100_000, 1 if quick else _REPEATS)))


if __name__ == "__main__":
    main()
