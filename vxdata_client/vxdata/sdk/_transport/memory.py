"""The transport in memory: functions of this process take the place of a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import pyarrow as pa

from vxdata.schemas.cohorts.codec import decode_cohort, encode_cohort
from vxdata.schemas.cohorts.plan import CohortPlan
from vxdata.schemas.errors import IncompleteUpload, InvalidRequest
from vxdata.schemas.plan import Plan, decode, encode
from vxdata.schemas.wire import Action, CommitReceipt, Message, WriteCommand
from vxdata.sdk._transport.base import TIMELESS, Origin, Stream, Written
from vxdata.sdk._transport.retry import RETRY_LIMIT, Retries

Answer = TypeVar("Answer")

AnswerPlan = Callable[[Plan], pa.Table | pa.RecordBatchReader]
AnswerCohort = Callable[[CohortPlan], pa.Table | pa.RecordBatchReader]
AnswerTable = Callable[[str, Plan], pa.Table | pa.RecordBatchReader]
AnswerUpload = Callable[[WriteCommand, list[tuple[str, pa.Table]]], CommitReceipt | Written]
AnswerAction = Callable[[Action, bytes], bytes | Message]


class MemoryTransport:
    """Answers plans, uploads and actions by functions, for tests of programs that use the SDK.

    Plans, uploads and actions are encoded and decoded as on their way to a server, so a plan that is too
    large or an upload of the wrong number of rows is refused here too. Errors of the functions reach the
    caller as they are.

    Args:
        read: Answers a plan with its rows: a table, or a reader whose batches are made when they are wanted.
        write: Answers an upload, given as its command and pairs of resource type and rows, with the receipt;
            with a `Written` if it also tells the lineage.
        act: Answers an action with its body, or with the message that the body holds.
        read_cohort: Answers a cohort with its rows.
        read_table: Answers a plan for a table of a catalog, given as the catalog's name and the plan.
        as_of: Instant of the state that plans without an instant are read at; when the transport was made
            if None.
        version: Sequence number of the last commit of that state.

    Example:
        >>> import pyarrow as pa
        >>> from vxdata.sdk import Client, MemoryTransport
        >>> def answer(plan):
        ...     return pa.table({"identifier": ["volume/a", "volume/b"][: plan.limit]})
        >>> with Client(transport=MemoryTransport(read=answer)) as client:
        ...     client.volumes.query().select("identifier").limit(1).collect()["identifier"].to_list()
        ['volume/a']
    """

    def __init__(
        self,
        *,
        read: AnswerPlan | None = None,
        write: AnswerUpload | None = None,
        act: AnswerAction | None = None,
        read_cohort: AnswerCohort | None = None,
        read_table: AnswerTable | None = None,
        as_of: datetime | None = None,
        version: int = 1,
    ) -> None:
        """Keep the parts."""
        self.retries = Retries(RETRY_LIMIT)
        self._read = read
        self._write = write
        self._act = act
        self._read_cohort = read_cohort
        self._read_table = read_table
        self._as_of = datetime.now(UTC) if as_of is None else as_of
        self._version = version
        self._is_closed = False

    def read(
        self,
        plan: Plan | CohortPlan,
        *,
        whole: bool = False,  # noqa: ARG002 - all is there anyway
        catalog: str | None = None,
    ) -> Stream:
        """Answer a plan or a cohort."""
        if isinstance(plan, CohortPlan):
            rows = self._answering(self._read_cohort, "cohorts")(decode_cohort(encode_cohort(plan)))
            return _stream(rows, TIMELESS, 0, Origin(plan.catalog, ""))
        if catalog is not None:
            answer = self._answering(self._read_table, "plans for tables of catalogs")
            return _stream(answer(catalog, decode(encode(plan))), TIMELESS, 0, Origin(catalog, ""))
        rows = self._answering(self._read, "plans")(decode(encode(plan)))
        return _stream(rows, plan.as_of or self._as_of, self._version)

    def write(
        self,
        command: WriteCommand,
        sections: Iterable[pa.RecordBatch],
        rows: int | Callable[[], int],
        *,
        lineage: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Written:
        """Answer an upload, once all of its sections are there."""
        answer = self._answering(self._write, "uploads")
        tables = [_table_of(section) for section in sections]
        found = sum(table.num_rows for _, table in tables)
        stated = rows if isinstance(rows, int) else rows()
        if found != stated:
            msg = f"The upload holds {found:,} rows, and its end says {stated:,}."
            raise IncompleteUpload(msg, expected=stated, received=found)
        if meanwhile is not None:
            meanwhile()
        written = answer(WriteCommand.model_validate_json(command.to_bytes()), tables)
        if isinstance(written, CommitReceipt):
            return Written(written)
        return written if lineage else Written(written.receipt)

    def act(self, action: Action, body: bytes = b"") -> bytes:
        """Answer an action."""
        answered = self._answering(self._act, "actions")(action, body)
        return answered.to_bytes() if isinstance(answered, Message) else answered

    def close(self) -> None:
        """Answer nothing any more."""
        self._is_closed = True

    def _answering(self, answer: Answer | None, asked: str) -> Answer:
        if self._is_closed:
            msg = "This client is closed; make a new one."
            raise InvalidRequest(msg)
        if answer is None:
            msg = f"This transport answers no {asked}."
            raise InvalidRequest(msg)
        return answer


class _Batches(Iterator[pa.RecordBatch]):
    """Batches of a reader; each is made when it is asked for.

    Args:
        reader: Makes them.
    """

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        """Begin."""
        self._reader = reader
        self._batches = iter(reader)

    def __next__(self) -> pa.RecordBatch:
        """Make the next batch."""
        return next(self._batches)

    def is_ready(self, seconds: float) -> bool:  # noqa: ARG002 - nothing is waited for
        """Return true: `next` returns at once."""
        return True

    def close(self) -> None:
        """Give up what is still to come."""
        self._batches = iter(())
        self._reader.close()


def _stream(
    rows: pa.Table | pa.RecordBatchReader, as_of: datetime, version: int, origin: Origin | None = None
) -> Stream:
    reader = rows.to_reader() if isinstance(rows, pa.Table) else rows
    return Stream(reader.schema.remove_metadata(), as_of, version, _Batches(reader), origin)


def _table_of(section: pa.RecordBatch) -> tuple[str, pa.Table]:
    with pa.ipc.open_stream(section["rows"][0].as_buffer()) as stream:
        return section["resource_type"][0].as_py(), stream.read_all()
