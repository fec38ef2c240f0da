"""How fast do files go to S3 and come back, beside plain boto3 with the same parallelism?

The peer does what somebody would write by hand: 16 threads around one boto3 client for small objects, its
transfer manager with 16 threads for a large one. It hashes nothing and writes straight to the final name; we
hash before and after, overwrite nothing and write to another name first. All download the same objects. A
row is an object here. The client's memory counts Polars and Arrow, which the measuring loads for all.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench._harness.candidates import S3, SERVER, Candidate, divided, in_turn, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench._harness.files import THREADS, Files
from bench.peers import boto, storage
from vxdata.cli.running import upgrade_database
from vxdata.sdk import Client, StorageOptions
from vxdata.server.embedded import EmbeddedStack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench._harness.candidates import Server
    from bench._harness.environment import Environment
    from bench._harness.figures import Measured
    from bench._harness.scale import Scale
    from bench._harness.summary import Range

PEER: Final = "boto3"
OURS: Final[dict[str, storage.Way]] = {"VxData, direct": "direct", "VxData, presigned": "presigned"}
SMALL_BYTES: Final = 16 * 1024
LARGE_ROUNDS: Final = 3
"""Rounds of the large object: S3 keeps what every round has sent."""


def answer(environment: Environment, scale: Scale) -> Answer:
    """Move many small objects, then a large one, each up and down."""
    tables: dict[str, Mapping[str, Measured]] = {}
    values: dict[str, Range] = {}
    with _s3_of_its_own(environment) as (folder, stack, server, s3):
        # The same for all, although boto3 never asks the server: to watch takes processor time itself.
        watch = {S3: stack.pids["s3"], SERVER: server.pid}
        for files in _loads(folder, scale):
            files.write()
            for verb, candidates in _both_ways(server.url, s3, files, watch).items():
                found = in_turn(candidates, scale.rounds, warm=scale.warm)
                tables[f"{verb} of {files.label}"] = tabled(found, candidates, PEER)
                for name in OURS:
                    values[f"{verb} of {files.label}, {name}: time ÷ {PEER}"] = divided(found, name, PEER)
    note = f"The large object is moved in at most {LARGE_ROUNDS} rounds, without one to warm up."
    return Answer(tables=tables, values=values, notes=(note,))


def _loads(folder: Path, scale: Scale) -> tuple[Files, Files]:
    """Many small files, and a large one."""
    small, large = folder / "small", folder / "large"
    return scale.of(
        (
            Files(small, 2_000, SMALL_BYTES, "2,000 objects of 16 KiB"),
            Files(large, 1, 2**30, "one object of 1 GiB"),
        ),
        (
            Files(small, 200, SMALL_BYTES, "200 objects of 16 KiB"),
            Files(large, 1, 2**26, "one object of 64 MiB"),
        ),
    )


def _both_ways(
    url: str, s3: Mapping[str, str], files: Files, watch: Mapping[str, int]
) -> dict[str, dict[str, Candidate]]:
    """All candidates, up and down."""
    with Client(url, storage=StorageOptions("presigned", THREADS)) as client:
        urls = client.storage.upload(files.paths, group="kept", progress=False)
    most = LARGE_ROUNDS if files.count == 1 else None
    given = (url, s3, files)
    return {
        "upload": {
            **{name: Candidate(storage.upload, (*given, way), watch, most) for name, way in OURS.items()},
            PEER: Candidate(boto.upload, (s3, files), watch, most),
        },
        "download": {
            **{
                name: Candidate(storage.download, (*given, way, urls), watch, most)
                for name, way in OURS.items()
            },
            PEER: Candidate(boto.download, (s3, files, urls), watch, most),
        },
    }


@contextmanager
def _s3_of_its_own(
    environment: Environment,
) -> Iterator[tuple[Path, EmbeddedStack, Server, dict[str, str]]]:
    """A stack that goes away with all that was sent to it, also where the data are kept.

    Args:
        environment: Its folder is where there is room.

    Yields:
        A folder, the stack, a server and the settings of S3.
    """
    with tempfile.TemporaryDirectory(dir=environment.data_dir.parent, prefix="storage-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # S3 may run as another user
        with EmbeddedStack.start(folder / "stack") as stack:
            upgrade_database(stack.postgres_uri)
            endpoint = stack.s3
            settings = {
                "s3_url": endpoint.url,
                "s3_region": endpoint.region,
                "s3_bucket": endpoint.bucket,
                "s3_access_key": endpoint.access_key,
                "s3_secret_key": endpoint.secret_key.get_secret_value(),
            }
            with served(stack.postgres_uri.get_secret_value(), **settings) as server:
                s3 = {f"VXDATA_{name.upper()}": value for name, value in settings.items()}
                yield folder, stack, server, s3
