"""Fixtures of this folder: a bucket of a test's own."""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from vxdata.server.embedded.s3 import s3_client
from vxdata.server.storage.blobs import BlobStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack


@pytest.fixture
def bucket(stack: EmbeddedStack) -> str:
    """An empty bucket."""
    name = f"test-{secrets.token_hex(6)}"
    with closing(s3_client(stack.s3)) as s3:
        s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def store(settings: Settings, bucket: str) -> Iterator[BlobStore]:
    """A blob store with this bucket, which opens the stack's own bucket for reading too."""
    own = settings.model_copy(update={"s3_bucket": bucket, "s3_buckets": (str(settings.s3_bucket),)})
    with closing(BlobStore(own)) as blobs:
        yield blobs
