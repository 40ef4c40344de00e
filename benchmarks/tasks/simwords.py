"""SimWords: words that have the same neighbours, found by k-means over the vectors of Word2NVec, by their cosine."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tasks.word2nvec import plain as plain_vectors
from tasks.word2nvec import word2nvec
from tasks.word_count import plain as plain_count
from tasks.word_count import word_count

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection

__all__ = ["plain", "simwords"]

_DIGITS = 9  # of a cosine that count, so that platforms which add in another order choose alike


def simwords(lines: Collection, *, clusters: int = 4, turns: int = 5, reach: int = 2, least: int = 3) -> Collection:
    """Return columns ``word`` and ``cluster``; a cluster is called by the frequent word that it grew from.

    Parameters
    ----------
    lines
        One column of text, ``line``.
    clusters, turns
        How many clusters, and how many turns of k-means.
    reach, least
        As in Word2NVec.
    """
    import jupyter_wayang as wy

    col = wy.col
    counts = word_count(lines)
    vectors = word2nvec(lines, reach=reach, least=least, counts=counts)
    seeds = counts.sort(col.n, col.word, descending=[True, False]).limit(clusters).select("word")
    start = vectors.join(seeds, on="word").select("neighbour", "weight", cluster=col.word)

    def chosen(now: Collection) -> Collection:
        both = vectors.join(now, on="neighbour").with_columns(part=col.weight * col.weight_right)
        scored = both.group_by("word", "cluster").agg(total=wy.sum(col.part))
        rounded = scored.select("word", "cluster", cosine=wy.round(col.total, _DIGITS))
        best = rounded.group_by("word").agg(cosine=wy.max(col.cosine))
        near = rounded.join(best, on=["word", "cosine"], how="semi")
        return near.group_by("word").agg(cluster=wy.min(col.cluster))

    def turn(now: Collection) -> Collection:
        added = vectors.join(chosen(now), on="word").group_by("cluster", "neighbour").agg(weight=wy.sum(col.weight))
        squares = added.with_columns(square=col.weight * col.weight)
        lengths = squares.group_by("cluster").agg(total=wy.sum(col.square))
        return added.join(lengths, on="cluster").select(
            "neighbour", weight=col.weight / wy.sqrt(col.total), cluster=col.cluster
        )

    return chosen(wy.repeat(turns, turn, start))


def plain(
    lines: Iterable[str | None], *, clusters: int = 4, turns: int = 5, reach: int = 2, least: int = 3
) -> dict[str, str]:
    """Do the same in plain Python."""
    text = [line for line in lines if line]
    vectors = plain_vectors(text, reach=reach, least=least)
    counts = plain_count(text)
    seeds = sorted(counts, key=lambda word: (-counts[word], word))[:clusters]
    centres = {word: vectors[word] for word in seeds if word in vectors}

    def chosen() -> dict[str, str]:
        return {word: near for word, vector in vectors.items() if (near := _nearest(vector, centres)) is not None}

    for _ in range(turns):
        added: dict[str, dict[str, float]] = {}
        for word, cluster in chosen().items():
            centre = added.setdefault(cluster, {})
            for other, weight in vectors[word].items():
                centre[other] = centre.get(other, 0.0) + weight
        centres = {cluster: _of_length_one(centre) for cluster, centre in added.items()}
    return chosen()


def _of_length_one(vector: dict[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {other: weight / length for other, weight in vector.items()}


def _nearest(vector: dict[str, float], centres: dict[str, dict[str, float]]) -> str | None:
    cosines = {
        cluster: round(sum(weight * centre[other] for other, weight in vector.items() if other in centre), _DIGITS)
        for cluster, centre in centres.items()
        if vector.keys() & centre.keys()
    }
    return min(cosines, key=lambda cluster: (-cosines[cluster], cluster), default=None)
