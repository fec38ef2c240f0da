"""The example of the contract through Polars: what is found, what is shown, what is summarised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.cohorts.compare import without_order
from tests.cohorts.example import FOUND, SHOWN, SUMMARISED
from vxdata.sdk import C

if TYPE_CHECKING:
    from tests.cohorts.example import Found, Shown, Summarised
    from vxdata.sdk import Cohort, Condition, RemoteCatalog


def asked(catalog: RemoteCatalog, endpoint: str, body: dict[str, Any]) -> Cohort:
    """The cohort of a request of the CDA API."""
    cohort = catalog.subjects if endpoint == "subject" else catalog.files
    # `= null` means what cdapython makes of it in texts; what the API means by it is `some_is_null`.
    texts = [text for text in body.get("MATCH_ALL", ()) if "= null" not in text]
    nulls = [C[text.split()[0]].some_is_null() for text in body.get("MATCH_ALL", ()) if "= null" in text]
    cohort = cohort.filter_text(*texts, some=body.get("MATCH_SOME", ())).filter(nulls)
    cohort = cohort.add(*body.get("ADD_COLUMNS", ()))
    return cohort.nest() if body.get("COLLATE_RESULTS") else cohort


@pytest.mark.parametrize("case", FOUND, ids=lambda case: f"{case.endpoint} {case.found} {case.trap}")
def test_what_is_found(cda: RemoteCatalog, case: Found) -> None:
    cohort = asked(cda, case.endpoint, case.body)
    found = cohort.collect()[f"{case.endpoint}_id"].to_list()
    assert " ".join(found) == case.found
    assert cohort.count() == len(found)
    assert cohort.exists() is bool(found)


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: str(case.body))
def test_what_is_shown(cda: RemoteCatalog, case: Shown) -> None:
    cohort = asked(cda, case.endpoint, case.body)
    frame = cohort.collect()
    assert frame.schema == cohort.schema
    by_id = {row[f"{case.endpoint}_id"]: row for row in frame.to_dicts()}
    assert by_id.keys() == case.rows.keys()
    shown = {key: {name: by_id[key][name] for name in columns} for key, columns in case.rows.items()}
    assert without_order(shown) == without_order(case.rows)


CONDITIONS = {
    "S0 S1": C.species == "HUMAN",
    "S2 S3": C.species != "human",
    "S3": C.species.is_null(),
    "S1 S3": C.diagnosis.is_null(),
    "S0 S1 ": C.diagnosis.some_is_null(),
    "S0 S2": C.diagnosis.is_not_null(),
    "S0 S1 S2": C.diagnosis.some_is_not_like("gl*"),
    "S1 S2 S3": C.diagnosis.none_is_like("gl*"),
    "S0  S1 S2": C.diagnosis.some_is_not("glioma"),
    "S1 S2  S3": C.diagnosis.none_is("GLIOMA"),
    "S0 S2 S3": (C.age >= 60).in_no_row(),
    "S0": (C.file_type == "ct") & (C.anatomic_site == "brain"),
    "": (C.file_type == "ct") & (C.size == 20),
    "S0 S1 S3": (C.file_type == "mr") | C.species.is_null(),
    "S0 S3": C.year_of_birth.between(1950, 1960),
    "S0   ": C.year_of_birth.between(1950, 1960, closed="left"),
    "S1  ": C.age.between(60, 70) & (C.age > 60),
}
"""Subjects, with blanks that tell equal ones apart -> the condition that finds them."""


@pytest.mark.parametrize(("found", "condition"), CONDITIONS.items(), ids=repr)
def test_conditions_find(cda: RemoteCatalog, found: str, condition: Condition) -> None:
    assert cda.subjects.filter(condition).collect()["subject_id"].to_list() == found.split()


@pytest.mark.parametrize("case", SUMMARISED, ids=lambda case: str(case.body))
def test_what_is_summarised(cda: RemoteCatalog, case: Summarised) -> None:
    summary = asked(cda, case.endpoint, case.body).summary()
    other = "file" if case.endpoint == "subject" else "subject"
    assert (summary.total, summary.linked) == (case.parts["total_count"], case.parts[f"{other}_count"])
    for key, expected in case.parts.items():
        if key == "data_source":
            rows = summary.sources[case.endpoint].rows()
            counts = {"_".join(names) + ("" if len(names) == 2 else "_exclusive"): n for names, n in rows}
            assert counts == expected
        elif key.endswith("_summary"):
            frame = summary[key.removesuffix("_summary")]
            if "count" in frame.columns:
                frame = frame.rename({"count": "count_result"})
            assert without_order(frame.to_dicts()) == without_order(expected)


def test_an_empty_cohort_has_an_empty_summary(cda: RemoteCatalog) -> None:
    summary = cda.subjects.filter(C.species == "cat").add("sex").summary()
    assert (summary.total, summary.linked, len(summary["sex"])) == (0, 0, 0)
    assert summary["sex"].schema == {"sex": pl.String, "count": pl.Int64}
    assert summary["year_of_birth"].row(0) == (None,) * 6
    assert "0 subjects" in repr(summary)
    assert "species" in summary._repr_html_()
    assert set(summary) == {"species", "year_of_birth", "sex"}
