"""What a server settles before it starts: the files of TLS, and whether it may listen where it is told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.server.tls.errors import InsecureListener
from vxdata.server.tls.exposure import missing_protection
from vxdata.server.tls.files import TlsFiles, read_tls_files

if TYPE_CHECKING:
    from vxdata.server.config import Settings

EXPIRES_SOON: Final = dt.timedelta(days=14)
"""Time before the end of its certificate from which on a server warns of it."""

log = structlog.get_logger(__name__)


def require_protection(settings: Settings) -> tuple[str, ...]:
    """Check that the server listens to other machines with TLS and authentication alone, or as it is told.

    Args:
        settings: Its settings.

    Returns:
        What it lacks, because the settings say that it may.

    Raises:
        InsecureListener: It lacks something, and they do not say so.
    """
    missing = missing_protection(
        settings.host,
        is_encrypted=settings.tls_certificate is not None,
        is_authenticated=settings.authentication == "required",
    )
    if missing and not settings.insecure:
        raise InsecureListener(settings.host, missing)
    if missing:
        log.warning("listens_unprotected", host=settings.host, missing=missing)
    return missing


def tls_files(settings: Settings) -> TlsFiles | None:
    """Read and check the files of TLS, and warn of a certificate that has to be replaced soon.

    Args:
        settings: The settings, which name them.

    Returns:
        The files; None for a server without TLS.

    Raises:
        UnusableTlsFile: One cannot be used.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None or key is None:
        return None
    now = dt.datetime.now(dt.UTC)
    files = read_tls_files(certificate, key, settings.tls_client_ca, now)
    if files.expires - now < EXPIRES_SOON:
        log.warning("certificate_expires_soon", expires=files.expires.isoformat())
    return files
