from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from vxdata.server.embedded import DataDirectoryIncompatible
from vxdata.server.embedded.secrets import StackSecrets, scram_verifier, write_private

if TYPE_CHECKING:
    from pathlib import Path


def test_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = StackSecrets.load_or_create(path, may_create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert StackSecrets.load_or_create(path, may_create=True) == made
    values = list(json.loads(path.read_text()).values())
    assert len(set(values)) == len(values) == len(StackSecrets.model_fields)
    assert all(value not in repr(made) for value in values if value != made.s3_access_key)


def test_not_made_anew_when_data_need_the_old_ones(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryIncompatible, match="backup"):
        StackSecrets.load_or_create(tmp_path / "secrets.json", may_create=False)


@pytest.mark.parametrize("text", ["", "{", '{"postgres_password": ["tell-nobody"]}', '"tell-nobody"'])
def test_a_damaged_file_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text)
    with pytest.raises(DataDirectoryIncompatible) as caught:
        StackSecrets.load_or_create(path, may_create=True)
    assert "tell-nobody" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert path.read_text() == text


def test_private_files_replace_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_verifier_is_that_of_rfc_7677() -> None:
    # The example of RFC 7677, section 3: user "user", password "pencil", 4096 iterations. Its server
    # signature and client proof follow from these two keys.
    verifier = scram_verifier(SecretStr("pencil"), b"[m\x99h\x9d\x125\x8e\xec\xa0K\x14\x126\xfa\x81")
    stored_key = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    server_key = "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    assert verifier == f"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==${stored_key}:{server_key}"
