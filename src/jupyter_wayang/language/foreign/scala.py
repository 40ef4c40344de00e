"""Scala functions of simple forms: ``(x: String) => (x.toLowerCase, 1)``. A parser for the forms that plans have.

Types are read and left aside. What is no expression over the parameters, such as a block with statements, is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_wayang.language.foreign.tree import (
    Apply,
    Choose,
    Constant,
    Each,
    Field,
    Function,
    Method,
    Name,
    Node,
    Operation,
    Sequence,
    Tuple,
    Unreadable,
)

__all__ = ["function", "value"]

_MOST = 20_000
_DEEPEST = 40
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+\.\d+(?:[eE][+-]?\d+)?[dDfF]?|\d+(?:[eE][+-]?\d+)?[dDfFlL]?)
  | (?P<text>\"\"\".*?\"\"\"|"(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\])')
  | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
  | (?P<sign>=>|==|!=|<=|>=|&&|\|\||->|[-+*/%<>!(){}\[\].,:;=])
)""",
    re.VERBOSE | re.DOTALL,
)
_BINARY = ({"||": "or"}, {"&&": "and"}, {"==": "==", "!=": "!="}, {s: s for s in ("<", "<=", ">", ">=")})
_SUMS = ({s: s for s in "+-"}, {s: s for s in "*/%"})
_LEVELS = (*_BINARY, {"->": "->"}, *_SUMS)
_LISTS = ("List", "Seq", "Array", "Vector", "Iterator", "Iterable", "Set")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "0": "\0"}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def function(text: str) -> Function:
    """Read a function.

    Raises
    ------
    Unreadable
        If it has a form that is not known.

    Examples
    --------
    >>> function("(w: String) => w.toLowerCase").body
    Method(of=Name(name='w'), name='toLowerCase', args=())
    """
    reader = _Reader(text)
    made = reader.function()
    reader.end()
    return made


def value(text: str) -> Node:
    """Read an expression without parameters, such as ``List(1, 2)``."""
    reader = _Reader(text)
    made = reader.expression()
    reader.end()
    return made


def _tokens(text: str) -> list[_Token]:
    if len(text) > _MOST:
        raise Unreadable("it is too long")
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Unreadable(f"{text[at : at + 10].strip()!r} is no part of a simple function")
        found.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return found


