"""The client under its older name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import UnknownResourceType
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
        by_name = {payload_type.name: payload_type for payload_type in self._session.registry}
        if name not in by_name:
            raise UnknownResourceType.from_name(name, known=by_name)
        return self.namespace(by_name[name].prefix).query()
