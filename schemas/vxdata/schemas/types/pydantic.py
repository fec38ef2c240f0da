"""The Python types of field values, with the constraints of the declaration inside pydantic's core.

`value_type` builds them; the generated modules write the same types out. Whatever the core can check
is left to it: Python code runs for days and instants, since they accept ISO strings too, and for
addresses of blobs, in whose place a local file may be given or must be refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, FiniteFloat, PlainSerializer, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError, core_schema

from vxdata.schemas.fields import (
    CONTROL_CHARACTERS,
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
from vxdata.schemas.types.object_url import SURELY_SHORT, URL_PATTERN, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler

    from vxdata.schemas.fields import FieldType

CONTROL_FREE_PATTERN: Final = f"^[^{CONTROL_CHARACTERS.removeprefix('[')}*$"
"""Pattern that every text must match: it has no control characters."""

_FINER: Final = re.compile(r"[.,]\d{6}\d*[1-9]")
"""A fraction of a second that no number of microseconds is."""

INT64: Final = Integer()
"""Any 64-bit integer."""


class NaiveTimestampWarning(UserWarning):
    """A date and time without a time zone was taken as UTC; state the zone to silence it."""


@dataclass(frozen=True)
class ControlFree:
    """Marks a text type as free of control characters, besides any pattern of its own.

    A second `Field(pattern=...)` would replace the first, so this adds a step where there is one.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Add the check to the schema of the text that is marked."""
        schema = handler(source)
        if "pattern" in schema:
            return core_schema.chain_schema([schema, core_schema.str_schema(pattern=CONTROL_FREE_PATTERN)])
        return {**schema, "pattern": CONTROL_FREE_PATTERN}


@dataclass(frozen=True)
class UrlOrFile:
    """Marks a blob that may be given as the path of a local file, to be uploaded before it is stored.

    Type checkers see that either may stand there, in containers too; what is checked is the form that
    the stored value has, with paths let through.

    Args:
        stored: The type of the stored value.
    """

    stored: Any

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check the stored form, whose own check of a single address lets paths through."""
        return handler.generate_schema(self.stored)


def _address(value: object, check: Callable[[object], str]) -> str:
    """Let the core decide about the ordinary address, and the rule about all others."""
    try:
        url = check(value)
    except ValidationError:
        if not isinstance(value, str):
            raise
        url = value
    else:
        if len(url) <= SURELY_SHORT and url.isascii():
            return url
    problem = problem_of(url)
    if problem is None:
        return url
    raise PydanticCustomError(
        "s3_url", "String should match s3://bucket/key: {problem}", {"problem": problem}
    )


def _path_or_address(value: object, check: Callable[[object], str]) -> object:
    """Let the path of a local file through, and check all else as an address."""
    return value if isinstance(value, Path) else _address(value, check)


def _as_it_is(value: Any) -> Any:
    """Let pydantic look at the value itself when it writes it: it may be a path or a text."""
    return value


def _address_only(value: object, check: Callable[[object], str]) -> str:
    """Check an address, and say of a local file what to do with it, where only its address can be stored."""
    if isinstance(value, Path):
        raise PydanticCustomError(
            "local_file",
            "only create uploads local files: call client.storage.upload first, and give its URL",
        )
    return _address(value, check)


def day(value: object) -> object:
    """Read a calendar day that is given as an ISO 8601 string.

    Args:
        value: A string; anything else is left for the core to judge.

    Returns:
        The day.

    Raises:
        ValueError: The string is no ISO 8601 date.

    Example:
        >>> day("2025-01-31")
        datetime.date(2025, 1, 31)
    """
    return date.fromisoformat(value) if isinstance(value, str) else value


def instant(value: object) -> object:
    """Bring an instant to UTC.

    Args:
        value: An aware or naive datetime, or one as an ISO 8601 string; anything else is left for the
            core to judge. What has no time zone is taken as UTC, with a `NaiveTimestampWarning`.

    Returns:
        The instant in UTC.

    Raises:
        ValueError: The string is no ISO 8601 date and time, the instant is out of range in UTC, or it is
            finer than a microsecond, which could not be kept.

    Example:
        >>> instant("2025-01-31T12:00:00+01:00")
        datetime.datetime(2025, 1, 31, 11, 0, tzinfo=datetime.timezone.utc)
    """
    # Python drops further digits of a text, and pandas has nanoseconds that a datetime does not show.
    is_finer = _FINER.search(value) if isinstance(value, str) else getattr(value, "nanosecond", 0)
    if is_finer:
        raise ValueError("finer than a microsecond, which could not be kept; round it first")
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        return moment
    if moment.utcoffset() is None:
        # Above are pydantic's and our constructor, then the user; the core in between has no frame.
        warnings.warn(f"{moment.isoformat()} has no time zone; taken as UTC.", NaiveTimestampWarning, 4)
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range in UTC") from error


NO_CONTROLS: Final = ControlFree()
"""Marker of every text type."""

FreeText = Annotated[str, Field(max_length=MAX_TEXT_LENGTH), NO_CONTROLS]
"""Text with no constraint of its own."""

_S3Address = Annotated[str, Field(pattern=URL_PATTERN)]

S3Url = Annotated[_S3Address, WrapValidator(_address_only)]
"""Address of a stored object, or of a prefix."""

_S3UrlOrPath = Annotated[_S3Address, WrapValidator(_path_or_address), PlainSerializer(_as_it_is)]

S3UrlOrFile = Annotated[str | Path, UrlOrFile(_S3UrlOrPath)]
"""Address of a stored object, or a local file that becomes one."""

Int64 = Annotated[int, Field(ge=INT64.ge, le=INT64.le)]
"""Any 64-bit integer."""

