"""`vxdata storage sweep`, as an operator runs it."""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import typer

from tests.fixtures.commands import vxdata
from vxdata.cli.commands.storage import _bytes, _duration
from vxdata.cli.running import upgrade_database
from vxdata.schemas.create import ArtefactCreate
from vxdata.sdk import Client, StorageOptions
from vxdata.server.app import Server
from vxdata.server.embedded.s3 import s3_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic import SecretStr

    from tests.fixtures.commands import Running
    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack


AT_ONCE = ("--older-than", "0s", "--no-clients")


@pytest.fixture
def own(settings: Settings, stack: EmbeddedStack, new_database: Callable[[], SecretStr]) -> Settings:
    """A database and a bucket of one test."""
    bucket = f"test-{secrets.token_hex(6)}"
    with closing(s3_client(stack.s3)) as s3:
        s3.create_bucket(Bucket=bucket)
    uri = new_database()
    upgrade_database(uri)
    return settings.model_copy(update={"database_uri": uri, "s3_bucket": bucket})


@pytest.fixture
def env(own: Settings) -> dict[str, str]:
    """The same as an operator's environment."""
    assert own.database_uri is not None
    assert own.s3_secret_key is not None
    return {
        "VXDATA_DATABASE_URI": own.database_uri.get_secret_value(),
        "VXDATA_S3_URL": str(own.s3_url),
        "VXDATA_S3_BUCKET": str(own.s3_bucket),
        "VXDATA_S3_ACCESS_KEY": str(own.s3_access_key),
        "VXDATA_S3_SECRET_KEY": own.s3_secret_key.get_secret_value(),
    }


@pytest.fixture
def client(own: Settings) -> Iterator[Client]:
    """A client of a server on them."""
    with Server(own) as server, Client(server.flight_url, storage=StorageOptions(access="presigned")) as made:
        yield made


@pytest.fixture
def files(client: Client, tmp_path: Path) -> dict[str, str]:
    """URLs of two uploaded files, of which a resource refers to one."""
    urls = {}
    for name in ("kept", "lost"):
        (tmp_path / name).write_bytes(name.encode() * 1_000)
        urls[name] = client.storage.upload(tmp_path / name)
    client.artefacts.create(ArtefactCreate(identifier="a", files={"kept": urls["kept"]}))
    return urls


def present(stack: EmbeddedStack, own: Settings) -> set[str]:
    with closing(s3_client(stack.s3)) as s3:
        found: list[dict[str, Any]] = s3.list_objects_v2(Bucket=own.s3_bucket).get("Contents", [])
    return {f"s3://{own.s3_bucket}/{each['Key']}" for each in found}


def sweep(env: dict[str, str], *arguments: str | Path) -> tuple[int, str]:
    done = vxdata("storage", "sweep", *arguments, env=env)
    assert done.stdout.strip() == "", "a question leaves a space there"
    return done.returncode, done.stderr


def test_it_tells_asks_and_removes(
    env: dict[str, str], own: Settings, stack: EmbeddedStack, files: dict[str, str]
) -> None:
    sentence = "1 of 2 objects are old enough and referred to by nothing: 3.9 KiB."

    status, said = sweep(env, "--older-than", "0s", "--dry-run")
    assert status == 0
    assert sentence in said
    assert files["lost"] in said
    assert files["kept"] not in said
    assert present(stack, own) == set(files.values())

    status, said = sweep(env, *AT_ONCE)  # nobody is there to say yes
    assert status == 1
    assert "Remove them? [y/N]" in said
    assert present(stack, own) == set(files.values())

    status, said = sweep(env, *AT_ONCE, "--yes")
    assert status == 0
    assert "Removed 1 objects, 3.9 KiB." in said
    assert present(stack, own) == {files["kept"]}

    status, said = sweep(env, *AT_ONCE, "--yes")
    assert status == 0
    assert "0 of 1 objects" in said


