"""Completion in a ``%%wayang`` cell: operators, columns, functions, platforms, options."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from jupyter_wayang.errors import WayangError
from jupyter_wayang.language.builder import Collection, FittedModel, Grouped, Pair
from jupyter_wayang.language.callables import called
from jupyter_wayang.language.cell import read_cell, read_value
from jupyter_wayang.language.desk import Desk, ReadRequest
from jupyter_wayang.language.faults import FAULTS
from jupyter_wayang.language.recipe import sites_of
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.language.words import WORDS, Kind, Parameter, Role, Word, methods
from jupyter_wayang.notebook.cursor import Bracket, Cursor, before_dot, locate
from jupyter_wayang.notebook.sql_completion import in_sql, sql_fragment
from jupyter_wayang.plan.logical import VertexPort
from jupyter_wayang.plan.operators import AnyOperator, ReadFrame
from jupyter_wayang.plan.operators.functions import Calling, FunctionRef
from jupyter_wayang.plan.operators.joining import JoinHow
from jupyter_wayang.plan.operators.learning import MetricName
from jupyter_wayang.plan.schema import Column, Schema

if TYPE_CHECKING:
    from jupyter_wayang.session import Workbench

__all__ = ["Completion", "complete", "fragment", "install"]

_OPTIONS = ("--as", "--explain", "--platforms", "--sites", "--sql", "--wait")
_FORMS = ("pandas", "polars", "arrow")
_ROLES: dict[type, tuple[Role, ...]] = {
    Collection: ("collection",),
    Grouped: ("group",),
    FittedModel: ("fitted",),
    Pair: (),
}
_EXPRESSION_METHODS = ("is_in", "is_null", "is_not_null", "cast", "over")
_READS_COLUMNS: frozenset[Kind] = frozenset(
    {"aggregate", "condition", "column", "columns", "expression", "key", "keys", "pairs"}
)


class Completion(NamedTuple):
    """A completion: what is put in, and what kind of thing it is."""

    text: str
    type: str


def fragment(text: str, cursor: int) -> str:
    r"""Return the part before the cursor that a completion takes the place of.

    Examples
    --------
    >>> fragment("%%wayang\nvisits.fil", 19)
    'fil'
    """
    first, rest = _parted(text[:cursor])
    if rest is None:
        return re.split(r"[\s,=]", first)[-1]
    if "--sql" in first.split():
        return sql_fragment(rest)
    return locate(rest).fragment


def complete(text: str, cursor: int, scope: Scope, desk: Desk, *, federations: Sequence[str] = ()) -> list[Completion]:
    """Return what can stand at the cursor; the cell need not parse.

    Parameters
    ----------
    text
        The cell, its ``%%wayang`` line included if it has one.
    cursor
        The number of characters before the cursor.
    scope
        The names of earlier cells and the variables of the notebook.
    desk
        The session: it knows schemas, platforms and strategies.
    federations
        The names of the federations that were declared.

    Returns
    -------
    list of Completion
        The best first: columns before functions before the rest.
    """
    first, rest = _parted(text[:cursor])
    if rest is None:
        found = _on_the_line(first, desk, federations)
    else:
        at = locate(rest)
        sites = re.search(r"--sites[\s=]+(\S+)", first)
        federation = sites.group(1) if sites else None
        if "--sql" in first.split():
            found = in_sql(text.partition("\n")[2], rest, scope, _Glance(desk), federation)
        else:
            found = [] if at.comment else _Completer(at, scope, desk, federation).complete()
    begun = fragment(text, cursor)
    unique = dict.fromkeys(Completion(word, type_) for word, type_ in found)
    return [item for item in unique if item.text.startswith(begun) or item.text.startswith(f'col["{begun}')]


def _parted(before: str) -> tuple[str, str | None]:
    """Return the ``%%wayang`` line and the body, which is None if the cursor is in the line."""
    if not before.lstrip().startswith("%%"):
        return "", before
    line, newline, rest = before.lstrip().partition("\n")
    return line, rest if newline else None


def _on_the_line(line: str, desk: Desk, federations: Sequence[str]) -> list[tuple[str, str]]:
    words = re.split(r"[\s=]+", line)
    before = words[-2] if len(words) > 1 else ""
    values: dict[str, tuple[Iterable[str], str]] = {
        "--platforms": (desk.platforms(), "platform"),
        "--sites": (federations, "federation"),
        "--as": (_FORMS, "option"),
    }
    if before in values:
        names, type_ = values[before]
        return [(name, type_) for name in names]
    return [(option, "option") for option in _OPTIONS if option not in words[:-1]] if len(words) > 1 else []


@dataclass(frozen=True)
class _Glance:
    """A desk that only looks: a table of the notebook is its column names, not its rows."""

    desk: Desk

    def source(self, request: ReadRequest) -> AnyOperator:
        return self.desk.source(request)

    def matching(self, pattern: str) -> Sequence[str]:
        return self.desk.matching(pattern)

    def frame(self, value: object, label: str) -> ReadFrame | None:
        names = _frame_columns(value)
        if names is None:
            return None
        columns = tuple(Column(name=name, type="null") for name in dict.fromkeys(names))
        return ReadFrame(key=label, label=label, schema=Schema(columns=columns))

    def function(self, value: Callable[..., Any]) -> FunctionRef:
        return FunctionRef(name=called(value), key="")

    def learned(self, operator: Calling, ports: tuple[VertexPort, ...]) -> Schema:
        # Nothing runs while somebody types.
        return Schema.of(value="null")

    def place(self, path: str) -> str:
        return self.desk.place(path)

    def strategies(self) -> Mapping[str, Mapping[str, object]]:
        return self.desk.strategies()

    def platforms(self) -> Sequence[str]:
        return self.desk.platforms()

    def plan(self, ports: tuple[VertexPort, ...], **options: Any) -> Any:
        return self.desk.plan(ports, **options)

    def run(self, ports: tuple[VertexPort, ...], **options: Any) -> Any:
        return self.desk.run(ports, **options)


def _frame_columns(value: object) -> list[str] | None:
    if not hasattr(value, "__arrow_c_stream__") or isinstance(value, type):
        return None
    names = getattr(value, "column_names", None) or getattr(value, "columns", None)
    return [name for name in names if isinstance(name, str)] if isinstance(names, Iterable) else None


class _Completer:
    """Finds what fits at a cursor."""

    def __init__(self, at: Cursor, scope: Scope, desk: Desk, federation: str | None) -> None:
        self.at = at
        self.desk = _Glance(desk)
        self.federation = federation
        self.scope = scope.copy()
        for statement in at.statements:
            self._remember(statement)

    def complete(self) -> list[tuple[str, str]]:
        """Return what fits."""
        if self.at.quote is not None:
            return self._in_quotes()
        if self.at.head.endswith("."):
            return self._after_dot(before_dot(self.at.head[:-1]))
        call = self._call()
        return self._collections() if call is None else self._argument(*call)

    def _remember(self, statement: str) -> None:
        try:
            # In the body of a loop a line is indented.
            line = statement.strip()
            self.scope.keep(read_cell(line, self.scope, self.desk, federation=self.federation).assigned)
        except WayangError:
            # A line that is not right yet gives no name; its error is shown when the cell runs.
            return

    def _value(self, text: str) -> object:
        try:
            return read_value(text, self.scope, self.desk, federation=self.federation) if text else None
        except WayangError:
            return None

    def _call(self) -> tuple[Word, Bracket, object] | None:
        """Return the innermost word with arguments of its own around the cursor, its bracket and its receiver."""
        for bracket in reversed(self.at.brackets):
            head = self.at.text[: bracket.at].rstrip()
            found = re.search(r"(\.\s*)?([^\W\d]\w*)$", head)
            if found is None:
                continue
            dot, name = found.groups()
            if dot:
                receiver = self._value(before_dot(head[: found.start()].rstrip()))
                word = methods(*_ROLES.get(type(receiver), ())).get(name)
                if word is not None:
                    return word, bracket, receiver
            elif name in WORDS and not {"function", "aggregate"} & set(WORDS[name].roles):
                return WORDS[name], bracket, None
            elif name in FAULTS:
                return FAULTS[name], bracket, None
            elif name in self.desk.strategies():
                word = Word(name, ("strategy",), "", name, (Parameter("arguments", "value", many="**"),))
                return word, bracket, None
        return None

    def _parameter(self, word: Word, bracket: Bracket) -> tuple[Parameter | None, bool]:
        """Return the parameter at the cursor, and whether it was named."""
        given = re.match(r"\s*([^\W\d]\w*)\s*=(?!=)", self.at.text[bracket.start :])
        if given:
            return word.keyword(given.group(1)), True
        return word.positional(bracket.commas), False

    def _argument(self, word: Word, bracket: Bracket, receiver: object) -> list[tuple[str, str]]:
        parameter, named = self._parameter(word, bracket)
        found = self._of_kind(parameter.kind, receiver) if parameter is not None else []
        begins = self.at.head[bracket.start :].strip() == ""
        return found if named or not begins else found + self._keywords(word, bracket)

    def _keywords(self, word: Word, bracket: Bracket) -> list[tuple[str, str]]:
        names = [p.name for p in word.parameters if not p.many]
        if "strategy" in word.roles:
            names = list(self.desk.strategies().get(word.name, {}))
        given = bracket.names
        positional = {p.name for i in range(bracket.commas - len(given)) if (p := word.positional(i)) is not None}
        return [(f"{name}=", "parameter") for name in names if name not in given and name not in positional]

    def _of_kind(self, kind: Kind, receiver: object) -> list[tuple[str, str]]:
        columns = self._columns(receiver) if kind in _READS_COLUMNS or kind in ("fill", "model") else []
        match kind:
            case "aggregate":
                return self._functions("aggregate", "function") + columns if not self._inside_function() else columns
            case "expression" | "key" | "keys":
                return columns + self._functions("function")
            case "condition":
                return columns + self._functions("function") + self._callables()
            case "function":
                return self._callables()
            case "column" | "columns" | "pairs":
                return columns
            case "collection":
                return self._names()
            case "fill":
                return [("mean", "function"), *columns]
            case "model":
                return [(name, "function") for name, word in WORDS.items() if "model" in word.roles]
            case "strategy":
                return [(name, "function") for name in self.desk.strategies()]
            case "faults":
                return [(name, "function") for name in FAULTS]
            case "goal":
                return [("metric", "namespace")]
        return self._variables()

    def _inside_function(self) -> bool:
        inner = self.at.text[: self.at.brackets[-1].at].rstrip() if self.at.brackets else ""
        found = re.search(r"(?<![.\w])([^\W\d]\w*)$", inner)
        return found is not None and "aggregate" in getattr(WORDS.get(found.group(1)), "roles", ())

    def _columns(self, receiver: object) -> list[tuple[str, str]]:
        return [(_written(column.name), column.type) for column in _schema(receiver)]

    def _functions(self, *roles: Role) -> list[tuple[str, str]]:
        return [(name, "function") for role in roles for name, word in WORDS.items() if role in word.roles]

    def _after_dot(self, receiver: str) -> list[tuple[str, str]]:
        if receiver == "metric":
            return [(name, "metric") for name in get_args(MetricName)]
        if receiver == "env":
            return self._variables()
        call = self._call()
        columns = _schema(call[2]) if call is not None else ()
        if receiver == "col":
            return [(column.name, column.type) for column in columns if _is_name(column.name)]
        if receiver in {column.name for column in columns}:
            return [(name, "operator") for name in _EXPRESSION_METHODS]
        value = self._value(receiver)
        if isinstance(value, Pair):
            return [("on", "operator")]
        return [(name, "operator") for name in methods(*_ROLES.get(type(value), ()))]

    def _in_quotes(self) -> list[tuple[str, str]]:
        call = self._call()
        if call is None:
            return []
        word, bracket, receiver = call
        parameter, _ = self._parameter(word, bracket)
        if parameter is None:
            return []
        match word.name, parameter.name:
            case "on", "platform":
                return [(name, "platform") for name in self.desk.platforms()]
            case "on", "site" if isinstance(receiver, Collection | FittedModel):
                return [(site, "site") for site in sites_of(receiver.made)]
            case "join", "how":
                return [(name, "option") for name in get_args(JoinHow)]
        in_column = self.at.head.rstrip("\"'").endswith("col[")
        if in_column or parameter.kind in ("column", "columns", "key", "keys", "pairs"):
            return [(column.name, column.type) for column in _schema(receiver)]
        return []

    def _names(self) -> list[tuple[str, str]]:
        types: dict[type, str] = {Collection: "collection", FittedModel: "model"}
        found = [(name, types[type(value)]) for name, value in self.scope.collections.items()]
        for name, value in self.scope.variables.items():
            if not name.startswith("_") and (isinstance(value, Collection | FittedModel) or _frame_columns(value)):
                found.append((name, types.get(type(value), "table")))
        return found

    def _collections(self) -> list[tuple[str, str]]:
        if self.at.text[self.at.start :].lstrip() != self.at.fragment and not self.at.head.rstrip().endswith("="):
            return []
        return self._names() + [(name, "function") for name, word in WORDS.items() if "source" in word.roles]

    def _callables(self) -> list[tuple[str, str]]:
        """Return the functions of the notebook."""
        return [
            (name, "function")
            for name, value in self.scope.variables.items()
            if not name.startswith("_") and isinstance(value, FunctionType)
        ]

    def _variables(self) -> list[tuple[str, str]]:
        plain = (str, int, float, list, tuple)
        return [
            (name, "variable")
            for name, value in self.scope.variables.items()
            if not name.startswith("_") and isinstance(value, plain)
        ]


def _schema(receiver: object) -> tuple[Column, ...]:
    if isinstance(receiver, Grouped):
        receiver = receiver.collection
    try:
        return receiver.schema.columns if isinstance(receiver, Collection) else ()
    except WayangError:
        return ()


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _written(name: str) -> str:
    return name if _is_name(name) else f'col["{name}"]'


def install(shell: Any, session: Workbench) -> None:
    """Add the completion of ``%%wayang`` cells to a shell, in place of an earlier one.

    Parameters
    ----------
    shell
        IPython's shell.
    session
        The session whose names, schemas and platforms are offered.
    """
    from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

    @context_matcher(identifier="jupyter_wayang")  # type: ignore[untyped-decorator]
    def wayang(context: CompletionContext) -> SimpleMatcherResult:
        text = context.full_text
        if not text.lstrip().startswith("%%wayang"):
            return SimpleMatcherResult(completions=[])
        # The position that IPython gives counts within the line.
        lines = text.split("\n")[: context.cursor_line]
        cursor = sum(len(line) + 1 for line in lines) + context.cursor_position
        found = complete(text, cursor, session.scope, session, federations=tuple(session.federations))
        return SimpleMatcherResult(
            completions=[SimpleCompletion(item.text, type=item.type) for item in found],
            matched_fragment=fragment(text, cursor),
            suppress=True,
            ordered=True,
        )

    matchers = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", "") != "jupyter_wayang"]
    matchers.append(wayang)
