"""Conditions on the rows of one table.

Text is compared as `coalesce(upper(column), '')` with `upper(value)`: from that rule follows which
comparisons find nulls. The expression is kept exactly so, since an index on it can be used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from vxdata.schemas.cohorts.model import ValueKind
from vxdata.sql.cohorts.parts import among, array, call, column_of, some, value
from vxdata.sql.names import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.cohorts.bound import BoundCondition
    from vxdata.schemas.cohorts.model import CohortColumn

COMPARISONS: Final[dict[str, type[exp.Binary]]] = {
    "=": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
"""Operator -> node of a comparison."""

MAX_BIGINT: Final = 2**63 - 1
MAX_EXACT: Final = 2**53


def row_condition(condition: BoundCondition, rows: str) -> exp.Expr:
    """Write a condition.

    Args:
        condition: The condition.
        rows: Name of the rows that it is asked of.

    Returns:
        The test; it may be unknown, which counts as false.
    """
    if condition.marker is not None:
        flag = condition.marker.column
        return exp.true() if flag is None else exp.Is(this=column(flag, rows), expression=exp.true())
    tested = column_of(condition.column, rows)
    if condition.op in {"is", "is not"} or condition.value is None:
        return _test(condition, tested)
    if condition.column.kind is ValueKind.TEXT:
        return _of_text(condition, tested)
    return _of_others(condition, tested)


def folded(text: exp.Expr) -> exp.Expr:
    """A text without its case, and the empty text for null."""
    return exp.Coalesce(this=exp.Upper(this=text), expressions=[exp.Literal.string("")])


def _test(condition: BoundCondition, tested: exp.Expr) -> exp.Expr:
    """`IS`; a comparison with null asks whether there is one."""
    constant = exp.null() if condition.value is None else exp.Boolean(this=condition.value)
    test = exp.Is(this=tested, expression=constant)
    return exp.Not(this=test) if condition.op in {"is not", "!="} else test


def _of_text(condition: BoundCondition, tested: exp.Expr) -> exp.Expr:
    op, given = condition.op, condition.value
    if isinstance(given, tuple):
        found = _among_texts(tested, given)
        return exp.Not(this=exp.paren(found)) if op == "not in" else found
    if op in {"like", "not like"}:
        pattern = exp.Upper(this=value(str(given).replace("*", "%")))
        test = exp.Like(this=folded(tested), expression=pattern)
        return exp.Not(this=test) if op == "not like" else test
    if op in {"=", "!="}:
        return COMPARISONS[op](this=folded(tested), expression=exp.Upper(this=value(str(given))))
    return COMPARISONS[op](this=tested, expression=value(str(given)))


def _among_texts(tested: exp.Expr, given: Sequence[Any]) -> exp.Expr:
    """A text among others, whatever the case.

    Letters of ASCII have the same upper case wherever a text is not folded as in Turkish or Azeri, so that
    those texts become an array which PostgreSQL hashes. Other texts are folded by PostgreSQL, which decides
    for the column too.
    """
    ascii_texts = sorted({text.upper() for text in given if text.isascii()})
    others = sorted({text for text in given if not text.isascii()})
    terms: list[exp.Expr] = []
    if ascii_texts:
        wanted = exp.Any(this=exp.paren(array(ascii_texts, "text")))
        terms.append(exp.EQ(this=folded(tested.copy()), expression=wanted))
    if others:
        rows = exp.Table(
            this=call("unnest", array(others, "text")),
            alias=exp.TableAlias(
                this=exp.to_identifier("given", quoted=True), columns=[exp.to_identifier("text", quoted=True)]
            ),
        )
        found = exp.select(exp.Upper(this=column("text", "given"))).from_(rows)
        terms.append(among(folded(tested.copy()), found))
    return some(terms)


def _of_others(condition: BoundCondition, tested: exp.Expr) -> exp.Expr:
    op, given = condition.op, condition.value
    if not isinstance(given, tuple):
        assert given is not None  # noqa: S101 - that is a test
        test = COMPARISONS[op](this=tested, expression=value(given))
        also = condition.also
        if also is None:
            return test
        return exp.and_(
            test, COMPARISONS[also.op](this=tested.copy(), expression=value(also.value)), copy=False
        )
    items = [item for item in given if item is not None]
    if not items:
        return exp.false() if op == "in" else exp.true()
    wanted = array(items, _item_type(condition.column, items))
    found = exp.EQ(this=tested, expression=exp.Any(this=exp.paren(wanted)))
    return exp.Not(this=found) if op == "not in" else found


def _item_type(tested: CohortColumn, given: Sequence[Any]) -> str:
    """The type of an array of numbers or booleans: a narrow one lets an index be used."""
    if tested.kind is ValueKind.BOOLEAN:
        return "boolean"
    if all(isinstance(item, int) and abs(item) <= MAX_BIGINT for item in given):
        return "bigint"
    # A whole number beyond the doubles that know all of them must not become its neighbour.
    is_exact = all(isinstance(item, float) or abs(item) <= MAX_EXACT for item in given)
    return "double precision" if is_exact else "numeric"
