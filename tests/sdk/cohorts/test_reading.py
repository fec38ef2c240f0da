"""Cohorts and plain tables of the example, read from a server."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from vxdata.schemas.wire import CATALOG_KEY, DIGEST_KEY, RELEASE_KEY
from vxdata.sdk import (
    C,
    Client,
    ColumnNotFound,
    F,
    InvalidPlan,
    InvalidRequest,
    RequestTimedOut,
    SystemNotFound,
    UnknownCatalog,
    UnknownField,
    count,
)
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vxdata.sdk import Cohort, RemoteCatalog
    from vxdata.server.app import Server


def ids(cohort: Cohort) -> list[str]:
    """Identifiers of the entities, in order."""
    return cohort.collect().to_series().to_list()


class TestCohorts:
    def test_real_nulls_in_lists_of_structs(self, cda: RemoteCatalog) -> None:
        found = cda.subjects.filter(C.sex == "male", C.diagnosis.like("glio*"))
        frame = found.add("age").nest("observation").collect()
        assert frame["observation_columns"].to_list() == [
            [
                {"sex": "male", "age": 50, "diagnosis": "glioma"},
                {"sex": "male", "age": None, "diagnosis": None},
            ]
        ]

    def test_lists_are_empty_and_never_null(self, cda: RemoteCatalog) -> None:
        frame = cda.subjects.add("file_type", "age").collect()
        assert frame["file_type"].to_list()[-1] == []
        assert frame["age"].null_count() == 0
        assert frame["age"].dtype == pl.List(pl.Int64)

    @pytest.mark.parametrize(
        ("make", "found"),
        [
            (lambda a, b: a | b, ["S0", "S1", "S2"]),
            (lambda a, b: a & b, ["S1"]),
            (lambda a, b: a - b, ["S0"]),
            (lambda a, b: b - a, ["S2"]),
            (lambda a, b: (a | b) - (a & b), ["S0", "S2"]),
            (lambda a, b: (a | b).filter(C.species == "human"), ["S0", "S1"]),
            (lambda a, b: (a | b).filter(C.file_type == "mr").match_some(C.year_of_birth == 1950), ["S0"]),
        ],
    )
    def test_sets(
        self, cda: RemoteCatalog, make: Callable[[Cohort, Cohort], Cohort], found: list[str]
    ) -> None:
        human = cda.subjects.filter(C.species == "human")
        at_idc = cda.subjects.filter(C.subject_data_at_idc == True)  # noqa: E712 - a condition
        cohort = make(human, at_idc)
        assert ids(cohort) == found
        assert cohort.count() == len(found)

    def test_intersections_ask_for_some_file_each(self, cda: RemoteCatalog) -> None:
        ct, twenty = C.file_type == "ct", C.size == 20
        assert ids(cda.subjects.filter(ct, twenty)) == []
        assert ids(cda.subjects.filter(ct) & cda.subjects.filter(twenty)) == ["S0"]

    def test_the_other_kind(self, cda: RemoteCatalog) -> None:
        assert ids(cda.subjects.filter(C.diagnosis == "glioma").files()) == ["F0", "F1"]
        assert ids(cda.files.filter(C.file_type == "mr").subjects()) == ["S0", "S1"]
        # All files of whoever has a CT image, the others too.
        assert ids(cda.subjects.filter(C.file_type == "ct").files()) == ["F0", "F1", "F2"]
        assert ids(cda.files.subjects()) == ["S0", "S1", "S2"]
        assert ids((cda.subjects - cda.files.subjects()).files()) == []
        assert ids(cda.files - cda.subjects.files()) == ["F3"]
        assert cda.subjects.filter(C.sex == "male").files().filter(C.file_type == "ct").count() == 1

    def test_100_000_identifiers(self, cda: RemoteCatalog) -> None:
        frame = pl.DataFrame({"id": [f"X{number}" for number in range(100_000)] + ["s1"]})
        assert ids(cda.subjects.filter(C.subject_id.is_in(frame["id"]))) == ["S1"]

    def test_pages(self, cda: RemoteCatalog) -> None:
        assert ids(cda.subjects.offset(1).limit(2)) == ["S1", "S2"]
        assert cda.subjects.offset(3).limit(5).count() == 1
        assert cda.subjects.head(2).height == 2
        assert cda.subjects.limit(0).collect().schema == cda.subjects.schema

    def test_batches(self, cda: RemoteCatalog) -> None:
        with cda.subjects.iter_batches(3) as frames:
            assert [frame.height for frame in frames] == [3, 1]

    def test_what_a_result_shows(self, cda: RemoteCatalog, tmp_path: Path) -> None:
        result = cda.subjects.run()
        assert (result.catalog, result.digest, result.release) == ("cda", cda.digest, cda.release)
        assert cda.release is not None
        told = {CATALOG_KEY: b"cda", DIGEST_KEY: cda.digest.encode(), RELEASE_KEY: cda.release.encode()}
        assert cda.subjects.to_arrow().schema.metadata == told
        cda.subjects.add("sex").sink_parquet(tmp_path / "subjects.parquet", progress=False)
        assert pq.read_schema(tmp_path / "subjects.parquet").metadata == told
        assert pl.read_parquet(tmp_path / "subjects.parquet").equals(cda.subjects.add("sex").collect())

    def test_explain(self, cda: RemoteCatalog) -> None:
        explained = cda.subjects.filter(C.sex == "male").explain()
        assert '"cda"."observation"' in explained.sql
        assert "Scan" in explained.postgresql


class TestLazy:
    def test_it_is_the_frame(self, cda: RemoteCatalog) -> None:
        cohort = cda.subjects.add("sex").nest("file")
        assert cohort.lazy().collect().equals(cohort.collect())

    @pytest.mark.parametrize(
        "step",
        [
            lambda frame: frame.select("subject_id"),
            lambda frame: frame.select("observation_columns").head(2),
            lambda frame: frame.filter(pl.col("species") == "human").select("subject_id"),
            lambda frame: frame.head(3).filter(pl.col("file_type").list.len() > 0),
            lambda frame: frame.select(pl.len()),
            lambda frame: frame.explode("file_type").group_by("file_type").len().sort("file_type"),
        ],
    )
    def test_steps(self, cda: RemoteCatalog, step: Callable[[Any], Any]) -> None:
        cohort = cda.subjects.add("observation.*", "file_type").nest("observation")
        assert step(cohort.lazy()).collect().equals(step(cohort.collect().lazy()).collect())


class TestValues:
    def test_all_of_a_column(self, cda: RemoteCatalog) -> None:
        frame = cda.values("diagnosis")
        assert frame.rows() == [("glioma", 1), ("not reported", 1), (None, 3)]
        assert frame.schema == {"value": pl.String, "count": pl.Int64}
        assert cda.values(C.age).schema["value"] == pl.Int64

    def test_of_sources(self, cda: RemoteCatalog) -> None:
        assert cda.values("species", sources=["gdc", "IDC"]).rows() == [("Human", 1)]
        assert cda.values("anatomic_site", sources="GDC").rows() == [("brain", 1), ("lung", 1)]

    def test_refusals(self, cda: RemoteCatalog) -> None:
        with pytest.raises(ColumnNotFound, match="Did you mean diagnosis"):
            cda.values("diagnosi")
        with pytest.raises(SystemNotFound, match="nope"):
            cda.values("species", sources=["nope"])


class TestTables:
    def test_the_language_of_queries(self, cda: RemoteCatalog) -> None:
        query = cda.table("observation").query()
        assert query.filter(F.age >= 50).order_by(F.age.desc()).select("age").collect()["age"].to_list() == [
            70,
            60,
            50,
        ]
        assert query.group_by("sex").agg(count()).order_by("sex").collect().rows() == [
            ("female", 1),
            ("male", 2),
            (None, 2),
        ]
        males = query.filter(F.sex == "male").select("subject_alias")
        subjects = cda.table("subject").query().filter(F.id_alias.is_in(males))
        assert subjects.collect()["id"].to_list() == ["S0"]
        assert (subjects.count(), subjects.exists()) == (1, True)
        assert '"cda"."subject"' in subjects.explain().sql

    def test_lazy_frames_and_batches(self, cda: RemoteCatalog) -> None:
        query = cda.table("subject").query()
        lazy = query.lazy().filter(pl.col("species") == "dog").select("id")
        assert lazy.collect()["id"].to_list() == ["S2"]
        assert sum(frame.height for frame in query.iter_batches(3)) == 4

    def test_what_a_result_shows(self, cda: RemoteCatalog, reader: Client, tmp_path: Path) -> None:
        query = cda.table("subject").query()
        result = query.run()
        assert result.origin is not None
        assert (result.origin.catalog, result.origin.release) == ("cda", cda.release)
        path = tmp_path / "subject.parquet"
        query.sink_parquet(path, progress=True)
        assert (
            pq.read_schema(path).metadata[CATALOG_KEY]
            == query.to_arrow().schema.metadata[CATALOG_KEY]
            == b"cda"
        )
        with pytest.raises(InvalidRequest, match="keeps no versions"):
            reader.volumes.query().as_of(result)

    def test_what_tables_do_not_have(self, cda: RemoteCatalog) -> None:
        query = cda.table("subject").query()
        with pytest.raises(InvalidPlan, match="no versions"):
            query.as_of("2025-01-01")
        with pytest.raises(InvalidPlan, match="no versions"):
            query.pin()
        with pytest.raises(InvalidPlan, match="no versions"):
            query.iter_pages()
        with pytest.raises(UnknownField, match="Did you mean species"):
            query.filter(F.specis == "x")
        assert repr(query.limit(2)) == "client.catalog('cda').table('subject').query().limit(2)"


class TestClients:
    def test_catalogs(self, reader: Client, cda: RemoteCatalog) -> None:
        (row,) = reader.catalogs().to_dicts()
        assert (row["name"], row["serves_cohorts"], row["digest"]) == ("cda", True, cda.digest)
        assert cda.refresh().digest == cda.digest
        with pytest.raises(UnknownCatalog, match="Did you mean cda"):
            reader.catalog("cdb")

    def test_copies_work_on(self, cda: RemoteCatalog) -> None:
        for thing in (cda.subjects.filter(C.sex == "male").add("age"), cda.table("subject").query().limit(2)):
            again = pickle.loads(pickle.dumps(thing))  # noqa: S301 - made here
            assert again.collect().equals(thing.collect())
            assert copy.deepcopy(thing).collect().equals(thing.collect())
            assert repr(again) == repr(thing)
        assert pickle.loads(pickle.dumps(cda)).columns.equals(cda.columns)  # noqa: S301 - made here

    def test_other_processes(self, cda: RemoteCatalog) -> None:
        cohort = cda.subjects.filter(C.species == "human")
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            assert pool.submit(ids, cohort).result(timeout=60) == ["S0", "S1"]

    def test_timeouts(self, served: Server) -> None:
        uri = served._settings.catalogs["cda"].uri
        with (
            closing(ConnectionPool(uri, size=1)) as pool,
            pool.connection() as connection,
            Client(served.flight_url, timeout=1) as hasty,
        ):
            new = hasty.catalog("cda").subjects.filter(C.species == "asked for only here")
            with connection.transaction(READ_WRITE):
                connection.execute("LOCK TABLE cda.subject IN ACCESS EXCLUSIVE MODE")
                with pytest.raises(RequestTimedOut):
                    new.collect()
