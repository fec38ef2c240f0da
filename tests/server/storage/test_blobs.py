"""The blob store, against the real S3 service."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.support import CALL
from vxdata.schemas.errors import BlobForbidden, BlobNotFound, ServerUnavailable
from vxdata.server.services.health import HealthService
from vxdata.server.storage.blobs import BlobStore

if TYPE_CHECKING:
    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool


def test_the_bucket_is_there(settings: Settings) -> None:
    with closing(BlobStore(settings)) as store:
        store.check()


@pytest.mark.parametrize(
    "changes",
    [{"s3_bucket": "no-such-bucket"}, {"s3_url": "http://127.0.0.1:1"}, {"s3_access_key": "someone-else"}],
    ids=str,
)
def test_it_is_not(settings: Settings, database: ConnectionPool, changes: dict[str, Any]) -> None:
    with closing(BlobStore(settings.model_copy(update=changes))) as store:
        for check in (store.check, partial(HealthService(database, store).check, CALL)):
            with pytest.raises(ServerUnavailable, match="The blob store cannot be reached") as caught:
                check()
            assert str(settings.s3_access_key) not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "bucket", "expected"),
    [
        ({}, "no-such-bucket", BlobNotFound),
        ({"s3_access_key": "someone-else"}, "vxdata", BlobForbidden),
        ({"s3_url": "http://127.0.0.1:1"}, "vxdata", ServerUnavailable),
    ],
    ids=["missing", "forbidden", "unreachable"],
)
def test_a_listing_tells_a_bucket_from_the_service(
    settings: Settings, changes: dict[str, Any], bucket: str, expected: type[Exception]
) -> None:
    with closing(BlobStore(settings.model_copy(update=changes))) as store:
        with pytest.raises(expected) as caught:
            store.page(bucket, "a/")
        assert type(caught.value) is expected
        assert str(settings.s3_access_key) not in str(caught.value)
