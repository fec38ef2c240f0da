"""Catalogs through the client: what they hold, cohorts in all forms, and plain tables."""

from __future__ import annotations

import copy
import pickle
from datetime import date
from math import inf, isnan
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.cohorts.database import database, table
from tests.cohorts.example import EXAMPLE, METADATA_TABLES
from vxdata.schemas.cohorts import CohortModel
from vxdata.sdk import (
    ALL,
    C,
    Client,
    CohortResult,
    EmptyCohortRow,
    F,
    InvalidPlan,
    InvalidRequest,
    RelationshipNotFound,
    SystemNotFound,
    UnknownCatalog,
    UnknownField,
)
from vxdata.sdk._cohorts.values import series_of

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.sdk import Cohort, RemoteCatalog
    from vxdata.server.app import Server


def ids(cohort: Cohort) -> list[str]:
    """The identifiers of the entities."""
    found: list[str] = cohort.collect()[f"{cohort.plan.endpoint}_id"].to_list()
    return found


class TestDiscovery:
    def test_catalogs_are_listed(self, reader: Client, cda: RemoteCatalog) -> None:
        (row,) = reader.catalogs().to_dicts()
        assert (row["name"], row["serves_cohorts"], row["tables"]) == ("cda", True, 13)
        assert row["is_loaded"]
        assert (row["digest"], row["release"]) == (cda.digest, cda.release)

    def test_what_a_catalog_holds(self, cda: RemoteCatalog) -> None:
        assert cda.tables == sorted(EXAMPLE.frames)
        assert cda.columns.columns == ["table", "column", "type", "nullable", "description"]
        assert cda.columns.row(by_predicate=pl.col("column") == "species") == (
            "subject",
            "species",
            "text",
            True,
            "Common name.",
        )
        assert cda.columns.filter(column="anatomic_site")["table"].to_list() == ["file"]
        assert cda.sources == ["GDC", "IDC"]
        assert repr(cda) == "client.catalog('cda')"

    def test_values(self, cda: RemoteCatalog) -> None:
        assert cda.values("species").rows() == [("Human", 1), ("dog", 1), ("human", 1), (None, 1)]
        assert cda.values(C.species, sources=["GDC"]).rows() == [("Human", 1), ("human", 1)]
        assert cda.values("file_type", sources=["GDC", "idc"]).rows() == [("CT", 1)]
        assert cda.values("anatomic_site", sources="gdc").rows() == [("brain", 1), ("lung", 1)]
        assert cda.values("year_of_birth").schema == {"value": pl.Int64, "count": pl.Int64}
        with pytest.raises(SystemNotFound, match="pdc"):
            cda.values("species", sources=["pdc"])

    def test_an_unknown_catalog_is_refused(self, reader: Client) -> None:
        with pytest.raises(UnknownCatalog, match="Did you mean cda"):
            reader.catalog("cdb")

    def test_a_name_that_no_catalog_can_have_is_not_sent(self, known: RemoteCatalog) -> None:
        with pytest.raises(UnknownCatalog, match="a name of 1,000,000 characters") as caught:
            type(known).named(known.transport, "a" * 1_000_000)
        assert caught.value.details["catalog"] == "a" * 63

    def test_a_name_that_is_no_text_is_refused(self, known: RemoteCatalog) -> None:
        with pytest.raises(TypeError, match=r"^The name of a catalog is text, not 3;"):
            type(known).named(known.transport, 3)  # type: ignore[arg-type]

    def test_columns_of_a_catalog_without_cohorts_are_those_of_its_tables(self, known: RemoteCatalog) -> None:
        described = known.description.model_copy(update={"serves_cohorts": False, "columns": ()})
        columns = type(known)(known.transport, described).columns
        assert columns.row(by_predicate=(pl.col("table") == "subject") & (pl.col("column") == "id")) == (
            "subject",
            "id",
            "text",
            False,
            None,
        )
        assert columns.filter(column="cda_table")["table"].unique().len() == 3

    def test_a_refreshed_catalog_is_read_anew(self, cda: RemoteCatalog) -> None:
        again = cda.refresh()
        assert again == cda
        assert again is not cda


def test_values_have_the_types_of_their_columns() -> None:
    metadata = ("subject", "at", "categorical", True, True, None, None)
    own = ("id_alias bigint", "id text!")
    tables = (
        table("subject", *own, "at date", "score double precision", key=("id_alias",)),
        table("file", *own, key=("id_alias",)),
        *METADATA_TABLES,
    )
    made = database(tables, {"column_metadata": [metadata]})
    columns = CohortModel.of(made.schema, made.rows("column_metadata")).columns
    days = series_of("value", ["2025-01-31", None], columns["at"])
    assert days.to_list() == [date(2025, 1, 31), None]
    scores = series_of("value", [2, "NaN", "-Infinity", None], columns["score"])
    assert scores.dtype == pl.Float64
    assert (scores[0], scores[2], scores[3]) == (2.0, -inf, None)
    assert isnan(scores[1])


