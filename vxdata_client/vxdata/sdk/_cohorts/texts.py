"""Filters as texts, read as users of cdapython write them.

The grammar is that of the CDA API (`vxdata.schemas.cohorts.filters`). Before a filter reaches that API,
cdapython changes it: `==` becomes `=`; a text that begins or ends with `*` after `=` or `!=` becomes a
pattern; and null after `=` or `!=` becomes `is null` or `is not null`. The same is done here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vxdata.schemas.cohorts import parse_filter
from vxdata.schemas.errors import FilterSyntaxError
from vxdata.sdk._cohorts.conditions import Term

if TYPE_CHECKING:
    from vxdata.schemas.cohorts import CohortCondition
    from vxdata.schemas.cohorts.plan import Operator

JOKER: Final = "*"

PATTERNS: Final[dict[str, Operator]] = {"=": "like", "!=": "not like"}
"""Comparison -> the operator of a pattern."""

TESTS: Final[dict[str, Operator]] = {"=": "is", "!=": "is not"}
"""Comparison -> the operator that tests for null."""

_EQUALS: Final = re.compile(r"(\s*\S+\s+)==(\s)")


def read_filter(text: str) -> Term:
    """Read a filter.

    Args:
        text: Such as ``diagnosis = glio*`` or ``1950 <= year_of_birth < 1960``.

    Returns:
        The condition. A negation is that of some row, as everywhere in the CDA API.

    Raises:
        FilterSyntaxError: The text has another form, or a `*` in the middle after `=` or `!=`.
        FilterTypeMismatch: The value is no text that can be stored.
        TypeError: It is no text.

    Example:
        >>> read_filter("diagnosis = glio*"), read_filter("sex != null")
        (C.diagnosis.like('glio*'), C.sex.is_not_null())
    """
    if not isinstance(text, str):
        msg = f"filter_text takes texts such as 'sex = male', not {text!r:.80}; filter takes conditions."
        raise TypeError(msg)
    return Term(_as_cdapython(parse_filter(_EQUALS.sub(r"\1=\2", text, count=1)), text))


def _as_cdapython(node: CohortCondition, text: str) -> CohortCondition:
    if node.op not in PATTERNS:
        return node
    if node.value is None:
        return node.model_copy(update={"op": TESTS[node.op]})
    if not isinstance(node.value, str) or JOKER not in node.value:
        return node
    if JOKER in node.value.strip(JOKER):
        msg = f'Wildcards after = and != stand at the ends of a text; use like for others -> filter: "{text}"'
        raise FilterSyntaxError(msg)
    return node.model_copy(update={"op": PATTERNS[node.op]})
