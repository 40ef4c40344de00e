"""Made-up text: words as often as Zipf has it, with neighbours that a word prefers, so that there is something to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["corpus"]

_SYLLABLES = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "to")
_TOPICS = 5


def corpus(lines: int, *, vocabulary: int = 300, words: int = 9, seed: int = 0) -> pa.Table:
    """Return lines of text, in one column ``line``; the words of a line are of one topic, but for some.

    Parameters
    ----------
    lines
        How many lines.
    vocabulary
        How many different words there may be.
    words
        How many words a line has.
    seed
        Another seed makes other lines.
    """
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(seed)
    names = np.array([_word(index) for index in range(vocabulary)])
    chance = 1.0 / np.arange(1, vocabulary + 1)
    topics = np.arange(vocabulary) % _TOPICS
    made = []
    for topic in random.integers(0, _TOPICS, lines):
        preferred = chance * np.where(topics == topic, 10.0, 1.0)
        chosen = names[random.choice(vocabulary, size=words, p=preferred / preferred.sum())]
        made.append(" ".join(chosen).capitalize() + ".")
    return pa.table({"line": made})


def _word(index: int) -> str:
    base = len(_SYLLABLES)
    return _SYLLABLES[index % base] + _SYLLABLES[index // base % base] + _SYLLABLES[index // base**2 % base]
