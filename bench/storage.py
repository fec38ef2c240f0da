"""How fast do files go to S3 and come back, beside plain boto3 with the same parallelism?

The peer does what somebody would write by hand: threads around one boto3 client for small objects, its
transfer manager for a large one. It hashes nothing, checks nothing that boto3 does not check by itself,
and writes straight to the final name.

python -m bench.storage [--quick] [--rounds N]
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import random
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
import psutil
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from bench.environment import _served, describe_machine
from bench.measure import Figures, compare, peak_memory
from vxdata.cli.running import upgrade_database
from vxdata.sdk import Client, StorageOptions
from vxdata.server.embedded import EmbeddedStack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

THREADS: Final = 16
PEER: Final = "boto3"
OURS: Final[dict[str, Literal["direct", "presigned"]]] = {
    "VxData, direct": "direct",
    "VxData, presigned": "presigned",
}
SMALL_BYTES: Final = 16 * 1024
BUCKET: Final = "vxdata"
RESULTS: Final = Path(__file__).parent / "results" / "storage.json"


@dataclass(frozen=True)
class Transfers(Figures):
    """Rounds that move objects; the peak is that of a fresh client process for one round.

    Args:
        size: Bytes of each object.
    """

    size: int = 0

    def line(self, name: str) -> str:
        """One line of a table."""
        median, ratio = statistics.median(self.seconds), statistics.median(self.ratios)
        objects, megabytes = self.rows / median, self.rows * self.size / median / 1e6
        return (
            f"{name:<20} {objects:>9,.1f} objects/s {megabytes:>9,.1f} MB/s"
            f"   ratio {ratio:.2f} ({min(self.ratios):.2f} to {max(self.ratios):.2f})"
            f"   client peak {self.peak_bytes / 1e6:,.0f} MB"
        )


@dataclass(frozen=True)
class Load:
    """What is moved, and where.

    Args:
        folder: Holds the source files in `source`, and takes what is downloaded.
        url: The server.
        count: Number of objects.
        size: Bytes of each.
    """

    folder: Path
    url: str
    count: int
    size: int

    @property
    def sources(self) -> list[Path]:
        """The files."""
        return [self.folder / "source" / f"{number}.bin" for number in range(self.count)]

    def write(self) -> None:
        """Write the files, of random bytes."""
        (self.folder / "source").mkdir(parents=True)
        for path in self.sources:
            with path.open("wb") as file:
                for begin in range(0, self.size, 2**24):
                    file.write(random.randbytes(min(2**24, self.size - begin)))


def up(load: Load, name: str, group: str) -> list[str]:
    """Upload all files into a group of their own, and tell their URLs."""
    if name == PEER:
        return _plain(load, partial(_put, group=group), load.sources)
    with Client(load.url, storage=StorageOptions(OURS[name], THREADS)) as client:
        return client.storage.upload(load.sources, group=group, progress=False)


def down(load: Load, name: str, urls: Sequence[str], dest: str) -> int:
    """Download all objects into a folder of their own, and tell how many there are."""
    target = load.folder / dest
    if name == PEER:
        target.mkdir()
        return len(_plain(load, partial(_get, target=target), urls))
    with Client(load.url, storage=StorageOptions(OURS[name], THREADS)) as client:
        return len(client.storage.download(urls, target, progress=False))


def _plain(load: Load, work: Callable[..., str], items: Sequence[Any]) -> list[str]:
    settings = {
        name: os.environ[f"VXDATA_S3_{name}"] for name in ("URL", "REGION", "ACCESS_KEY", "SECRET_KEY")
    }
    client: Any = boto3.client(
        "s3",
        endpoint_url=settings["URL"],
        region_name=settings["REGION"],
        aws_access_key_id=settings["ACCESS_KEY"],
        aws_secret_access_key=settings["SECRET_KEY"],
        config=Config(max_pool_connections=2 * THREADS),
    )
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(partial(work, client, load.size), items))


def _put(client: Any, size: int, path: Path, group: str) -> str:
    key = f"{group}/{path.name}"
    if size > SMALL_BYTES:
        client.upload_file(str(path), BUCKET, key, Config=TransferConfig(max_concurrency=THREADS))
    else:
        client.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
    return f"s3://{BUCKET}/{key}"


def _get(client: Any, size: int, url: str, target: Path) -> str:
    key = url.removeprefix(f"s3://{BUCKET}/")
    place = target / key.replace("/", "_")
    if size > SMALL_BYTES:
        client.download_file(BUCKET, key, str(place), Config=TransferConfig(max_concurrency=THREADS))
    else:
        place.write_bytes(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    return str(place)


def transfers(load: Load, rounds: int) -> dict[str, dict[str, Transfers]]:
    """Compare uploads, then downloads.

    Args:
        load: What is moved.
        rounds: How often.

    Returns:
        Figures by question and candidate.
    """
    load.write()
    turn = itertools.count()
    names = [PEER, *OURS]
    urls = {name: up(load, name, f"kept-{next(turn)}-{load.size}") for name in names}

    def upload(name: str) -> int:
        return len(up(load, name, f"up-{next(turn)}-{load.size}"))

    def download(name: str) -> int:
        return down(load, name, urls[name], f"down-{next(turn)}")

    peaks_up = {name: _peak(up, load, name, f"peak-{next(turn)}-{load.size}") for name in names}
    peaks_down = {name: _peak(down, load, name, urls[name], f"peak-{next(turn)}") for name in names}
    label = f"{load.count:,} x {load.size:,} bytes"
    return {
        f"upload {label}": _measured(upload, peaks_up, rounds, load.size),
        f"download {label}": _measured(download, peaks_down, rounds, load.size),
    }


def _measured(
    work: Callable[[str], int], peaks: dict[str, int], rounds: int, size: int
) -> dict[str, Transfers]:
    found = compare({name: partial(work, name) for name in peaks}, PEER, rounds, psutil.Process())
    return {
        name: Transfers(each.rows, each.seconds, each.ratios, peaks[name], size)
        for name, each in found.items()
    }


def _peak(work: Callable[..., object], *arguments: object) -> int:
    """The most resident memory of a fresh process that does it once."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        process = psutil.Process(fresh.submit(os.getpid).result())
        with peak_memory(process) as peak:
            fresh.submit(work, *arguments).result()
        return peak[0]


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description="Files to S3 and back, beside plain boto3.")
    parser.add_argument("--quick", action="store_true", help="500 small objects and one of 256 MiB")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that count")
    arguments = parser.parse_args()
    counts = (500, 256 * 2**20) if arguments.quick else (2_000, 2**30)
    figures: dict[str, dict[str, Transfers]] = {}
    with tempfile.TemporaryDirectory(prefix="vxdata-bench-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedStack.start(Path(folder) / "stack") as stack:
            upgrade_database(stack.postgres_uri)
            os.environ |= {
                "VXDATA_S3_URL": stack.s3.url,
                "VXDATA_S3_REGION": stack.s3.region,
                "VXDATA_S3_BUCKET": stack.s3.bucket,
                "VXDATA_S3_ACCESS_KEY": stack.s3.access_key,
                "VXDATA_S3_SECRET_KEY": stack.s3.secret_key.get_secret_value(),
            }
            with _served(stack.postgres_uri.get_secret_value()) as (_, url):
                for count, size in ((counts[0], SMALL_BYTES), (1, counts[1])):
                    with tempfile.TemporaryDirectory(dir=folder) as own:
                        load = Load(Path(own), url, count, size)
                        figures |= transfers(load, arguments.rounds)
    for question, candidates in figures.items():
        print(question)
        for name, measured in candidates.items():
            print(f"  {measured.line(name)}")
    kept = {
        question: {name: asdict(each) for name, each in found.items()} for question, found in figures.items()
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": describe_machine(), "figures": kept}, indent=2) + "\n")


if __name__ == "__main__":
    main()
