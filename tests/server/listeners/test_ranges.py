"""Ranges: one is understood, several and what cannot be read mean the whole file (RFC 9110, 14.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.server.listeners.http.ranges import Part, RangeNotSatisfiable, may_take_part, part_of


@pytest.mark.parametrize(
    ("header", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-4", 2, 5),
        ("bytes=2-", 2, 10),
        ("bytes=-3", 7, 10),
        ("bytes=-30", 0, 10),
        ("bytes=5-500", 5, 10),
        ("BYTES = 5 - 6", 5, 7),
        ("bytes=, 5-6 ,", 5, 7),
        ("bytes=9-9", 9, 10),
        (f"bytes=1-{'9' * 3000}", 1, 10),
    ],
)
def test_one_range(header: str, begin: int, end: int) -> None:
    part = part_of(header, 10)
    assert part == Part(begin, end, 10)
    assert part.content_range == f"bytes {begin}-{end - 1}/10"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=0-1,3-4",
        "rows=0-1",
        "bytes=4-2",
        "bytes=a-b",
        "bytes=٣-٤",
    ],
)
def test_the_whole_file(header: str | None) -> None:
    assert part_of(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0", f"bytes={'9' * 3000}-"])
def test_no_byte_of_the_file(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        part_of(header, 10)


def test_no_byte_of_an_empty_file() -> None:
    with pytest.raises(RangeNotSatisfiable):
        part_of("bytes=0-", 0)


@given(st.text(alphabet="bytes=0123456789-, ", max_size=30), st.integers(0, 100))
def test_a_part_lies_within_the_file(header: str, size: int) -> None:
    try:
        part = part_of(header, size)
    except RangeNotSatisfiable:
        return
    if part is not None:
        assert 0 <= part.begin < part.end <= size


@pytest.mark.parametrize(
    ("header", "may"),
    [(None, True), ('"a"', True), (' "a" ', True), ('W/"a"', False), ('"b"', False),
     ("Sat, 28 Nov 2026 22:50:56 GMT", False)],
)  # fmt: skip
def test_parts_of_the_same_bytes_alone(header: str | None, may: bool) -> None:  # noqa: FBT001 - a column
    assert may_take_part(header, '"a"') is may