class _Reader:
    """Recursive descent, with the parameters that underscores stand for counted as they come."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.place = 0
        self.holes: list[str] = []
        self.depth = 0

    def peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.place].kind if self.place < len(self.tokens) else "end"

    def take(self, text: str | None = None) -> str:
        if self.place >= len(self.tokens):
            raise Unreadable("it ends too early")
        token = self.tokens[self.place]
        if text is not None and token.text != text:
            raise Unreadable(f"{token.text!r} stands where {text!r} was expected")
        self.place += 1
        return token.text

    def end(self) -> None:
        if self.peek() == ";":
            self.take()
        if self.place < len(self.tokens):
            raise Unreadable(f"{self.peek()!r} is not understood there")

    def _lost(self) -> Unreadable:
        return Unreadable(f"{self.peek()!r} is not understood there" if self.peek() else "it ends too early")

    # Functions.

    def function(self) -> Function:
        """Return ``x => …``, ``(x: T, y: U) => …``, ``{ case (a, b) => … }`` or something with underscores."""
        if self.peek() == "{" and self._arrow_within():
            self.take("{")
            made = self.function()
            self.take("}")
            return made
        if self.peek() == "case":
            self.take()
        before, self.holes = self.holes, []
        start = self.place
        parameters = self._parameters()
        if parameters is None:
            self.place = start
        body = self.expression()
        holes, self.holes = self.holes, before
        if parameters is None and not holes:
            raise Unreadable("it has no parameters: a function is written as (x: String) => …")
        return Function(parameters if parameters is not None else tuple(holes), body, "scala")

    def _arrow_within(self) -> bool:
        return any(token.text in ("=>", "case") for token in self.tokens[self.place :])

    def _parameters(self) -> tuple[str | tuple[str, ...], ...] | None:
        if self.kind() == "name" and self.peek(1) in ("=>", ":"):
            name = self.take()
            if self.peek() == ":":
                self.take()
                self._type()
            if self.peek() != "=>":
                return None
            self.take("=>")
            return (name,)
        if self.peek() != "(":
            return None
        case = self.place > 0 and self.tokens[self.place - 1].text == "case"
        names = self._pattern()
        if names is None or self.peek() != "=>":
            return None
        self.take("=>")
        return (tuple(str(name) for name in names),) if case else names

    def _pattern(self) -> tuple[str | tuple[str, ...], ...] | None:
        """Return the names in brackets, or None if that is something else."""
        self.take("(")
        names: list[str | tuple[str, ...]] = []
        while self.peek() != ")":
            if self.peek() == "(":
                inner = self._pattern()
                if inner is None:
                    return None
                names.append(tuple(str(name) for name in inner))
            elif self.kind() == "name":
                names.append(self.take())
            else:
                return None
            if self.peek() == ":":
                self.take()
                self._type()
            if self.peek() == ",":
                self.take()
            elif self.peek() != ")":
                return None
        self.take(")")
        return tuple(names)

    def _type(self) -> None:
        """Pass over a type: ``String``, ``(String, Int)``, ``List[Double]``."""
        if self.peek() == "(":
            self.take()
            while self.peek() != ")":
                self._type()
                if self.peek() == ",":
                    self.take()
            self.take(")")
        elif self.kind() == "name":
            self.take()
            while self.peek() == ".":
                self.take()
                self.take()
        else:
            raise Unreadable(f"{self.peek()!r} is no type")
        if self.peek() == "[":
            self.take()
            while self.peek() != "]":
                self._type()
                if self.peek() == ",":
                    self.take()
            self.take("]")

    # Expressions.

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unreadable("it is nested too deeply")
        made = self._if() if self.peek() == "if" else self._operation(0)
        self.depth -= 1
        return made

    def _if(self) -> Node:
        self.take("if")
        self.take("(")
        condition = self.expression()
        self.take(")")
        then = self.expression()
        if self.peek() == ";":
            self.take()
        self.take("else")
        return Choose(condition, then, self.expression())

    def _operation(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._operation(level + 1)
        while self.kind() == "sign" and self.peek() in _LEVELS[level]:
            sign = _LEVELS[level][self.take()]
            right = self._operation(level + 1)
            left = Tuple((left, right)) if sign == "->" else Operation(sign, (left, right))
        return left

    def _unary(self) -> Node:
        if self.peek() in ("!", "-", "+"):
            sign = self.take()
            arg = self._unary()
            if sign == "-" and isinstance(arg, Constant) and isinstance(arg.value, int | float):
                return Constant(-arg.value)
            return arg if sign == "+" else Operation({"!": "not", "-": "neg"}[sign], (arg,))
        return self._postfix(self._primary())

    def _postfix(self, made: Node) -> Node:
        while True:
            if self.peek() == ".":
                self.take()
                if self.kind() != "name":
                    raise Unreadable(f"{self.peek()!r} is no method")
                made = self._member(made, self.take())
            elif self.peek() == "(" and not isinstance(made, Constant | Tuple):
                made = Method(made, "apply", self._arguments())
            else:
                return made

    def _member(self, of: Node, name: str) -> Node:
        if re.fullmatch(r"_[1-9]\d?", name):
            return Field(of, int(name[1:]) - 1)
        if self.peek() == "[":  # asInstanceOf[Int]: types are left aside
            self._bracket()
        if isinstance(of, Name) and of.name in ("math", "Math", "scala") and of.name not in self.holes:
            if name in ("math", "Math"):
                return Name("math")
            return Apply(name, self._arguments())
        if name in ("map", "filter", "filterNot") and self.peek() in ("(", "{"):
            return self._each(of, name)
        return Method(of, name, self._arguments() if self.peek() == "(" else ())

    def _bracket(self) -> None:
        self.take("[")
        while self.peek() != "]":
            self._type()
            if self.peek() == ",":
                self.take()
        self.take("]")

    def _each(self, of: Node, name: str) -> Node:
        opening = self.peek()
        if opening == "{":
            inner = self.function()
        else:
            self.take("(")
            inner = self.function()
            self.take(")")
        if name == "filterNot":
            inner = Function(inner.parameters, Operation("not", (inner.body,)), "scala")
        return Each(of, inner, keeps=name != "map")

    def _arguments(self) -> tuple[Node, ...]:
        self.take("(")
        found = []
        while self.peek() != ")":
            found.append(self.expression())
            if self.peek() == ",":
                self.take()
            elif self.peek() != ")":
                raise self._lost()
        self.take(")")
        return tuple(found)

    def _primary(self) -> Node:
        kind, text = self.kind(), self.peek()
        if kind == "number":
            return Constant(_number(self.take()))
        if kind in ("text", "char"):
            return Constant(_text(self.take()))
        if text == "(":
            return self._brackets()
        if text == "{":
            self.take()
            inner = self.expression()
            if self.peek() in (";", "val", "var", "="):
                raise Unreadable("it has statements, and only an expression can be read")
            self.take("}")
            return inner
        if kind == "name":
            return self._word(self.take())
        raise self._lost()

    def _word(self, name: str) -> Node:
        if name in ("true", "false", "null"):
            return Constant({"true": True, "false": False, "null": None}[name])
        if name == "_":
            self.holes.append(f"_{len(self.holes)}")
            return Name(self.holes[-1])
        if name in ("val", "var", "def", "new", "for", "while", "return", "match", "throw", "import"):
            raise Unreadable(f"it has {name!r}, and only an expression can be read")
        if self.peek() == "[":
            self._bracket()
        if self.peek() == "(" and name in _LISTS:
            return Sequence(self._arguments())
        if self.peek() == "(" and re.fullmatch(r"Tuple\d+", name):
            return Tuple(self._arguments())
        if self.peek() == "(":
            return Apply(name, self._arguments())
        return Name(name)

    def _brackets(self) -> Node:
        items = self._arguments()
        if not items:
            raise Unreadable("() is no value")
        return items[0] if len(items) == 1 else Tuple(items)


def _number(text: str) -> int | float:
    plain = text.rstrip("dDfFlL")
    whole = plain.isdigit() and text[-1] not in "dDfF"
    return int(plain) if whole else float(plain)


def _text(text: str) -> str:
    if text.startswith('"""'):
        return text[3:-3]

    def escaped(match: re.Match[str]) -> str:
        if match[1].startswith("u"):
            return chr(int(match[1][1:], 16))
        if match[1] not in _ESCAPES:
            raise Unreadable(f"\\{match[1]} is no sign of a text")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", escaped, text[1:-1])
