"""Sources of tokens: the program itself, the environment, and files of the user."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from vxdata.schemas.errors import UnusableCredentials
from vxdata.schemas.identity.credentials import TOKEN_VARIABLE, credentials_path

if TYPE_CHECKING:
    from vxdata.sdk._transport.address import Address

FILE_VARIABLE: Final = "VXDATA_TOKEN_FILE"
"""Environment variable with the path of a file that holds a token."""

MAX_TOKEN_BYTES: Final = 7_000
"""Bytes of a token: servers of gRPC take 8 KiB of headers in all."""

_FORM: Final = re.compile(rb"[!-~]+")

GivenToken = str | Callable[[], str] | None
"""What a program says of the token: the token itself, a function that fetches it, or nothing."""


@dataclass(frozen=True)
class Token:
    """A bearer token.

    Args:
        text: The token.
        origin: Where it comes from, in words for people.
    """

    text: str = field(repr=False)
    origin: str


class TokenSource(Protocol):
    """Where a client finds its token. Copies of the client in other processes have a copy of the source."""

    def read(self) -> Token | None:
        """Find the token, as it is now; None if there is none."""

    @property
    def place(self) -> str:
        """Where it looks, in words for people."""


@dataclass(frozen=True)
class Stated:
    """A token that stands in the program. It stays in its process: copies look around.

    Args:
        token: The token.
        address: Of the server.
    """

    token: Token
    address: Address

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle without the token."""
        return Surroundings, (self.address, True)

    def read(self) -> Token:
        """Return it."""
        return self.token

    @property
    def place(self) -> str:
        """The argument."""
        return self.token.origin


@dataclass(frozen=True)
class NamedFile:
    """A file that somebody has named: a function that fetches a token from it.

    Args:
        path: The file; `~` is the home of the user.
    """

    path: Path

    def __call__(self) -> str:
        """Read it."""
        return read_token_file(self.path)


@dataclass(frozen=True)
class Fetched:
    """A token that a function of the program fetches.

    Args:
        fetch: The function.
    """

    fetch: Callable[[], str]

    def read(self) -> Token:
        """Call the function."""
        return _token(self.fetch(), self.place)

    @property
    def place(self) -> str:
        """The file that the function reads, or else the argument."""
        if isinstance(self.fetch, NamedFile):
            return str(self.fetch.path)
        return "the function that was given as `token`"


@dataclass(frozen=True)
class Surroundings:
    """A token of the environment, else of the credentials file of the server's address.

    Args:
        address: Of the server.
        was_stated: Whether the program that made the client has stated a token, which is not passed on.
    """

    address: Address
    was_stated: bool = False

    def read(self) -> Token | None:
        """Look around."""
        if stated := os.environ.get(TOKEN_VARIABLE, "").strip():
            return _token(stated, TOKEN_VARIABLE)
        if path := os.environ.get(FILE_VARIABLE):
            return Token(read_token_file(path), f"{path}, which {FILE_VARIABLE} names")
        return StoredToken(self.address).read()

    @property
    def place(self) -> str:
        """All that is searched."""
        places = f"{TOKEN_VARIABLE}, {FILE_VARIABLE} and {StoredToken(self.address).place}"
        if not self.was_stated:
            return places
        return f"{places} (a token that stands in a program is not passed to other processes)"


@dataclass(frozen=True)
class StoredToken:
    """The token in the credentials file of an address, as `vxdata up` writes it for its owner.

    Args:
        address: Of the server.
    """

    address: Address

    @property
    def path(self) -> Path | None:
        """The credentials file, which need not be there; sockets, and users without a home, have none."""
        if self.address.host is None or self.address.port is None:
            return None
        return credentials_path(self.address.host, self.address.port)

    def read(self) -> Token | None:
        """Read the file, if there is one that nobody else can read."""
        path = self.path
        if path is None:
            return None
        try:
            content = _private_content(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(path, error) from error
        return _token(content, str(path))

    @property
    def place(self) -> str:
        """The file."""
        return "a credentials file, which this address cannot have" if self.path is None else str(self.path)


def source_of(given: GivenToken, address: Address) -> TokenSource:
    """Choose where the token comes from.

    Args:
        given: What the program says of it.
        address: Of the server.

    Returns:
        The source; nothing is read yet.

    Raises:
        UnusableCredentials: A token that stands in the program has not the form of one.
    """
    if given is None:
        return Surroundings(address)
    if callable(given):
        return Fetched(given)
    return Stated(_token(given, "the argument `token`"), address)


def read_token_file(path: str | os.PathLike[str]) -> str:
    """Read a file that somebody has named; who may read it besides is theirs to decide.

    Args:
        path: The file; `~` is the home of the user. It holds a token, and perhaps a line feed.

    Returns:
        The token.

    Raises:
        UnusableCredentials: There is no such file, it cannot be read, or it holds no token.
    """
    place = Path(path).expanduser()
    try:
        with place.open("rb") as file:
            content = file.read(MAX_TOKEN_BYTES + 3)
    except OSError as error:
        raise _unreadable(place, error) from error
    return _token(content, str(place)).text


def _private_content(path: Path) -> bytes:
    """Read a file of the user's own, if others cannot; on Windows the profile's own rights decide that."""
    # A pipe in the place of the file would otherwise be waited for.
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise _unsafe(path, "is not a file")
        if hasattr(os, "geteuid"):
            if found.st_uid != os.geteuid():
                raise _unsafe(path, "belongs to another user")
            if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise _unsafe(path, f"is open to other users; close it by `chmod 600 {path}`")
        return file.read(MAX_TOKEN_BYTES + 3)


def _token(content: str | bytes, origin: str) -> Token:
    """Check the form of a token, without ever showing it."""
    if not isinstance(content, str | bytes):
        raise UnusableCredentials(f"No token came from {origin}: it gave something other than a text.")
    try:
        stripped = (content.encode() if isinstance(content, str) else content).strip()
    except UnicodeEncodeError:
        stripped = b"\0"
    if not _FORM.fullmatch(stripped) or len(stripped) > MAX_TOKEN_BYTES:
        problem = "has spaces or other signs that no token has, or is too long" if stripped else "is empty"
        raise UnusableCredentials(f"No token came from {origin}: the text {problem}.")
    return Token(stripped.decode(), origin)


def _unsafe(path: Path, problem: str) -> UnusableCredentials:
    return UnusableCredentials(f"The credentials file {path} {problem}.", path=str(path))


def _unreadable(path: Path, error: OSError) -> UnusableCredentials:
    return UnusableCredentials(f"The token file {path} cannot be read: {error.strerror}.", path=str(path))
