"""Python lambdas as trees: read with ``ast``, never compiled and never run."""

from __future__ import annotations

import ast
import warnings

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
_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.USub: "neg",
}


def function(text: str) -> Function:
    """Read a lambda.

    Raises
    ------
    Unreadable
        If it is none, or has a form that is not known.

    Examples
    --------
    >>> function("lambda w: (w.lower(), 1)").body.items[1]
    Constant(value=1)
    """
    return _function(_parsed(text))


def value(text: str) -> Node:
    """Read an expression without parameters, such as ``[1, 2]``."""
    return _node(_parsed(text))


def _parsed(text: str) -> ast.expr:
    if len(text) > _MOST:
        raise Unreadable("it is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable("it is no Python expression") from error


def _function(node: ast.expr) -> Function:
    if not isinstance(node, ast.Lambda):
        raise Unreadable("it is no lambda")
    args = node.args
    if args.posonlyargs or args.kwonlyargs or args.vararg or args.kwarg or args.defaults:
        raise Unreadable("its parameters are not plain names")
    return Function(tuple(one.arg for one in args.args), _node(node.body), "python")


def _node(node: ast.expr) -> Node:
    match node:
        case ast.Name(id=name):
            return Name(name)
        case ast.Constant(value=bool() | int() | float() | str() | None as found):
            return Constant(found)
        case ast.Tuple(elts=items):
            return Tuple(tuple(map(_node, items)))
        case ast.List(elts=items):
            return Sequence(tuple(map(_node, items)))
        case ast.Subscript(value=of, slice=ast.Constant(value=int() as index)) if index >= 0:
            return Field(_node(of), index)
        case ast.Subscript(value=of, slice=ast.Slice(lower=lower, upper=upper, step=None)):
            ends = tuple(Constant(None) if end is None else _node(end) for end in (lower, upper))
            return Method(_node(of), "[:]", ends)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            return Operation(_SIGNS[type(op)], (_node(left), _node(right)))
        case ast.BoolOp(op=op, values=values):
            made = _node(values[0])
            for other in values[1:]:
                made = Operation(_SIGNS[type(op)], (made, _node(other)))
            return made
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _SIGNS:
            return _negated(_SIGNS[type(op)], _node(operand))
        case ast.Compare():
            return _compared(node)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return Choose(_node(test), _node(body), _node(orelse))
        case ast.Call(func=ast.Attribute(value=of, attr=name), args=args, keywords=[]):
            return Method(_node(of), name, tuple(map(_node, args)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return Apply(name, tuple(map(_node, args)))
        case ast.ListComp(elt=made, generators=[one]) | ast.GeneratorExp(elt=made, generators=[one]):
            return _comprehension(made, one)
    raise Unreadable(f"{ast.unparse(node)} is not understood")


def _negated(sign: str, arg: Node) -> Node:
    if sign == "neg" and isinstance(arg, Constant) and isinstance(arg.value, int | float):
        return Constant(-arg.value)
    return Operation(sign, (arg,))


def _compared(node: ast.Compare) -> Node:
    sides = [_node(one) for one in (node.left, *node.comparators)]
    made: Node | None = None
    for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
        if isinstance(op, ast.In | ast.NotIn):
            one: Node = Apply("in", (left, right))
            one = Operation("not", (one,)) if isinstance(op, ast.NotIn) else one
        elif type(op) in _SIGNS:
            one = Operation(_SIGNS[type(op)], (left, right))
        else:
            raise Unreadable(f"{ast.unparse(node)} is not understood")
        made = one if made is None else Operation("and", (made, one))
    if made is None:
        raise Unreadable(f"{ast.unparse(node)} is not understood")
    return made


def _comprehension(made: ast.expr, one: ast.comprehension) -> Node:
    if not isinstance(one.target, ast.Name) or one.is_async:
        raise Unreadable("its comprehension takes items apart")
    found = _node(one.iter)
    for condition in one.ifs:
        found = Each(found, Function((one.target.id,), _node(condition), "python"), keeps=True)
    if isinstance(made, ast.Name) and made.id == one.target.id:
        return found
    return Each(found, Function((one.target.id,), _node(made), "python"))
