"""Names: quoted, in one schema."""

from __future__ import annotations

import pytest
from sqlglot import exp

from vxdata.sql.names import column, history, latest, render, staging, staging_name, unresolved


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (latest("volume"), '"vxdata"."volume"'),
        (history("volume"), '"vxdata"."volume_history"'),
        (staging("volume"), '"pg_temp"."stage_volume"'),
        (unresolved("volume"), '"vxdata_unresolved"."volume"'),
        (column("select"), '"select"'),
        (column("b_value", "volume"), '"volume"."b_value"'),
        (column('a"b'), '"a""b"'),
        (exp.Literal.string("it's"), "'it''s'"),
    ],
)
def test_rendered(tree: exp.Expr, text: str) -> None:
    assert render(tree) == text


def test_the_driver_ingests_by_the_bare_name() -> None:
    assert staging("volume").name == staging_name("volume")
