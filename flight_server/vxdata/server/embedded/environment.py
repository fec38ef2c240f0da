"""The environment variables that must not reach the embedded stack, or what connects to it.

They are meant for other servers: libpq, botocore and gRPC read them wherever they connect to, and some
cannot be overridden by arguments. The children get a list of variables of their own in any case.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import boto3
import botocore.session
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConstantProvider

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

PREFIXES: Final = ("PG", "AWS_", "BOTO_", "ADBC_")
"""Of variables that libpq, botocore and ADBC read."""

NAMES: Final = frozenset({"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"})
"""Further variables that botocore reads."""

PROXIES: Final = frozenset(
    {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", "GRPC_PROXY", "NO_GRPC_PROXY"}
)
"""Variables of proxies, which are read in capitals and in small letters."""

WITHOUT_FILES: Final = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""Variables in the place of those: the files in the home directory hold the same settings."""


def foreign_variables(environ: Mapping[str, str]) -> list[str]:
    """The variables of an environment that are meant for other servers.

    Args:
        environ: The environment.

    Returns:
        Their names, in order.

    Example:
        >>> foreign_variables({"PATH": "/bin", "PGSERVICE": "clinic", "https_proxy": "http://proxy"})
        ['PGSERVICE', 'https_proxy']
    """
    return sorted(
        name
        for name, value in environ.items()
        if (name.startswith(PREFIXES) or name in NAMES or name.upper() in PROXIES)
        and WITHOUT_FILES.get(name) != value
    )


def isolated_session() -> boto3.Session:
    """Make a session of boto3 that reads no variables and no files of the user."""
    unread = {name: (None, None, *rest) for name, (_, _, *rest) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    for name in ("config_file", "credentials_file"):
        unread[name] = (None, None, os.devnull, None)
    session = botocore.session.Session(session_vars=unread)
    # The settings of S3 have variables of their own beside those.
    session.get_component("config_store").set_config_provider("s3", ConstantProvider({}))
    return boto3.Session(botocore_session=session)


def clean_environment(environ: MutableMapping[str, str]) -> list[str]:
    """Remove what is meant for other servers, for a process that uses the embedded stack alone.

    Args:
        environ: The environment; where it is ``os.environ``, libraries in C see the change, too.

    Returns:
        The names of the variables that were removed.
    """
    foreign = foreign_variables(environ)
    for name in foreign:
        del environ[name]
    environ.update(WITHOUT_FILES)
    return foreign
