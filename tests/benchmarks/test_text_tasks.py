"""The tasks over text come to what plain Python comes to, with each platform beside Python and freely planned."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_wayang as wy

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from tasks import simwords, word2nvec, word_count
from tasks.corpus import corpus

PLATFORMS = (
    None,
    ["python", "pandas"],
    ["python", "polars"],
    ["python", "duckdb"],
    pytest.param(["spark"], marks=[pytest.mark.spark, pytest.mark.slow]),
)
TEXT = corpus(60, vocabulary=40)
LINES = [*TEXT["line"].to_pylist(), None, "", "Ça va — naïve café 42"]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Collection]:
    import pyarrow as pa

    session = wy.Session(tmp_path_factory.mktemp("tasks"))
    yield session.read(pa.table({"line": LINES}))
    session.close()


@pytest.mark.parametrize("platforms", PLATFORMS)
def test_words_are_counted(lines: wy.Collection, platforms: list[str] | None) -> None:
    found = word_count.word_count(lines).run(platforms=platforms).to_arrow().to_pylist()
    assert {row["word"]: row["n"] for row in found} == word_count.plain(LINES)
    assert {"ça", "naïve", "café"} <= {row["word"] for row in found}


@pytest.mark.parametrize("platforms", PLATFORMS)
def test_words_have_vectors_of_neighbours(lines: wy.Collection, platforms: list[str] | None) -> None:
    found = word2nvec.word2nvec(lines, reach=2, least=4).run(platforms=platforms).to_arrow().to_pylist()
    wanted = word2nvec.plain(LINES, reach=2, least=4)
    assert len(wanted) > 5
    pairs = {(row["word"], row["neighbour"]): row["weight"] for row in found}
    assert len(pairs) == len(found)
    assert pairs == {
        (word, other): pytest.approx(weight, rel=1e-12)
        for word, vector in wanted.items()
        for other, weight in vector.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("platforms", PLATFORMS)
def test_words_with_the_same_neighbours_are_found(lines: wy.Collection, platforms: list[str] | None) -> None:
    found = simwords.simwords(lines, clusters=3, turns=3).run(platforms=platforms).to_arrow().to_pylist()
    wanted = simwords.plain(LINES, clusters=3, turns=3)
    assert len(set(wanted.values())) == 3
    assert {row["word"]: row["cluster"] for row in found} == wanted
