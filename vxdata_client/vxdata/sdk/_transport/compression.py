"""Links: what is compressed on its way, and what is not worth it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal, get_args
from urllib.parse import urlsplit

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.wire import Compression

Wanted = Compression | Literal["auto"] | None


def codec_for(base_url: str, wanted: Wanted) -> Compression | None:
    """Choose how results and uploads are compressed.

    Loopback carries two gigabytes a second, which no codec does; a network that carries a tenth of that is
    faster with Zstandard, which makes records like ours about a third of their size.

    Args:
        base_url: Address of the server.
        wanted: A codec, None for none, or "auto" for Zstandard unless the server is on this machine.

    Returns:
        The codec, or None.

    Raises:
        InvalidRequest: There is no such codec.

    Example:
        >>> codec_for("grpc://127.0.0.1:8815", "auto") is None
        True
        >>> codec_for("grpc+tls://data.example.org:8815", "auto")
        'zstd'
    """
    if wanted == "auto":
        return None if _is_local(base_url) else "zstd"
    if wanted is not None and wanted not in get_args(Compression):
        msg = f"compression takes 'auto', 'zstd', 'lz4' or None, not {wanted!r:.80}."
        raise InvalidRequest(msg, compression=repr(wanted)[:80])
    return wanted


def _is_local(base_url: str) -> bool:
    address = urlsplit(base_url)
    if address.scheme == "grpc+unix" or address.hostname in {None, "localhost"}:
        return True
    try:
        return ip_address(str(address.hostname)).is_loopback
    except ValueError:
        return False