def test_what_others_have_put_there_is_told(
    env: dict[str, str], own: Settings, stack: EmbeddedStack, files: dict[str, str]
) -> None:
    with closing(s3_client(stack.s3)) as s3:
        s3.put_object(Bucket=own.s3_bucket, Key="others/report.pdf", Body=b"report")

    status, said = sweep(env, *AT_ONCE, "--yes")

    assert status == 0
    assert "1 of 3 objects" in said
    assert "1 left: not uploaded by VxData." in said
    assert present(stack, own) == {files["kept"], f"s3://{own.s3_bucket}/others/report.pdf"}


def test_uploads_that_nobody_ends_are_told(env: dict[str, str], own: Settings, stack: EmbeddedStack) -> None:
    with closing(s3_client(stack.s3)) as s3:
        s3.create_multipart_upload(Bucket=own.s3_bucket, Key=f"files/{'a' * 64}/large")

        status, said = sweep(env, *AT_ONCE, "--yes")

        assert status == 0
        assert "1 uploads in parts are as old and have not ended." in said
        assert "Aborted 1 uploads in parts." in said
        assert not s3.list_multipart_uploads(Bucket=own.s3_bucket).get("Uploads")


def test_a_day_is_the_default(
    env: dict[str, str], own: Settings, stack: EmbeddedStack, files: dict[str, str]
) -> None:
    for arguments in (
        (),
        ("--older-than", "24h"),
        ("--older-than", "7d"),
        ("--older-than", "1h", "--no-clients"),
    ):
        status, said = sweep(env, "--yes", *arguments)
        assert status == 0
        assert "0 of 2 objects" in said
    assert present(stack, own) == set(files.values())


def test_less_than_a_day_is_for_when_no_client_is_there(
    env: dict[str, str], own: Settings, stack: EmbeddedStack, files: dict[str, str]
) -> None:
    status, said = sweep(env, "--older-than", "23h", "--yes")
    assert status == 2
    assert "see --no-clients" in said
    assert present(stack, own) == set(files.values())


@pytest.mark.parametrize("given", ["24", "h", "-1h", "1.5h", "1w", ""])
def test_durations_that_are_none(given: str) -> None:
    with pytest.raises(typer.BadParameter, match="such as 24h"):
        _duration(given)


def test_a_duration_that_is_none_is_told() -> None:
    status, said = sweep({}, "--older-than", "24")
    assert status == 2
    assert "such as 24h" in said


def test_what_is_not_configured_is_named(env: dict[str, str]) -> None:
    without = {name: value for name, value in env.items() if name != "VXDATA_S3_BUCKET"}

    status, said = sweep(without)

    assert status == 1
    assert "set VXDATA_DATABASE_URI and VXDATA_S3_BUCKET" in said


def test_a_bucket_that_is_not_there(env: dict[str, str]) -> None:
    status, said = sweep(env | {"VXDATA_S3_BUCKET": "no-such-bucket"})

    assert status == 1
    assert "The blob store cannot be reached" in said


def test_an_embedded_stack_is_swept_while_it_is_down(
    start: Callable[..., Running], data_dir: Path, tmp_path: Path
) -> None:
    running = start("up", "--data-dir", data_dir, "--port", "0", "--http-port", "0")
    (tmp_path / "lost").write_bytes(b"lost")
    with Client(running.flight_url, storage=StorageOptions(access="presigned")) as connected:
        url = connected.storage.upload(tmp_path / "lost")
    status, said = sweep({}, "--data-dir", data_dir, *AT_ONCE, "--yes")
    assert status == 1, "it is still running"
    assert running.stop()[0] == 0

    status, said = sweep({}, "--data-dir", data_dir, *AT_ONCE, "--yes")

    assert status == 0
    assert url in said
    assert "Removed 1 objects, 4 B." in said


def test_sizes_for_people() -> None:
    assert [_bytes(size) for size in (0, 1_023, 1_536, 5 * 1024**2, 1024**4, 1024**5)] == [
        "0 B",
        "1,023 B",
        "1.5 KiB",
        "5.0 MiB",
        "1.0 TiB",
        "1,024.0 TiB",
    ]
