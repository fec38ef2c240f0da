"""Register and resolve: identifiers of our own for external ones.

A patient of a data source gets the source's two letters and a number of five digits, `patient/BB00017`;
a study of a patient gets the patient's name and a number of three, `imagingstudy/BB00017/001`. Numbers
grow past their digits when these are used up. The commit clock is held meanwhile, so no number is given
twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import (
    AlreadyRegistered,
    InvalidRequest,
    NotPermitted,
    NotRegistered,
    ParentNotFound,
    UnexpectedPayload,
)
from vxdata.schemas.wire import Registered
from vxdata.server.database.clock import lock_clock
from vxdata.server.database.connection import READ_ONLY
from vxdata.server.database.pool import Lane
from vxdata.server.database.retry import retry_on_conflict
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.services.write_transaction import write_transaction
from vxdata.sql.write import registration
from vxdata.sql.write.granted import Granted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vxdata.schemas.identity import Grants
    from vxdata.schemas.wire import ExternalUids
    from vxdata.server.call import Call
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool

Row = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class NumberingScheme:
    """How identifiers of a type are made.

    Args:
        parent_type: Type of the parent that scopes the external uids.
        columns: What of the parent is needed.
        series: What the identifiers of one parent begin with.
        digits: Least number of digits.
    """

    parent_type: str
    columns: tuple[str, ...]
    series: Callable[[Mapping[str, str | None]], str]
    digits: int


def _patient_series(source: Mapping[str, str | None]) -> str:
    if source["patient_code"] is None:
        msg = f"{source['identifier']} lacks the patient_code that its patients' identifiers begin with."
        raise InvalidRequest(msg, identifiers=[source["identifier"]], field="patient_code")
    return f"patient/{source['patient_code']}"


def _study_series(patient: Mapping[str, str | None]) -> str:
    return f"imagingstudy/{str(patient['identifier']).removeprefix('patient/')}/"


NUMBERING_SCHEMES: Final = {
    "patient": NumberingScheme("datasource", ("identifier", "patient_code"), _patient_series, 5),
    "imagingstudy": NumberingScheme("patient", ("identifier",), _study_series, 3),
}


class RegisterService:
    """Makes and finds identifiers.

    Args:
        database: Pool of connections.
        monitor: Cancels statements whose caller has gone.
        disk: The guard of the database's disk.
    """

    def __init__(
        self, database: ConnectionPool, monitor: CancellationMonitor, disk: DiskGuard | None = None
    ) -> None:
        """Keep the parts."""
        self._disk = disk or DiskGuard()
        self._database = database
        self._monitor = monitor

    def register(self, asked: ExternalUids, call: Call) -> Registered:
        """Make identifiers for external uids, all or none.

        Args:
            asked: The external uids, each with its parent.
            call: The call, with its deadline.

        Returns:
            The identifiers, in order.

        Raises:
            AlreadyRegistered: An external uid has an identifier, or is asked for twice.
            ParentNotFound: A parent is missing or deleted.
            NotPermitted: The caller must not write below a parent.
            UnexpectedPayload: A parent is of another type.
            DiskFull: The disk has too little room; nothing is written.
        """
        call.trail.ask(asked)
        grants = call.principal.grants
        scheme, granted = _numbering_scheme(asked, grants), Granted.of(grants)
        with write_transaction(self._database, self._monitor, self._disk, call) as connection:
            identifiers = retry_on_conflict(connection, lambda: _make(connection, scheme, asked, granted))
        return Registered(identifiers=identifiers)

    def resolve(self, asked: ExternalUids, call: Call) -> Registered:
        """Find the identifiers that were made for external uids.

        Args:
            asked: The external uids, each with its parent.
            call: The call, with its deadline.

        Returns:
            The identifiers, in order.

        Raises:
            NotRegistered: At least one has none.
            UnexpectedPayload: A parent is of another type.
        """
        call.trail.ask(asked)
        grants = call.principal.grants
        scheme = _numbering_scheme(asked, grants)
        with (
            self._database.connection(Lane.LOOKUP, caller=call.caller, deadline=call.deadline) as connection,
            self._monitor.watching(connection, call.is_cancelled),
            connection.transaction(READ_ONLY),
        ):
            found = _lookup(connection, scheme, asked, Granted.of(grants))
        known = {pair: identifier for pair, (identifier, is_hidden) in found.items() if not is_hidden}
        unknown = [pair for pair in dict.fromkeys(asked.pairs) if pair not in known]
        if unknown:
            raise NotRegistered.from_pairs(unknown)
        return Registered(identifiers=[known[pair] for pair in asked.pairs])


def _numbering_scheme(asked: ExternalUids, grants: Grants) -> NumberingScheme:
    seen = {
        name: scheme
        for name, scheme in NUMBERING_SCHEMES.items()
        if grants.types is None or name in grants.types
    }
    scheme = seen.get(asked.resource_type)
    if scheme is None:
        known = " and ".join(seen) or "nothing"
        msg = f"Identifiers are registered for {known}, not for {asked.resource_type!r}."
        raise InvalidRequest(msg, resource_type=asked.resource_type)
    foreign = [parent for parent in asked.parents if not parent.startswith(f"{scheme.parent_type}/")]
    if foreign:
        raise UnexpectedPayload.from_identifiers(foreign, scheme.parent_type)
    return scheme


def _make(
    connection: Connection, scheme: NumberingScheme, asked: ExternalUids, granted: Granted
) -> list[str]:
    """Take the clock, number what is asked for, and keep it."""
    lock_clock(connection)
    known = _lookup(connection, scheme, asked, granted)
    repeated = [pair for pair, count in Counter(asked.pairs).items() if count > 1]
    if known or repeated:
        raise AlreadyRegistered.from_pairs([*known, *repeated])
    rows = _number(connection, asked, scheme, _series(connection, scheme, asked, granted))
    if rows:
        connection.execute(registration.insert(asked.resource_type, rows))
    return [row[2] for row in rows]


def _lookup(
    connection: Connection, scheme: NumberingScheme, asked: ExternalUids, granted: Granted
) -> dict[tuple[str, str], tuple[str, bool]]:
    """What is registered, and whether there is a resource of that name which is hidden."""
    rows = connection.rows(
        registration.lookup(
            asked.resource_type, scheme.parent_type, asked.parents, asked.external_uids, granted
        )
    )
    return {
        (row["parent_identifier"], row["external_uid"]): (row["identifier"], row["hidden"]) for row in rows
    }


def _series(
    connection: Connection, scheme: NumberingScheme, asked: ExternalUids, granted: Granted
) -> dict[str, str]:
    """The series of each parent."""
    parents = list(dict.fromkeys(asked.parents))
    found = connection.rows(registration.live_parents(scheme.parent_type, parents, scheme.columns, granted))
    live = {row["identifier"]: row for row in found}
    missing = [parent for parent in parents if parent not in live]
    if missing:
        raise ParentNotFound.from_identifiers(missing, [])
    if denied := [parent for parent in parents if live[parent]["denied"]]:
        raise NotPermitted.to_write(denied)
    return {parent: scheme.series(row) for parent, row in live.items()}


def _number(
    connection: Connection, asked: ExternalUids, scheme: NumberingScheme, series: Mapping[str, str]
) -> list[Row]:
    """Give each pair the next number of its series."""
    names = list(dict.fromkeys(series.values()))
    found = connection.rows(registration.last_numbers(asked.resource_type, names))
    last = {row["series"]: row["number"] for row in found}
    rows = []
    for parent, external_uid in asked.pairs:
        name = series[parent]
        last[name] += 1
        identifier = f"{name}{last[name]:0{scheme.digits}d}"
        rows.append((parent, external_uid, identifier, name, last[name]))
    return rows
