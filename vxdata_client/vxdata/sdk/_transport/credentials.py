"""Credentials: the token of a client, as long as the server takes it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vxdata.schemas.errors import UnusableCredentials
from vxdata.sdk._transport.processes import per_process
from vxdata.sdk._transport.token_sources import source_of

if TYPE_CHECKING:
    from vxdata.sdk._transport.address import Address
    from vxdata.sdk._transport.token_sources import GivenToken, Token, TokenSource


@dataclass
class Credentials:
    """The token of a client: read when it is first needed, and again when the server refuses it.

    Args:
        source: Where it comes from.
        address: Of the server.
        insecure: Whether it may travel to another machine without encryption.
    """

    source: TokenSource
    address: Address
    insecure: bool = False
    _found: Token | None = field(default=None, init=False, repr=False)
    _is_read: bool = field(default=False, init=False, repr=False)

    @per_process
    def _reading(self) -> threading.Lock:
        """Held while the source is read: functions of users are called once at a time."""
        return threading.Lock()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the source alone: the copy reads it anew."""
        return type(self), (self.source, self.address, self.insecure)

    @property
    def token(self) -> str | None:
        """The token that calls carry; None if there is none.

        Raises:
            UnusableCredentials: It cannot be read, or must not travel like this.
        """
        if not self._is_read:
            with self._reading:
                if not self._is_read:
                    self._read()
        return self._text

    def renew(self, refused: str | None) -> bool:
        """Read the source again, unless another thread has just done so.

        Args:
            refused: The token that the server has refused; None where it missed one.

        Returns:
            Whether there is another token now, so that a second try makes sense.
        """
        with self._reading:
            if self._text == refused:
                self._read()
            return self._text not in {None, refused}

    @property
    def hint(self) -> str:
        """Which token was sent, for those who are refused."""
        if self._found is None:
            return f"No token was sent: there is none in {self.source.place}."
        return f"The token that was sent came from {self._found.origin}."

    @property
    def _text(self) -> str | None:
        return None if self._found is None else self._found.text

    def _read(self) -> None:
        found = self.source.read()
        if found is not None:
            require_safe_way(self.address, insecure=self.insecure)
        self._found = found
        self._is_read = True


def credentials_of(address: Address, token: GivenToken = None, *, insecure: bool = False) -> Credentials:
    """Make the credentials of a client.

    Args:
        address: Of the server.
        token: The token, or a function that fetches it; if None, the surroundings are searched.
        insecure: Whether it may travel to another machine without encryption.

    Returns:
        The credentials; no function is called and no file read yet.

    Raises:
        UnusableCredentials: The token has not the form of one, or must not travel like this.
    """
    made = Credentials(source_of(token, address), address, insecure)
    if token is not None:
        require_safe_way(address, insecure=insecure)
    return made


def require_safe_way(address: Address, *, insecure: bool) -> None:
    """Keep tokens off networks where others could read them.

    Args:
        address: Of the server.
        insecure: Whether the user has said that it may be so.

    Raises:
        UnusableCredentials: The connection would leave this machine without encryption.
    """
    if address.is_local or address.uses_tls or insecure:
        return
    msg = (
        f"A token is not sent to {address.url}, as the connection is not encrypted: use grpc+tls://, or "
        "allow it by insecure=True."
    )
    raise UnusableCredentials(msg, base_url=address.url)
