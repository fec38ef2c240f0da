r"""Terms, patterns and bounds that several payload types share.

Patterns keep to what Python's `re`, RE2 and PostgreSQL read alike: no look-around, no `\w` or `\s`
(their Unicode coverage differs), and both ends anchored.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from vxdata.schemas.fields import Date, Enum, Integer, Text, TextList

EARLIEST_DATE: Final = date(1800, 1, 1)
"""De-identification may shift dates by a century; what lies earlier is a sentinel such as 0001-01-01."""

LATEST_DATE: Final = date(2200, 12, 31)
"""A later date is a sentinel such as 9999-12-31."""

CLINICAL_DATE: Final = Date(ge=EARLIEST_DATE, le=LATEST_DATE)
"""A day on which something was done to or for a patient, possibly shifted by de-identification."""

UID_PATTERN: Final = r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*$"
"""DICOM unique identifier, PS3.5 section 9: numbers without leading zeros, joined by dots."""

UID: Final = Text(pattern=UID_PATTERN, max_length=64)
"""One DICOM unique identifier, value representation UI."""

CODE_STRING_PATTERN: Final = "^[A-Z0-9_ ]{1,16}$"
"""DICOM code string, value representation CS."""

CODE_STRING: Final = Text(pattern=CODE_STRING_PATTERN, max_length=16)
"""One DICOM code string."""

CODE_STRINGS_PATTERN: Final = "^[A-Z0-9_ ]{1,16}(,[A-Z0-9_ ]{1,16})*$"
"""The distinct code strings of a series whose instances differ, joined by commas."""

DOI_PATTERN: Final = "^10[.][0-9]{4,9}/[!-~]+$"
"""Digital object identifier without the resolver's address."""

DOI: Final = Text(pattern=DOI_PATTERN, max_length=256)
"""One digital object identifier."""

WEB_URL: Final = Text(pattern="^https?://[!-~]+$", max_length=2048)
"""Address of a page for people; never the address of stored data."""

IDENTIFIER_PATTERN: Final = "^[a-z][a-z0-9]*/[!-.0-~]([ -~]{0,198}[!-.0-~])?$"
"""Full identifier of a resource of any type."""

RESOURCE: Final = Text(pattern=IDENTIFIER_PATTERN, max_length=256)
"""Reference to one resource of any type, besides the parent."""

RESOURCES: Final = TextList(pattern=IDENTIFIER_PATTERN)
"""References to resources of any type, besides the parent."""

SHORT_TEXT: Final = Text(max_length=64)
"""A name or code, as long as the DICOM value representation LO."""

LINE: Final = Text(max_length=256)
"""A line for people, longer than LO because real headers break its limit of 64."""

PSEUDONYM: Final = Text(max_length=64)
"""A person's pseudonym; never a name."""

CODE_VERSION: Final = Text(pattern="^[!-~]{1,128}$", max_length=128)
"""A release number, tag or commit hash."""

LIKERT_5: Final = Integer(ge=1, le=5)
"""An ordinal score from 1 to 5."""

LATERALITY: Final = Enum(
    values=("left", "right", "midline", "bilateral"),
    synonyms=(("l", "left"), ("r", "right"), ("b", "bilateral"), ("both", "bilateral")),
)
"""Side of the body, DICOM Laterality (0020,0060) in words."""

PROSTATE_ZONE: Final = Enum(
    values=("PZ", "TZ", "CZ", "AFS"),
    synonyms=(
        ("peripheral zone", "PZ"),
        ("peripheral", "PZ"),
        ("transition zone", "TZ"),
        ("transitional zone", "TZ"),
        ("transition", "TZ"),
        ("central zone", "CZ"),
        ("central", "CZ"),
        ("anterior fibromuscular stroma", "AFS"),
        ("afms", "AFS"),
    ),
)
"""Zones of PI-RADS v2.1: peripheral, transition, central, anterior fibromuscular stroma."""

PROSTATE_SECTOR_PATTERN: Final = (
    "^([LR]-(base|mid|apex)-(PZa|PZpl|PZpm|TZa|TZp|AS)|[LR]-base-CZ|[LR]-SV|EUS)$"
)
"""The 41 sectors of the PI-RADS v2.1 map: 38 of the prostate, two seminal vesicles, the sphincter."""

PROSTATE_SECTORS: Final = TextList(pattern=PROSTATE_SECTOR_PATTERN)
"""Sectors that a lesion or a core lies in."""
