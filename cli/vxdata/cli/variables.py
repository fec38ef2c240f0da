"""Variables of the environment that begin as ours do, but that nothing reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from vxdata.schemas.errors.messages import did_you_mean
from vxdata.schemas.identity.credentials import FOLDER_VARIABLE, TOKEN_VARIABLE
from vxdata.sdk._client import URL_VARIABLE
from vxdata.sdk._storage.options import THREADS_VARIABLE
from vxdata.sdk._transport.tls import CA_VARIABLE, CERTIFICATE_VARIABLE, KEY_VARIABLE
from vxdata.sdk._transport.token_sources import FILE_VARIABLE
from vxdata.server.config import CONFIG_VARIABLE, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX: Final = "VXDATA_"

KNOWN: Final = frozenset(
    {
        CA_VARIABLE,
        CERTIFICATE_VARIABLE,
        CONFIG_VARIABLE,
        FILE_VARIABLE,
        FOLDER_VARIABLE,
        KEY_VARIABLE,
        THREADS_VARIABLE,
        TOKEN_VARIABLE,
        URL_VARIABLE,
        *(f"{PREFIX}{name.upper()}" for name in Settings.model_fields),
    }
)
"""What the server and the client read."""

log = structlog.get_logger(__name__)


def warn_of_unknown(names: Iterable[str]) -> None:
    """Warn of variables that nothing reads: a limit whose name is misspelt limits nothing.

    They are not refused, since other programs may use the prefix, too.

    Args:
        names: The names of the environment.
    """
    known = {name.removeprefix(PREFIX): name for name in KNOWN}
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in KNOWN:
            hint = did_you_mean(name.removeprefix(PREFIX), known)
            log.warning("variable_not_known", variable=name, hint=hint)
