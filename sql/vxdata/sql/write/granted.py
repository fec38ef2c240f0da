"""Granted: what the sender of a request sees and may write, as parts of statements.

What is hidden is left out of the tables that a statement reads, so that it is missing there, as it is to
every read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from sqlglot import exp

from vxdata.schemas.binding.values import Literal
from vxdata.schemas.catalog import VisibleRows
from vxdata.schemas.fields import Text
from vxdata.sql.dialect.membership import is_one_of
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.names import column, latest, render, written
from vxdata.sql.visible import LICENSE, SOURCE, is_visible

if TYPE_CHECKING:
    from vxdata.schemas.identity import Grants
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.instant import Instant


@dataclass(frozen=True)
class Granted:
    """What the sender of a request sees and may write.

    Args:
        types: Prefixes of the types that are seen; None for all.
        visible: What is seen of them; None for everything.
        writable: Data sources below which may be written; None for all of them and none.
    """

    types: frozenset[str] | None = None
    visible: VisibleRows | None = None
    writable: tuple[str, ...] | None = None

    @classmethod
    def of(cls, grants: Grants) -> Self:
        """Take what grants say of resources."""
        return cls(
            None if grants.types is None else frozenset(grants.types),
            VisibleRows(grants.read, grants.licenses) if grants.limits_rows else None,
            grants.read if grants.write is None else grants.write,
        )

    @property
    def limits_writes(self) -> bool:
        """Whether there are versions of the seen types that must not be written."""
        return self.visible is not None or self.writable is not None

    def shows(self, prefix: str) -> bool:
        """Whether a type is seen."""
        return self.types is None or prefix in self.types

    def table(self, prefix: str) -> str:
        """The table of the present versions of a type, without those that are hidden.

        Args:
            prefix: The type, which may be hidden altogether.

        Returns:
            A table or a subquery, to be followed by an alias.
        """
        table = written(latest, prefix)
        if self.visible is None and self.shows(prefix):
            return table
        return f"(SELECT * FROM {table} WHERE {self.is_visible(prefix)})"

    def is_visible(self, prefix: str, table: str | None = None) -> str:
        """The condition that a version of a type is seen.

        Args:
            prefix: The type.
            table: What the statement calls the versions, if it reads others beside them.

        Returns:
            A condition, which is unknown or false for what is hidden.
        """
        if not self.shows(prefix):
            return "false"
        conditions = is_visible(self.visible, POSTGRESQL, table)
        return render(exp.and_(*conditions, copy=False)) if conditions else "true"

    def is_denied(self, table: str) -> str:
        """The condition that a version must not be written: for its data source, or for its licence.

        Args:
            table: What the statement calls the versions.

        Returns:
            A condition, which is true or false.
        """
        licenses = None if self.visible is None else self.visible.licenses
        return self._is_none_of({SOURCE: self.writable, LICENSE: licenses}, table)

    def is_denied_source(self, table: str) -> str:
        """The condition that a version hangs below a data source below which must not be written."""
        return self._is_none_of({SOURCE: self.writable}, table)

    def is_denied_license(self, table: str) -> str:
        """The condition that rows state a licence that is not granted; those that state none do not."""
        licenses = None if self.visible is None else self.visible.licenses
        denied = self._is_none_of({LICENSE: licenses}, table)
        return f"({render(column(LICENSE, table))} IS NOT NULL AND {denied})"

    def _is_none_of(self, granted: dict[str, tuple[str, ...] | None], table: str) -> str:
        tests = [
            render(is_one_of(column(name, table), tuple(map(Literal, values)), Text(), POSTGRESQL))
            for name, values in granted.items()
            if values is not None
        ]
        return f"(({' AND '.join(tests)}) IS NOT TRUE)" if tests else "false"


EVERYTHING: Final = Granted()
"""Nothing is hidden, and everything may be written."""


def denied_of_commit(payload_type: PayloadType, commit: Instant, granted: Granted) -> str:
    """Find what a commit has created that must not be.

    Args:
        payload_type: The type.
        commit: The commit, whose number has an index.
        granted: What the sender may write.

    Returns:
        A query for identifiers.
    """
    return (
        f"SELECT c.identifier FROM {written(latest, payload_type.prefix)} AS c "
        f"WHERE c.version = {commit.version} AND {granted.is_denied('c')} ORDER BY 1"
    )


def denied_of_pending(payload_type: PayloadType, pending_table: str, granted: Granted) -> str:
    """Find what is pending that the sender sees, but must not write where it is or where it will be.

    Args:
        payload_type: The type.
        pending_table: Its pending table, where lineage has been computed.
        granted: What the sender may write.

    Returns:
        A query for identifiers. What is hidden is not among them: it only follows what it hangs below.
    """
    return (
        f"SELECT p.identifier FROM {pending_table} AS p "
        f"JOIN {granted.table(payload_type.prefix)} AS r ON r.identifier = p.identifier "
        f"WHERE {granted.is_denied_source('r')} OR {granted.is_denied_source('p')} ORDER BY 1"
    )


def seen_of_commit(prefix: str, commit: Instant, granted: Granted) -> str:
    """Count the present versions of a type that a commit has written and that its sender sees.

    Args:
        prefix: The type.
        commit: The commit, whose number has an index.
        granted: What the sender sees.

    Returns:
        A query for the number.
    """
    return f"SELECT count(*) AS rows FROM {granted.table(prefix)} AS c WHERE c.version = {commit.version}"
