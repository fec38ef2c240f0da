"""Answers with addresses: a plan at its instant has a digest, and its answer a file in each format.

The database keeps the plans, so every server knows every address. Files are made when they are asked for, and
may go at any time. An address holds for those who see what was seen by whom it was given to: to others there
is no such answer, or it is another one.
"""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import DiskFull, InvalidRequest, LimitExceeded, NotPermitted
from vxdata.schemas.plan import decode, digest, encode
from vxdata.schemas.wire import AS_OF_KEY, VERSION_KEY
from vxdata.server.answer_files.batches import in_fixed_batches
from vxdata.server.answer_files.file import Content
from vxdata.server.answer_files.key import file_key
from vxdata.server.answer_files.store import PurgedMeanwhile
from vxdata.server.database.pool import Lane
from vxdata.server.services.answer_address import FixedAnswer, in_whole_order, plan_key, unknown, with_columns
from vxdata.server.services.write_transaction import write_transaction
from vxdata.server.trail import Trail
from vxdata.sql.names import text
from vxdata.sql.write import answers as statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    import pyarrow as pa

    from vxdata.schemas.plan import Plan
    from vxdata.server.answer_files.file import LentFile
    from vxdata.server.answer_files.store import AnswerFiles, NewFile
    from vxdata.server.call import Call
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.disk_guard import DiskGuard
    from vxdata.server.identities.signatures import Signatures, SignedAddress
    from vxdata.server.services.answer_address import Address
    from vxdata.server.services.read import ReadService
    from vxdata.server.trail import Question

MAX_SIGNED_SECONDS: Final = 366 * 86_400
"""Longest time for which an address is signed."""


@dataclass(frozen=True)
class AnswerLimits:
    """Limits on the plans that callers may register.

    Args:
        plan_bytes: Most bytes of one plan.
        plans: Most plans.
    """

    plan_bytes: int
    plans: int


@dataclass(frozen=True)
class FoundAnswer:
    """An answer whose file may still have to be made.

    Args:
        address: Its address.
        purge_epoch: Number of purges so far.
        key: Key of the file.
        question: Its entry in the trail of the call.
    """

    address: Address
    purge_epoch: int
    key: str
    question: Question


