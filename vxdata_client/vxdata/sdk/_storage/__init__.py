"""Files and frames in S3: uploads, downloads, and what they rest on."""

from __future__ import annotations

from vxdata.sdk._storage.options import StorageOptions
from vxdata.sdk._storage.storage import Storage

__all__ = ["Storage", "StorageOptions"]
