"""Forged JWTs, by any bytes.

`python -m tests.server.identities.forged_jwts CALLS [SEED]` tries as many on a server of its own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.server.child import child_server
from tests.server.identities.forged import try_all
from tests.server.identities.issuer import AUDIENCE, running_issuer
from vxdata.cli.running import upgrade_database
from vxdata.server.config import Settings
from vxdata.server.embedded import EmbeddedStack

DAY = 86_400


def main(calls: int, seed: int) -> int:
    """Try forged JWTs, print the figures as they grow, and return how many were accepted."""
    folder = Path(tempfile.mkdtemp(prefix="vxdata-forged-"))
    folder.chmod(0o755)
    with EmbeddedStack.start(folder / "stack") as stack, running_issuer() as issuer:
        upgrade_database(stack.postgres_uri)
        settings = Settings(
            database_uri=stack.postgres_uri,
            log_level="ERROR",
            oidc_issuer=issuer.url,
            oidc_audience=(AUDIENCE,),
        )
        now = int(time.time())
        right = issuer.sign(exp=now + DAY, roles="vxdata-administrator")
        expired = issuer.sign(exp=now - DAY, roles="vxdata-administrator")
        with child_server(settings) as child:
            return try_all(child, calls, seed, right, expired)


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
