"""Calls of cdapython, the published client, to be run by the interpreter of an environment of its own.

It takes a folder for files and prints what it got as one JSON object. `__CDA_API_URL` says where to ask.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cdapython
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE: Final = 500_000
"""Rows of a page of cdapython."""

SMALL_PAGE: Final = 100

# As users write them: `in` and `like` are the client's own business.
SUBJECTS: Final[dict[str, dict[str, Any]]] = {
    "all": {},
    "equal": {"match_all": ["sex = female", "species = human"]},
    "wildcard": {"match_all": "diagnosis = *carcinoma*"},
    "different": {"match_all": ["race != white"]},
    "not_wildcard": {"match_all": ["diagnosis != *carcinoma*"]},
    "apostrophe": {"match_any": ["cause_of_death = Crohn's disease", "diagnosis = Ewing's sarcoma"]},
    "null": {"match_all": ["cause_of_death = NULL", "diagnosis is null"]},
    "not_null": {"match_all": ["year_of_death != NULL"]},
    "range": {"match_all": ["1950 <= year_of_birth < 1960"]},
    "number": {"match_all": ["age_at_observation >= 60", "year_of_birth < 1960"]},
    "any": {"match_any": ["sex = male", "format = BAM"], "add_columns": ["sex", "format"]},
    "boolean": {"match_all": ["hotspot = true"], "add_columns": ["hotspot"]},
    "source": {"match_all": ["species = human"], "data_source": ["GDC", "IDC"]},
    "lists": {"add_columns": ["sex", "age_at_observation", "anatomic_site", "project_name"]},
    "table": {"match_all": ["sex = female"], "add_columns": ["treatment.*"], "exclude_columns": ["race"]},
    "virtual": {"match_all": ["anatomic_site = brain", "tumor_vs_normal = tumor"]},
    "upstream": {"add_columns": ["upstream_source", "upstream_id"]},
    "collated": {"match_all": ["species = dog"], "add_columns": ["observation.*"], "collate_results": True},
    "collated_files": {
        "match_all": ["format = BAM"],
        "add_columns": ["file.*", "mutation.*", "project.*"],
        "collate_results": True,
    },
    "references": {"include_external_refs": True},
    "nothing": {"match_all": ["species = unicorn"], "add_columns": ["sex"]},
}
FILES: Final[dict[str, dict[str, Any]]] = {
    "all": {},
    "equal": {"match_all": ["format = DICOM", "size > 1000"]},
    "virtual": {"match_all": ["anatomic_site = brain"], "add_columns": ["species", "sex"]},
    "null": {"match_all": ["anatomic_site = null"]},
    "collated": {
        "match_all": ["sex = male"],
        "add_columns": ["subject.*", "project.*"],
        "collate_results": True,
    },
    "source": {"data_source": "pdc", "exclude_columns": ["drs_uri", "file_description"]},
}
VALUES: Final[dict[str, dict[str, Any]]] = {
    "diagnosis": {},
    "species": {"data_source": "GDC"},
    "file_type": {"data_source": ["GDC"]},
    "anatomic_site": {"data_source": "IDC", "sort_by": "value:desc"},
    "hotspot": {},
    "year_of_birth": {"sort_by": "count"},
    "upstream_source": {},
    "sex": {"filters": ["*male", ""]},
}


def main(folder: Path) -> dict[str, Any]:
    """Make all calls; what the client logs goes to a file, as it prints otherwise."""
    cdapython.disable_console_logging()
    cdapython.enable_file_logging(str(folder / "log.txt"))
    subjects = {name: cdapython.get_subject_data(**given) for name, given in SUBJECTS.items()}
    files = {name: cdapython.get_file_data(**given) for name, given in FILES.items()}
    found = {
        "subjects": subjects,
        "files": files,
        "values": {name: cdapython.column_values(name, **given) for name, given in VALUES.items()},
        **_discovery(folder),
        **_combined(subjects, files),
        **_from_file(folder),
        **_summaries(folder),
    }
    return found | _in_pages()


def _discovery(folder: Path) -> dict[str, Any]:
    cdapython.columns(return_data_as="tsv", output_file=str(folder / "columns.tsv"))
    return {
        "functions": _quietly(cdapython.cda_functions),
        "url": cdapython.get_api_url(),
        "tables": cdapython.tables(),
        "columns": cdapython.columns(),
        "columns_by": {
            "table": cdapython.columns(table="treat*", return_data_as="list"),
            "description": cdapython.columns(description="year", return_data_as="list"),
            "type": cdapython.columns(data_type="bigint", nullable=True, return_data_as="list"),
            "not": cdapython.columns(
                exclude_table=["*nt", "*n", "*s"], return_data_as="list", sort_by="column"
            ),
        },
        "release": cdapython.release_metadata(),
        "value_list": cdapython.column_values("sex", return_data_as="list"),
        "too_many": cdapython.column_values("subject_id"),
        "every_id": cdapython.column_values("subject_id", return_data_as="list", force=True),
        "level": cdapython.get_log_level(),
        "levels": sorted(cdapython.get_valid_log_levels()),
    }


def _combined(subjects: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
    """What the client makes of results that it has got before."""
    both = cdapython.intersect_subject_results(
        subjects["equal"], subjects["wildcard"], ignore_added_columns=True
    )
    with_lists = cdapython.intersect_subject_results(subjects["lists"], subjects["lists"])
    nested = cdapython.intersect_subject_results(subjects["collated"], subjects["collated"])
    return {
        "expanded": cdapython.expand_subject_results(subjects["collated"], "observation_data"),
        "expanded_files": cdapython.expand_file_results(files["collated"], "subject_data"),
        "both": both,
        "both_lists": with_lists,
        "both_nested": nested,
        "both_files": cdapython.intersect_file_results(
            files["equal"], files["virtual"], ignore_added_columns=True
        ),
    }


def _from_file(folder: Path) -> dict[str, Any]:
    """Subjects that a file names; results as a file."""
    given = {
        "input_file": str(folder / "wanted.tsv"),
        "input_column": "wanted",
        "cda_column_to_match": "diagnosis",
    }
    output = str(folder / "subjects.tsv")
    cdapython.get_subject_data(match_all="sex = male", return_data_as="tsv", output_file=output)
    return {
        "from_file": cdapython.get_subject_data(match_from_file=given),
        "summary_from_file": cdapython.summarize_subjects(match_from_file=given, return_data_as="dict"),
        "files_from_file": cdapython.get_file_data(match_from_file=given),
    }


def _summaries(folder: Path) -> dict[str, Any]:
    output = str(folder / "summary.json")
    cdapython.summarize_subjects(match_all="sex = female", return_data_as="json", output_file=output)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        cdapython.summarize_subjects(match_all="sex = female", add_columns=["diagnosis"])
    return {
        "summary": cdapython.summarize_subjects(return_data_as="dict"),
        "summary_added": cdapython.summarize_subjects(
            match_all=["species = human"],
            match_any=["sex = male", "format = BAM"],
            add_columns=["observation.*", "anatomic_site"],
            exclude_columns=["race"],
            return_data_as="dict",
        ),
        "summary_files": cdapython.summarize_files(match_all="anatomic_site = brain", return_data_as="dict"),
        "summary_frames": cdapython.summarize_files(data_source="GDC", return_data_as="dataframe_list"),
        "summary_nothing": cdapython.summarize_subjects(match_all="sex = x", return_data_as="dict"),
        "summary_few": cdapython.summarize_subjects(exclude_columns=["subject.*"], return_data_as="dict"),
        "printed": printed.getvalue(),
    }


def _in_pages() -> dict[str, Any]:
    """The same, with the client's own number of rows of a page made small."""
    _with_small_pages(cdapython.get_data.get_data)
    _with_small_pages(cdapython.discover.column_values)
    return {
        "subjects_in_pages": cdapython.get_subject_data(add_columns=["sex", "format"]),
        "values_in_pages": cdapython.column_values("subject_id", force=True, return_data_as="list"),
    }


def _with_small_pages(function: Any) -> None:
    code = function.__code__
    assert PAGE in code.co_consts
    constants = tuple(SMALL_PAGE if constant == PAGE else constant for constant in code.co_consts)
    function.__code__ = code.replace(co_consts=constants)


def _quietly(function: Callable[[], Any]) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return function()


def plain(value: Any) -> Any:
    """A result as JSON has it; a frame becomes a list of rows."""
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict("records")]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.item() if hasattr(value, "item") else value


if __name__ == "__main__":
    if sys.argv[1:2] == ["--values"]:
        values = cdapython.column_values(sys.argv[2], force=True, return_data_as="list")
        json.dump([len(values), len(set(values))], sys.stdout)
    else:
        json.dump(plain(main(Path(sys.argv[1]))), sys.stdout, default=str)
