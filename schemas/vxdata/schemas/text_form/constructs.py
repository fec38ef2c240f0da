"""Constructs of Python that the notation does not have, and what to write in their place."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from vxdata.schemas.notation.predicates import NO_TRUTH

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMED: Final[Mapping[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.MatMult: "@",
    ast.In: "`in`",
    ast.NotIn: "`not in`",
    ast.Is: "`is`",
    ast.IsNot: "`is not`",
    ast.Dict: "{…: …}",
    ast.Slice: "a slice",
    ast.ListComp: "a loop",
    ast.SetComp: "a loop",
    ast.DictComp: "a loop",
    ast.GeneratorExp: "a loop",
    ast.Await: "await",
    ast.Yield: "yield",
}
"""Kind of a construct -> its name for people."""

TRUTH: Final = f"{NO_TRUTH[0].upper()}{NO_TRUTH[1:]}"
"""Why `and`, `or`, `not` and chains of comparisons make no predicates."""

UNREAD: Final[Mapping[type[ast.expr], tuple[str, str]]] = {
    ast.BoolOp: ("`and` and `or` make no predicate", TRUTH),
    ast.JoinedStr: ("a text with { } in it is not read", "Write the text out, without the f."),
    ast.Starred: ("* is not a part of the notation", "Steps take their arguments one by one or as one list."),
    ast.NamedExpr: (":= is not a part of the notation", "Conditions compare by ==."),
    ast.Lambda: ("a function is not a part of the notation", ""),
    ast.IfExp: ("if is not a part of the notation", "Conditions are combined by & and |."),
}
"""Kind of a node that is refused -> why, and what to write."""


def words(kind: type[ast.AST]) -> str:
    """Name a construct as people read it.

    Example:
        >>> words(ast.Pow), words(ast.Lambda)
        ('**', 'Lambda')
    """
    return NAMED.get(kind, kind.__name__)
