"""How S3 is reached: chosen once, by what there is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.sdk.storage.conftest import point_at
from vxdata.schemas.errors import InvalidRequest, NotAllowed, ServerUnavailable
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.sdk import Client, StorageOptions
from vxdata.sdk._storage.direct import DirectAccess
from vxdata.sdk._storage.options import StorageBackend
from vxdata.sdk._storage.presigned import PresignedAccess
from vxdata.sdk._storage.signer import Signer
from vxdata.server.app import Server

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.sdk import Storage
    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack

NOWHERE = "grpc://127.0.0.1:1"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without any credentials, also none of boto3's."""
    for name in os.environ:
        if name.startswith(("AWS_", "VXDATA_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


def access_of(client: Client) -> Any:
    return client.storage._backend.access


def test_without_credentials_the_server_signs(server: Server) -> None:
    with Client(server.flight_url) as client:
        assert isinstance(access_of(client), PresignedAccess)
        assert access_of(client) is access_of(client)


def test_own_credentials_are_used_and_the_server_is_not_asked(
    stack: EmbeddedStack, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, stack)
    (tmp_path / "a").write_text(unique)
    with Client(NOWHERE) as client:
        assert isinstance(access_of(client), DirectAccess)
        assert client.storage.upload(tmp_path / "a").startswith("s3://vxdata/files/")


def test_without_a_bucket_of_its_own_the_server_is_asked(
    server: Server, stack: EmbeddedStack, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, stack)
    monkeypatch.delenv("VXDATA_S3_BUCKET")
    (tmp_path / "a").write_text(unique)
    with Client(server.flight_url) as client:
        assert client.storage.upload(tmp_path / "a").startswith("s3://vxdata/files/")
    with Client(NOWHERE) as client, pytest.raises(ServerUnavailable):
        client.storage.upload(tmp_path / "a")


def test_credentials_of_aws_are_not_sent_elsewhere(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's S3 is not in AWS, so what boto3 finds belongs to something else."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-aws")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-aws")
    with Client(server.flight_url) as client:
        assert isinstance(access_of(client), PresignedAccess)


@pytest.mark.usefixtures("server")  # which makes the tables
def test_credentials_of_aws_are_used_for_blobs_in_aws(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_aws = settings.model_copy(update={"s3_url": None, "s3_region": "eu-central-1"})
    with Server(in_aws) as server, Client(server.flight_url) as client:
        assert isinstance(access_of(client), PresignedAccess)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-aws")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-aws")
    with Server(in_aws) as server, Client(server.flight_url) as client:
        access = access_of(client)
        assert isinstance(access, DirectAccess)
        assert access._client.meta.region_name == "eu-central-1"


def test_the_choice_can_be_made(
    server: Server, stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, stack)
    with Client(server.flight_url, storage=StorageOptions(access="presigned")) as client:
        assert isinstance(access_of(client), PresignedAccess)
    for name in ("URL", "ACCESS_KEY", "SECRET_KEY"):
        monkeypatch.delenv(f"VXDATA_S3_{name}")
    with Client(server.flight_url, storage=StorageOptions(access="direct")) as client:
        assert isinstance(access_of(client), DirectAccess)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ACCESS_KEY": "key"}, "only one of them is set"),
        ({"URL": "http://127.0.0.1:9", "SECRET_KEY": "secret"}, "only one of them is set"),
        ({"URL": "no address", "ACCESS_KEY": "key", "SECRET_KEY": "secret"}, "Invalid endpoint"),
    ],
)
def test_settings_that_make_no_sense(
    settings: dict[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"VXDATA_S3_{name}", value)
    with Client(NOWHERE) as client, pytest.raises(InvalidRequest, match=message):
        client.storage.download("s3://vxdata/a", tmp_path)


@pytest.mark.usefixtures("server")  # which makes the tables
def test_a_server_without_blobs_says_so(settings: Settings, tmp_path: Path) -> None:
    with (
        Server(settings.model_copy(update={"s3_bucket": None})) as server,
        Client(server.flight_url) as client,
        pytest.raises(NotAllowed, match="no blob store"),
    ):
        client.storage.download("s3://vxdata/a", tmp_path)


def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert StorageOptions().thread_count == 16
    monkeypatch.setenv("VXDATA_STORAGE_THREADS", "3")
    assert StorageOptions().thread_count == 3
    assert StorageOptions(threads=5).thread_count == 5
    for wrong in ("0", "-1", "many"):
        monkeypatch.setenv("VXDATA_STORAGE_THREADS", wrong)
        with pytest.raises(InvalidRequest, match=f"1 or more, not {wrong!r}"):
            _ = StorageOptions().thread_count


def test_a_closed_client_makes_new_connections(presigned: Storage, unique: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(unique)
    url = presigned.upload(tmp_path / "a")
    presigned.close()
    presigned.close()
    assert presigned.download(url, tmp_path / "out").read_text() == unique


class Counting:
    """A way to the server that counts what is asked."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.retries = transport.retries
        self.asked: list[str] = []

    def act(self, action: Any, body: bytes = b"") -> bytes:
        """Count, and ask."""
        self.asked.append(action.value)
        answer: bytes = self._transport.act(action, body)
        return answer


def test_addresses_are_signed_in_batches(client: Client, unique: str) -> None:
    counting: Any = Counting(client._session.transport)
    signer = Signer(counting, "get")
    urls = [ObjectUrl("vxdata", f"{unique}/{number}") for number in range(2_500)]
    signer.expect(urls)
    addresses = {signer.signed(url).url for url in urls}
    assert len(addresses) == 2_500
    assert counting.asked == ["presign"] * 3
    assert all(signer.signed(url).url.startswith("http://") for url in urls[:2])
    assert counting.asked == ["presign"] * 5


def test_objects_that_are_found_are_touched_in_batches(client: Client, unique: str) -> None:
    counting: Any = Counting(client._session.transport)
    backend = StorageBackend(counting, StorageOptions())
    backend.touch([])
    assert counting.asked == []
    backend.touch([f"s3://vxdata/{unique}/{number}" for number in range(2_500)])
    assert counting.asked == ["touch"] * 3
