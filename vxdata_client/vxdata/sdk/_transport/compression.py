"""Links: what is compressed on its way, and what is not worth it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.wire import Compression

if TYPE_CHECKING:
    from vxdata.sdk._transport.address import Address

Wanted = Compression | Literal["auto"] | None


def codec_for(address: Address, wanted: Wanted) -> Compression | None:
    """Choose how results and uploads are compressed.

    Loopback carries two gigabytes a second, which no codec does; a network that carries a tenth of that is
    faster with Zstandard, which makes records like ours about a third of their size.

    Args:
        address: Of the server.
        wanted: A codec, None for none, or "auto" for Zstandard unless the server is on this machine.

    Returns:
        The codec, or None.

    Raises:
        InvalidRequest: There is no such codec.

    Example:
        >>> from vxdata.sdk._transport.address import address_of
        >>> codec_for(address_of("grpc://127.0.0.1:8815"), "auto") is None
        True
        >>> codec_for(address_of("grpc+tls://data.example.org:8815"), "auto")
        'zstd'
    """
    if wanted == "auto":
        return None if address.is_local else "zstd"
    if wanted is not None and wanted not in get_args(Compression):
        msg = f"compression takes 'auto', 'zstd', 'lz4' or None, not {wanted!r:.80}."
        raise InvalidRequest(msg, compression=repr(wanted)[:80])
    return wanted
