"""Signed addresses: they are read in the place of who had them signed, and open nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx
import polars as pl
import pytest

from tests.server.support import until
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.identity import Grants, Role
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.asking import Tokens
    from vxdata.server.app import Server


@pytest.fixture
def patients(asking_server: Server, tokens: Tokens, datasource: str, unique: str) -> str:
    """The data source of two patients of this test."""
    with Client(asking_server.flight_url, token=tokens.take(Role.WRITER)[1]) as client:
        client.patients.create(
            PatientCreate(identifier=f"{unique}-{number}", parent_identifier=datasource, license=licence)
            for number, licence in enumerate(("open", "closed"))
        )
    return datasource


def is_known(server: Server, token: str) -> bool:
    """Tell whether a server lets a token in: one that was made while it runs, it may know a moment later."""
    answer = httpx.get(f"{server.http_url}/v1/session", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


def signed(server: Server, token: str, source: str, columns: str = "") -> str:
    """Have the address of the patients below a data source signed, with a selection of columns or all."""
    answer = httpx.post(
        f"{server.http_url}/v1/answers",
        json={
            "question": {
                "text": f"client.patients.query().filter(F.parent_identifier == {source!r}){columns}"
            },
            "sign_for": 600,
        },
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["urls"]["parquet"]
    return url


def test_polars_reads_one_without_a_token(asking_server: Server, tokens: Tokens, patients: str) -> None:
    token = tokens.take()[1]
    url = signed(asking_server, token, patients)
    assert token not in url
    with Client(asking_server.flight_url, token=token) as client:
        expected = client.patients.query().filter(F.parent_identifier == patients).collect()
    assert pl.scan_parquet(url).collect()["identifier"].to_list() == expected["identifier"].sort().to_list()
    assert httpx.get(url.partition("?")[0]).status_code == 401


def test_hugging_face_datasets_read_one_without_a_token(
    asking_server: Server, tokens: Tokens, patients: str, load_dataset: Callable[[str], pl.DataFrame]
) -> None:
    columns = ".select('identifier', 'license', 'created_at')"  # it knows no mappings, as patients have one
    url = signed(asking_server, tokens.take()[1], patients, columns)
    assert load_dataset(url).equals(pl.read_parquet(url))


def test_nothing_of_it_can_be_changed(asking_server: Server, tokens: Tokens, patients: str) -> None:
    url = signed(asking_server, tokens.take()[1], patients)
    stated = parse_qs(urlsplit(url).query)
    other = tokens.store.find(tokens.take()[0]).id
    for name, value in (("expires", "4000000000"), ("signer", other), ("signature", "0" * 64)):
        changed = url.replace(f"{name}={stated[name][0]}", f"{name}={value}")
        assert changed != url
        refused = httpx.get(changed)
        assert (refused.status_code, refused.json()["code"]) == (403, "INVALID_SIGNATURE"), name
    assert httpx.get(url.replace(".parquet?", ".csv?")).status_code == 403


def test_it_opens_nothing_else(asking_server: Server, tokens: Tokens, patients: str) -> None:
    query = urlsplit(signed(asking_server, tokens.take()[1], patients)).query
    for path in ("types", "query?type=patient", "commits", "session"):
        mark = "&" if "?" in path else "?"
        answer = httpx.get(f"{asking_server.http_url}/v1/{path}{mark}{query}")
        assert answer.status_code in {401, 422}, path


def test_it_ends_with_the_token_of_its_signer(asking_server: Server, tokens: Tokens, patients: str) -> None:
    name, token = tokens.take()
    url = signed(asking_server, token, patients)
    assert httpx.head(url).status_code == 200
    tokens.store.revoke(name)
    until(lambda: httpx.head(url).status_code == 401, "it holds no longer")


def test_it_shows_what_the_signer_sees(
    asking_server: Server, tokens: Tokens, patients: str, unique: str
) -> None:
    made = tokens.store.create(f"limited-{unique}", Role.READER, Grants(licenses=("open",)))
    limited = made.get_secret_value()
    until(lambda: is_known(asking_server, limited), "the server knows the new token")
    url = signed(asking_server, limited, patients)
    assert pl.read_parquet(url)["license"].to_list() == ["open"]
