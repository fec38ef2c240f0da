"""Endpoints: where a listener listens, and how the connections to it are encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vxdata.server.tls.files import TlsFiles


@dataclass(frozen=True)
class Endpoint:
    """Where a listener listens.

    Args:
        host: An IP address or a name.
        port: The port; 0 for a free one.
        tls: The files of TLS; None for connections without encryption.
    """

    host: str
    port: int
    tls: TlsFiles | None = None

    @property
    def flight_url(self) -> str:
        """The address for clients of Arrow Flight.

        Example:
            >>> Endpoint("::1", 8815).flight_url
            'grpc://[::1]:8815'
        """
        return f"{self.flight_scheme}://{self._authority}"

    @property
    def flight_scheme(self) -> str:
        """How the addresses for clients of Arrow Flight begin."""
        return "grpc" if self.tls is None else "grpc+tls"

    @property
    def http_url(self) -> str:
        """The address for clients of HTTP."""
        return f"{'http' if self.tls is None else 'https'}://{self._authority}"

    @property
    def _authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