class TestCohorts:
    def test_files_of_subjects_and_subjects_of_files(self, cda: RemoteCatalog) -> None:
        assert ids(cda.subjects.files()) == ["F0", "F1", "F2"]
        assert ids(cda.files.subjects()) == ["S0", "S1", "S2"]
        males = cda.subjects.filter(C.sex == "male")
        assert ids(males.files()) == ["F0", "F1"]
        assert ids(males.files().filter(C.file_type == "MR")) == ["F1"]
        assert ids(males.files().filter(C.file_type == "MR").subjects()) == ["S0", "S1"]
        assert ids(cda.files - cda.subjects.files()) == ["F3"]
        assert ids(cda.subjects.filter(C.species == "cat").files()) == []
        assert ids((cda.subjects - males).files()) == ["F1", "F2"]
        assert males.files().count() == 2
        assert males.files().summary().total == 2
        assert "sex" not in males.files().columns

    def test_sets(self, cda: RemoteCatalog) -> None:
        ct, mr = (cda.subjects.filter(C.file_type == kind) for kind in ("ct", "mr"))
        assert ids(ct | mr) == ["S0", "S1", "S2"]
        assert ids(ct & mr) == ["S0"]  # by two files
        assert ids(cda.subjects.filter(C.file_type == "ct").filter(C.file_type == "mr")) == []
        assert ids(ct - mr) == ["S2"]
        assert ids(cda.subjects - (ct | mr)) == ["S3"]
        assert (ct | mr).count() == 3

    def test_pages(self, cda: RemoteCatalog) -> None:
        assert ids(cda.subjects.offset(1).limit(2)) == ["S1", "S2"]
        assert cda.subjects.offset(3).limit(2).count() == 1
        assert cda.subjects.offset(9).count() == 0
        assert cda.subjects.head(2)["subject_id"].to_list() == ["S0", "S1"]
        assert cda.subjects.limit(0).collect().schema == cda.subjects.schema

    def test_nested_rows_have_real_nulls(self, cda: RemoteCatalog) -> None:
        frame = cda.subjects.filter(C.subject_id.is_in(["S0", "S3"])).nest("observation").collect()
        nested = frame["observation_columns"]
        assert nested.null_count() == 1
        assert nested[0].struct.field("age").to_list() == [50, None]
        assert frame.schema["observation_columns"] == pl.List(
            pl.Struct({"sex": pl.String, "age": pl.Int64, "diagnosis": pl.String})
        )

    def test_results_tell_their_release(self, cda: RemoteCatalog) -> None:
        result = cda.subjects.run()
        assert isinstance(result, CohortResult)
        assert (result.catalog, result.digest, result.release) == ("cda", cda.digest, cda.release)
        table = cda.subjects.to_arrow()
        assert table.schema.metadata[b"vxdata.catalog"] == b"cda"
        assert table.num_rows == 4

    def test_streams(self, cda: RemoteCatalog) -> None:
        with cda.subjects.add("file_type").iter_batches(batch_rows=3) as frames:
            heights = [frame.height for frame in frames]
            assert frames.origin is not None
            assert frames.origin.catalog == "cda"
        assert heights == [3, 1]

    def test_lazy_frames(self, cda: RemoteCatalog) -> None:
        cohort = cda.subjects.add("sex", "file_type").nest("observation", "file")
        assert cohort.lazy().collect().equals(cohort.collect())
        narrow = cohort.lazy().select("subject_id", "observation_columns").head(2).collect()
        assert narrow.equals(cohort.collect().select("subject_id", "observation_columns").head(2))
        found = cohort.lazy().filter(pl.col("species") == "dog").select("subject_id").collect()
        assert found["subject_id"].to_list() == ["S2"]
        assert cohort.lazy().select(pl.len()).collect().item() == 4

    def test_explanations(self, cda: RemoteCatalog) -> None:
        explained = cda.subjects.filter(C.sex == "male").explain()
        assert "SELECT" in explained.sql
        assert "observation" in explained.postgresql

    def test_a_hundred_thousand_identifiers(self, cda: RemoteCatalog) -> None:
        frame = pl.DataFrame({"id": [f"S{number}" for number in range(100_000)]})
        wanted = cda.subjects.filter(C.subject_id.is_in(frame["id"]))
        assert ids(wanted) == ["S0", "S1", "S2", "S3"]
        assert ids(cda.subjects.filter(C.subject_id.is_in(frame["id"].to_arrow()))) == ids(wanted)
        assert wanted.count() == 4

    def test_errors_of_the_server_are_raised_as_they_are(self, cda: RemoteCatalog) -> None:
        with pytest.raises(EmptyCohortRow):
            cda.subjects.exclude("subject.*").collect()
        with pytest.raises(RelationshipNotFound):
            cda.files.add_external_references().collect()

    def test_copies_in_other_processes_work(self, cda: RemoteCatalog) -> None:
        cohort = cda.subjects.filter(C.sex.none_is("male")).add("sex")
        for again in (pickle.loads(pickle.dumps(cohort)), copy.deepcopy(cohort)):  # noqa: S301 - our own
            assert again.collect().equals(cohort.collect())
        catalog = pickle.loads(pickle.dumps(cda))  # noqa: S301 - our own bytes
        assert catalog.description == cda.description
        assert ids(catalog.files) == ["F0", "F1", "F2", "F3"]
        query = pickle.loads(pickle.dumps(cda.table("project").query()))  # noqa: S301 - our own bytes
        assert query.count() == 2

    def test_a_closed_client_answers_no_more(self, served: Server) -> None:
        with Client(served.flight_url) as client:
            catalog = client.catalog("cda")
        with pytest.raises(InvalidRequest, match="closed"):
            catalog.subjects.collect()


