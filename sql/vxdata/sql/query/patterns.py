r"""Patterns: the regular expressions that mean the same to every engine.

```
expression = [ "^" ] branch [ "$" ] { "|" [ "^" ] branch [ "$" ] }
branch     = { atom [ "*" | "+" | "?" ] }
atom       = letter | "." | "\" mark | class | "(" branch { "|" branch } ")"
class      = "[" [ "^" ] { member | member "-" member } "]"
```

A `letter` is any character that is none of the marks; a `mark` is one of those that are not taken for
themselves. The members of a class are letters, digits and a few other characters; the two ends of a range are
both digits, or letters of one case. A point stands for any character, `^` and `$` for the ends of the text.
Both stand nowhere but at the ends: what finds nothing in PostgreSQL, such as `a^`, finds something after
DuckDB's optimizer has made another test of it.
"""

from __future__ import annotations

import re
from typing import Final

MARKS: Final = r"\\\^\$\.\[\]\(\)\{\}\*\+\?\|"
MAX_REPEATED: Final = 20
"""Most repetitions: PostgreSQL refuses expressions that are too complex, which other engines run."""

MAX_DEPTH: Final = 10
"""Most groups inside each other."""

_RANGE: Final = "(?:[0-9]-[0-9]|[a-z]-[a-z]|[A-Z]-[A-Z])"
_CLASS: Final = rf"\[\^?(?:{_RANGE}|[^\W_]|[ _.,:/])+\]"
_ATOM: Final = rf"(?:[^{MARKS}]|\.|\\[{MARKS}/-]|{_CLASS})"
_PART: Final = re.compile(
    rf"(?P<open>\()|(?P<next>\|)|(?P<first>\^)|(?P<last>\$)(?=\||\Z)|(?P<atom>\)|{_ATOM})(?P<repeat>[*+?]?)"
)


def is_common(pattern: str) -> bool:
    r"""Whether a regular expression is one of the grammar.

    Args:
        pattern: Any text.

    Example:
        >>> [is_common(pattern) for pattern in (r"^1\.2\..*$", "(T1|T2)w?", r"\d+", "a{2}", "(a", "a^")]
        [True, True, False, False, False, False]
    """
    place = depth = repeated = 0
    is_first = True
    while place < len(pattern):
        part = _PART.match(pattern, place)
        if part is None or _is_reversed(part[0]):
            return False
        if (part["first"] and not (is_first and depth == 0)) or (part["last"] and depth):
            return False
        is_first = part["next"] is not None
        depth += (part["open"] is not None) - (part[0][0] == ")")
        repeated += bool(part["repeat"])
        if not 0 <= depth <= MAX_DEPTH or repeated > MAX_REPEATED:
            return False
        place = part.end()
    return depth == 0


def _is_reversed(part: str) -> bool:
    """Whether a class has a range that ends before it begins."""
    return part.startswith("[") and any(first > last for first, last in re.findall(r"(\w)-(\w)", part))
