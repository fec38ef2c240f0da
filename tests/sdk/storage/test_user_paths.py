"""Paths as users write them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.special_files import make_special_files
from vxdata.schemas.errors import BlobForbidden, LocalFileProblem
from vxdata.sdk._storage.user_paths import expanded, named, special_kind

if TYPE_CHECKING:
    from vxdata.server.app import Server


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("~", "/home/me"),
        ("~/a/b.nii", "/home/me/a/b.nii"),
        ("~there-is-no-such-user/a", "~there-is-no-such-user/a"),
        ("a/~", "a/~"),
        ("/~/a", "/~/a"),
        ("./~/a", "~/a"),
    ],
)
def test_a_tilde_at_the_beginning_is_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert str(expanded(given)) == meant
    if not given.startswith("."):  # which a Path does not keep
        assert str(expanded(Path(given))) == meant


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    for path, kind in {**make_special_files(tmp_path), tmp_path: "a directory"}.items():
        assert special_kind(path.stat().st_mode) == kind
    file = tmp_path / "file"
    file.touch()
    assert special_kind(file.stat().st_mode) is None


def fail(error: BaseException, given: str) -> None:
    with named(given):
        raise error


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EEXIST, errno.EISDIR])
def test_errors_of_the_system_name_the_path_as_it_was_given(number: int) -> None:
    wanted = OSError(number, "why", "/home/me/.vxdata-1.part")
    with pytest.raises(type(wanted)) as caught:
        fail(wanted, "~/x")
    assert (caught.value.errno, caught.value.strerror, caught.value.filename) == (number, "why", "~/x")


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL])
def test_names_that_a_file_system_does_not_hold_are_named(number: int) -> None:
    with pytest.raises(LocalFileProblem, match=r"^~/x: the file system cannot hold this name: why \(~/x\)"):
        fail(OSError(number, "why", "/home/me/x"), "~/x")


@pytest.mark.parametrize("given", ["a\0b", "~/a\ud800b"])
def test_names_that_no_system_holds_are_named(given: str, tmp_path: Path) -> None:
    problem = r"NUL character|names in utf-8, which cannot hold"
    with pytest.raises(LocalFileProblem, match=problem) as caught, named(given):
        (tmp_path / given).touch()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), BlobForbidden("by S3"), ValueError("of other things"), OSError("of Arrow")]
)
def test_other_errors_stay_as_they_are(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        fail(error, "x")
    assert caught.value is error


# A system whose names have no umlauts: to none of its files Python gives such a name.
PROGRAM = """
import os, sys
from vxdata.sdk import Client, F, LocalFileProblem, StorageOptions

assert sys.getfilesystemencoding() != "utf-8", sys.getfilesystemencoding()
url, folder, key = sys.argv[1:3] + ["s3://vxdata/files/\\xe4"]
with Client(url, storage=StorageOptions(access="presigned")) as client:
    for attempt in (
        lambda: client.storage.download(key, folder),
        lambda: client.storage.download("s3://vxdata/a", f"{folder}/\\xe4"),
        lambda: client.patients.query().limit(0).sink_parquet(f"{folder}/\\xe4", progress=False),
    ):
        try:
            attempt()
        except LocalFileProblem as problem:
            print(ascii(str(problem)))
"""


def test_names_beyond_the_encoding_of_the_system_are_named(server: Server, tmp_path: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, server.flight_url, str(tmp_path)],
        env=os.environ | plain,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all("this system writes names in" in line for line in lines), lines
    assert list(tmp_path.iterdir()) == []
