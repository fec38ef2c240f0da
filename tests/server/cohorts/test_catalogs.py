"""Catalogs: how they are read, read again, kept apart, and what happens while their database is away."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
import structlog
from pydantic import SecretStr

from tests.server.support import until
from vxdata.schemas.errors import InvalidCatalog, ServerUnavailable, UnknownCatalog
from vxdata.schemas.identity import EVERYTHING
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.services.catalogs import Catalogs
from vxdata.server.services.named_catalog import NamedCatalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOWHERE: Final = SecretStr("postgresql://nobody:s3kret@127.0.0.1:1/none")
COHORTS: Final = (
    "CREATE TABLE subject (id_alias bigint PRIMARY KEY, id text, species text)",
    "CREATE TABLE file (id_alias bigint PRIMARY KEY, id text)",
    """CREATE TABLE column_metadata (cda_table text, cda_column text, column_type text, summary_returns bool,
        data_returns bool, process_before_display text, virtual_table text)""",
    "CREATE TABLE release_metadata (cda_table text, cda_column text, data_source text)",
    "INSERT INTO release_metadata VALUES ('subject', 'species', 'GDC')",
)
pool_of = partial(ConnectionPool, size=2)


def change(uri: SecretStr, *statements: str) -> None:
    with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
        connection.execute(*statements)


@pytest.fixture
def cohort_uri(new_database: Callable[[], SecretStr]) -> SecretStr:
    uri = new_database()
    change(uri, *COHORTS)
    return uri


@pytest.fixture
def plain_uri(new_database: Callable[[], SecretStr]) -> SecretStr:
    uri = new_database()
    change(uri, "CREATE TABLE thing (id int PRIMARY KEY)")
    return uri


@pytest.fixture
def catalog_of() -> Iterator[Callable[..., NamedCatalog]]:
    with ExitStack() as stack:

        def make(uri: SecretStr, **settings: Any) -> NamedCatalog:
            catalog = NamedCatalog("made", CatalogSettings(uri=uri, **settings), pool_of)
            stack.callback(catalog.close)
            return catalog

        yield make


class TestReading:
    def test_tables_become_relations_and_a_model(
        self, catalog_of: Callable[..., NamedCatalog], cohort_uri: SecretStr
    ) -> None:
        with structlog.testing.capture_logs() as logs:
            loaded = catalog_of(cohort_uri).refresh()
        assert set(loaded.relations.relations) >= {"subject", "file", "release_metadata"}
        assert loaded.cohorts.column("subject_id").table == "subject"
        assert loaded.release is not None
        (renamed,) = [line for line in logs if line["event"] == "columns_renamed"]
        assert renamed["names"]["subject.id"] == "subject_id"
        (missing,) = [line for line in logs if line["event"] == "data_sources_without_columns"]
        assert missing["columns"] == ["subject.data_at_gdc", "file.data_at_gdc"]

    @pytest.mark.parametrize("api", ["none", None])
    def test_tables_without_the_endpoints_are_plain(
        self, catalog_of: Callable[..., NamedCatalog], plain_uri: SecretStr, api: str | None
    ) -> None:
        loaded = catalog_of(plain_uri, api=api).refresh()
        assert set(loaded.relations.relations) == {"thing"}
        with pytest.raises(UnknownCatalog, match="plain tables"):
            _ = loaded.cohorts

    def test_no_cohorts_where_the_settings_say_so(
        self, catalog_of: Callable[..., NamedCatalog], cohort_uri: SecretStr
    ) -> None:
        assert catalog_of(cohort_uri, api="none").refresh().model is None

    def test_a_schema_that_is_no_cda_is_served_as_plain_tables(
        self, catalog_of: Callable[..., NamedCatalog], plain_uri: SecretStr
    ) -> None:
        loaded = catalog_of(plain_uri, api="cda").refresh()
        assert set(loaded.relations.relations) == {"thing"}
        with pytest.raises(InvalidCatalog, match=r"serves no cohorts: .* no table subject"):
            _ = loaded.cohorts

    def test_metadata_of_another_form(
        self, catalog_of: Callable[..., NamedCatalog], cohort_uri: SecretStr
    ) -> None:
        change(cohort_uri, "ALTER TABLE column_metadata DROP COLUMN cda_table")
        change(cohort_uri, "INSERT INTO column_metadata (cda_column) VALUES ('id')")
        with pytest.raises(InvalidCatalog, match="no column cda_table"):
            _ = catalog_of(cohort_uri).refresh().cohorts

    def test_a_statement_tells_the_release(
        self, catalog_of: Callable[..., NamedCatalog], plain_uri: SecretStr
    ) -> None:
        catalog = catalog_of(plain_uri, release="SELECT count(*) || ' things' FROM thing")
        assert catalog.refresh().release == "0 things"
        change(plain_uri, "INSERT INTO thing VALUES (1)")
        assert catalog.refresh().release == "1 things"

    def test_another_schema(self, catalog_of: Callable[..., NamedCatalog], plain_uri: SecretStr) -> None:
        change(plain_uri, 'CREATE SCHEMA "Other"', 'CREATE TABLE "Other".elsewhere (x text)')
        loaded = catalog_of(plain_uri, schema="Other").refresh()
        assert set(loaded.relations.relations) == {"elsewhere"}


class TestRefresh:
    def test_a_new_table_and_a_new_type(
        self, catalog_of: Callable[..., NamedCatalog], plain_uri: SecretStr
    ) -> None:
        catalog = catalog_of(plain_uri)
        before = catalog.refresh()
        change(plain_uri, "CREATE TYPE mood AS ENUM ('well')", "CREATE TABLE felt (feeling mood)")
        after = catalog.refresh()
        assert before.digest != after.digest == catalog.loaded.digest
        assert set(before.relations.relations) == {"thing"}
        assert set(after.relations.relations) == {"felt", "thing"}

    def test_one_that_fails_leaves_what_was_there(
        self, catalog_of: Callable[..., NamedCatalog], plain_uri: SecretStr
    ) -> None:
        catalog = catalog_of(plain_uri)
        before = catalog.refresh()
        change(plain_uri, "DROP TABLE thing")
        with pytest.raises(InvalidCatalog):
            catalog.refresh()
        assert catalog.loaded is before

    def test_none_after_the_end(self, catalog_of: Callable[..., NamedCatalog], plain_uri: SecretStr) -> None:
        catalog = catalog_of(plain_uri)
        catalog.close()
        with pytest.raises(ServerUnavailable):
            catalog.refresh()


class TestCatalogs:
    def test_names(self, plain_uri: SecretStr) -> None:
        catalogs = Catalogs({"one": CatalogSettings(uri=plain_uri)}, pool_of)
        with pytest.raises(UnknownCatalog, match=r"no catalog 'ones'\. Did you mean one"):
            _ = catalogs.seen_by(EVERYTHING)["ones"]
        assert [each.name for each in catalogs] == ["one"]
        with pytest.raises(ServerUnavailable, match="cannot be read at present"):
            _ = catalogs.seen_by(EVERYTHING)["one"].loaded

    def test_one_that_is_away_does_not_hold_up_the_others_and_comes_back(
        self, plain_uri: SecretStr, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vxdata.server.services.named_catalog.FIRST_DELAY", 0.05)
        is_back = False

        def connect(uri: SecretStr) -> ConnectionPool:
            return pool_of(plain_uri if is_back else uri)

        settings = {"away": CatalogSettings(uri=NOWHERE), "here": CatalogSettings(uri=plain_uri)}
        catalogs = Catalogs(settings, connect)
        with closing(catalogs), structlog.testing.capture_logs() as logs:
            catalogs.start()
            assert [each.is_loaded for each in catalogs] == [False, True]
            assert catalogs.seen_by(EVERYTHING)["here"].loaded.relations.relation("thing").name == "thing"
            is_back = True
            until(lambda: catalogs.seen_by(EVERYTHING)["away"].is_loaded, "the catalog is read")
        assert any(line["event"] == "catalog_not_read" for line in logs)
        assert "s3kret" not in str(logs)


class TestServer:
    def test_catalogs_alone(self, plain_uri: SecretStr) -> None:
        catalogs = {"here": CatalogSettings(uri=plain_uri), "away": CatalogSettings(uri=NOWHERE)}
        with Server(Settings(port=0, http_port=0, catalogs=catalogs)) as server:
            ready = httpx.get(f"{server.http_url}/readyz", trust_env=False)
            assert (ready.status_code, ready.json()["catalogs"]) == (200, {"here": True, "away": False})
            with Client(server.flight_url) as client:
                assert client.health().catalogs == {"here": True, "away": False}
                assert client.health().as_of is ready.json()["as_of"] is None, "there are no commits"
                with pytest.raises(UnknownCatalog, match="only catalogs: name the one"):
                    client.volumes.query().collect()

    def test_none_answers(self) -> None:
        settings = Settings(port=0, http_port=0, catalogs={"away": CatalogSettings(uri=NOWHERE)})
        with Server(settings) as server:
            ready = httpx.get(f"{server.http_url}/readyz", trust_env=False)
            assert (ready.status_code, ready.json()["down"]) == (503, ["away"])
            assert httpx.get(f"{server.http_url}/livez", trust_env=False).status_code == 200

    def test_beside_its_own_data(self, settings: Settings, plain_uri: SecretStr) -> None:
        catalogs = {"here": CatalogSettings(uri=plain_uri), "away": CatalogSettings(uri=NOWHERE)}
        with Server(settings.model_copy(update={"catalogs": catalogs, "cache_dir": None})) as server:
            ready = httpx.get(f"{server.http_url}/readyz", trust_env=False)
            assert (ready.status_code, ready.json()["catalogs"]) == (200, {"here": True, "away": False})

    def test_neither_data_nor_catalogs(self) -> None:
        with pytest.raises(ServerUnavailable, match="VXDATA_CATALOGS"):
            Server(Settings(port=0, http_port=0, database_uri=None))


def test_backslashes_are_read_as_they_are(new_database: Callable[[], SecretStr]) -> None:
    """A role may be set to read them as escapes, and then a literal would not end where it is quoted."""
    uri = new_database()
    with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
        name = connection.rows("SELECT current_database() AS name")[0]["name"]
        connection.execute(f'ALTER DATABASE "{name}" SET standard_conforming_strings TO off')
    with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
        assert connection.rows(r"SELECT 'a\' AS text") == [{"text": "a\\"}]
