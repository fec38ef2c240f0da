"""Callers with tokens under grants, over Flight and HTTP; and the page that tells of grants."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import httpx
import pyarrow as pa
import pyarrow.flight as fl
import pytest

from tests.fixtures.commands import vxdata
from tests.fixtures.pages import Block, blocks, run
from tests.server.grants.support import made
from tools.tree import TOP
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import DuplicateIdentifiers, NotPermitted, ResourceNotFound, VxDataError
from vxdata.schemas.identity import EVERYTHING, Grants, Role
from vxdata.schemas.wire import Action, WireError
from vxdata.sdk import Client, F
from vxdata.server.app import Server
from vxdata.server.identities.token_store import TokenStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

PAGE: Final = TOP / "docs/security/grants.md"
LIMITED: Final = Grants(
    read=("datasource/a", "datasource/b"),
    write=("datasource/a",),
    types=("datasource", "patient", "volume"),
    licenses=("CC BY 4.0",),
)


@pytest.fixture(scope="module")
def tokens(database: ConnectionPool, creates: WriteService) -> dict[str, str]:
    """Tokens by name, for a store of three data sources."""
    rows: dict[str, dict[str, Any]] = {f"datasource/{name}": {} for name in "abc"}
    rows |= {f"patient/{name}": {"parent_identifier": f"datasource/{name}"} for name in "abc"}
    made(creates, rows)
    store = TokenStore(database)
    wanted = {
        "ann": LIMITED,
        "bob": LIMITED.model_copy(update={"read": ("datasource/a",)}),
        "eve": EVERYTHING,
    }
    return {
        name: store.create(name, Role.WRITER, grants).get_secret_value() for name, grants in wanted.items()
    }


@pytest.fixture(scope="module")
def server(
    settings: Settings,
    database_uri: SecretStr,
    tokens: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A server of the module's database that asks who calls, with copies and kept results."""
    own = {"database_uri": database_uri, "authentication": "required"}
    cache = {"cache_dir": tmp_path_factory.mktemp("cache")}
    with Server(settings.model_copy(update={**own, **cache})) as running:
        yield running


@pytest.fixture
def ann(server: Server, tokens: dict[str, str]) -> Iterator[Client]:
    with Client(server.flight_url, token=tokens["ann"]) as client:
        yield client


