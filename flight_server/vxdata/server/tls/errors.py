"""Errors that keep a server from starting: its certificate, or how openly it would listen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class TlsProblem(Exception):
    """The server does not listen."""


class UnusableTlsFile(TlsProblem):
    """A file of the certificate, its key or the authorities cannot be used.

    Args:
        setting: Environment variable that names the file.
        path: The file.
        problem: What is wrong with it, as the end of a sentence.

    Attributes:
        setting: The same.
        path: The same.
    """

    def __init__(self, setting: str, path: Path, problem: str) -> None:
        """Keep the setting and the path, and write the message."""
        super().__init__(f"{setting} names {path}, which {problem}.")
        self.setting = setting
        self.path = path


class InsecureListener(TlsProblem):
    """Other machines would reach a server that lacks encryption or authentication.

    Args:
        host: The address it would listen on.
        missing: What it lacks.
    """

    def __init__(self, host: str, missing: Sequence[str]) -> None:
        """Write the message."""
        lacks = " and ".join(missing)
        super().__init__(
            f"Other machines would reach {host}, without {lacks}: set VXDATA_TLS_CERTIFICATE and "
            "VXDATA_TLS_KEY, and leave VXDATA_AUTHENTICATION at `required`. To listen all the same, say "
            "`--insecure`, or set VXDATA_INSECURE."
        )
        self.host = host
        self.missing = tuple(missing)
