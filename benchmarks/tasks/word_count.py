"""WordCount: how often each word of a text is there. The words are cut by a function, the counting is an operator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection

__all__ = ["plain", "word_count", "words"]


def words(line: str) -> list[str]:
    """Cut a line into words, in lower case."""
    return re.findall(r"[^\W\d_]+", line.lower()) if line else []


def _spread(line: str) -> Iterator[dict(word=str)]:  # type: ignore[valid-type]  # noqa: C408 - as the language has it
    for word in words(line):
        yield {"word": word}


def word_count(lines: Collection) -> Collection:
    """Return columns ``word`` and ``n`` of a collection with one column of text."""
    import jupyter_wayang as wy

    return lines.flat_map(_spread).group_by("word").agg(n=wy.count())


def plain(lines: Iterable[str | None]) -> dict[str, int]:
    """Do the same in plain Python."""
    return dict(Counter(word for line in lines if line for word in words(line)))
