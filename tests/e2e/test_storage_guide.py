"""Every snippet of the reference guides about files runs as it was published."""

from __future__ import annotations

import gzip
import secrets
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.fixtures.pages import blocks, run
from vxdata.cli.running import upgrade_database
from vxdata.schemas.create import ArtefactCreate, BenchmarkingResultCreate, DataSourceCreate, VolumeCreate
from vxdata.schemas.errors import StateConflict
from vxdata.sdk import Client, F, StorageOptions
from vxdata.server.app import Server
from vxdata.server.embedded.s3 import s3_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack

SNIPPETS = {block.heading: block for block in blocks(Path(__file__).parent / "guides" / "storage.md")}
BUCKET = "bucket"
"""As the guides call it."""

OBJECTS = {
    name: gzip.compress(name.encode()) for name in ("path/to/file.nii.gz", "file1.nii.gz", "file2.nii.gz")
}
FRAME = pl.DataFrame({"patient": ["patient/BB00001", "patient/BB00002"], "score": [0.25, 0.75]})


@pytest.fixture(scope="module")
def guide_server(
    settings: Settings, stack: EmbeddedStack, new_database: Callable[[], SecretStr]
) -> Iterator[str]:
    """A server whose bucket has the guides' name and holds their files."""
    uri = new_database()
    upgrade_database(uri)
    with closing(s3_client(stack.s3)) as s3:
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
            s3.create_bucket(Bucket=BUCKET)
        for key, content in OBJECTS.items():
            s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    with Server(settings.model_copy(update={"database_uri": uri, "s3_bucket": BUCKET})) as server:
        yield server.flight_url


@pytest.fixture
def names(guide_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the snippets can see: a client without S3 credentials, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    with Client(guide_server, storage=StorageOptions(access="presigned")) as client:
        yield {
            "client": client,
            "vxd": client,
            "F": F,
            "Path": Path,
            "BenchmarkingResultCreate": BenchmarkingResultCreate,
            "df": FRAME,
        }


def content(path: Path | str) -> bytes:
    return Path(path).read_bytes()


def test_the_page_holds_all_of_them() -> None:
    assert list(SNIPPETS) == [
        "Download individual S3 URLs",
        "Download all S3 URLs in a DataFrame",
        "Benchmarking results",
        "Artefacts",
    ]


def test_download(names: dict[str, Any], tmp_path: Path) -> None:
    run(SNIPPETS["Download individual S3 URLs"], names)

    assert names["local_path"].is_relative_to(tmp_path / "downloads")
    assert content(names["local_path"]) == OBJECTS["path/to/file.nii.gz"]
    assert [content(path) for path in names["local_paths"]] == [
        OBJECTS["file1.nii.gz"],
        OBJECTS["file2.nii.gz"],
    ]


def test_materialize(names: dict[str, Any], tmp_path: Path) -> None:
    client: Client = names["client"]
    source = f"datasource/{secrets.token_hex(6)}"
    volumes = [
        VolumeCreate(identifier=f"{source[-6:]}-{name}", parent_identifier=source, license="x", path_nii=url)
        for name, url in [
            ("a", f"s3://{BUCKET}/file1.nii.gz"),
            ("b", f"s3://{BUCKET}/file2.nii.gz"),
            ("c", None),
        ]
    ]
    client.resources.create([DataSourceCreate(identifier=source, license="x"), *volumes])
    snippet = SNIPPETS["Download all S3 URLs in a DataFrame"]
    stated = replace(snippet, code=snippet.code.replace("...", f"F.datasource_id == {source!r}"))

    run(stated, names)

    before, after = (names[name].sort("identifier") for name in ("volumes", "volumes_local"))
    assert after.schema == before.schema
    assert_frame_equal(after.drop("path_nii"), before.drop("path_nii"))
    *paths, nothing = after["path_nii"].to_list()
    assert nothing is None
    assert [content(path) for path in paths] == [OBJECTS["file1.nii.gz"], OBJECTS["file2.nii.gz"]]
    assert all(Path(path).is_relative_to(tmp_path / "downloads") for path in paths)


def test_benchmarking_results(names: dict[str, Any]) -> None:
    client: Client = names["client"]
    task_id = secrets.token_hex(16)
    patient_ids = FRAME["patient"].to_list()

    (stored,) = run(
        SNIPPETS["Benchmarking results"], names | {"task_id": task_id, "patient_ids": patient_ids}
    )

    assert stored.identifier == f"benchmarking/{task_id}"
    assert stored == client.benchmarking_results.retrieve(task_id, include_children=False)
    assert (stored.clearml_id, stored.eval_task, stored.benchmarked_on) == (
        task_id,
        "ve2e-default",
        patient_ids,
    )
    found = client.storage.download_dataframes(stored.other_data)
    assert_frame_equal(found["patient_level_results"], FRAME)
    board = client.benchmarking_results.leaderboard("ve2e-default", metric="auc")
    assert board.filter(pl.col("clearml_id") == task_id)["auc"].to_list() == [0.8]


def test_artefacts(names: dict[str, Any]) -> None:
    client: Client = names["client"]
    run_id = f"argo-{secrets.token_hex(6)}"
    client.artefacts.create(ArtefactCreate(identifier=run_id, workflow="ve2e"))

    run(SNIPPETS["Artefacts"], scope := names | {"run_id": run_id})

    assert_frame_equal(scope["df"], FRAME)
    assert scope["df"] is not FRAME
    with pytest.raises(StateConflict, match=f"artefact/{run_id} has files already"):
        run(SNIPPETS["Artefacts"], scope)
