"""The trail of a call: what it asks for and what it is given, as the services note it for the audit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from pydantic import BaseModel

MAX_QUESTIONS: Final = 100
"""Questions of one call that are kept; of more, the number is."""

Item = TypeVar("Item", bound="HasRows")


class HasRows(Protocol):
    """What has rows: a record batch, a table."""

    @property
    def num_rows(self) -> int:
        """Number of its rows."""


@dataclass
class Question:
    """Something that a call asks for, and the state that it is answered from.

    Args:
        content: A plan, a cohort or a message; None where only the digest is known.
        digest: Digest of the plan of an answer that is asked for by its address.
        catalog: Name of the catalog that a plan reads; None for VxData's own data.
        as_of: Instant of the snapshot, UTC; None before it is known, and where there are no versions.
        version: Number of the last commit of the snapshot.
    """

    content: BaseModel | None
    digest: str | None = None
    catalog: str | None = None
    as_of: datetime | None = None
    version: int | None = None

    def see(self, as_of: datetime | None, version: int) -> None:
        """Note the snapshot that answers it."""
        self.as_of, self.version = as_of, version


def _without_limit(rows: int, size: int) -> None:
    """Take any number of rows and bytes."""


@dataclass
class Trail:
    """What a call has asked for so far, and how much it was given.

    Args:
        questions: The first of what it asked for.
        asked: Number of all that it asked for.
        rows: Rows that were read for it, or versions that it wrote.
        bytes: Bytes that it was sent: Arrow's as they are in memory, those of HTTP as they are sent.
        received: Bytes of the message that says what it asks for.
        spend: Told of rows and of bytes before they are given; raises where the caller has had enough.
    """

    questions: list[Question] = field(default_factory=list)
    asked: int = 0
    rows: int = 0
    bytes: int = 0
    received: int = 0
    spend: Callable[[int, int], None] = _without_limit

    def ask(self, content: BaseModel, catalog: str | None = None) -> Question:
        """Note what is asked for, before it is answered.

        Args:
            content: A plan, a cohort or a message.
            catalog: Name of the catalog that a plan reads.

        Returns:
            The question, which has yet to be told its snapshot.
        """
        return self._keep(Question(content, catalog=catalog))

    def ask_by_address(self, digest: str) -> Question:
        """Note an answer that is asked for by its address.

        Args:
            digest: Digest of its plan.

        Returns:
            The question.
        """
        return self._keep(Question(None, digest))

    def read(self, rows: int) -> None:
        """Count rows that are read for the call.

        Raises:
            QuotaExceeded: The caller has had as many as it may.
        """
        self.spend(rows, 0)
        self.rows += rows

    def wrote(self, versions: int) -> None:
        """Count versions that the call has written; they take nothing of a quota."""
        self.rows += versions

    def send(self, size: int) -> None:
        """Count bytes that are about to be sent.

        Raises:
            QuotaExceeded: The caller has had as many as it may.
        """
        self.spend(0, size)
        self.bytes += size

    def counted(self, batches: Iterable[Item]) -> Iterator[Item]:
        """Count the rows of batches on their way; closing or dropping the generator drops the batches."""
        for batch in batches:
            self.read(batch.num_rows)
            yield batch

    def _keep(self, question: Question) -> Question:
        self.asked += 1
        if len(self.questions) < MAX_QUESTIONS:
            self.questions.append(question)
        return question
