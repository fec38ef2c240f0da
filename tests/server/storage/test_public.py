"""Public buckets: a bucket of the real S3 service that a policy opens to everybody for reading."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import urllib3

from tests.sdk.storage.conftest import point_at
from tests.server.support import CALL
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import BlobForbidden, NotAllowed
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.schemas.wire import ListRequest, PresignRequest
from vxdata.sdk import Client, StorageOptions
from vxdata.server.app import Server
from vxdata.server.config import Settings
from vxdata.server.embedded.s3 import s3_client
from vxdata.server.services.blobs import BlobService
from vxdata.server.storage.blobs import BlobStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.sdk import Storage
    from vxdata.server.embedded import EmbeddedStack

OPEN = "open-data"
CLOSED = "closed-data"
CONTENT = {"series/1.dcm": b"one", "series/a b+ä.dcm": b"two"}
POLICY = [
    {"Effect": "Allow", "Principal": "*", "Action": [action], "Resource": [f"arn:aws:s3:::{resource}"]}
    for action, resource in [("s3:GetObject", f"{OPEN}/*"), ("s3:ListBucket", OPEN)]
]


@pytest.fixture(scope="module", autouse=True)
def _buckets(stack: EmbeddedStack) -> None:
    with closing(s3_client(stack.s3)) as s3:
        for bucket in (OPEN, CLOSED):
            s3.create_bucket(Bucket=bucket)
            for key, body in CONTENT.items():
                s3.put_object(Bucket=bucket, Key=key, Body=body)
        policy = {"Version": "2012-10-17", "Statement": POLICY}
        s3.put_bucket_policy(Bucket=OPEN, Policy=json.dumps(policy))


@pytest.fixture(scope="module")
def public_settings(settings: Settings) -> Settings:
    """Two buckets are listed as public, of which one is; the own bucket is not meant, though it is listed."""
    listed = (OPEN, CLOSED, str(settings.s3_bucket))
    return settings.model_copy(
        update={"s3_public_buckets": listed, "s3_public_url": settings.s3_url, "cache_dir": None}
    )


@pytest.fixture(scope="module")
def public_server(public_settings: Settings) -> Iterator[Server]:
    with Server(public_settings) as running:
        yield running


@pytest.fixture(params=["presigned", "direct"])
def storage(
    request: pytest.FixtureRequest,
    public_server: Server,
    stack: EmbeddedStack,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Storage]:
    """The storage of a client; one has keys, but for a service that has no such bucket."""
    if request.param == "direct":
        monkeypatch.setenv("VXDATA_S3_URL", "http://127.0.0.1:1")
        monkeypatch.setenv("VXDATA_S3_ACCESS_KEY", "another")
        monkeypatch.setenv("VXDATA_S3_SECRET_KEY", "service")
    with Client(public_server.flight_url, storage=StorageOptions(access=request.param)) as client:
        yield client.storage


def test_an_address_is_plain(public_settings: Settings) -> None:
    with closing(BlobStore(public_settings)) as store:
        service = BlobService(store, None, registry(), None)  # type: ignore[arg-type] # addresses need no database
        urls = [f"s3://{OPEN}/{key}" for key in CONTENT]
        answer = service.presign(PresignRequest(method="get", urls=urls), CALL)
        with urllib3.PoolManager(retries=False) as http:
            bodies = [http.request("GET", address).data for address in answer.urls]
        assert bodies == list(CONTENT.values())
        assert not any("?" in address for address in answer.urls), "nothing is signed"
        page = service.list(ListRequest(url=f"s3://{OPEN}/series/"), CALL)
        assert [blob.url for blob in page.blobs] == urls
        assert service.describe(CALL).public_buckets == [OPEN, CLOSED]


def test_nobody_puts_there(public_settings: Settings) -> None:
    with closing(BlobStore(public_settings)) as store:
        service = BlobService(store, None, registry(), None)  # type: ignore[arg-type]
        with pytest.raises(NotAllowed, match=f"does not open the bucket {OPEN} for this"):
            service.presign(PresignRequest(method="put", urls=[f"s3://{OPEN}/x"]), CALL)


def test_the_own_bucket_is_signed_all_the_same(public_settings: Settings) -> None:
    with closing(BlobStore(public_settings)) as store:
        assert "X-Amz-Signature" in store.presign("get", ObjectUrl(store.bucket, "x"))


def test_a_bucket_that_is_not_open_is_told(public_settings: Settings) -> None:
    with closing(BlobStore(public_settings)) as store, pytest.raises(BlobForbidden, match=CLOSED):
        store.page(CLOSED, "series/")


def test_where_the_buckets_of_open_data_are() -> None:
    settings = Settings(s3_bucket="mine", s3_url="http://127.0.0.1:1", s3_public_buckets=("idc-open-data",))
    with closing(BlobStore(settings)) as store:
        address = store.presign("get", ObjectUrl("idc-open-data", "0123-45/a b.dcm"))
    assert address == "https://idc-open-data.s3.amazonaws.com/0123-45/a%20b.dcm"


def test_a_client_reads_them(storage: Storage, tmp_path: Path) -> None:
    folder = storage.download(f"s3://{OPEN}/series/*", tmp_path, progress=False)
    assert {path.read_bytes() for path in folder.iterdir()} == set(CONTENT.values())
    path = storage.download(f"s3://{OPEN}/series/1.dcm", tmp_path / "one", progress=False)
    assert path.read_bytes() == b"one"


def test_one_that_is_not_public_stays_closed(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(BlobForbidden, match=CLOSED):
        storage.download(f"s3://{CLOSED}/series/1.dcm", tmp_path, progress=False)


def test_own_keys_read_all_else(
    public_server: Server, stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Public and private buckets in one call; the server is asked which are which."""
    point_at(monkeypatch, stack)
    with Client(public_server.flight_url, storage=StorageOptions(access="direct")) as client:
        (tmp_path / "own.txt").write_text("own")
        own = client.storage.upload(tmp_path / "own.txt", progress=False)
        paths = client.storage.download(
            [own, f"s3://{OPEN}/series/1.dcm"], tmp_path / "files", progress=False
        )
    assert [path.read_bytes() for path in paths] == [b"own", b"one"]
