r"""The patterns of text that all engines read alike: a subset of regular expressions, written out for them.

In it are characters, ``.`` (any but a line break), classes ``[a-z0-9_]`` and ``[^…]``, ``\d \w \s`` and ``\D \W \S``
(of ASCII), groups ``(…)`` and ``(?:…)``, ``|``, the repetitions ``* + ? {2} {2,} {2,5}``, and ``^`` and ``$`` (the ends of
the text). Not in it are lazy and possessive repetitions, looking ahead or behind, references back, and flags.
"""

from __future__ import annotations

import re

from jupyter_wayang.errors import OperatorError

__all__ = ["has_choices", "has_group", "like_pattern", "portable"]

_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t\\n\\r\\f\\x0b"}
_TOKEN = re.compile(
    r"(?P<escape>\\.)|(?P<class>\[\^?(?:\\.|[^\]\\])+\])|(?P<group>\(\?:|\((?!\?))|(?P<repeat>[*+?]|\{\d+(?:,\d*)?\})"
    r"|(?P<plain>[^\\\[\](){}*+?])|(?P<close>\))",
    re.DOTALL,
)
_MOST_TIMES = 255
_LITERAL_ESCAPES = frozenset(".^$*+?()[]{}|\\/-\"'#&~<>=!:;,%@ `_")
_CONTROL = {"n": "\\n", "t": "\\t", "r": "\\r", "f": "\\f"}


def portable(pattern: str, end: str = r"\z") -> str:
    r"""Return a pattern so that every engine reads it alike.

    Parameters
    ----------
    pattern
        What a person wrote.
    end
        What the engine calls the end of a text, for which ``$`` stands.

    Raises
    ------
    OperatorError
        If something stands in it that the engines do not share.

    Examples
    --------
    >>> portable(r"^\d+$")
    '^[0-9]+\\z'
    """
    made: list[str] = []
    place, repeated, depth, groups = 0, True, 0, 0
    while place < len(pattern):
        found = _TOKEN.match(pattern, place)
        if found is None:
            raise _refused(pattern, pattern[place : place + 3])
        kind, part = str(found.lastgroup), found[0]
        if kind == "repeat" and (repeated or any(int(times) > _MOST_TIMES for times in re.findall(r"\d+", part))):
            raise _refused(pattern, part)
        repeated = kind in ("repeat", "group") or part in "|^$"
        depth += {"group": 1, "close": -1}.get(kind, 0)
        groups += part == "("
        if depth < 0:
            raise _refused(pattern, part)
        made.append(end if part == "$" and kind == "plain" else _written(pattern, kind, part))
        place = found.end()
    if depth or groups > 1:
        raise _refused(pattern, "(")
    return "".join(made)


def has_group(pattern: str) -> bool:
    """Tell whether a pattern has a group of its own.

    Examples
    --------
    >>> has_group("a(b)"), has_group("(?:a)"), has_group("[(]")
    (True, False, False)
    """
    return any(found[0] == "(" for found in _TOKEN.finditer(pattern))


def has_choices(pattern: str) -> bool:
    """Tell whether an engine that looks for the longest match may find another than one that tries from the left.

    Examples
    --------
    >>> has_choices("a|ab"), has_choices("a?(?:ab)?"), has_choices("[|]+(b*)")
    (True, True, False)
    """
    before = ""
    for found in _TOKEN.finditer(pattern):
        if found[0] == "|" or (found.lastgroup == "repeat" and before == ")"):
            return True
        before = found[0]
    return False


def _written(pattern: str, kind: str, token: str) -> str:
    if kind == "escape":
        return _escaped(pattern, token[1])
    if kind == "class":
        return _class(pattern, token)
    return {"$": r"\z", ".": "[^\\n]"}.get(token, token) if kind == "plain" else token


def _escaped(pattern: str, sign: str) -> str:
    if sign in _CLASSES:
        return f"[{_CLASSES[sign]}]"
    if sign.lower() in _CLASSES:
        return f"[^{_CLASSES[sign.lower()]}]"
    if sign in _CONTROL:
        return _CONTROL[sign]
    if sign not in _LITERAL_ESCAPES:
        raise _refused(pattern, "\\" + sign)
    return "\\" + sign if sign in ".^$*+?()[]{}|\\" else sign


def _class(pattern: str, token: str) -> str:
    negated, inner = token.startswith("[^"), token[2 if token.startswith("[^") else 1 : -1]
    if not inner:
        raise _refused(pattern, token)
    made, place = [], 0
    while place < len(inner):
        sign = inner[place]
        if sign == "\\":
            sign, place = inner[place + 1], place + 1
            if sign in _CLASSES:
                made.append(_CLASSES[sign])
            elif sign in _CONTROL:
                made.append(_CONTROL[sign])
            elif sign in _LITERAL_ESCAPES:
                made.append("\\" + sign if sign in "[]^-\\&~" else sign)
            else:
                raise _refused(pattern, "\\" + sign)
        elif sign in "[&~" or (sign == "-" and place in (0, len(inner) - 1)):
            made.append("\\" + sign)
        else:
            made.append(sign)
        place += 1
    return f"[{'^' if negated else ''}{''.join(made)}]"


def _refused(pattern: str, part: str) -> OperatorError:
    return OperatorError(
        f"not every platform reads {part!r} of the pattern {pattern!r}",
        found=part,
        hint=r". [a-z] [^a-z] \d \w \s | * + ? {2,5} ^ $ and one group ( ) can be used",
    )


def like_pattern(pattern: str) -> str:
    r"""Return the regular expression of a pattern of ``like``: ``%`` is any text, ``_`` any one character.

    Raises
    ------
    OperatorError
        If there is a backslash in it, which some engines take for an escape.

    Examples
    --------
    >>> like_pattern("%a_b.")
    '\\A(?s:.*)a(?s:.)b\\.\\z'
    """
    if "\\" in pattern:
        raise OperatorError(
            "a pattern of like() has no backslash", hint="contains(…) and replace(…) take text as it is"
        )
    parts = {"%": "(?s:.*)", "_": "(?s:.)"}
    return "\\A" + "".join(parts.get(sign, re.escape(sign)) for sign in pattern) + "\\z"