class TestTables:
    def test_they_are_read_with_the_whole_language(self, cda: RemoteCatalog) -> None:
        observations = cda.table("observation")
        query = observations.query()
        assert query.filter(F.age > 50).order_by("age", descending=True).select("age").collect()[
            "age"
        ].to_list() == [70, 60]
        expected = EXAMPLE.frames["observation"].cast({pl.Int32: pl.Int64})
        assert query.collect().sort("id_alias").equals(expected)
        means = query.group_by("sex").agg(F.age.mean(), F.age.sum()).order_by("sex").collect()
        assert means.rows() == [("female", 3.0, 3), ("male", 50.0, 50), (None, 65.0, 130)]
        assert query.filter(observations.F.diagnosis.contains("gli")).count() == 1
        assert query.filter(F.diagnosis.contains("GLI", ignore_case=True)).count() == 1
        assert query.filter(F.diagnosis.matches("^GLI.", ignore_case=True)).count() == 1
        assert query.filter(F.diagnosis.matches("^GLI.")).count() == 0
        assert query.filter(F.sex.is_null()).exists()
        assert query.distinct("sex").count() == 3
        projects = cda.table("project").query()
        oldest = query.filter(F.age >= ALL(query.filter(F.age.is_not_null()).select("age")))
        assert oldest.select("age").collect()["age"].to_list() == [70]
        links = cda.table("subject_in_project").query().select("project_alias")
        assert projects.filter(F.id_alias.is_in(links)).count() == 2

    def test_their_results_in_all_forms(self, cda: RemoteCatalog, tmp_path: Path) -> None:
        query = cda.table("project").query()
        frame = query.collect()
        assert query.lazy().filter(pl.col("name") == "beta").collect()["id"].to_list() == ["P1"]
        assert query.to_arrow().schema.metadata[b"vxdata.catalog"] == b"cda"
        assert pl.concat(query.iter_batches()).equals(frame)
        query.sink_parquet(tmp_path / "projects.parquet", progress=True)
        assert pl.read_parquet(tmp_path / "projects.parquet").equals(frame)
        explained = query.filter(F.name == "beta").explain()
        assert "project" in explained.sql

    def test_what_they_cannot_do_is_refused(self, cda: RemoteCatalog, reader: Client) -> None:
        query = cda.table("project").query()
        assert repr(query.limit(1)) == "client.catalog('cda').table('project').query().limit(1)"
        with pytest.raises(UnknownField):
            query.filter(F.nam == "beta")
        with pytest.raises(UnknownField):
            _ = cda.table("project").F.nam
        with pytest.raises(InvalidPlan, match="no versions"):
            query.as_of("2025-01-01")
        with pytest.raises(InvalidPlan, match="no versions"):
            query.pin()
        with pytest.raises(InvalidPlan, match="its subquery cda"):
            reader.volumes.query().filter(F.identifier.is_in(query.select("id")))
        with pytest.raises(InvalidPlan, match="its subquery VxData's own data"):
            query.filter(F.id.is_in(reader.volumes.query().select("identifier")))
        with pytest.raises(InvalidPlan, match="keeps no versions"):
            next(query.iter_pages())
