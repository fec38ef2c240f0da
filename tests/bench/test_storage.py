"""Both sides of the benchmark of files move all of them, and leave nothing behind."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from bench._harness.figures import Moved
from bench._harness.files import Files
from bench.peers import boto, storage
from tests.sdk.storage.conftest import point_at
from vxdata.server.embedded.s3 import s3_client

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.app import Server
    from vxdata.server.embedded import EmbeddedStack


@pytest.mark.parametrize("size", [1_000, boto.IN_PARTS + 1], ids=["small", "large"])
@pytest.mark.parametrize("way", ["direct", "presigned", "boto3"])
def test_files_go_up_and_come_down(
    server: Server, stack: EmbeddedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Any, size: int
) -> None:
    point_at(monkeypatch, stack)  # which a candidate does in its own process
    s3 = {
        "VXDATA_S3_URL": stack.s3.url,
        "VXDATA_S3_REGION": stack.s3.region,
        "VXDATA_S3_BUCKET": stack.s3.bucket,
        "VXDATA_S3_ACCESS_KEY": stack.s3.access_key,
        "VXDATA_S3_SECRET_KEY": stack.s3.secret_key.get_secret_value(),
    }
    files = Files(tmp_path / "files", 3, size, "a few")
    files.write()

    given = (server.flight_url, s3, files, way)
    up = boto.upload(size, s3, files) if way == "boto3" else storage.upload(size, *given)
    with up as work:
        assert work() == Moved(3, 3 * size)
    urls = [f"s3://vxdata/{key}" for key in keys(stack, f"{way}-{size}/")]
    assert sorted(url.rpartition("/")[2] for url in urls) == [path.name for path in files.paths]

    down = boto.download(size, s3, files, urls) if way == "boto3" else storage.download(size, *given, urls)
    with down as work:
        assert work() == Moved(3, 3 * size)
        found = [path for path in files.folder.rglob("[012].bin") if path.parent.name != "source"]
        assert {path.read_bytes() for path in found} == {path.read_bytes() for path in files.paths}
    assert [path.name for path in files.folder.iterdir()] == ["source"]


def keys(stack: EmbeddedStack, prefix: str) -> list[str]:
    """What was stored, the size being taken for the number of the round."""
    with closing(s3_client(stack.s3)) as client:
        listed = client.list_objects_v2(Bucket=stack.s3.bucket, Prefix=prefix)
        return [found["Key"] for found in listed["Contents"]]
