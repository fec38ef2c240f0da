"""What somebody would write by hand with boto3.

Threads around one client for small files, its transfer manager for large ones. It hashes nothing, checks what
boto3 checks by itself, and writes straight to the final name.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from bench._harness.figures import Moved
from bench._harness.files import THREADS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bench._harness.candidates import Work
    from bench._harness.files import Files, Variables

IN_PARTS: Final = 8 * 1024**2
"""Bytes from which boto3's own transfer manager is used, which begins to move parts at this size."""


@contextmanager
def upload(number: int, s3: Variables, files: Files) -> Iterator[Work]:
    """Upload all files under keys of this round."""
    bucket = s3["VXDATA_S3_BUCKET"]
    with _warm_client(s3, files) as client:

        def put(path: Path) -> None:
            key = f"boto3-{number}/{path.name}"
            if files.size > IN_PARTS:
                client.upload_file(
                    str(path), bucket, key, Config=TransferConfig(IN_PARTS, max_concurrency=THREADS)
                )
            else:
                client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

        yield lambda: Moved(_side_by_side(put, files.paths), files.total)


@contextmanager
def download(_: int, s3: Variables, files: Files, urls: Sequence[str]) -> Iterator[Work]:
    """Download all objects into an empty folder."""
    with _warm_client(s3, files) as client, tempfile.TemporaryDirectory(dir=files.folder) as folder:

        def get(url: str) -> None:
            bucket, _, key = url.removeprefix("s3://").partition("/")
            place = Path(folder, key.rpartition("/")[2])
            if files.size > IN_PARTS:
                client.download_file(
                    bucket, key, str(place), Config=TransferConfig(IN_PARTS, max_concurrency=THREADS)
                )
            else:
                place.write_bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())

        yield lambda: Moved(_side_by_side(get, urls), files.total)


def _side_by_side(work: Callable[[Any], None], items: Iterable[Any]) -> int:
    with ThreadPoolExecutor(THREADS) as threads:
        return len(list(threads.map(work, items)))


@contextmanager
def _warm_client(s3: Variables, files: Files) -> Iterator[Any]:
    """A client that has moved a file both ways."""
    client: Any = boto3.client(
        "s3",
        endpoint_url=s3["VXDATA_S3_URL"],
        region_name=s3["VXDATA_S3_REGION"],
        aws_access_key_id=s3["VXDATA_S3_ACCESS_KEY"],
        aws_secret_access_key=s3["VXDATA_S3_SECRET_KEY"],
        config=Config(max_pool_connections=2 * THREADS),
    )
    with closing(client):
        where = {"Bucket": s3["VXDATA_S3_BUCKET"], "Key": files.tiny.name}
        client.put_object(**where, Body=files.tiny.read_bytes())
        client.get_object(**where)["Body"].read()
        yield client
