"""The published client of the API, unmodified, against our server: what it gets is what HTTP and SQL say."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from adbc_driver_postgresql import dbapi

from tests.cohorts.serving import api_of, asked, catalog_served, root_of
from tools.environments import CDAPYTHON, IndexUnreachable, environment_of
from vxdata.cli.cda import generate, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx
    from pydantic import SecretStr

    from vxdata.server.app import Server

SCRIPT: Final = Path(__file__).with_name("cdapython_calls.py")
SUBJECTS: Final = 250
EVERY: Final = 100_000
WANTED: Final = ("glioma", "adenocarcinoma")

SUBJECT_BODIES: Final[dict[str, dict[str, Any]]] = {
    "all": {},
    "equal": {"MATCH_ALL": ["sex = female", "species = human"]},
    "wildcard": {"MATCH_ALL": ["diagnosis like *carcinoma*"]},
    "different": {"MATCH_ALL": ["race != white"]},
    "not_wildcard": {"MATCH_ALL": ["diagnosis not like *carcinoma*"]},
    "apostrophe": {"MATCH_SOME": ["cause_of_death = Crohn's disease", "diagnosis = Ewing's sarcoma"]},
    "null": {"MATCH_ALL": ["cause_of_death is null", "diagnosis is null"]},
    "not_null": {"MATCH_ALL": ["year_of_death is not null"]},
    "range": {"MATCH_ALL": ["year_of_birth >= 1950", "year_of_birth < 1960"]},
    "number": {"MATCH_ALL": ["age_at_observation >= 60", "year_of_birth < 1960"]},
    "any": {"MATCH_SOME": ["sex = male", "format = bam"]},
    "boolean": {"MATCH_ALL": ["hotspot = true"]},
    "source": {"MATCH_ALL": ["species = human", "subject_data_at_gdc = true", "subject_data_at_idc = true"]},
    "lists": {"ADD_COLUMNS": ["sex", "age_at_observation", "anatomic_site", "project_name"]},
    "table": {"MATCH_ALL": ["sex = female"], "ADD_COLUMNS": ["treatment.*"], "EXCLUDE_COLUMNS": ["race"]},
    "virtual": {"MATCH_ALL": ["anatomic_site = brain", "tumor_vs_normal = tumor"]},
    "upstream": {"ADD_COLUMNS": ["upstream_source", "upstream_id"]},
    "collated": {
        "MATCH_ALL": ["species = dog"],
        "ADD_COLUMNS": ["observation.*"],
        "COLLATE_RESULTS": True,
    },
    "collated_files": {
        "MATCH_ALL": ["format = bam"],
        "ADD_COLUMNS": ["file.*", "mutation.*", "project.*"],
        "COLLATE_RESULTS": True,
    },
    "references": {"EXTERNAL_REFERENCE": True},
    "nothing": {"MATCH_ALL": ["species = unicorn"]},
}
FILE_BODIES: Final[dict[str, dict[str, Any]]] = {
    "all": {},
    "equal": {"MATCH_ALL": ["format = dicom", "size > 1000"]},
    "virtual": {"MATCH_ALL": ["anatomic_site = brain"], "ADD_COLUMNS": ["species", "sex"]},
    "null": {"MATCH_ALL": ["anatomic_site is null"]},
    "collated": {
        "MATCH_ALL": ["sex = male"],
        "ADD_COLUMNS": ["subject.*", "project.*"],
        "COLLATE_RESULTS": True,
    },
    "source": {"MATCH_ALL": ["file_data_at_pdc = true"]},
}


@pytest.fixture(scope="module")
def interpreter() -> Path:
    """Python with cdapython, in an environment of its own."""
    try:
        return environment_of(CDAPYTHON)
    except IndexUnreachable as error:
        pytest.skip(f"cdapython cannot be installed: {error}")


@pytest.fixture(scope="module")
def server(new_database: Callable[[], SecretStr], session_dir: Path) -> Iterator[Server]:
    """A server over a database that is made up."""
    uri = new_database()
    load(uri, generate(SUBJECTS), schema="cda")
    with catalog_served(uri, session_dir / "cdapython", "cda") as running:
        yield running


@pytest.fixture(scope="module")
def api(server: Server) -> Iterator[httpx.Client]:
    """The same, asked without the client."""
    with api_of(server) as client:
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the client reads and writes files."""
    made = tmp_path_factory.mktemp("cdapython")
    rows = "".join(f"{number}\t{name}\n" for number, name in enumerate((*WANTED, "")))
    (made / "wanted.tsv").write_text(f"number\twanted\n{rows}")
    return made


