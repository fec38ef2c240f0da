"""Register and resolve: identifiers of our own for external ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, overload

from pydantic import ValidationError

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.identifiers import normalise_as
from vxdata.schemas.models import ResourceCreate, ResourceResponse, ResourceUpdate
from vxdata.schemas.wire import Action, ExternalUids, Registered
from vxdata.sdk._resources.namespace import FieldsT, Namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

Create = TypeVar("Create", bound=ResourceCreate)
Update = TypeVar("Update", bound=ResourceUpdate)
Response = TypeVar("Response", bound=ResourceResponse)


class RegistrableNamespace(Namespace[Create, Update, Response, FieldsT]):
    """The resources of a type whose identifiers can be made from external uids.

    An external uid is unique within one parent only: a patient's within the data source, a study's
    within the patient.
    """

    # A text is a sequence of texts too: the first overload that fits counts.
    @overload
    def register(self, external_uid: str, parent_identifier: str) -> str: ...  # type: ignore[overload-overlap]
    @overload
    def register(self, external_uid: Sequence[str], parent_identifier: str | Sequence[str]) -> list[str]: ...

    def register(
        self, external_uid: str | Sequence[str], parent_identifier: str | Sequence[str]
    ) -> str | list[str]:
        """Make identifiers for external uids, all or none; no resource is created.

        Args:
            external_uid: One external uid, or several.
            parent_identifier: The parent that scopes it: a data source for patients, a patient for
                studies. For several external uids, one parent for all or one for each.

        Returns:
            The new identifier, or a list in the order given.

        Raises:
            AlreadyRegistered: An external uid has an identifier.
            ParentNotFound: A parent is missing or deleted.
            UnexpectedPayload: A parent is of another type.
            InvalidRequest: An external uid is empty, too long or no text.
        """
        return self._ask(Action.REGISTER, external_uid, parent_identifier)

    @overload
    def resolve(self, external_uid: str, parent_identifier: str) -> str: ...  # type: ignore[overload-overlap]
    @overload
    def resolve(self, external_uid: Sequence[str], parent_identifier: str | Sequence[str]) -> list[str]: ...

    def resolve(
        self, external_uid: str | Sequence[str], parent_identifier: str | Sequence[str]
    ) -> str | list[str]:
        """Find the identifiers that were made for external uids.

        Args:
            external_uid: One external uid, or several.
            parent_identifier: The parent that scopes it, as in `register`.

        Returns:
            The identifier, or a list in the order given.

        Raises:
            NotRegistered: An external uid has no identifier.
            UnexpectedPayload: A parent is of another type.
        """
        return self._ask(Action.RESOLVE, external_uid, parent_identifier)

    def _ask(
        self, action: Action, external_uid: str | Sequence[str], parent_identifier: str | Sequence[str]
    ) -> str | list[str]:
        uids = [external_uid] if isinstance(external_uid, str) else list(external_uid)
        parents = [parent_identifier] * len(uids) if isinstance(parent_identifier, str) else parent_identifier
        if len(parents) != len(uids):
            msg = f"{len(uids)} external uids need as many parents, or one for all, not {len(parents)}."
            raise InvalidRequest(msg)
        scope = self._payload_type.external_uids_within or ""
        pairs = [
            (normalise_as(self._session.registry, parent, scope), uid)
            for parent, uid in zip(parents, uids, strict=True)
        ]
        if not pairs:
            return []
        try:
            asked = ExternalUids(resource_type=self._payload_type.prefix, pairs=pairs)
        except ValidationError as error:
            foreign = [pairs[int(problem["loc"][1])][1] for problem in error.errors()]
            msg = "External uids are texts of 1 to 256 characters without NUL."
            raise InvalidRequest(msg, external_uids=[str(uid) for uid in foreign]) from None
        answer = self._session.transport.act(action, asked.to_bytes())
        identifiers = Registered.model_validate_json(answer).identifiers
        return identifiers[0] if isinstance(external_uid, str) else identifiers