ISO_DAY: Final = BeforeValidator(day)
"""Marker of every calendar day; bounds come before it, since after it they would be checked in Python."""

Day = Annotated[date, ISO_DAY]
"""A calendar day."""

Instant = Annotated[datetime, BeforeValidator(instant)]
"""An instant in UTC."""

TextItems = Annotated[list[FreeText], Field(max_length=MAX_ITEMS)]
"""A list of texts."""

S3Urls = Annotated[list[S3Url], Field(max_length=MAX_ITEMS)]
"""A list of addresses of stored objects."""

S3UrlsOrFiles = Annotated[
    Sequence[str | Path], UrlOrFile(Annotated[list[_S3UrlOrPath], Field(max_length=MAX_ITEMS)])
]
"""A list of addresses of stored objects, or of local files that become such."""

TextByName = Annotated[dict[FreeText, FreeText], Field(max_length=MAX_ITEMS)]
"""A mapping of text to text."""

S3UrlByName = Annotated[dict[FreeText, S3Url], Field(max_length=MAX_ITEMS)]
"""A mapping of text to addresses of stored objects."""

S3UrlOrFileByName = Annotated[
    Mapping[str, str | Path], UrlOrFile(Annotated[dict[FreeText, _S3UrlOrPath], Field(max_length=MAX_ITEMS)])
]
"""A mapping of text to addresses of stored objects, or to local files that become such."""

NumberByName = Annotated[dict[FreeText, FiniteFloat], Field(max_length=MAX_ITEMS)]
"""A mapping of text to finite doubles."""


def value_type(field_type: FieldType) -> Any:
    """Build the type that a value must have when it is written.

    Args:
        field_type: The declared type.

    Returns:
        A type for pydantic, with every constraint that one value can break.

    Example:
        >>> value_type(Boolean())
        <class 'bool'>
    """
    return PYTHON_TYPES[type(field_type)].value(field_type)


def created_type(field_type: FieldType) -> Any:
    """Build the type that a value must have in a create, where local files may stand for blobs.

    Args:
        field_type: The declared type.

    Returns:
        A type for pydantic.

    Example:
        >>> created_type(Boolean())
        <class 'bool'>
    """
    written = PYTHON_TYPES[type(field_type)]
    return (written.created or written.value)(field_type)


def stored_type(field_type: FieldType) -> Any:
    """Build the type of a stored value, without constraints.

    Versions written under an earlier declaration must stay readable, so what was valid then is not
    judged again.

    Args:
        field_type: The declared type.

    Returns:
        A plain Python type.

    Example:
        >>> stored_type(NumberMap())
        dict[str, float]
    """
    return PYTHON_TYPES[type(field_type)].stored


def bounds(field_type: Float | Date) -> dict[str, Any]:
    """Collect the bounds that a declaration states, as arguments of pydantic's `Field`."""
    names = ("gt", "ge", "le")
    return {name: bound for name in names if (bound := getattr(field_type, name, None)) is not None}


def _text(field_type: Text) -> Any:
    """Build the type of constrained text."""
    if field_type == Text():
        return FreeText
    if field_type.pattern is None:
        return Annotated[str, Field(max_length=field_type.max_length), NO_CONTROLS]
    return Annotated[str, Field(max_length=field_type.max_length, pattern=field_type.pattern), NO_CONTROLS]


def _integer(field_type: Integer) -> Any:
    """Build the type of a bounded integer."""
    return Int64 if field_type == INT64 else Annotated[int, Field(ge=field_type.ge, le=field_type.le)]


def _float(field_type: Float) -> Any:
    """Build the type of a finite double with whatever bounds are declared."""
    stated = bounds(field_type)
    return Annotated[FiniteFloat, Field(**stated)] if stated else FiniteFloat


def _day(field_type: Date) -> Any:
    """Build the type of a day with whatever bounds are declared."""
    stated = bounds(field_type)
    return Annotated[date, Field(**stated), ISO_DAY] if stated else Day


def _text_list(field_type: TextList) -> Any:
    """Build the type of a list of texts."""
    if field_type.blobs:
        return S3Urls
    if field_type.pattern is None:
        return TextItems
    items = GenericAlias(list, _text(Text(pattern=field_type.pattern)))
    return Annotated[items, Field(max_length=MAX_ITEMS)]


def _text_map(field_type: TextMap) -> Any:
    """Build the type of a mapping of text to text."""
    return S3UrlByName if field_type.blobs else TextByName


@dataclass(frozen=True)
class PythonType:
    """The Python types that stand for a field type.

    Args:
        value: Builds the type of a value that is written, with its constraints.
        stored: The type of a stored value.
        created: Builds the type of a value in a create; the same as `value` where it is None.
    """

    value: Callable[[Any], Any]
    stored: Any
    created: Callable[[Any], Any] | None = None


PYTHON_TYPES: Final[dict[type[FieldType], PythonType]] = {
    Text: PythonType(_text, str),
    Integer: PythonType(_integer, int),
    Float: PythonType(_float, float),
    Boolean: PythonType(lambda _: bool, bool),
    Date: PythonType(_day, date),
    Timestamp: PythonType(lambda _: Instant, datetime),
    Enum: PythonType(lambda field_type: Literal[field_type.values], str),
    BlobUrl: PythonType(lambda _: S3Url, str, created=lambda _: S3UrlOrFile),
    TextList: PythonType(
        _text_list,
        list[str],
        created=lambda field_type: S3UrlsOrFiles if field_type.blobs else _text_list(field_type),
    ),
    TextMap: PythonType(
        _text_map,
        dict[str, str],
        created=lambda field_type: S3UrlOrFileByName if field_type.blobs else _text_map(field_type),
    ),
    NumberMap: PythonType(lambda _: NumberByName, dict[str, float]),
}
"""Field type to what it is in Python."""
