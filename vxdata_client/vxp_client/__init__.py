"""The older client's names, as a thin layer on `vxdata.sdk`.

Example:
    >>> from vxp_client import F
    >>> F.slice_thickness >= 2.5
    F.slice_thickness >= 2.5
"""

from __future__ import annotations

from vxdata.sdk import ALL, ANY, F, count, has_ancestor
from vxp_client._client import PlatformClient

__all__ = ["ALL", "ANY", "F", "PlatformClient", "count", "has_ancestor"]
