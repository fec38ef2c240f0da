"""Random credentials of the embedded servers, made once and kept in the data directory."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from vxdata.server.embedded.errors import DataDirectoryIncompatible

if TYPE_CHECKING:
    from pathlib import Path

_SCRAM_ITERATIONS = 4096  # PostgreSQL's own default (scram_iterations)


def _random() -> SecretStr:
    return SecretStr(secrets.token_urlsafe(32))


def _random_access_key() -> str:
    return "VX" + secrets.token_hex(9).upper()


class StackSecrets(BaseModel):
    """The credentials of the embedded servers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    postgres_password: SecretStr = Field(default_factory=_random)
    postgres_admin_password: SecretStr = Field(default_factory=_random)
    s3_access_key: str = Field(default_factory=_random_access_key)
    s3_secret_key: SecretStr = Field(default_factory=_random)
    volume_write_key: SecretStr = Field(default_factory=_random)
    volume_read_key: SecretStr = Field(default_factory=_random)
    filer_write_key: SecretStr = Field(default_factory=_random)
    filer_read_key: SecretStr = Field(default_factory=_random)

    @property
    def postgres_read_password(self) -> SecretStr:
        """The password of the role that may only read, which files of earlier versions do not name."""
        return self._derived(b"vxdata reading role")

    @property
    def postgres_catalog_password(self) -> SecretStr:
        """The password of the role that reads catalogs, likewise."""
        return self._derived(b"vxdata catalog role")

    def _derived(self, purpose: bytes) -> SecretStr:
        key = self.postgres_password.get_secret_value().encode()
        return SecretStr(hmac.new(key, purpose, hashlib.sha256).hexdigest())

    @classmethod
    def load_or_create(cls, path: Path, *, may_create: bool) -> Self:
        """Read the credentials of a data directory, or make them the first time.

        Args:
            path: the file; it is made with mode 0600.
            may_create: False when data that need the old credentials exist already.

        Raises:
            DataDirectoryIncompatible: the file is damaged, or missing although there are data.
        """
        if path.exists():
            return cls._load(path)
        if not may_create:
            detail = "the credentials of the data beside it are missing; restore this file from a backup"
            raise DataDirectoryIncompatible(path, detail)
        made = cls()
        made._save(path)
        return made

    @classmethod
    def _load(cls, path: Path) -> Self:
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            # Neither the parser's nor the validator's text may travel on: both quote the file.
            detail = "this is no file of credentials; restore it from a backup"
            raise DataDirectoryIncompatible(path, detail) from None

    def _save(self, path: Path) -> None:
        plain = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in self
        }
        write_private(path, json.dumps(plain, indent=1) + "\n")


def write_private(path: Path, text: str, *, uid: int = -1, gid: int = -1) -> None:
    """Write a file that only its owner can read, whole or not at all.

    Args:
        path: an existing file is replaced.
        text: the content.
        uid: new owner; -1 leaves it with this process.
        gid: new group; -1 leaves it with this process.
    """
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        os.fchown(fd, uid, gid)
        file.write(text)
        file.flush()
        os.fsync(fd)
    temporary.replace(path)


def scram_verifier(password: SecretStr, salt: bytes | None = None) -> str:
    """Derive what PostgreSQL stores for a password, so that no SQL text ever holds the password.

    The form is that of ``pg_authid.rolpassword`` (RFC 5802, RFC 7677). The password must be ASCII, for
    which SASLprep changes nothing.
    """
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac(
        "sha256", password.get_secret_value().encode("ascii"), salt, _SCRAM_ITERATIONS
    )
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (
        base64.b64encode(part).decode() for part in (salt, stored_key, server_key)
    )
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{salt_text}${stored_text}:{server_text}"
