"""Where a token comes from: the environment, named files, and the credentials file of an address."""

from __future__ import annotations

import os
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.errors import UnusableCredentials
from vxdata.schemas.identity.credentials import credentials_folder, credentials_name
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.token_sources import (
    MAX_TOKEN_BYTES,
    NamedFile,
    StoredToken,
    Surroundings,
    read_token_file,
    source_of,
)

HERE = address_of("grpc://127.0.0.1:8815")
SECRET = "vxd_s3kret"

posix_only = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other rights")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder of credentials files, and an environment without tokens."""
    for name in ("VXDATA_TOKEN", "VXDATA_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VXDATA_CREDENTIALS", str(tmp_path))
    return tmp_path


def written(path: Path, content: str | bytes = f"{SECRET}\n", mode: int = 0o600) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def text_of(source: Surroundings | StoredToken) -> str | None:
    found = source.read()
    return None if found is None else found.text


def test_what_stands_nearer_comes_first(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = Surroundings(HERE)
    assert text_of(source) is None
    stored = StoredToken(HERE).path
    assert stored == folder / "localhost_8815"
    written(stored, "stored\n")
    assert text_of(source) == "stored"
    monkeypatch.setenv("VXDATA_TOKEN_FILE", str(written(tmp_path_factory.mktemp("x") / "token", "named")))
    assert text_of(source) == "named"
    monkeypatch.setenv("VXDATA_TOKEN", " variable\n")
    assert text_of(source) == "variable"
    monkeypatch.setenv("VXDATA_TOKEN", "")
    monkeypatch.setenv("VXDATA_TOKEN_FILE", "")
    assert text_of(source) == "stored"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("grpc://localhost:8815", "localhost_8815"),
        ("grpc+tcp://[::1]:8815", "localhost_8815"),
        ("grpc://127.0.0.1:18815", "localhost_18815"),
        ("grpc+tls://Data.example.org:443", "data.example.org_443"),
    ],
)
def test_a_credentials_file_is_named_by_the_address(folder: Path, url: str, name: str) -> None:
    written(folder / name)
    assert text_of(StoredToken(address_of(url))) == SECRET


def test_a_socket_has_no_credentials_file() -> None:
    source = StoredToken(address_of("grpc+unix:///run/vxdata.sock"))
    assert (source.path, source.read()) == (None, None)


def test_where_credentials_files_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert credentials_folder() == tmp_path
    monkeypatch.delenv("VXDATA_CREDENTIALS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configs"))
    assert credentials_folder() == tmp_path / "configs/vxdata/credentials"
    for ignored in ("", "relative"):
        monkeypatch.setenv("XDG_CONFIG_HOME", ignored)
        assert credentials_folder() == Path.home() / ".config/vxdata/credentials"


def test_a_user_without_a_home_has_no_credentials_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        msg = "Could not determine home directory."
        raise RuntimeError(msg)

    monkeypatch.delenv("VXDATA_CREDENTIALS")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert text_of(StoredToken(HERE)) is None


def test_names_of_credentials_files_are_names_of_files() -> None:
    assert credentials_name("fe80::1", 8815) == "fe80--1_8815"
    assert credentials_name("LOCALHOST", 1) == "localhost_1"
    assert credentials_name("127.8.8.8", 1) == "localhost_1"


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_a_credentials_file_that_is_open_to_others_is_refused(folder: Path, mode: int) -> None:
    path = written(folder / "localhost_8815", mode=mode)
    with pytest.raises(UnusableCredentials, match="chmod 600") as caught:
        StoredToken(HERE).read()
    assert caught.value.details == {"path": str(path)}
    path.chmod(0o400)
    assert text_of(StoredToken(HERE)) == SECRET


@posix_only
def test_a_credentials_file_of_another_user_is_refused(folder: Path) -> None:
    path = written(folder / "localhost_8815")
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(path, 65534, -1)
    with pytest.raises(UnusableCredentials, match="belongs to another user"):
        StoredToken(HERE).read()


@posix_only
def test_what_is_no_file_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "localhost_8815", 0o600)
    with pytest.raises(UnusableCredentials, match="is not a file"):
        StoredToken(HERE).read()


def test_a_link_to_a_credentials_file_counts(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (folder / "localhost_8815").symlink_to(written(tmp_path_factory.mktemp("dotfiles") / "token"))
    assert text_of(StoredToken(HERE)) == SECRET


def test_a_named_file_may_be_open_and_must_be_there(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    # As secrets are mounted into containers: of root, and readable by all.
    assert read_token_file(written(folder / "token", mode=0o444)) == SECRET
    monkeypatch.setenv("VXDATA_TOKEN_FILE", str(folder / "missing"))
    with pytest.raises(UnusableCredentials, match=re.escape(f"{folder / 'missing'} cannot be read")):
        Surroundings(HERE).read()


@pytest.mark.parametrize(
    "content",
    [
        f"{SECRET} {SECRET}",
        f"{SECRET}\nx",
        f"{SECRET}\r\nvxdata-timeout: 1",
        f"{SECRET}ü",
        f"{SECRET}\0",
        f"{SECRET}\ud800",
        SECRET * (MAX_TOKEN_BYTES // len(SECRET) + 1),
        "",
        " ",
    ],
    ids=["space", "lines", "header", "umlaut", "nul", "surrogate", "long", "empty", "blank"],
)
def test_what_is_no_token_is_refused_and_not_shown(folder: Path, content: str) -> None:
    with pytest.raises(UnusableCredentials) as stated:
        source_of(content, HERE)
    path = written(folder / "token", content.encode("utf-8", "surrogatepass"))
    with pytest.raises(UnusableCredentials) as named:
        read_token_file(path)
    for caught in (stated.value, named.value):
        assert SECRET not in f"{caught!r} {caught.details}"


@given(st.text())
def test_only_visible_ascii_reaches_a_header(text: str) -> None:
    if re.fullmatch(r"\s*[!-~]+\s*", text):
        found = source_of(text, HERE).read()
        assert found is not None
        assert found.text == text.strip()
    else:
        with pytest.raises(UnusableCredentials):
            source_of(text, HERE)


def test_a_function_must_return_a_text() -> None:
    with pytest.raises(UnusableCredentials, match=r"the function that was given .* other than a text"):
        source_of(lambda: 17, HERE).read()  # type: ignore[arg-type,return-value]
    with pytest.raises(UnusableCredentials, match=r"the function that was given .*: the text is empty"):
        source_of(lambda: "", HERE).read()


def test_a_file_that_was_named_is_told_as_the_place(folder: Path) -> None:
    source = source_of(NamedFile(written(folder / "token")), HERE)
    found = source.read()
    assert found is not None
    assert found.text == SECRET
    assert found.origin == source.place == str(folder / "token")


def test_a_stated_token_stays_in_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(SECRET, HERE)
    assert SECRET not in repr(source) + str(source.read())
    content = pickle.dumps(source)
    assert SECRET.encode() not in content
    copied = pickle.loads(content)  # noqa: S301 - made here
    assert copied.read() is None
    assert "not passed to other processes" in copied.place
    monkeypatch.setenv("VXDATA_TOKEN", "another")
    assert copied.read().text == "another"
