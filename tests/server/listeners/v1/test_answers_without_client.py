"""Answers are read by what people have: Polars, DuckDB, pandas, pyarrow, Hugging Face datasets and curl."""

from __future__ import annotations

import shutil
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import duckdb
import httpx
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal
from pydantic_core import from_json

from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.plan import encode
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROWS: Final = 40_000
NAME: Final = "series_description"


@dataclass(frozen=True)
class Cohort:
    """An answer with addresses, and the rows that the client reads."""

    urls: dict[str, str]
    signed: dict[str, str]
    rows: pl.DataFrame


@pytest.fixture(scope="module")
def cohort(client: Client, http: httpx.Client) -> Cohort:
    source = client.data_sources.create(DataSourceCreate(identifier="read-elsewhere", license="CC BY 4.0"))
    numbers = pl.DataFrame({"number": range(ROWS)}).with_columns(
        hash=pl.concat_str(pl.col("number").hash(seed).cast(pl.String) for seed in range(4))
    )
    client.volumes.create(
        numbers.select(
            identifier=pl.format("elsewhere-{}", pl.col("number").cast(pl.String).str.zfill(6)),
            parent_identifier=pl.lit(source.identifier),
            license=pl.lit("CC BY 4.0"),
            volume_type=pl.when(pl.col("number") % 3 == 0).then(pl.lit("T2")),
            slice_thickness=pl.col("number") % 70 / 10 + 0.5,
            series_description=pl.format('="{}", a,\nb', "hash"),
        )
    )
    query = client.volumes.query().filter(F.datasource_id == source.identifier)
    question = {"plan": from_json(encode(query.plan))}
    given, signed = (
        http.post("/answers", json={"question": question, **more}).json() for more in ({}, {"sign_for": 600})
    )
    rows = query.as_of(given["snapshot"]["as_of"]).collect().sort("identifier")
    assert given["rows"] == len(rows) == ROWS
    return Cohort(given["urls"], signed["urls"], rows)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is reached directly, whatever the environment says of proxies."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize("kind", ["urls", "signed"])
def test_polars_scans_parquet(cohort: Cohort, kind: str) -> None:
    thin = pl.col("slice_thickness") < 1
    url = getattr(cohort, kind)["parquet"]
    assert_frame_equal(pl.scan_parquet(url).filter(thin).collect(), cohort.rows.filter(thin))


def test_polars_fetches_only_what_it_needs(cohort: Cohort) -> None:
    with counting(cohort.urls["parquet"]) as counted:
        scanned = pl.scan_parquet(counted.url).filter(pl.col("slice_thickness") < 1)
        found = scanned.select(pl.len()).collect().item()
    assert found == cohort.rows.filter(pl.col("slice_thickness") < 1).height
    assert counted.ranges
    assert counted.sent < counted.size / 2


def test_polars_reads_arrow_csv_and_ndjson(cohort: Cohort) -> None:
    assert_frame_equal(pl.scan_ipc(cohort.urls["arrow"]).collect(), cohort.rows)
    plain = ["identifier", "volume_type", "slice_thickness", NAME]
    csv = pl.read_csv(cohort.urls["csv"], columns=plain).select(plain)
    guarded = pl.concat_str(pl.lit("'"), NAME).alias(NAME)  # what a spreadsheet would compute
    assert_frame_equal(csv, cohort.rows.select(plain).with_columns(guarded))
    lines = pl.scan_ndjson(cohort.urls["ndjson"]).select(plain).collect()
    assert_frame_equal(lines, cohort.rows.select(plain))


@pytest.mark.parametrize("kind", ["urls", "signed"])
def test_duckdb(cohort: Cohort, kind: str) -> None:
    package: Any = files("duckdb_extension_httpfs")
    with duckdb.connect() as connection:
        connection.load_extension(str(next(package.rglob("*.duckdb_extension"))))
        found = connection.execute(
            "SELECT count(*), max(slice_thickness) FROM read_parquet(?) WHERE volume_type = 'T2'",
            [getattr(cohort, kind)["parquet"]],
        ).fetchall()
    kept = cohort.rows.filter(pl.col("volume_type") == "T2")
    assert found == [(len(kept), kept["slice_thickness"].max())]


def test_pandas(cohort: Cohort) -> None:
    frame = pd.read_parquet(cohort.urls["parquet"], columns=["identifier", NAME])
    assert frame["identifier"].tolist() == cohort.rows["identifier"].to_list()
    assert frame[NAME].tolist() == cohort.rows[NAME].to_list()


def test_pyarrow(cohort: Cohort) -> None:
    with urllib.request.urlopen(cohort.signed["arrow"]) as response:  # noqa: S310 - our own server
        table = pa.ipc.open_file(response.read()).read_all()
    assert_frame_equal(pl.DataFrame(table), cohort.rows)


@pytest.mark.parametrize("kind", ["urls", "signed"])
def test_hugging_face_datasets(
    cohort: Cohort, load_dataset: Callable[[str], pl.DataFrame], kind: str
) -> None:
    assert_frame_equal(load_dataset(getattr(cohort, kind)["parquet"]), cohort.rows)


def test_curl_goes_on_where_it_stopped(cohort: Cohort, tmp_path: Path) -> None:
    url, file = cohort.urls["arrow"], tmp_path / "cohort.arrow"
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    whole = httpx.get(url, trust_env=False).content
    file.write_bytes(whole[: len(whole) // 3])
    subprocess.run([curl, "--silent", "--fail", "--continue-at", "-", "--output", file, url], check=True)
    assert file.read_bytes() == whole


@dataclass
class Counted:
    """What went through a proxy.

    Args:
        url: The address below it.
        size: Bytes of the file.
        sent: Bytes that were sent of it.
        ranges: The ranges that were asked for.
    """

    url: str
    size: int
    sent: int = 0
    ranges: list[str] = field(default_factory=list)


@contextmanager
def counting(url: str) -> Iterator[Counted]:
    """Put a proxy before an address, which counts the bytes that go through it."""
    told = httpx.head(url, trust_env=False).headers

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {"Range": self.headers["Range"]} if "Range" in self.headers else {}
            found = httpx.request(self.command, url, headers=asked, trust_env=False)
            counted.ranges += asked.values()
            counted.sent += len(found.content)
            self.send_response(found.status_code)
            for name, value in found.headers.items():
                if name not in {"date", "server"}:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        name = url.rpartition("/")[2]
        counted = Counted(f"http://127.0.0.1:{proxy.server_port}/{name}", int(told["content-length"]))
        serving = threading.Thread(target=proxy.serve_forever)
        serving.start()
        try:
            yield counted
        finally:
            proxy.shutdown()
            serving.join()
