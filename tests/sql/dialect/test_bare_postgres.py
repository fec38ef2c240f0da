"""The dialect for databases without VxData's schema names none of its functions."""

from __future__ import annotations

import pytest
from sqlglot import exp

from vxdata.sql.dialect.bare_postgres import BARE_POSTGRESQL as BARE
from vxdata.sql.names import SCHEMA, column

VALUE = column("x", "t")
PATTERN = exp.Literal.string("^a")


@pytest.mark.parametrize(
    ("written", "sql"),
    [
        (BARE.matches(VALUE.copy(), PATTERN.copy(), ignore_case=False), '"t"."x" ~ \'^a\''),
        (BARE.matches(VALUE.copy(), PATTERN.copy(), ignore_case=True), '"t"."x" ~* \'^a\''),
        (BARE.fold(VALUE.copy()), 'LOWER("t"."x")'),
        (BARE.mean_of_integers(VALUE.copy()), 'CAST(AVG("t"."x") AS DOUBLE PRECISION)'),
        (BARE.sum_of_doubles(VALUE.copy()), 'SUM("t"."x")'),
        (BARE.mean_of_doubles(VALUE.copy()), 'AVG("t"."x")'),
    ],
    ids=str,
)
def test_it_writes(written: exp.Expr, sql: str) -> None:
    assert BARE.render(written) == sql
    assert SCHEMA not in sql
