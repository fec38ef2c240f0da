"""Which format a request gets."""

from __future__ import annotations

import pytest

from vxdata.schemas.errors import InvalidRequest, UnknownFormat
from vxdata.server.listeners.http.v1.negotiation import wanted

ARROW = "application/vnd.apache.arrow.stream"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "arrow none"),
        ("", "arrow none"),
        ("*/*", "arrow none"),
        (BROWSER, "arrow none"),
        (ARROW, "arrow none"),
        (f"{ARROW}; codecs=zstd", "arrow zstd"),
        (f'{ARROW};codecs="lz4"', "arrow lz4"),
        (f"{ARROW}; codecs=unheard", "arrow none"),
        ("application/*", "arrow none"),
        ("text/*", "csv none"),
        ("text/csv", "csv none"),
        ("text/csv;q=0.5, application/x-ndjson;q=0.6", "ndjson none"),
        ("application/vnd.apache.parquet", "parquet zstd"),
        (f"{ARROW};q=0, text/csv;q=0.1", "csv none"),
        ("text/csv, */*;q=0.1", "csv none"),
        ("*", "arrow none"),
    ],
)
def test_what_is_accepted(accept: str | None, form: str) -> None:
    assert wanted(None, None, accept).form == form


def test_a_name_comes_before_what_is_accepted() -> None:
    assert wanted("csv", None, ARROW).form == "csv none"
    assert wanted("parquet", "snappy", ARROW).form == "parquet snappy"
    assert wanted(None, "zstd", "*/*").form == "arrow zstd"


def test_refusals_name_what_there_is() -> None:
    with pytest.raises(UnknownFormat, match="text/csv, application/x-ndjson") as refused:
        wanted(None, None, "application/json")
    assert ARROW in refused.value.details["known"]
    with pytest.raises(InvalidRequest, match="csv is not compressed by zstd; known: none"):
        wanted("csv", "zstd", None)
    with pytest.raises(InvalidRequest, match="cannot be read"):
        wanted(None, None, "everything")