class AnswerService:
    """Gives answers their addresses, and makes their files.

    Args:
        read: Runs plans.
        database: Pool of connections.
        monitor: Cancels statements whose caller has gone.
        files: The files.
        signatures: Signs addresses.
        limits: Limits on the plans that are kept.
        disk: The guard of the database's disk.
    """

    def __init__(
        self,
        read: ReadService,
        database: ConnectionPool,
        monitor: CancellationMonitor,
        files: AnswerFiles,
        signatures: Signatures,
        limits: AnswerLimits,
        disk: DiskGuard,
    ) -> None:
        """Keep the parts."""
        self._read = read
        self._database = database
        self._monitor = monitor
        self._files = files
        self._signatures = signatures
        self._limits = limits
        self._disk = disk

    def register(self, plan: Plan, call: Call) -> FixedAnswer:
        """Give the answer of a plan an address. Doing so again changes nothing.

        Args:
            plan: A well-formed plan; without an instant, it is read as of the last commit.
            call: The call, with its deadline.

        Returns:
            The answer.

        Raises:
            InvalidRequest: The plan names what does not exist, lies in the future, or has no past.
            LimitExceeded: It is too large, or too many are kept.
            DiskFull: The database's disk has too little room.
        """
        found, arrow_schema = self._read.describe(plan, call)
        if found.as_of is None:
            msg = "The question reads a table without versions: its answer can change, so it gets no address."
            raise InvalidRequest(msg)
        fixed = with_columns(found, arrow_schema.names)
        content = encode(fixed).decode()
        answer = FixedAnswer(digest(fixed), fixed, arrow_schema)
        key = plan_key(answer.digest, call)
        if not self._state(key, call)["is_known"]:
            self._add(key, content, call)
        return answer

    def sign(self, address: Address, expires: int, call: Call) -> SignedAddress:
        """Sign an address, so that whoever holds it can read it on behalf of the caller.

        Args:
            address: The address.
            expires: Seconds of Unix time until which the signature holds.
            call: The call, with its deadline.

        Returns:
            The address with its signature.

        Raises:
            NotPermitted: The caller was not identified by a token, which each read could check again.
        """
        signer = call.principal
        if signer.is_known and not signer.token_id:
            msg = f"Addresses are signed for those who call by a token, not by what you show ({signer.how})."
            raise NotPermitted(msg, how=signer.how)
        return self._signatures.sign(address.path, expires, signer.token_id)

    def find(self, address: Address, call: Call) -> FoundAnswer:
        """Look up the answer of an address.

        Args:
            address: The address.
            call: The call, with its deadline.

        Returns:
            The answer.

        Raises:
            AnswerNotFound: No answer has this address, for those who see what the caller sees.
        """
        question = call.trail.ask_by_address(address.digest)
        name = plan_key(address.digest, call)
        state = self._state(name, call)
        if not state["is_known"]:
            raise unknown(address)
        if state["is_stale"]:
            self._note_use(name, call)
        key = file_key(name, address.form.name, state["purge_epoch"], call.principal.grants.view)
        return FoundAnswer(address, state["purge_epoch"], key, question)

    def open(self, found: FoundAnswer, call: Call) -> tuple[FoundAnswer, LentFile]:
        """Open the file of an answer, and make it if it is not there.

        Args:
            found: The answer.
            call: The call, with its deadline.

        Returns:
            The answer, with another key if resources were purged meanwhile, and its file.

        Raises:
            RequestCancelled: The caller has gone.
            InvalidRequest: The types that the plan reads have changed, so that it can be read no more.
            LimitExceeded: The file would be too large.
            ServiceProblem: The answer cannot be made at present.
        """
        while True:
            try:
                make = partial(self._make, found, call)
                file = self._files.get(found.key, found.purge_epoch, make, call.is_cancelled, call.caller)
            except PurgedMeanwhile:
                found = self.find(found.address, call)
            else:
                found.question.see(*_snapshot_of(file.content.arrow_schema))
                return found, file

    def _make(self, found: FoundAnswer, call: Call, file: NewFile) -> Content:
        """Write a file, and stop if nobody waits for it any more."""
        form = found.address.form
        shared = replace(call, has_left=file.is_abandoned, deadline=math.inf, trail=Trail())
        plan = self._plan(found.address, shared)
        with closing(self._read.run(in_whole_order(plan), shared)) as result:
            rows = _Counted(in_fixed_batches(result.batches, result.arrow_schema))
            for chunk in form.write(result.arrow_schema, rows, form.codecs[0]):
                file.write(chunk)
        state = self._state(plan_key(found.address.digest, shared), shared)
        self._files.note_purges(state["purge_epoch"])
        return Content(rows.number, result.arrow_schema, plan.relation)

    def _add(self, name: str, content: str, call: Call) -> None:
        size = len(content.encode())
        if size > self._limits.plan_bytes:
            setting = "VXDATA_ANSWER_PLAN_BYTES"
            msg = (
                f"The plan takes {size:,} bytes; one that gets an address may take "
                f"{self._limits.plan_bytes:,} ({setting})."
            )
            raise LimitExceeded(msg, limit=self._limits.plan_bytes, found=size, setting=setting)
        with write_transaction(self._database, self._monitor, self._disk, call) as connection:
            connection.execute(statements.add(name, content, self._limits.plans))
        if not self._state(name, call)["is_known"]:
            setting = "VXDATA_ANSWER_PLANS"
            msg = (
                f"The database keeps the plans of {self._limits.plans:,} answers already ({setting}); its "
                "operator can remove unused ones with `vxdata db answers --forget`."
            )
            raise LimitExceeded(msg, limit=self._limits.plans, setting=setting)

    def _note_use(self, name: str, call: Call) -> None:
        try:
            with write_transaction(self._database, self._monitor, self._disk, call) as connection:
                connection.execute(statements.note_use(name))
        except DiskFull:
            return  # the guard has told the log; the day is noted once there is room

    def _state(self, name: str, call: Call) -> Mapping[str, Any]:
        return self._rows(statements.FIND, name, call)[0]

    def _plan(self, address: Address, call: Call) -> Plan:
        found = self._rows(statements.READ, plan_key(address.digest, call), call)
        if not found:  # forgotten since it was found
            raise unknown(address)
        return decode(found[0]["plan"].encode())

    def _rows(self, sql: str, name: str, call: Call) -> list[dict[str, Any]]:
        with (
            self._database.connection(Lane.LOOKUP, caller=call.caller, deadline=call.deadline) as connection,
            self._monitor.watching(connection, call.is_cancelled),
        ):
            return list(connection.prepared.table(sql, [text(name)]).to_pylist())


def _snapshot_of(arrow_schema: pa.Schema) -> tuple[datetime, int]:
    """The instant of a result, and the number of its last commit."""
    metadata = arrow_schema.metadata
    return datetime.fromisoformat(metadata[AS_OF_KEY].decode()), int(metadata[VERSION_KEY])


class _Counted:
    """An iterator that counts the rows of batches.

    Args:
        batches: The batches.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = batches
        self.number = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.number += batch.num_rows
            yield batch
