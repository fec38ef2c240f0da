"""Storage on a real S3 server, by both ways to it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.sdk import Client, StorageOptions
from vxdata.server.embedded.s3 import s3_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.sdk import Storage
    from vxdata.server.app import Server
    from vxdata.server.embedded import EmbeddedStack


def point_at(monkeypatch: pytest.MonkeyPatch, stack: EmbeddedStack) -> None:
    """Put the credentials of a stack into the environment, as a user with S3 access has them."""
    for name, value in {
        "URL": stack.s3.url,
        "REGION": stack.s3.region,
        "BUCKET": stack.s3.bucket,
        "ACCESS_KEY": stack.s3.access_key,
        "SECRET_KEY": stack.s3.secret_key.get_secret_value(),
    }.items():
        monkeypatch.setenv(f"VXDATA_S3_{name}", value)


@pytest.fixture
def direct(server: Server, stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Storage of a client that has S3 credentials."""
    point_at(monkeypatch, stack)
    with Client(server.flight_url) as client:
        yield client.storage


@pytest.fixture
def presigned(server: Server) -> Iterator[Storage]:
    """Storage of a client that has none."""
    with Client(server.flight_url, storage=StorageOptions(access="presigned")) as client:
        yield client.storage


@pytest.fixture(params=["direct", "presigned"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Both, one after the other."""
    found: Storage = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def s3(stack: EmbeddedStack) -> Iterator[Any]:
    """The S3 server itself, to look and to meddle."""
    with closing(s3_client(stack.s3)) as client:
        yield client
