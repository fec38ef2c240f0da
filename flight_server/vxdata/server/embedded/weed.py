"""The command line and configuration files of ``weed mini``, SeaweedFS's server in one process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.server.embedded.ports import GRPC_OFFSET, LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.embedded.secrets import StackSecrets

PORT_COUNT = 5

LEAST_FREE = 0.01
"""Share of the disk below which no file is taken; looked at when it starts, and every minute."""

# Names that hold in the working directory of weed.
SECURITY = ".seaweedfs/security.toml"
AUTHORITY = ".seaweedfs/authority.pem"
CERTIFICATE = ".seaweedfs/weed.pem"
KEY = ".seaweedfs/weed.key"

# Every part that listens for gRPC, and those that only call others.
_GRPC_PARTS = ("master", "volume", "filer", "s3", "admin", "worker", "client")
_HTTP_PARTS = ("master", "volume", "filer", "admin")


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

    @property
    def closed(self) -> tuple[int, ...]:
        """All but the port of S3 itself: only SeaweedFS's own parts get an answer there."""
        return tuple(port for port in self.every if port != self.s3)


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
    """Return ``security.toml``, which closes all ports but that of S3.

    A part without a certificate serves everybody: the master signs tokens for whoever asks, and the gRPC
    services ask for none. With a certificate a part also asks its callers for one. Behind that, the volumes
    and the filer ask for tokens, which are signed with the keys.
    """
    own = f'cert = "{CERTIFICATE}"\nkey = "{KEY}"\n'
    authority = f'ca = "{AUTHORITY}"\n'
    sections = {
        "grpc": authority,
        **{f"grpc.{part}": own for part in _GRPC_PARTS},
        **{f"https.{part}": own + authority for part in _HTTP_PARTS},
        "https.client": "enabled = true\n" + own + authority,
        **{section: f'key = "{token.get_secret_value()}"\n' for section, token in _tokens(secrets).items()},
    }
    return "".join(f"[{section}]\n{lines}" for section, lines in sections.items())


def _tokens(secrets: StackSecrets) -> dict[str, SecretStr]:
    return {
        "jwt.signing": secrets.volume_write_key,
        "jwt.signing.read": secrets.volume_read_key,
        "jwt.filer_signing": secrets.filer_write_key,
        "jwt.filer_signing.read": secrets.filer_read_key,
    }


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
