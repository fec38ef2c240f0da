"""What is asked of the CDA API: the calls of the contract's table of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bench.peers.adbc import cursor_on
from bench.peers.cohort_calls import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DISEASE: Final = "diagnosis = infiltrating duct carcinoma"
FILTERED: Final = {"MATCH_ALL": ["species = human", DISEASE]}

SUMMARIES: Final = (
    Request("summary of all subjects", "/summary/subject", {}),
    Request("summary of subjects, two filters", "/summary/subject", FILTERED),
    Request(
        "summary of all subjects, with all of observation",
        "/summary/subject",
        {"ADD_COLUMNS": ["observation.*"]},
    ),
    Request("summary of all files", "/summary/file", {}),
    Request("summary of files, brain", "/summary/file", {"MATCH_ALL": ["anatomic_site = brain"]}),
)

LISTINGS: Final = (
    Request("columns", "/columns/"),
    Request("release metadata", "/release_metadata/"),
    Request("values of diagnosis", "/column_values/diagnosis", {}),
    Request("values of species at GDC", "/column_values/species?data_source=GDC", {}),
    Request("values of file_type", "/column_values/file_type", {}),
    Request("values of anatomic_site at GDC", "/column_values/anatomic_site?data_source=GDC", {}),
)

HUNDRED: Final = Request("100 subjects, two filters", "/data/subject?limit=100", FILTERED, rows=100)


def pages_of(rows: int, far: int) -> Iterator[Request]:
    """Pages of the usual size.

    Args:
        rows: Rows of a page.
        far: Rows before the last page.
    """
    shown = {**FILTERED, "ADD_COLUMNS": ["sex", "diagnosis", "file_type"]}
    yield HUNDRED
    yield Request("100 subjects, two filters, three lists", "/data/subject?limit=100", shown, rows=100)
    files = {"MATCH_ALL": [DISEASE]}
    yield Request(f"{rows:,} files by diagnosis", f"/data/file?limit={rows}", files, rows=rows)
    for offset in (0, far):
        name = f"{rows:,} subjects after {offset:,}"
        yield Request(name, f"/data/subject?limit={rows}&offset={offset}", {}, rows=rows)


def walk(pages: int, rows: int) -> Request:
    """A walk through pages of subjects."""
    name = f"walk: {pages} pages of {rows:,} subjects"
    return Request(name, f"/data/subject?limit={rows}", {}, pages, pages * rows)


def lookups(uri: str, equalities: Sequence[int], listed: Sequence[int]) -> Iterator[Request]:
    """Calls for named subjects.

    Args:
        uri: The database, which is asked for names.
        equalities: Numbers of equalities in MATCH_SOME.
        listed: Numbers of identifiers in a list.
    """
    names = _texts(uri, f"SELECT id FROM cda.subject ORDER BY md5(id) LIMIT {max(*equalities, *listed)}")
    upstream = _texts(
        uri, "SELECT upstream_id FROM cda.upstream_identifiers WHERE cda_table = 'subject' LIMIT 1"
    )
    yield Request(
        "a subject by upstream_id", "/data/subject", {"MATCH_ALL": [f"upstream_id = {upstream[0]}"]}
    )
    yield Request("a subject by subject_id", "/data/subject", {"MATCH_ALL": [f"subject_id = {names[0]}"]})
    for count in equalities:
        some = [f"subject_id = {name}" for name in names[:count]]
        body = {"MATCH_SOME": some}
        yield Request(f"MATCH_SOME of {count:,} subject_id", f"/data/subject?limit={count}", body, rows=count)
    for count in listed:
        body = {"MATCH_ALL": [f"subject_id in {names[:count]!r}"]}
        path = f"/data/subject?limit={count}"
        yield Request(f"subject_id in a list of {count:,}", path, body, rows=count)


def large_pages(rows: int) -> list[Request]:
    """Large pages, each a single answer."""
    nested: dict[str, Any] = {"ADD_COLUMNS": ["observation.*"], "COLLATE_RESULTS": True}
    shown: dict[str, tuple[str, dict[str, Any]]] = {
        "subjects": ("subject", {}),
        "subjects with sex, diagnosis": ("subject", {"ADD_COLUMNS": ["sex", "diagnosis"]}),
        "subjects with nested observations": ("subject", nested),
        "subjects with file_type, anatomic_site": (
            "subject",
            {"ADD_COLUMNS": ["file_type", "anatomic_site"]},
        ),
        "files, with two virtual columns": ("file", {}),
    }
    return [
        Request(f"{rows:,} {name}", f"/data/{endpoint}?limit={rows}", body, rows=rows)
        for name, (endpoint, body) in shown.items()
    ]


def _texts(uri: str, sql: str) -> list[str]:
    with cursor_on(uri) as cursor:
        cursor.execute(sql)
        found: list[str] = cursor.fetch_arrow_table().column(0).to_pylist()
        return found
