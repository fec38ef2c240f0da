"""Section 12 of the contract: a database of four subjects, and the answers to questions about it.

`example.sql` makes the same database. Each question is there for a trap, which its last entry names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tests.cohorts.database import Database, database, table

LOCAL: Final = ("data_at_gdc boolean!", "data_at_idc boolean!")

METADATA_TABLES: Final = (
    table(
        "column_metadata",
        "cda_table text",
        "cda_column text",
        "column_type text",
        "summary_returns boolean",
        "data_returns boolean",
        "process_before_display text",
        "virtual_table text",
    ),
    table("release_metadata", "cda_table text", "cda_column text", "data_source text"),
)

TABLES: Final = (
    table(
        "subject",
        "id_alias bigint",
        "id text!",
        "species text # Common name.",
        "year_of_birth integer",
        *LOCAL,
        key=("id_alias",),
    ),
    table("file", "id_alias bigint", "id text!", "type text", "size bigint", *LOCAL, key=("id_alias",)),
    table("project", "id_alias bigint", "id text!", "type text", "name text", key=("id_alias",)),
    table(
        "observation",
        "id_alias bigint",
        "subject_alias bigint! -> subject",
        "sex text",
        "age integer",
        "diagnosis text",
        key=("id_alias",),
    ),
    table(
        "observation_nulls",
        "subject_alias bigint -> subject",
        "sex_null boolean",
        "age_null boolean",
        "diagnosis_null boolean",
        key=("subject_alias",),
    ),
    table("file_anatomic_site", "file_alias bigint! -> file", "anatomic_site text!"),
    table("file_anatomic_site_nulls", "file_alias bigint -> file", key=("file_alias",)),
    table(
        "file_describes_subject",
        "file_alias bigint -> file",
        "subject_alias bigint -> subject",
        key=("file_alias", "subject_alias"),
    ),
    table(
        "subject_in_project",
        "subject_alias bigint -> subject",
        "project_alias bigint -> project",
        key=("subject_alias", "project_alias"),
    ),
    table(
        "file_in_project",
        "file_alias bigint -> file",
        "project_alias bigint -> project",
        key=("file_alias", "project_alias"),
    ),
    table(
        "upstream_identifiers",
        "cda_table text!",
        "id_alias bigint!",
        "upstream_source text",
        "upstream_id text",
    ),
    *METADATA_TABLES,
)

DESCRIBED: Final = {
    "unbounded": "subject.id file.id project.id upstream_identifiers.upstream_id",
    "categorical": (
        "subject.species file.type observation.sex observation.diagnosis project.type project.name "
        "upstream_identifiers.upstream_source"
    ),
    "numeric": "subject.year_of_birth file.size observation.age",
}
"""Type of summary -> the columns that have it and nothing special."""

COLUMN_METADATA: Final = [
    (*name.split("."), kind, kind != "unbounded" and "upstream" not in name, True, None, None)
    for kind, names in DESCRIBED.items()
    for name in names.split()
] + [
    (name, f"data_at_{source}", "categorical", True, True, "data_source", None)
    for name in ("subject", "file")
    for source in ("gdc", "idc")
]
COLUMN_METADATA.append(("file_anatomic_site", "anatomic_site", "categorical", True, True, None, "file"))

F, T = False, True
ROWS: Final[dict[str, list[tuple[Any, ...]]]] = {
    "subject": [
        (0, "S0", "human", 1950, T, F),
        (1, "S1", "Human", None, T, T),
        (2, "S2", "dog", 2010, F, T),
        (3, "S3", None, 1960, F, F),
    ],
    "file": [
        (0, "F0", "CT", 10, T, F),
        (1, "F1", "MR", 20, F, T),
        (2, "F2", "CT", None, T, T),
        (3, "F3", None, 5, F, T),
    ],
    "project": [(0, "P0", "program", "alpha"), (1, "P1", "project", "beta")],
    "observation": [
        (0, 0, "male", 50, "glioma"),
        (1, 0, "male", None, None),
        (2, 1, None, 60, None),
        (3, 1, None, 70, None),
        (4, 2, "female", 3, "not reported"),
    ],
    "observation_nulls": [(0, F, F, F), (1, T, F, T), (2, F, F, F), (3, T, T, T)],
    "file_anatomic_site": [(0, "brain"), (0, "lung"), (1, "brain")],
    "file_anatomic_site_nulls": [(2,), (3,)],
    "file_describes_subject": [(0, 0), (1, 0), (1, 1), (2, 2)],
    "subject_in_project": [(0, 0), (0, 1), (1, 1)],
    "file_in_project": [(0, 1), (1, 1)],
    "upstream_identifiers": [
        ("subject", 0, "GDC", "case-0"),
        ("file", 0, "GDC", "case-0"),
        ("subject", 2, "IDC", "pt-2"),
    ],
    "release_metadata": [("subject", "species", source) for source in ("GDC", "IDC", "CDA")],
    "column_metadata": COLUMN_METADATA,
}

EXAMPLE: Final[Database] = database(TABLES, ROWS)


@dataclass(frozen=True)
class Found:
    """Entities that a request finds.

    Args:
        endpoint: `subject` or `file`.
        found: Their identifiers, parted by blanks.
        match_all: Filters that must all hold.
        match_some: Filters of which one must hold.
        trap: What a server may get wrong.
    """

    endpoint: str
    found: str
    match_all: tuple[str, ...] = ()
    match_some: tuple[str, ...] = ()
    trap: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """The body of the request."""
        return {"MATCH_ALL": list(self.match_all), "MATCH_SOME": list(self.match_some)}


IGNORES_CASE: Final = "case; nulls in negations"
EXCLUSIVE: Final = "exclusive against some row"
SOME_ROW: Final = "S0 has glioma and a null row, so it is in the last"

FOUND: Final = (
    Found("subject", "S0 S1", ("species = HUMAN",), trap=IGNORES_CASE),
    Found("subject", "S2 S3", ("species not like hu*",), trap=IGNORES_CASE),
    Found("subject", "S2 S3", ("species != human",), trap=IGNORES_CASE),
    Found("subject", "S3", ("species is null",), trap=IGNORES_CASE),
    Found("subject", "S1 S3", ("sex is null",), trap=EXCLUSIVE),
    Found("subject", "S1", ("sex = null",), trap=EXCLUSIVE),
    Found("subject", "S1 S3", ("diagnosis is null",), trap=SOME_ROW),
    Found("subject", "S0 S1", ("diagnosis = null",), trap=SOME_ROW),
    Found("subject", "S0 S2", ("diagnosis is not null",), trap=SOME_ROW),
    Found("subject", "S0 S1 S2", ("diagnosis not like gl*",), trap=SOME_ROW),
    Found("subject", "", ("sex = male", "age >= 60"), trap="no observation of a male is of that age"),
    Found(
        "subject", "S0", ("diagnosis = glioma", "age is not null"), trap="observations need not share a row"
    ),
    Found("subject", "S0", ("file_type = ct", "anatomic_site = brain"), trap="one file must meet both"),
    Found("subject", "", ("file_type = ct", "size = 20"), trap="one file must meet both"),
    Found("subject", "", ("project_type = program", "name = beta"), trap="one project must meet both"),
    Found("subject", "S0", ("upstream_id = case-0",), trap="cda_table"),
    Found("file", "", ("upstream_id = pt-2",), trap="cda_table"),
    Found("file", "F2 F3", ("anatomic_site is null",), trap="rows in the table of nulls"),
    Found("subject", "S2", ("anatomic_site is null",), trap="S3 has no file"),
    Found("subject", "S0 S1 S3", match_some=("file_type = mr", "species is null"), trap="S3 has no file"),
    Found("subject", "S2", ("diagnosis = not reported",), trap="`= not` is no operator"),
    Found("file", "", ("species is null",), trap="no subject of a file has null"),
)


@dataclass(frozen=True)
class Shown:
    """Columns of the rows that a request gets.

    Args:
        endpoint: `subject` or `file`.
        body: The request.
        rows: By identifier, the columns that are checked; a list of objects is in no order.
    """

    endpoint: str
    body: dict[str, Any]
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


SHOWN: Final = (
    Shown(
        "subject",
        {"ADD_COLUMNS": ["file_type"]},
        {
            "S0": {"file_type": ["CT", "MR"]},
            "S1": {"file_type": ["MR"]},
            "S2": {"file_type": ["CT"]},
            "S3": {"file_type": []},
        },
    ),
    Shown(
        "subject",
        {"MATCH_ALL": ["subject_id = S0"], "ADD_COLUMNS": ["sex", "age", "anatomic_site", "name"]},
        {"S0": {"sex": ["male"], "age": [50], "anatomic_site": ["brain", "lung"], "name": ["alpha", "beta"]}},
    ),
    Shown(
        "subject",
        {
            "MATCH_SOME": ["subject_id = S0", "subject_id = S3"],
            "ADD_COLUMNS": ["observation.*"],
            "COLLATE_RESULTS": True,
        },
        {
            "S0": {
                "observation_columns": [
                    {"sex": "male", "age": 50, "diagnosis": "glioma"},
                    {"sex": "male", "age": None, "diagnosis": None},
                ]
            },
            "S3": {"observation_columns": None},
        },
    ),
    Shown(
        "subject",
        {
            "MATCH_ALL": ["subject_id = S0"],
            "ADD_COLUMNS": ["file_type", "anatomic_site"],
            "COLLATE_RESULTS": True,
        },
        {
            "S0": {
                "file_columns": [
                    {"file_type": "CT", "anatomic_site": ["brain", "lung"]},
                    {"file_type": "MR", "anatomic_site": ["brain"]},
                ]
            }
        },
    ),
    Shown(
        "subject",
        {"MATCH_ALL": ["file_type = mr"], "ADD_COLUMNS": ["sex"]},
        {"S0": {"file_type": ["MR"], "sex": ["male"]}, "S1": {"file_type": ["MR"], "sex": []}},
    ),
)


@dataclass(frozen=True)
class Summarised:
    """Parts of a summary.

    Args:
        endpoint: `subject` or `file`.
        body: The request.
        parts: The keys that are checked; the entries of a categorical summary are in no order.
    """

    endpoint: str
    body: dict[str, Any]
    parts: dict[str, Any]


def _counts(name: str, counts: dict[str | None, int]) -> list[dict[str, Any]]:
    return [{name: value, "count_result": n} for value, n in counts.items()]


SUMMARISED: Final = (
    Summarised(
        "subject",
        {"ADD_COLUMNS": ["sex", "age"]},
        {
            "total_count": 4,
            "file_count": 3,
            "species_summary": _counts("species", {"human": 1, "Human": 1, "dog": 1, None: 1}),
            "year_of_birth_summary": [
                {
                    "min": 1950,
                    "max": 2010,
                    "mean": 1973,
                    "median": 1960,
                    "lower_quartile": 1950,
                    "upper_quartile": 2010,
                }
            ],
            "data_source": {"gdc_exclusive": 1, "idc_exclusive": 1, "gdc_idc": 1},
            "sex_summary": _counts("sex", {"male": 1, "female": 1, None: 1}),
            "age_summary": [
                {"min": 3, "max": 70, "mean": 46, "median": 50, "lower_quartile": 3, "upper_quartile": 60}
            ],
        },
    ),
    Summarised(
        "file",
        {"MATCH_ALL": ["anatomic_site = brain"]},
        {
            "total_count": 2,
            "subject_count": 2,
            "size_summary": [
                {"min": 10, "max": 20, "mean": 15, "median": 10, "lower_quartile": 10, "upper_quartile": 20}
            ],
            "anatomic_site_summary": _counts("anatomic_site", {"brain": 2, "lung": 1}),
        },
    ),
)
