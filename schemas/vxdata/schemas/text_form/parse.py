"""Texts as syntax trees: parsed by Python, within limits, and never compiled or run."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, Final

from vxdata.schemas.text_form.mistakes import Place, Source, mistake

if TYPE_CHECKING:
    from vxdata.schemas.errors import QuerySyntaxError

MAX_LENGTH: Final = 1_000_000
"""Longest text, in characters."""

MAX_SIGNS: Final = 200_000
"""Most commas, brackets, points and operators of a text: each may become a node of some 500 bytes."""

SIGNS: Final = re.compile(r"[^\w\s'\"]")

FRAME: Final = "_"
"""What the text is the arguments of while it is parsed, so that it may go over several lines."""

FILE: Final = "<query>"
"""What warnings call the text."""

# Python warns of `'\d'` and `1if` on standard error, which is that of a server: whoever wrote the text never
# sees it. Threads cannot each have filters of their own, so these stay; they concern texts alone.
for _category in (SyntaxWarning, DeprecationWarning):
    warnings.filterwarnings("ignore", category=_category, module=re.escape(FILE))


def parse(text: str) -> tuple[list[ast.expr], Source]:
    """Parse a text of one or more expressions between commas.

    Args:
        text: The text.

    Returns:
        The expressions, none for a text of spaces, and where the lines are.

    Raises:
        QuerySyntaxError: The text is too long, nested too deeply, no Unicode, or no Python.
    """
    _require_size(text)
    source = Source.of(text, before=1)
    try:
        tree = ast.parse(f"{FRAME}(\n{text}\n)", FILE, "eval").body
    except SyntaxError as error:
        raise _no_python(_of_text(error, text), source) from None
    except (MemoryError, RecursionError):
        msg = "brackets, signs or calls are nested too deeply"
        raise mistake(msg, Place(), "Long lists of conditions are put in brackets in parts.") from None
    except UnicodeEncodeError as error:
        before = text[: max(error.start - len(FRAME) - 2, 0)].split("\n")
        place = source.near(len(before), len(before[-1]) + 1)
        raise mistake("half of a surrogate pair is no text", place) from None
    except ValueError as error:  # NUL, in some versions of Python
        raise mistake(str(error), Place()) from None
    match tree:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name == FRAME and tree.lineno == 1:
            return list(args), source
        case ast.Call(func=ast.Name(), keywords=[given, *_]):
            msg = "a condition compares by =="
            raise mistake("= is no comparison", source.place(given.value), f"Here {msg}.")
        case _:
            raise mistake("brackets are closed that were not opened", Place())


def _require_size(text: str) -> None:
    if len(text) > MAX_LENGTH:
        msg = f"the text has {len(text):,} characters; at most {MAX_LENGTH:,} are allowed"
        raise mistake(msg, Place(), "Send the plan instead.")
    signs = sum(1 for _ in SIGNS.finditer(text))
    if signs > MAX_SIGNS:
        msg = f"the text has {signs:,} commas, brackets and operators; at most {MAX_SIGNS:,} are allowed"
        raise mistake(msg, Place(), "Send the plan instead.")


def _of_text(error: SyntaxError, text: str) -> SyntaxError:
    """Tell which bracket of the text was never closed: the one around it has closed that instead."""
    if error.lineno != 1 or "never closed" not in error.msg:
        return error
    try:
        ast.parse(f"{FRAME}(\n{text}", FILE, "eval")
    except SyntaxError as found:
        return found
    return error


def _no_python(error: SyntaxError, source: Source) -> QuerySyntaxError:
    place = source.near((error.lineno or 1) - source.before, error.offset or 1)
    what = re.sub(r" \(.*\bline \d+\)$|; use sys\..*$", "", error.msg).rstrip(".")
    first, _, hint = what.partition(". ")
    return mistake(first, place, f"{hint}." if hint and not hint.endswith("?") else hint)
