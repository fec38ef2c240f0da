"""The command line and configuration files of ``weed mini``, SeaweedFS's server in one process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.server.embedded.ports import GRPC_OFFSET, LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.embedded.secrets import StackSecrets

PORT_COUNT = 5


@dataclass(frozen=True)
class WeedPorts:
    """The HTTP ports of the five components; each has a gRPC port ``GRPC_OFFSET`` above it."""

    s3: int
    master: int
    volume: int
    filer: int
    admin: int

    @property
    def every(self) -> tuple[int, ...]:
        """All ten ports."""
        lower = (self.s3, self.master, self.volume, self.filer, self.admin)
        return (*lower, *(port + GRPC_OFFSET for port in lower))


def mini_arguments(data: Path, identities: Path, sockets: Path, ports: WeedPorts) -> tuple[str, ...]:
    """Return the arguments of ``weed``: loopback only, nothing reported home, nothing we do not use.

    Args:
        data: the directory of its volumes and metadata.
        identities: the file of :func:`identities_text`.
        sockets: a private directory.
        ports: free ports.
    """
    options = {
        "dir": str(data),
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,  # the default is every interface
        "master.telemetry": "false",  # the default reports to seaweedfs.com
        "webdav": "false",
        "admin.ui": "false",
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "s3.config": str(identities),  # without identities everybody may do everything
        "s3.autoCreateBucket": "false",
        "s3.allowDeleteBucketNotEmpty": "false",
        "s3.localSocket": str(sockets / "s3.sock"),
        "filer.localSocket": str(sockets / "filer.sock"),
        # By default a stop waits half a minute for idle connections.
        "idleTimeout": "2",
        "volume.preStopSeconds": "0",
        **_port_options(ports),
    }
    return ("-logtostderr=true", "mini", *(f"-{name}={value}" for name, value in options.items()))


def _port_options(ports: WeedPorts) -> dict[str, str]:
    parts = {
        "s3": ports.s3,
        "master": ports.master,
        "volume": ports.volume,
        "filer": ports.filer,
        "admin": ports.admin,
    }
    lower = {f"{part}.port": str(port) for part, port in parts.items()}
    upper = {f"{part}.port.grpc": str(port + GRPC_OFFSET) for part, port in parts.items()}
    return lower | upper


def identities_text(secrets: StackSecrets) -> str:
    """Return the file that names the one identity S3 lets in."""
    credentials = {"accessKey": secrets.s3_access_key, "secretKey": secrets.s3_secret_key.get_secret_value()}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return json.dumps({"identities": [{"name": "vxdata", "credentials": [credentials], "actions": actions}]})


def security_text(secrets: StackSecrets) -> str:
    """Return ``security.toml``: without these keys the filer and volume ports serve everybody."""
    keys = {
        "jwt.signing": secrets.volume_write_key,
        "jwt.signing.read": secrets.volume_read_key,
        "jwt.filer_signing": secrets.filer_write_key,
        "jwt.filer_signing.read": secrets.filer_read_key,
    }
    return "".join(f'[{section}]\nkey = "{key.get_secret_value()}"\n' for section, key in keys.items())


def fsync_script(bucket: str) -> str:
    """Return the ``weed shell`` line that makes writes to a bucket durable; by default none is synced."""
    return f"fs.configure -locationPrefix=/buckets/{bucket}/ -fsync=true -apply\n"


def confirms_fsync(answer: str, bucket: str) -> bool:
    """Tell whether the answer to :func:`fsync_script`, the configuration now in force, has the setting."""
    start, end = answer.find("{"), answer.rfind("}")
    try:
        locations = json.loads(answer[start : end + 1])["locations"]
    except (ValueError, KeyError):
        return False
    return any(place["locationPrefix"] == f"/buckets/{bucket}/" and place["fsync"] for place in locations)
