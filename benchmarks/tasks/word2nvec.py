"""Word2NVec: for each frequent word, how often others stand near it, as a vector of length one.

Vectors are sparse: a row has a word, a neighbour and its weight.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from tasks.word_count import plain as plain_count
from tasks.word_count import word_count, words

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection

__all__ = ["plain", "word2nvec"]


def _pairs(line: str, reach: int) -> Iterator[tuple[str, str]]:
    found = words(line)
    for index, word in enumerate(found):
        for other in (*found[max(0, index - reach) : index], *found[index + 1 : index + 1 + reach]):
            yield word, other


def _neighbours(row: Any, reach: int) -> Iterator[dict(word=str, neighbour=str)]:  # type: ignore[valid-type]  # noqa: C408
    for word, other in _pairs(row.line, reach):
        yield {"word": word, "neighbour": other}


def word2nvec(lines: Collection, *, reach: int = 2, least: int = 3, counts: Collection | None = None) -> Collection:
    """Return columns ``word``, ``neighbour`` and ``weight``.

    Parameters
    ----------
    lines
        One column of text, ``line``.
    reach
        How many words before and after a word are near it.
    least
        How often a word must be there to have a vector, and to stand in one.
    counts
        What :func:`~tasks.word_count.word_count` makes of the lines, where it is needed for more than this.
    """
    import jupyter_wayang as wy

    col = wy.col
    frequent = (counts or word_count(lines)).filter(col.n >= least).select("word")
    near = lines.flat_map(partial(_neighbours, reach=reach)).join(frequent, on="word", how="semi")
    kept = near.join(frequent, on=[("neighbour", "word")], how="semi")
    counts = kept.group_by("word", "neighbour").agg(n=wy.count())
    lengths = counts.with_columns(square=col.n * col.n).group_by("word").agg(total=wy.sum(col.square))
    return counts.join(lengths, on="word").select("word", "neighbour", weight=col.n / wy.sqrt(col.total))


def plain(lines: Iterable[str | None], *, reach: int = 2, least: int = 3) -> dict[str, dict[str, float]]:
    """Do the same in plain Python: a vector a word."""
    text = [line for line in lines if line]
    frequent = {word for word, n in plain_count(text).items() if n >= least}
    pairs = Counter(pair for line in text for pair in _pairs(line, reach) if set(pair) <= frequent)
    vectors: dict[str, dict[str, float]] = {}
    for (word, other), n in pairs.items():
        vectors.setdefault(word, {})[other] = float(n)
    for vector in vectors.values():
        length = math.sqrt(sum(n * n for n in vector.values()))
        vector.update({other: n / length for other, n in vector.items()})
    return vectors