def http(server: Server, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{server.http_url}/v1", headers=headers, trust_env=False, timeout=60)


class TestFlight:
    def test_reads(self, ann: Client) -> None:
        assert sorted(ann.patients.query().collect()["identifier"]) == ["patient/a", "patient/b"]
        assert ann.resources.count() == 4
        assert ann.patients.query().filter(F.identifier == "patient/c").count() == 0
        with pytest.raises(ResourceNotFound):
            ann.patients.retrieve("patient/c")

    def test_writes(self, ann: Client) -> None:
        with pytest.raises(NotPermitted, match="patient/new"):
            ann.patients.create(
                PatientCreate(identifier="new", license="CC BY 4.0", parent_identifier="datasource/b")
            )

    def test_types(self, server: Server, tokens: dict[str, str]) -> None:
        with closing(fl.connect(server.flight_url)) as raw:
            options = fl.FlightCallOptions(headers=[(b"authorization", f"Bearer {tokens['ann']}".encode())])
            listed = [info.descriptor.path[0].decode() for info in raw.list_flights(options=options)]
            assert listed == [each.prefix for each in registry() if each.prefix in (LIMITED.types or ())]
            for name in ("imagingstudy", "imagingstudx"):
                with pytest.raises(pa.ArrowInvalid, match=f"'{name}'. Known: datasource, patient, volume"):
                    raw.get_schema(fl.FlightDescriptor.for_path(name), options)

    def test_details_of_an_error_are_its_callers(self, server: Server, tokens: dict[str, str]) -> None:
        """An error that is too long for a trailer is fetched, by whom it was told to."""
        error = DuplicateIdentifiers.from_identifiers([f"patient/{number}" for number in range(1000)])
        _, wire = server._flight.boundary._errors.to_wire(error, "0" * 16, "ann")
        assert wire.abridged
        for name, is_told in (("ann", True), ("bob", False)):
            with closing(fl.connect(server.flight_url)) as raw:
                headers = [(b"authorization", f"Bearer {tokens[name]}".encode())]
                asked = fl.Action(Action.ERROR_DETAIL, b"0" * 16)
                call = raw.do_action(asked, fl.FlightCallOptions(headers=headers))
                if is_told:
                    (told,) = call
                    found = WireError.model_validate_json(told.body.to_pybytes())
                    assert VxDataError.from_wire(found.model_dump()).details == error.details
                else:
                    with pytest.raises(fl.FlightError, match="No error is kept"):
                        list(call)


class TestHttp:
    @pytest.mark.parametrize(("name", "patients"), [("ann", 2), ("bob", 1), ("eve", 3)])
    def test_types_are_counted(
        self, server: Server, tokens: dict[str, str], name: str, patients: int
    ) -> None:
        with http(server, tokens[name]) as client:
            counts = {each["name"]: each["count"] for each in client.get("/types").json()["types"]}
        assert counts["patient"] == patients
        assert ("imagingstudy" in counts) is (name == "eve")

    def test_an_etag_is_of_those_who_see_the_same(self, server: Server, tokens: dict[str, str]) -> None:
        etags = {}
        for name in ("ann", "bob", "eve"):
            with http(server, tokens[name]) as client:
                answer = client.post(
                    "/count", json={"type": "datasource", "filter": "F.identifier == 'datasource/a'"}
                )
                assert answer.json()["count"] == 1
                etags[name] = answer.headers["etag"]
        assert len(set(etags.values())) == 3

    def test_an_answer_is_of_those_who_see_the_same(self, server: Server, tokens: dict[str, str]) -> None:
        with http(server, tokens["ann"]) as ann, http(server, tokens["bob"]) as bob:
            given = ann.post(
                "/answers", json={"question": {"type": "patient", "select": ["identifier"]}}
            ).json()
            assert given["rows"] == 2
            path = f"/answers/{given['digest']}.csv"
            assert ann.get(path).text.count("patient/") == 2
            assert bob.get(path).status_code == 404

    @pytest.mark.parametrize("path", ["resources", "history", "children", "lineage", "files"])
    def test_what_is_hidden_is_missing(self, server: Server, tokens: dict[str, str], path: str) -> None:
        with http(server, tokens["ann"]) as client:
            hidden, absent = (client.get(f"/{path}/patient/{name}") for name in ("c", "x"))
            assert client.get(f"/{path}/patient/b").status_code == 200
        assert hidden.status_code == absent.status_code == 404
        assert hidden.json()["message"] == absent.json()["message"].replace("patient/x", "patient/c")

    def test_facets_and_identifiers(self, server: Server, tokens: dict[str, str]) -> None:
        with http(server, tokens["bob"]) as client:
            found = client.post(
                "/facets", json={"question": {"type": "patient"}, "fields": ["datasource_id"]}
            ).json()
            assert [each["value"] for each in found["facets"]["datasource_id"]["values"]] == ["datasource/a"]
            assert client.get("/identifiers").json()["identifiers"] == ["datasource/a", "patient/a"]


def test_the_page_runs(
    server: Server,
    database_uri: SecretStr,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (making,) = blocks(PAGE, "sh")
    arguments = making.code.replace('"CC BY 4.0"', "CC_BY_4.0").split()[1:]
    arguments = [each.replace("CC_BY_4.0", "CC BY 4.0") for each in arguments]
    arguments[arguments.index("ann")] = "page"
    done = vxdata(*arguments, env={"VXDATA_DATABASE_URI": database_uri.get_secret_value()})
    assert done.returncode == 0, done.stderr
    token = next(word for word in done.stdout.split() if word.startswith("vxd_"))
    monkeypatch.setenv("VXDATA_TOKEN", token)
    (block,) = blocks(PAGE)
    names: dict[str, Any] = {}
    run(
        Block(block.heading, block.line, block.code.replace("Client()", f"Client({server.flight_url!r})")),
        names,
    )
    with names["client"]:
        assert sorted(names["patients"]["identifier"]) == ["patient/a", "patient/b"]
        assert names["number"] == 0