@pytest.fixture(scope="module")
def got(interpreter: Path, server: Server, folder: Path) -> dict[str, Any]:
    """What the client got, by call."""
    found: dict[str, Any] = json.loads(run(interpreter, server, folder, str(folder)))
    return found


def run(interpreter: Path, server: Server, folder: Path, *arguments: str) -> str:
    """Run the script in a folder, as the client leaves a log where it is."""
    environment = os.environ | {"__CDA_API_URL": root_of(server), "NO_PROXY": "127.0.0.1"}
    command = [str(interpreter), "-W", "ignore", str(SCRIPT), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(api: httpx.Client, endpoint: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(api, f"/data/{endpoint}?limit={EVERY}", body)["result"]
    return found


def shown(value: Any) -> Any:
    """A value as the client shows it."""
    if isinstance(value, list):
        return sorted(value)
    return "<NA>" if value is None else value


def expected(row: dict[str, Any], column: str, endpoint: str) -> Any:
    """What the client should show in a column of a row that HTTP gave."""
    if column == "data_source":
        begin = f"{endpoint}_data_at_"
        return sorted(
            name.removeprefix(begin).upper() for name in row if name.startswith(begin) and row[name]
        )
    if not column.endswith("_data"):
        return shown(row[column])
    return in_order([plain_record(record) for record in row[f"{column.removesuffix('_data')}_columns"] or ()])


def plain_record(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what the client leaves out or works out itself."""
    hidden = ("crdc_id", "_id_alias", "_data_source_count")
    return {
        name.removeprefix("external_reference_"): shown(value)
        for name, value in record.items()
        if not name.endswith(hidden) and "_data_at_" not in name and name != "data_source"
    }


def in_order(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(records, key=lambda record: json.dumps(record, sort_keys=True))


def assert_same(rows: list[dict[str, Any]], api_rows: list[dict[str, Any]], endpoint: str) -> None:
    """The client has the rows that HTTP gives, with the same values."""
    key = f"{endpoint}_id"
    assert [row[key] for row in rows] == [row[key] for row in api_rows]
    for row, api_row in zip(rows, api_rows, strict=True):
        for column, value in row.items():
            if column.endswith("_data"):
                found = in_order([plain_record(record) for record in value])
            else:
                found = shown(value)
            assert found == expected(api_row, column, endpoint), (row[key], column)


@pytest.mark.parametrize("name", SUBJECT_BODIES)
def test_subjects(got: dict[str, Any], api: httpx.Client, name: str) -> None:
    body = SUBJECT_BODIES[name]
    rows = got["subjects"][name]
    assert bool(rows) == (name != "nothing")
    added = [column for column in (rows[0] if rows else ()) if not column.endswith(("_data", "data_source"))]
    if not body.get("COLLATE_RESULTS"):
        body = {**body, "ADD_COLUMNS": [*body.get("ADD_COLUMNS", ()), *added]}
    assert_same(rows, rows_of(api, "subject", body), "subject")


@pytest.mark.parametrize("name", FILE_BODIES)
def test_files(got: dict[str, Any], api: httpx.Client, name: str) -> None:
    rows = got["files"][name]
    assert rows
    assert_same(rows, rows_of(api, "file", FILE_BODIES[name]), "file")


def test_what_is_asked_for_is_shown(got: dict[str, Any]) -> None:
    assert {"sex", "format"} <= set(got["subjects"]["any"][0])
    assert "race" not in got["subjects"]["table"][0]
    assert {"drs_uri", "file_description"}.isdisjoint(got["files"]["source"][0])
    assert {"file_data", "mutation_data", "project_data"} <= set(got["subjects"]["collated_files"][0])
    assert any(row["external_reference_data"] for row in got["subjects"]["references"])
    assert not all(row["external_reference_data"] for row in got["subjects"]["references"])


def test_discovery(got: dict[str, Any], api: httpx.Client, server: Server) -> None:
    listed = api.get("/columns/").json()["result"]
    visible = [
        column
        for column in listed
        if not column["column"].endswith(("_crdc_id", "_alias", "_data_source_count"))
        and "_data_at_" not in column["column"]
    ]
    by_name = {column["column"]: column for column in got["columns"]}
    assert by_name == {column["column"]: column for column in visible}
    assert got["tables"] == sorted({column["table"] for column in visible})
    assert got["url"] == root_of(server)
    assert got["release"] == api.get("/release_metadata/").json()["result"]
    assert got["columns_by"]["table"] == ["therapeutic_agent", "treatment_anatomic_site", "treatment_type"]
    assert {"year_of_birth", "year_of_death", "age_at_observation"} <= set(got["columns_by"]["description"])
    assert got["columns_by"]["type"] == ["size"]
    left = {column["column"] for column in visible if not column["table"].endswith(("nt", "n", "s"))}
    assert set(got["columns_by"]["not"]) == left


def test_columns_go_to_a_file(got: dict[str, Any], folder: Path) -> None:
    head, *lines = (folder / "columns.tsv").read_text().splitlines()
    assert head.split("\t") == ["table", "column", "data_type", "nullable", "description"]
    assert [line.split("\t")[1] for line in lines] == [column["column"] for column in got["columns"]]


@pytest.mark.parametrize(
    ("name", "data_source"),
    [
        ("diagnosis", ""),
        ("species", "GDC"),
        ("file_type", "GDC"),
        ("anatomic_site", "IDC"),
        ("hotspot", ""),
        ("year_of_birth", ""),
        ("upstream_source", ""),
    ],
)
def test_values(got: dict[str, Any], api: httpx.Client, name: str, data_source: str) -> None:
    found = asked(api, f"/column_values/{name}?data_source={data_source}")["result"]
    assert found
    wanted = {str(shown(row[name])): row["value_count"] for row in found}
    rows = got["values"][name]
    assert {str(shown(row[name])): row["value_count"] for row in rows} | {} == wanted


def test_values_that_are_chosen(got: dict[str, Any]) -> None:
    assert {row["sex"] for row in got["values"]["sex"]} == {"male", "female", "Male", "<NA>"} & {
        *got["value_list"]
    }
    assert got["too_many"] is None
    assert len(set(got["every_id"])) == SUBJECTS


def test_from_file(got: dict[str, Any], api: httpx.Client) -> None:
    body = {"MATCH_SOME": [f"diagnosis in {[*WANTED]!r}", "diagnosis is null"]}
    assert_same(got["from_file"], rows_of(api, "subject", body), "subject")
    assert_same(got["files_from_file"], rows_of(api, "file", body), "file")
    summary = asked(api, "/summary/subject", body)["result"][0]
    assert got["summary_from_file"]["number_of_matching_subjects"] == summary["total_count"]


def test_results_go_to_a_file(got: dict[str, Any], api: httpx.Client, folder: Path) -> None:
    head, *lines = (folder / "subjects.tsv").read_text().splitlines()
    wanted = rows_of(api, "subject", {"MATCH_ALL": ["sex = male"]})
    place = head.split("\t").index("subject_id")
    assert [line.split("\t")[place] for line in lines] == [row["subject_id"] for row in wanted]


def test_results_are_combined(got: dict[str, Any]) -> None:
    subjects, files = got["subjects"], got["files"]
    both = {row["subject_id"] for row in subjects["equal"]} & {
        row["subject_id"] for row in subjects["wildcard"]
    }
    assert {row["subject_id"] for row in got["both"]} == both
    assert both
    assert len(got["both_lists"]) == SUBJECTS
    assert len(got["both_nested"]) == len(subjects["collated"])
    common = {row["file_id"] for row in files["equal"]} & {row["file_id"] for row in files["virtual"]}
    assert {row["file_id"] for row in got["both_files"]} == common
    assert len(got["expanded"]) == sum(len(row["observation_data"]) for row in subjects["collated"])
    assert len(got["expanded_files"]) == sum(len(row["subject_data"]) for row in files["collated"])


@pytest.mark.parametrize(
    ("name", "endpoint", "body"),
    [
        ("summary", "subject", {}),
        (
            "summary_added",
            "subject",
            {
                "MATCH_ALL": ["species = human"],
                "MATCH_SOME": ["sex = male", "format = bam"],
                "ADD_COLUMNS": ["observation.*", "anatomic_site"],
                "EXCLUDE_COLUMNS": ["race"],
            },
        ),
        ("summary_files", "file", {"MATCH_ALL": ["anatomic_site = brain"]}),
        ("summary_nothing", "subject", {"MATCH_ALL": ["sex = x"]}),
        ("summary_few", "subject", {"EXCLUDE_COLUMNS": ["subject.*"]}),
    ],
)
def test_summaries(
    got: dict[str, Any], api: httpx.Client, name: str, endpoint: str, body: dict[str, Any]
) -> None:
    other = "file" if endpoint == "subject" else "subject"
    found = asked(api, f"/summary/{endpoint}", body)["result"][0]
    summary = got[name]
    assert summary.pop(f"number_of_matching_{endpoint}s") == found["total_count"]
    related = f"number_of_{other}s_related_to_matching_{endpoint}s"
    assert summary.pop(related) == found[f"{other}_count"]
    assert sum(summary.pop("data_source", {}).values()) == sum(found["data_source"].values())
    for column, counts in summary.items():
        table, _, sources = column.partition(".")
        if sources:
            assert counts == found[table][sources]
            continue
        wanted = found[f"{column.removesuffix('_summary')}_summary"]
        if counts is None:
            assert wanted is None
        elif "median" in counts:
            assert [counts] == wanted
        else:
            assert {value: count["count_result"] for value, count in counts.items()} == {
                str(row[column]): row["count_result"] for row in wanted
            }


def test_summaries_go_elsewhere(got: dict[str, Any], api: httpx.Client, folder: Path) -> None:
    total = asked(api, "/summary/subject", {"MATCH_ALL": ["sex = female"]})["result"][0]["total_count"]
    assert json.loads((folder / "summary.json").read_text())["number_of_matching_subjects"] == total
    assert f" {total} " in got["printed"]
    first = got["summary_frames"][0][0]
    body = {"MATCH_ALL": ["file_data_at_gdc = true"]}
    assert first["number_of_matching_files"] == len(rows_of(api, "file", body))


def test_three_pages(got: dict[str, Any], api: httpx.Client) -> None:
    rows = [
        {name: value for name, value in row.items() if name != "data_source"}  # the client mixes them up
        for row in got["subjects_in_pages"]
    ]
    assert_same(rows, rows_of(api, "subject", {"ADD_COLUMNS": ["sex", "format"]}), "subject")
    assert got["values_in_pages"] == got["every_id"]


def test_the_client_has_found_no_fault(got: dict[str, Any], folder: Path) -> None:
    assert len(got["functions"]) == 23
    log = [
        line for line in (folder / "log.txt").read_text().splitlines() if "ERROR" in line or "CRIT" in line
    ]
    assert log == []


@pytest.mark.slow
def test_pages_of_its_own_size(
    new_database: Callable[[], SecretStr], interpreter: Path, session_dir: Path, tmp_path: Path
) -> None:
    """More than a million values: three pages of the number of rows that the client asks for."""
    uri = new_database()
    frames = generate(10)
    load(uri, frames, schema="cda")
    add_files(uri, 1_000_000)
    with catalog_served(uri, session_dir / "pages", "cda") as server:
        found = json.loads(run(interpreter, server, tmp_path, "--values", "file_id"))
    assert found == [1_000_000 + frames["file"].height] * 2


def add_files(uri: SecretStr, count: int) -> None:
    names = (
        "id_alias, id, data_at_cds, data_at_gdc, data_at_icdc, data_at_idc, data_at_pdc, data_source_count"
    )
    sql = f"INSERT INTO cda.file ({names}) SELECT n, 'f' || n, false, true, false, false, false, 1 "
    with dbapi.connect(uri.get_secret_value(), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"{sql} FROM generate_series(1000, {999 + count}) AS n")
