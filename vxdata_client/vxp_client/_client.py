"""The client under its older name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sdk import Client

if TYPE_CHECKING:
    from vxdata.sdk import Query


class PlatformClient(Client):
    """The client under its older name, with queries by payload name."""

    def query(self, name: str) -> Query:
        """Start a query by the name of a payload type.

        Args:
            name: Class name such as ``"Volume"`` or ``"PIRADSAssessment"``.

        Returns:
            A query over the resources of that type.

        Raises:
            UnknownResourceType: No payload type has this name.
        """
        return self.namespace(self._session.registry.named(name).prefix).query()
