"""The vectorised validation and the Create models accept exactly the same values.

Both follow from one declaration; whatever a client checks with pydantic before it sends, the server
checks again over whole columns.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vxdata.schemas.create as models
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.fields import (
    MAX_ITEMS,
    MAX_TEXT_LENGTH,
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.types.arrow import create_schema
from vxdata.server.ingest.validation import validate
from vxdata.server.ingest.validation.violations import Violations

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field, FieldType
    from vxdata.schemas.payload_type import PayloadType

REQUIRED: Final[dict[str, Any]] = {
    "parent_identifier": "datasource/a",
    "license": "CC BY 4.0",
    "eval_task": "segmentation",
    "summary_metrics": {},
    "value": 1.0,
}
FIELDS: Final = [(payload_type, field) for payload_type in registry() for field in payload_type.create_fields]
FIRST_OF_TYPE: Final = {repr(field.type): field for _, field in reversed(FIELDS)}
"""A field of each type: with it, all values are sought; with the others, whether they have this type."""

SOUGHT: Final = settings().max_examples // 3
"""Examples of a type, and of an identifier; a sixth of them for each further field of the type."""
CHARACTERS: Final = st.characters(exclude_categories=["Cs"])
HOSTILE: Final = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "a\x00",
        "\x1f",
        "\x7f",
        "\x80",
        "\t\r\n",
        "a\n",
        "\na",
        "é",
        "🩻",
        "\u2028",
        "\ufeff",
        "a\x0b",
    ]
)


def texts(pattern: str | None, max_length: int) -> st.SearchStrategy[str]:
    """Text around the edges of what is allowed."""
    length = min(max_length, 300)
    edges = st.builds(
        lambda letter, size: letter * size,
        st.sampled_from("aA0é🩻"),
        st.sampled_from([length, length + 1, 1]),
    )
    found = st.text(CHARACTERS, max_size=12) | HOSTILE | edges
    if pattern is None:
        return found
    # Python's `$` matches before a last line feed too, which neither of the two engines may accept.
    matching = st.from_regex(pattern, alphabet=CHARACTERS)
    mutated = st.builds(lambda before, text, after: before + text + after, HOSTILE, matching, HOSTILE)
    return found | matching | mutated


def urls() -> st.SearchStrategy[str]:
    words = st.sampled_from(
        [
            "s3://",
            "s3:/",
            "S3://",
            "http://",
            "bucket",
            "a",
            "ab.c-d",
            "-",
            "/",
            "key",
            "é",
            "\n",
            "*",
            "a" * 63,
            "a" * 64,
        ]
    )
    return st.lists(words, max_size=5).map("".join) | st.builds("s3://bucket/{}".format, texts(None, 50))


def numbers(number: Integer | Float) -> st.SearchStrategy[Any]:
    bounds = [bound for bound in (number.ge, number.le, getattr(number, "gt", None)) if bound is not None]
    if isinstance(number, Integer):
        whole = [bound + step for bound in bounds for step in (-1, 0, 1)]
        near = [value for value in whole if -(2**63) <= value < 2**63]
        return st.integers(-(2**63), 2**63 - 1) | st.sampled_from(near)
    extreme = [0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan")]
    steps = [float(bound) + step for bound in bounds for step in (-1e-9, 0, 1e-9, 1)]
    return st.floats() | st.sampled_from(extreme + steps)


def values(kind: FieldType) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911 - a table
    """Right and wrong values of the Arrow type of a field."""
    match kind:
        case Text():
            return texts(kind.pattern, kind.max_length)
        case Enum():
            word = st.sampled_from(kind.values)
            return word | word.map(str.swapcase) | word.map(lambda text: text + "\n") | HOSTILE
        case BlobUrl():
            return urls()
        case Integer() | Float():
            return numbers(kind)
        case Boolean():
            return st.booleans()
        case Date():
            days = [kind.ge or date.min, kind.le or date.max, date.min, date.max]
            return st.dates() | st.sampled_from(days)
        case Timestamp():
            return st.datetimes(timezones=st.just(UTC)) | st.sampled_from(
                [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
            )
        case TextList():
            items = urls() if kind.blobs else texts(kind.pattern, MAX_TEXT_LENGTH)
            return st.lists(items | st.none(), max_size=3) | st.lists(items, max_size=3)
        case TextMap():
            items = urls() if kind.blobs else texts(None, MAX_TEXT_LENGTH)
            return st.dictionaries(texts(None, MAX_TEXT_LENGTH), items | st.none(), max_size=3)
        case NumberMap():
            return st.dictionaries(texts(None, MAX_TEXT_LENGTH), numbers(Float()) | st.none(), max_size=3)


def completed(payload_type: PayloadType, field: Field, value: Any, number: int = 0) -> dict[str, Any]:
    """A row that is right but for the value."""
    names = {needed.name for needed in payload_type.create_fields if needed.required}
    row = {name: content for name, content in REQUIRED.items() if name in names}
    return {**row, "identifier": f"{payload_type.prefix}/{number}", field.name: value}


def model_accepts(payload_type: PayloadType, field: Field, value: Any) -> bool:
    """Whether the model takes the value as it stands; identifiers it may also correct."""
    model = getattr(models, f"{payload_type.name}Create")
    try:
        made = model(**completed(payload_type, field, value))
    except InvalidRequest:
        return False
    # A NaN would not be equal, but is never accepted.
    return bool(getattr(made, field.name) == value)


def server_accepts(payload_type: PayloadType, field: Field, column: list[Any]) -> list[bool]:
    """Which of the values the vectorised validation takes, as one batch and as a slice of a larger one."""
    schema = create_schema(payload_type)
    rows = [completed(payload_type, field, value, number) for number, value in enumerate(column)]
    used = {name for row in rows for name in row}
    kept = pa.schema([found.with_nullable(nullable=True) for found in schema if found.name in used])
    whole = pa.RecordBatch.from_pylist([*rows, *rows], schema=kept)
    verdicts = []
    for batch in (whole.slice(0, len(rows)), whole.slice(len(rows))):
        violations = Violations()
        try:
            validate(registry(), payload_type, batch, 0, violations)
        except InvalidRequest:
            assert len(column) == 1, "only identifiers are refused as a whole"
            verdicts.append([False])
            continue
        assert {found["field"] for found in violations.found} <= {field.name}
        wrong = {found["row"] for found in violations.found}
        verdicts.append([number not in wrong for number in range(len(rows))])
    assert verdicts[0] == verdicts[1]
    return verdicts[0]


@pytest.mark.parametrize(
    ("payload_type", "field"),
    [pair for pair in FIELDS if not pair[1].name.endswith("identifier")],
    ids=lambda found: getattr(found, "prefix", None) or found.name,
)
def test_values(payload_type: PayloadType, field: Field) -> None:
    @settings(max_examples=SOUGHT if FIRST_OF_TYPE[repr(field.type)] is field else ceil(SOUGHT / 6))
    @given(column=st.lists(values(field.type) | st.none(), min_size=1, max_size=8))
    def agree(column: list[Any]) -> None:
        assert server_accepts(payload_type, field, column) == [
            model_accepts(payload_type, field, value) for value in column
        ]

    agree()


REST: Final = st.text(st.characters(min_codepoint=0x1F, max_codepoint=0x80), max_size=6) | st.sampled_from(
    ["a" * 200, "a" * 201, "a b", " a", "a ", "/", "a/b", "/a", "a/", "a//b", "a\n", "é", "\x00"]
)
PREFIXES: Final = st.sampled_from([*registry().canonical_prefix, "nothing", "", "VOLUME"])
IDENTIFIERS: Final = st.builds("{}/{}".format, PREFIXES, REST) | REST


@pytest.mark.parametrize(
    ("payload_type", "field"),
    [pair for pair in FIELDS if pair[1].name in {"identifier", "parent_identifier"}],
    ids=lambda found: getattr(found, "prefix", None) or found.name,
)
def test_identifiers(payload_type: PayloadType, field: Field) -> None:
    @settings(max_examples=SOUGHT)
    @given(value=IDENTIFIERS | st.builds(f"{payload_type.prefix}/{{}}".format, REST) | st.none())
    def agree(value: str | None) -> None:
        (verdict,) = server_accepts(payload_type, field, [value])
        assert verdict == model_accepts(payload_type, field, value)

    agree()


def first(kind: type[FieldType], **attributes: Any) -> tuple[PayloadType, Field]:
    """A field of a type, with these constraints."""
    return next(
        (payload_type, field)
        for payload_type, field in FIELDS
        if isinstance(field.type, kind)
        and all(getattr(field.type, name) == value for name, value in attributes.items())
    )


@pytest.mark.parametrize("letter", ["a", "é", "🩻", "\n"])
def test_longest_text(letter: str) -> None:
    plain = first(Text, pattern=None, max_length=MAX_TEXT_LENGTH)
    for payload_type, field in (plain, first(TextList, pattern=None, blobs=False)):
        column: list[Any] = [letter * MAX_TEXT_LENGTH, letter * (MAX_TEXT_LENGTH + 1)]
        if isinstance(field.type, TextList):
            column = [["a", text] for text in column]
        assert server_accepts(payload_type, field, column) == [True, False]
        assert [model_accepts(payload_type, field, value) for value in column] == [True, False]


@pytest.mark.parametrize("kind", [TextList, TextMap, NumberMap])
def test_most_items(kind: type[FieldType]) -> None:
    constraints: dict[Any, dict[str, Any]] = {
        TextList: {"pattern": None, "blobs": False},
        TextMap: {"blobs": False},
        NumberMap: {},
    }
    payload_type, field = first(kind, **constraints[kind])
    column: list[Any] = []
    for size in (MAX_ITEMS, MAX_ITEMS + 1):
        keys = [f"A{number}" for number in range(size)]
        column.append(keys if kind is TextList else dict.fromkeys(keys, 1.0 if kind is NumberMap else "a"))
    assert server_accepts(payload_type, field, column) == [True, False]
    assert [model_accepts(payload_type, field, value) for value in column] == [True, False]
