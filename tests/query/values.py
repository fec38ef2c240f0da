"""Values that have broken queries before: for fields, for literals, and for keys of mappings."""

# ruff: noqa: RUF001 - letters that look like others are the point

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.fields import (
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

if TYPE_CHECKING:
    from random import Random

    from vxdata.schemas.fields import Field

TEXTS: Final = (
    *("", " ", "a", "A", "b", "aa", "ab", "Ab", "k", "K", "s", "S", "i", "I", "x.y", "a+b", "[a]", "^a$"),
    *("%", "_", "a%b", "a_b", "100%", "\\", "a\\b", "\\n", "\\%", "'", "O'Brien", '"', 'say "a"', "$$", "$1"),
    *("--", "/* a */", ";", "E'a'", "{}", "{a,b}", "NULL", "null", "true", "1", "(a|b)", ":a", "?", "%s"),
    *("ä", "Ä", "a\u0308", "A\u0308", "é", "É", "straße", "STRASSE", "ẞ", "ß", "İ", "ı", "i\u0307", "\u212a"),
    *("ſ", "Σ", "σ", "ς", "ΟΔΟΣ", "οδος", "οδοσ", "ǅ", "ǆ", "Ǆ", "ﬁ", "Ω", "\u2126", "Å", "\u212b", "Ꭰ", "ꭰ"),
    *("\t", "a\nb", "a\r\n", "b\n", "\ufeffa", "\u202ea", "\ue000", "\uffff", "\U00010000", "\U0010ffff"),
    *("🩻", "👩\u200d⚕️", "前列腺", "٣", "½", "\u00a0", "\u2028"),
)
"""Cases that differ in length or by context, marks, quotes, wildcards, and what sorts by code point."""

FLOATS: Final = (
    *(0.0, -0.0, 1.0, -1.0, 1.5, 2.0, 3.0, 0.1, 0.2, 0.1 + 0.2, 0.3, 130.0, 1e15 + 0.5),
    *(2.0**53, 2.0**53 + 2, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-200, 1e160, -1e160, 1e308, -1e308),
    *(1.7976931348623157e308, -1.7976931348623157e308),
)
INTEGERS: Final = (
    *(0, 1, 2, 3, 5, -1, 1800, 1950, 2**31 - 1, -(2**31), 2**53, 2**53 + 1, 2**53 + 2),
    *(2**63 - 1, 2**63 - 2, -(2**63), -(2**63) + 1),
)
DATES: Final = (date(1800, 1, 1), date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 29), date(2200, 12, 31))
INSTANTS: Final = (
    datetime.min.replace(tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 30, tzinfo=UTC) + timedelta(microseconds=1),
    datetime.max.replace(tzinfo=UTC),
)
KEYS: Final = ("", "a", "A", "0", "-1", "a.b", "$", "'", '"', "\\", "{a}", "ä", "a\u0308", "🩻", "null")
BLOBS: Final = ("s3://bucket/a", "s3://bucket/ä 🩻/*", "s3://bucket/%_'\"\\", "s3://bucket/A")
RESTS: Final = ("0", "1", "2", "a", "A", "it's", "a b", 'q"\\', "100%_", "$$--;", "{x,y}")
"""What follows the prefix of an identifier."""

PATTERNED: Final[dict[str, tuple[str, ...]]] = {
    "country": ("CH", "DE"),
    "source_dois": ("10.1000/a", "10.1000/%_'\"\\", "10.1000/{}"),
    "source_url": ("https://a/?b=%20_", "http://'"),
    "germline_variants": ("BRCA1", "BRCA2", "ATM"),
    "treatments": ("a", "radical-prostatectomy"),
    "modalities": ("MR", "CT", " "),
    "modality": ("MR", "CT", " "),
    "study_instance_uid": ("1.2", "1.2.3"),
    "eval_task": ("a", "'", "\\", "%", "$$"),
}
"""Values of fields that take some texts only."""


def value(field: Field, names: tuple[str, ...], random: Random) -> Any:
    """Choose a valid value of a field; `names` are identifiers that a list of references may hold."""
    if not field.required and random.random() < 0.25:
        return None
    found = candidates(field, names)
    if isinstance(field.type, TextList):
        return random.choices(found, k=random.choice((0, 1, 2, 3))) if found else None
    if isinstance(field.type, TextMap | NumberMap):
        keys = random.sample(KEYS, k=random.choice((0, 1, 2, 5)))
        return {key: random.choice(found) for key in keys}
    return random.choice(found) if found else None


def candidates(field: Field, names: tuple[str, ...] = ()) -> list[Any]:  # noqa: C901, PLR0911 - a table
    """Valid values of a field, or of the items of a list or mapping; none for patterns not listed here."""
    match field.type:
        case TextList(blobs=True) | TextMap(blobs=True) | BlobUrl():
            return list(BLOBS)
        case Text(pattern=str()) | TextList(pattern=str()):
            is_reference = field.name in {"derived_from", "inputs"}
            return list(names if is_reference else PATTERNED.get(field.name, ()))
        case Text() | TextList() | TextMap():
            return list(TEXTS)
        case Enum(values=words):
            return list(words[:4])
        case Integer(ge=least, le=most):
            return [number for number in INTEGERS if least <= number <= most]
        case Float(ge=least, gt=above, le=most):
            return [
                number
                for number in FLOATS
                if (least is None or number >= least)
                and (above is None or number > above)
                and (most is None or number <= most)
            ]
        case NumberMap():
            return list(FLOATS)
        case Boolean():
            return [False, True]
        case Date():
            return list(DATES)
        case Timestamp():
            return list(INSTANTS)
