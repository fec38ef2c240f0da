"""Options of the command line that are read by us."""

from __future__ import annotations

import pytest
import typer

from vxdata.cli.options import catalogs_of


def test_catalogs() -> None:
    assert catalogs_of(["a=postgresql://h/d?x=y", "b_2=z"]) == {
        "a": {"uri": "postgresql://h/d?x=y"},
        "b_2": {"uri": "z"},
    }
    assert catalogs_of(None) == {}


@pytest.mark.parametrize(
    "given",
    [
        ["postgresql://u:s3kret@h/d"],
        ["postgresql://u:s3kret@h/d?a=b"],
        ["a="],
        ["A=s3kret"],
        ["a=s3kret"] * 2,
    ],
)
def test_what_is_refused_is_not_shown(given: list[str]) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        catalogs_of(given)
    assert "s3kret" not in str(caught.value)
