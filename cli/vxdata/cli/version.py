"""What `vxdata --version` says."""

from __future__ import annotations

from importlib.metadata import version


def version_line() -> str:
    """Name the program and its version.

    Returns:
        The line, without its end.

    Example:
        >>> version_line().split()[0]
        'vxdata'
    """
    return f"vxdata {version('vxdata')}"
