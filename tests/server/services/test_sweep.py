"""Sweeps: what goes, and above all what stays."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.support import CALL, create, resources
from vxdata.schemas.catalog.registry import Registry, registry
from vxdata.schemas.wire import BlobUrls, WriteCommand
from vxdata.server.services.blobs import BlobService
from vxdata.server.services.sweep import Sweep
from vxdata.server.services.write import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.sweep import Unreferenced
    from vxdata.server.services.write import WriteService
    from vxdata.server.storage.blobs import BlobStore

AT_ONCE = timedelta(0)


@pytest.fixture
def put(store: BlobStore) -> Callable[[str], str]:
    """Stores an object as uploads do, and tells its URL."""

    def store_object(name: str) -> str:
        folder, slash, last = name.rpartition("/")
        key = f"{folder}{slash}{hashlib.sha256(name.encode()).hexdigest()}/{last}"
        store._client.put_object(Bucket=store.bucket, Key=key, Body=key.encode())
        return f"s3://{store.bucket}/{key}"

    return store_object


@pytest.fixture
def sweep(database: ConnectionPool, store: BlobStore) -> Sweep:
    """A sweep of the bucket."""
    return Sweep(database, registry(), store)


def write(service: WriteService, verb: Any, *sections: Any) -> None:
    rows = sum(part.rows.num_rows for part in sections)
    service.write(WriteCommand(verb=verb), iter([*sections, rows]), CALL)


def artefact(service: WriteService, url: str) -> str:
    """Create an artefact that refers to a URL."""
    identifier = f"artefact/{secrets.token_hex(6)}"
    create(service, resources("artefact", {"identifier": identifier, "files": [("a", url)]}))
    return identifier


def found(unreferenced: Unreferenced) -> set[str]:
    return {str(each.url) for each in unreferenced.objects}


def present(store: BlobStore) -> set[str]:
    return {str(each.url) for page in store.objects() for each in page}


def silent(*_: int) -> None:
    """Show no progress."""


def test_what_nothing_refers_to_goes(
    sweep: Sweep, store: BlobStore, creates: WriteService, put: Callable[[str], str]
) -> None:
    kept, lost = put("files/kept"), {put(f"files/lost{number}") for number in range(300)}
    artefact(creates, kept)
    looked: list[int] = []
    steps: list[tuple[int, int]] = []

    unreferenced = sweep.find(AT_ONCE, looked.append)
    assert (found(unreferenced), looked) == (lost, [301])
    assert unreferenced.size == sum(len(url) - len(f"s3://{store.bucket}/") for url in lost)
    removed = sweep.remove(unreferenced, lambda done, total: steps.append((done, total)))

    assert {str(each.url) for each in removed} == lost
    assert present(store) == {kept}
    assert steps == [(250, 300), (300, 300)]


def test_what_others_have_put_there_stays(sweep: Sweep, store: BlobStore, put: Callable[[str], str]) -> None:
    lost = put("files/lost")
    hexadecimal = "a" * 64
    others = [
        "report.pdf",
        "backups/2024/dump.gz",
        f"{hexadecimal}.bin",
        f"files/{hexadecimal}",
        f"files/{hexadecimal.upper()}/a",
        f"files/{hexadecimal}/deeper/a",
    ]
    for key in others:
        store._client.put_object(Bucket=store.bucket, Key=key, Body=b"x")

    unreferenced = sweep.find(AT_ONCE, silent)
    assert (found(unreferenced), unreferenced.listed, unreferenced.foreign) == ({lost}, 7, len(others))
    sweep.remove(unreferenced, silent)

    assert present(store) == {f"s3://{store.bucket}/{key}" for key in others}


def test_uploads_that_nobody_ends_are_aborted(
    sweep: Sweep, store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_page = store._client.list_multipart_uploads
    monkeypatch.setattr(
        store._client, "list_multipart_uploads", lambda **where: list_page(**where, MaxUploads=2)
    )
    ours = [f"files/{hashlib.sha256(name.encode()).hexdigest()}/{name}" for name in "abcde"]
    for key in [*ours, "others/backup"]:
        store._client.create_multipart_upload(Bucket=store.bucket, Key=key)
    assert sweep.find(timedelta(hours=1), silent).unfinished == ()

    # S3 tells whole seconds, so one that is rounded may seem to be younger than it is.
    unreferenced = sweep.find(timedelta(seconds=-1), silent)
    assert sorted(each.url.key for each in unreferenced.unfinished) == sorted(ours)
    sweep.abort(unreferenced)
    sweep.abort(unreferenced)

    assert [each.url.key for each in store.unfinished()] == ["others/backup"]


def test_superseded_and_deleted_versions_keep_theirs(
    sweep: Sweep, store: BlobStore, creates: WriteService, put: Callable[[str], str]
) -> None:
    old, new, lost = put("a/old"), put("a/new"), put("a/lost")
    identifier = artefact(creates, old)
    change = {"identifier": identifier, "files": [("a", new)]}
    write(creates, "update", resources("artefact", change))
    write(creates, "delete", _identifiers(identifier))

    assert found(sweep.find(AT_ONCE, silent)) == {lost}


def test_all_below_a_prefix_stays(
    sweep: Sweep, creates: WriteService, put: Callable[[str], str], bucket: str
) -> None:
    for key in ("series/1.dcm", "series/deep/2.dcm", "folder/1"):
        put(key)
    lost = {put("series-of-another/1.dcm"), put("series.dcm"), put("folders/1")}
    for prefix in (f"s3://{bucket}/series/*", f"s3://{bucket}/folder/"):
        artefact(creates, prefix)

    assert found(sweep.find(AT_ONCE, silent)) == lost


def test_what_is_young_stays(sweep: Sweep, put: Callable[[str], str]) -> None:
    put("files/being-uploaded")

    assert found(sweep.find(timedelta(hours=1), silent)) == set()


def test_what_gets_a_reference_meanwhile_stays(
    sweep: Sweep, store: BlobStore, creates: WriteService, put: Callable[[str], str]
) -> None:
    late, below, again, lost = put("files/late"), put("p/1"), put("files/again"), put("files/lost")
    unreferenced = sweep.find(AT_ONCE, silent)
    assert found(unreferenced) == {late, below, again, lost}

    artefact(creates, late)
    artefact(creates, f"s3://{store.bucket}/p/*")
    superseded = artefact(creates, again)
    write(creates, "update", resources("artefact", {"identifier": superseded, "files": None}))
    removed = sweep.remove(unreferenced, silent)

    assert [str(each.url) for each in removed] == [lost]
    assert present(store) == {late, below, again}


def test_references_of_every_kind_of_field_count(
    sweep: Sweep, creates: WriteService, put: Callable[[str], str], bucket: str
) -> None:
    held = [put(name) for name in ("one", "list/a", "map/a", "prefix/deep/1.dcm")]
    free = {put(name) for name in ("two", "list-2", "prefix-of-another/1.dcm", "map/b")}
    create(creates, resources("datasource", {"identifier": "datasource/refs"}))
    create(
        creates,
        resources("volume", {
            "identifier": "volume/refs",
            "parent_identifier": "datasource/refs",
            "path_nii": held[0],
            "path_dicom": f"s3://{bucket}/prefix/*",
        }),
        resources("histomap", {
            "identifier": "histomap/refs", "parent_identifier": "datasource/refs", "path_slides": [held[1]]
        }),
        resources("artefact", {"identifier": "artefact/refs", "files": [("a", held[2])]}),
    )  # fmt: skip

    assert found(sweep.find(AT_ONCE, silent)) == free


def test_what_is_touched_is_as_young_as_that(
    sweep: Sweep,
    store: BlobStore,
    database: ConnectionPool,
    monitor: CancellationMonitor,
    put: Callable[[str], str],
) -> None:
    before, meanwhile, lost = put("files/before"), put("files/meanwhile"), put("files/lost")
    service = BlobService(store, database, registry(), monitor)
    service.touch(BlobUrls(urls=[before]), CALL)

    unreferenced = sweep.find(AT_ONCE, silent)
    assert found(unreferenced) == {before, meanwhile, lost}, "all of that was earlier"
    service.touch(BlobUrls(urls=[meanwhile]), CALL)
    removed = sweep.remove(unreferenced, silent)

    assert {str(each.url) for each in removed} == {before, lost}
    assert present(store) == {meanwhile}
    with database.connection() as connection:
        kept = {row["url"] for row in connection.rows("SELECT url FROM vxdata.touched")}
    assert (before in kept, meanwhile in kept) == (False, True), "what is old is forgotten"


def test_a_sweep_looks_at_touches_too(
    sweep: Sweep,
    store: BlobStore,
    database: ConnectionPool,
    monitor: CancellationMonitor,
    put: Callable[[str], str],
) -> None:
    """Objects as S3 lists them are old here: a sweep of tomorrow, to whom today's touches are young."""
    touched, lost = put("files/touched"), put("files/lost")
    BlobService(store, database, registry(), monitor).touch(BlobUrls(urls=[touched]), CALL)
    with database.connection() as connection:
        connection.execute("UPDATE vxdata.touched SET touched_at = touched_at + interval '1 day'")

    assert found(sweep.find(AT_ONCE, silent)) == {lost}


def test_versions_of_types_that_are_no_longer_declared_keep_theirs(
    database: ConnectionPool, store: BlobStore, creates: WriteService, put: Callable[[str], str]
) -> None:
    kept, lost = put("files/kept"), put("files/lost")
    artefact(creates, kept)
    without = Registry(tuple(each for each in registry() if each.prefix != "artefact"))

    assert found(Sweep(database, without, store).find(AT_ONCE, silent)) == {lost}


def _identifiers(*names: str) -> Any:
    section = resources("artefact", *({"identifier": name} for name in names))
    return Section("artefact", section.rows.select(["identifier"]))
