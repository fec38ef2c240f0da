"""Addresses of blobs, against the real S3 service."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import urllib3
from pydantic import ValidationError

from tests.server.support import CALL
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import DiskFull, InvalidBlobUrl, NotAllowed
from vxdata.schemas.wire import MAX_URLS, BlobUrls, ListRequest, PresignRequest
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.services.blobs import BlobService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from vxdata.schemas.wire import Presigned
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.storage.blobs import BlobStore

KEYS = [
    "plain.nii",
    "with space/#hash?query=1&more",
    "100%/%2e%2e/%41",
    "grüße/日本/🧠.nii",
    "quote'\"\\<>|*:;",
    "/".join(["x" * 224] * 4),  # SeaweedFS takes 255 bytes in each part
]


@pytest.fixture
def service(store: BlobStore, database: ConnectionPool, monitor: CancellationMonitor) -> BlobService:
    """The service."""
    return BlobService(store, database, registry(), monitor)


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    """A client without any credentials."""
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


def signed(service: BlobService, method: str, *urls: str) -> Presigned:
    return service.presign(PresignRequest.model_validate({"method": method, "urls": urls}), CALL)


def put(service: BlobService, http: urllib3.PoolManager, url: str, body: bytes) -> int:
    answer = signed(service, "put", url)
    return http.request("PUT", answer.urls[0], body=body, headers=answer.headers[0]).status


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:12])
def test_an_object_goes_up_and_down_without_credentials(
    service: BlobService, http: urllib3.PoolManager, bucket: str, key: str
) -> None:
    url = f"s3://{bucket}/{key}"
    assert put(service, http, url, b"content") == 200

    got = http.request("GET", signed(service, "get", url).urls[0])
    looked = http.request("HEAD", signed(service, "head", url).urls[0])

    assert (got.status, got.data) == (200, b"content")
    assert (looked.status, looked.headers["content-length"]) == (200, "7")
    listed = service.list(ListRequest(url=f"s3://{bucket}/{key.partition('/')[0]}/"), CALL).blobs
    assert [blob.url for blob in listed] == ([url] if "/" in key else [])


def test_nothing_is_overwritten(service: BlobService, http: urllib3.PoolManager, bucket: str) -> None:
    url = f"s3://{bucket}/once"
    answer = signed(service, "put", url)
    assert answer.headers == [{"if-none-match": "*"}]

    assert http.request("PUT", answer.urls[0], body=b"first", headers=answer.headers[0]).status == 200
    assert http.request("PUT", answer.urls[0], body=b"second", headers=answer.headers[0]).status == 412
    assert http.request("PUT", answer.urls[0], body=b"second").status == 403, "the condition is signed"

    assert http.request("GET", signed(service, "get", url).urls[0]).data == b"first"


def test_a_key_gets_the_content_that_it_names(
    service: BlobService, http: urllib3.PoolManager, bucket: str
) -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    url = f"s3://{bucket}/files/{digest}/a"

    assert put(service, http, url, b"other") == 400
    assert http.request("GET", signed(service, "get", url).urls[0]).status == 404
    (address,), (headers,) = (answer := signed(service, "put", url)).urls, answer.headers
    unstated = http.request("PUT", address, body=b"other", headers={"if-none-match": "*"})
    assert unstated.status == 403, "the hash is signed"
    assert http.request("PUT", address, body=b"content", headers=headers).status == 200
    assert http.request("GET", signed(service, "get", url).urls[0]).data == b"content"


def test_an_address_serves_one_method_and_one_object(
    service: BlobService, http: urllib3.PoolManager, bucket: str
) -> None:
    assert put(service, http, f"s3://{bucket}/a", b"a") == 200
    assert put(service, http, f"s3://{bucket}/b", b"b") == 200
    (address,) = signed(service, "get", f"s3://{bucket}/a").urls

    assert http.request("DELETE", address).status == 403
    assert http.request("PUT", address, body=b"x").status == 403
    assert http.request("GET", address.replace("/a?", "/b?")).status == 403
    assert http.request("GET", address).data == b"a"


def test_other_buckets_are_refused(service: BlobService, bucket: str) -> None:
    for method in ("get", "head", "put"):
        with pytest.raises(NotAllowed, match="bucket elsewhere for this") as caught:
            signed(service, method, f"s3://{bucket}/mine", "s3://elsewhere/theirs")
        assert caught.value.details["buckets"] == ["elsewhere"]
    with pytest.raises(NotAllowed, match="elsewhere"):
        service.list(ListRequest(url="s3://elsewhere/a/"), CALL)


def test_a_further_bucket_is_read_and_not_written(service: BlobService, store: BlobStore) -> None:
    own, further = store.buckets

    assert service.describe(CALL).model_dump() == {
        "bucket": own,
        "buckets": [own, further],
        "public_buckets": [],
        "url": store.url,
        "region": store.region,
    }
    assert len(signed(service, "get", f"s3://{further}/a", f"s3://{own}/a").urls) == 2
    with pytest.raises(NotAllowed, match=f"{further} for this; it does {own}"):
        signed(service, "put", f"s3://{further}/a")


@pytest.mark.parametrize(
    "key", ["", "a/../b", "./a", "a//b", "/a", "a\x00", "a\n", "x" * 1_025, "ü" * 513, "folder/", "folder/*"]
)
def test_keys_that_are_refused(service: BlobService, bucket: str, key: str) -> None:
    with pytest.raises(InvalidBlobUrl):
        signed(service, "get", f"s3://{bucket}/{key}")


@pytest.mark.parametrize("url", ["http://169.254.169.254/a", "s3:/a", "file:///etc/passwd", "s3://B/a"])
def test_what_is_no_url_of_an_object_is_refused(service: BlobService, url: str) -> None:
    with pytest.raises(InvalidBlobUrl):
        signed(service, "get", url)
    with pytest.raises(InvalidBlobUrl):
        service.list(ListRequest(url=url), CALL)


def test_a_listing_is_of_a_prefix(service: BlobService, bucket: str) -> None:
    with pytest.raises(InvalidBlobUrl, match="stands for one object"):
        service.list(ListRequest(url=f"s3://{bucket}/a"), CALL)


def test_a_batch_has_a_limit(service: BlobService, bucket: str) -> None:
    url = f"s3://{bucket}/a"
    assert len(signed(service, "get", *[url] * MAX_URLS).urls) == MAX_URLS
    with pytest.raises(ValidationError):
        signed(service, "get", *[url] * (MAX_URLS + 1))


def test_pages_together_are_everything(service: BlobService, store: BlobStore, bucket: str) -> None:
    names = {f"series/{number:04}/{part}.dcm" for number in range(205) for part in range(5)}
    for name in names:
        store._client.put_object(Bucket=bucket, Key=name, Body=b"x")
    store._client.put_object(Bucket=bucket, Key="series-of-another/a", Body=b"x")

    first = service.list(ListRequest(url=f"s3://{bucket}/series/*"), CALL)
    assert len(first.blobs) == 1_000
    second = service.list(ListRequest(url=f"s3://{bucket}/series/*", after=first.after), CALL)

    assert second.after is None
    assert sorted(blob.url for blob in first.blobs + second.blobs) == sorted(
        f"s3://{bucket}/{name}" for name in names
    )


def test_without_a_blob_store_the_operator_is_named(
    database: ConnectionPool, monitor: CancellationMonitor
) -> None:
    service = BlobService(None, database, registry(), monitor)

    with pytest.raises(NotAllowed, match="VXDATA_S3_BUCKET"):
        service.describe(CALL)
    with pytest.raises(NotAllowed, match="VXDATA_S3_BUCKET"):
        signed(service, "get", "s3://bucket/a")


def test_what_is_touched_is_noted(service: BlobService, database: ConnectionPool, bucket: str) -> None:
    urls = [f"s3://{bucket}/{key}" for key in ("b", "a", "gone/ä 'quoted' \\ {braces}")]

    assert service.touch(BlobUrls(urls=[*urls, *urls]), CALL).urls == sorted(urls)
    first = touched(database, bucket)
    assert set(first) == set(urls)
    service.touch(BlobUrls(urls=urls[:1]), CALL)

    second = touched(database, bucket)
    assert second[urls[0]] > first[urls[0]]
    assert [second[url] for url in urls[1:]] == [first[url] for url in urls[1:]]
    with pytest.raises(InvalidBlobUrl):
        service.touch(BlobUrls(urls=["/etc/passwd"]), CALL)
    assert service.touch(BlobUrls(urls=[]), CALL).urls == []


def touched(database: ConnectionPool, bucket: str) -> dict[str, datetime]:
    with database.connection() as connection:
        rows = connection.rows("SELECT url, touched_at FROM vxdata.touched")
    return {row["url"]: row["touched_at"] for row in rows if row["url"].startswith(f"s3://{bucket}/")}


def test_a_full_disk_gives_addresses_to_read_and_none_to_put(
    store: BlobStore, database: ConnectionPool, monitor: CancellationMonitor, bucket: str, tmp_path: Path
) -> None:
    service = BlobService(store, database, registry(), monitor, DiskGuard(tmp_path, 2**62))
    assert len(signed(service, "get", f"s3://{bucket}/key").urls) == 1
    with pytest.raises(DiskFull):
        signed(service, "put", f"s3://{bucket}/key")
