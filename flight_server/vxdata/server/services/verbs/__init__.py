"""The verbs: each computes what a commit writes, inside the transaction that holds the commit clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vxdata.server.services.verbs.create import create
from vxdata.server.services.verbs.delete import delete
from vxdata.server.services.verbs.purge import purge
from vxdata.server.services.verbs.restore import restore
from vxdata.server.services.verbs.update import update

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.schemas.wire import Verb, WriteCommand
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.staging import Staging
    from vxdata.sql.instant import Instant


class Apply(Protocol):
    """Writes what is staged, and returns the number of versions written by resource type."""

    def __call__(
        self, connection: Connection, staging: Staging, command: WriteCommand, commit: Instant
    ) -> Mapping[str, int]:
        """Apply the verb."""


VERBS: dict[Verb, Apply] = {
    "create": create,
    "update": update,
    "delete": delete,
    "restore": restore,
    "purge": purge,
}

__all__ = ["VERBS", "Apply"]
