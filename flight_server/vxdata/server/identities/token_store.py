"""The tokens of a database: creation, listing, rotation and revocation, for whoever may write to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.errors.messages import did_you_mean
from vxdata.schemas.identity import EVERYTHING, Grants, Role
from vxdata.server.database.pool import Lane
from vxdata.server.identities.tokens import digest_of, id_of, new_token
from vxdata.sql.write import tokens as statements

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pydantic import SecretStr

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database.pool import ConnectionPool

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}", re.ASCII)
"""The name of a token, which is that of its principal."""


RESERVED: Final = frozenset({"anonymous", "nobody", "owner"})
"""Names of principals that no token stands for, and of the owner of the data of `vxdata up`, however written:
people read them in the audit."""


@dataclass(frozen=True)
class StoredToken:
    """What is kept of a token.

    Args:
        id: The part of the token that may be seen.
        name: Name of the principal.
        digest: Digest of the whole token.
        role: What the principal may do.
        grants: What it sees, and what of that it may change.
        created_at: When the name was given.
        expires_at: When the token ends; None for never.
        last_used_at: When it was last used, behind by up to a minute; None for never.
        revoked_at: When it was revoked; None if it was not.
    """

    id: str
    name: str
    digest: str = field(repr=False)
    role: Role
    grants: Grants
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """Read a row of the table."""
        return cls(**row | {"role": Role(row["role"]), "grants": Grants.model_validate_json(row["grants"])})

    def holds_at(self, instant: datetime) -> bool:
        """Whether the token is neither revoked nor expired at an instant."""
        return self.revoked_at is None and (self.expires_at is None or instant < self.expires_at)


class TokenStore:
    """The tokens of one database.

    Args:
        database: Pool of connections of the role that owns the database.
    """

    def __init__(self, database: ConnectionPool) -> None:
        """Keep the pool."""
        self._database = database

    def create(self, name: str, role: Role, grants: Grants, expires_at: datetime | None = None) -> SecretStr:
        """Make a token.

        Args:
            name: A name that no token has had.
            role: What its principal may do.
            grants: What it sees, and what of that it may change.
            expires_at: When the token ends; None for never.

        Returns:
            The token, which nothing can show again.

        Raises:
            InvalidRequest: The name is malformed, or has been used.
        """
        token = new_token()
        self.keep(token, name, role, grants, expires_at)
        return token

    def unmatched(self, grants: Grants, types: Iterable[PayloadType]) -> list[str]:
        """Name granted data sources and licences that no live resource has.

        Args:
            grants: The grants.
            types: The types of the resources.

        Returns:
            The data sources that are not there, then the licences.
        """
        sources, licenses = grants.read or (), grants.licenses or ()
        if not sources and not licenses:
            return []
        statement = statements.unmatched(sources, licenses, types)
        with self._database.connection() as connection:
            return [row["name"] for row in connection.rows(statement)]

    def keep(
        self,
        token: SecretStr,
        name: str,
        role: Role,
        grants: Grants,
        expires_at: datetime | None = None,
    ) -> None:
        """Keep a token that has been made elsewhere.

        Args:
            token: The token.
            name: A name that no token has had.
            role: What its principal may do.
            grants: What it sees, and what of that it may change.
            expires_at: When the token ends; None for never.

        Raises:
            InvalidRequest: The name is malformed, or has been used.
        """
        if name.lower() in RESERVED:
            msg = f"The name {name} is one that the server gives itself. Choose another one."
            raise InvalidRequest(msg, name=name)
        if not NAME.fullmatch(name):
            msg = (
                "The name of a token has 1 to 100 letters, digits and the signs . _ @ + - of ASCII, and "
                "begins with a letter or a digit."
            )
            raise InvalidRequest(msg)
        token_id, digest = _parts(token)
        written = grants.model_dump_json()
        statement = statements.add(name, token_id, digest, role.value, written, expires_at)
        if self._execute(statement) == 0:
            msg = f"A token has had the name {name} before; names are not used again. Choose another one."
            raise InvalidRequest(msg, name=name)

    def own(self, token: SecretStr, name: str) -> None:
        """Keep the token of the owner of the data, in the place of an earlier one.

        Args:
            token: The token; it is an administrator's, sees everything and never ends.
            name: Its name.
        """
        token_id, digest = _parts(token)
        grants = EVERYTHING.model_dump_json()
        self._execute(statements.own(name, token_id, digest, Role.ADMINISTRATOR.value, grants))

    def stored(self) -> list[StoredToken]:
        """Read all tokens by name, revoked ones included."""
        with self._database.connection(Lane.PRIVATE) as connection:
            return [StoredToken.from_row(row) for row in connection.rows(statements.ALL)]

    def find(self, name: str) -> StoredToken:
        """Read the token of a name.

        Raises:
            InvalidRequest: There is none.
        """
        with self._database.connection(Lane.PRIVATE) as connection:
            rows = connection.rows(statements.named(name))
        if not rows:
            raise self._unknown(name)
        return StoredToken.from_row(rows[0])

    def rotate(self, name: str) -> SecretStr:
        """Replace a token by a new one; the earlier one is no longer valid.

        Args:
            name: Its name.

        Returns:
            The new token.

        Raises:
            InvalidRequest: There is no token of this name, or it has been revoked.
        """
        token = new_token()
        token_id, digest = _parts(token)
        self._change(name, statements.replace(name, token_id, digest))
        return token

    def revoke(self, name: str) -> None:
        """Revoke a token; every server of the database refuses it within two seconds.

        Raises:
            InvalidRequest: There is no token of this name, or it has been revoked.
        """
        self._change(name, statements.revoke(name))

    def _change(self, name: str, statement: str) -> None:
        if self._execute(statement) == 0:
            self.find(name)
            msg = f"The token {name} has been revoked."
            raise InvalidRequest(msg, name=name)

    def _execute(self, statement: str) -> int:
        with self._database.connection(Lane.PRIVATE) as connection:
            return connection.execute(statement)

    def _unknown(self, name: str) -> InvalidRequest:
        known = [token.name for token in self.stored()]
        msg = f"There is no token {name[:100]!r}. {did_you_mean(name, known)}".strip()
        return InvalidRequest(msg, name=name[:100])


def _parts(token: SecretStr) -> tuple[str, str]:
    """The id of a token and its digest."""
    text = token.get_secret_value()
    token_id = id_of(text)
    if token_id is None:
        msg = "This is no token."
        raise InvalidRequest(msg)
    return token_id, digest_of(text)
