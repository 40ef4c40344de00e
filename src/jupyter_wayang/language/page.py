"""A cell as text: where its nodes stand, in characters, and what they say exactly."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
import warnings

from jupyter_wayang.errors import CellSyntaxError, Span

__all__ = ["MAX_NESTING", "Page", "short"]

MAX_NESTING = 250
_SEPARATORS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Python's own words that stand inside of an expression and are no sign of a column with such a name.
_OPERATORS = {"and", "or", "not", "in", "is", "if", "else", "None", "True", "False"}


class Page:
    """The text of a cell.

    Parameters
    ----------
    text
        The cell. A first line that begins with ``%%`` counts as a line, but is not read.

    Examples
    --------
    >>> page = Page("é = naïve.filter(age > 0)")
    >>> node = page.parse().body[0].value.args[0].left
    >>> page.text(node), page.span(node).column
    ('age', 17)
    """

    def __init__(self, text: str) -> None:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        magic = lines[0].lstrip().startswith("%%")
        self._body = "\n".join(["", *lines[1:]] if magic else lines)
        # What is shown has no other ends of lines than Python's: str.splitlines() knows more of them.
        self.lines = [_SEPARATORS.sub(" ", line) for line in lines]
        self.source = "\n".join(self.lines)

    def parse(self) -> ast.Module:
        """Return the syntax tree.

        Raises
        ------
        CellSyntaxError
            If the text is no Python, or is nested too deeply.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self._body)
        except SyntaxError as error:
            raise self._unreadable(error) from error
        except (RecursionError, MemoryError) as error:
            raise self._too_deep(None) from error
        except ValueError as error:
            raise CellSyntaxError("the cell has a null character in it", source=self.source) from error
        level: list[tuple[ast.AST, ast.stmt]] = [(statement, statement) for statement in tree.body]
        for _ in range(MAX_NESTING):
            level = [(child, top) for node, top in level for child in ast.iter_child_nodes(node)]
        if level:
            raise self._too_deep(self.span(level[0][1]))
        return tree

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> Span:
        """Return where a node stands, in characters."""
        return Span(
            line=node.lineno,
            column=self._column(node.lineno, node.col_offset),
            end_line=node.end_lineno or node.lineno,
            end_column=self._column(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset),
        )

    def text(self, node: ast.expr | ast.stmt) -> str:
        """Return the text of a node, as it stands in the cell."""
        return self.slice(self.span(node))

    def slice(self, span: Span) -> str:
        """Return the text at a place."""
        if span.line == span.end_line:
            return self.lines[span.line - 1][span.column : span.end_column]
        first, last = self.lines[span.line - 1][span.column :], self.lines[span.end_line - 1][: span.end_column]
        return "\n".join([first, *self.lines[span.line : span.end_line - 1], last])

    def after_dot(self, node: ast.Attribute) -> Span:
        """Return where the name after the dot stands."""
        whole = self.span(node)
        line = self.lines[whole.end_line - 1]
        start = whole.end_column
        while start and ("_" + line[start - 1 : whole.end_column]).isidentifier():
            start -= 1
        return Span(line=whole.end_line, column=start, end_line=whole.end_line, end_column=whole.end_column)

    def keyword_name(self, node: ast.keyword) -> Span:
        """Return where the name of a keyword argument stands."""
        start = self._column(node.lineno, node.col_offset)
        line = self.lines[node.lineno - 1]
        end = start
        while end < len(line) and ("_" + line[start : end + 1]).isidentifier():
            end += 1
        return Span(line=node.lineno, column=start, end_line=node.lineno, end_column=end)

    def exact(self, span: Span, folded: str) -> str:
        """Return a name as it was typed: Python folds ``ﬁ`` to ``fi``, and the names of columns are exact."""
        typed = self.slice(span)
        return typed if unicodedata.normalize("NFKC", typed) == folded else folded

    def _column(self, line: int, offset: int) -> int:
        # ast counts bytes of UTF-8.
        return len(self.lines[line - 1].encode()[:offset].decode(errors="ignore"))

    def _too_deep(self, span: Span | None) -> CellSyntaxError:
        return CellSyntaxError(
            "the cell is nested too deeply",
            span=span,
            source=self.source,
            hint="name a part of it: a = …, or with_columns(a=…)",
        )

    def _unreadable(self, error: SyntaxError) -> CellSyntaxError:
        line = min(max(error.lineno or 1, 1), len(self.lines))
        text = self.lines[line - 1]
        start = min(max((error.offset or 1) - 1, 0), len(text))
        same_line = error.end_lineno == line and error.end_offset is not None
        end = max((error.end_offset or 0) - 1 if same_line else start + 1, start + 1)
        if "too many nested" in error.msg:
            return self._too_deep(Span(line=line, column=start, end_line=line, end_column=end))
        token = _keyword_at(text, start)
        if token is not None:
            start, end = token
            hint = _keyword_hint(text, start, end)
            word = text[start:end]
            message = f"{word} is a word of Python and cannot stand here"
        else:
            message, hint = f"the cell cannot be read: {error.msg}", _hint(text)
        span = Span(line=line, column=start, end_line=line, end_column=end)
        return CellSyntaxError(message, span=span, source=self.source, hint=hint)


def _keyword_at(line: str, position: int) -> tuple[int, int] | None:
    """Return where a keyword stands that the parser stumbled over: at the position, or just before it."""
    found = None
    for match in re.finditer(r"\"[^\"]*\"|'[^']*'|\w+", line):
        word = match.group()
        if match.start() > position:
            break
        if keyword.iskeyword(word) and word not in _OPERATORS:
            between = line[match.end() : position].strip()
            inside = (
                line[: match.start()]
                .rstrip()
                .endswith(("(", ",", ".", "=", "[", ">", "<", "+", "-", "*", "/", "and", "or", "not"))
            )
            if inside and (match.start() <= position < match.end() or between == ""):
                found = (match.start(), match.end())
    return found


def _keyword_hint(line: str, start: int, end: int) -> str:
    word = line[start:end]
    following = line[end:].lstrip()
    if following.startswith("=") and not following.startswith("=="):
        return f'a column of that name: **{{"{word}": …}}'
    return f'a column of that name: col["{word}"]'


def _hint(line: str) -> str:
    if line.lstrip().startswith(("%", "!")) or line.rstrip().endswith("?"):
        return "magics and shell commands go into a cell of their own"
    return "a line of a cell is name = collection.operator(…), or collection.operator(…)"


def short(text: str) -> str:
    r"""Return the beginning of a text, for a message.

    Examples
    --------
    >>> short("visits.filter(\n    age > 3)")
    'visits.filter(…'
    """
    line = text.split("\n", 1)[0]
    return line if line == text and len(line) <= 40 else line[:38] + "…"
