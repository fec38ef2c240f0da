"""Register and resolve, on the service."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from tests.server.database.deadlocks import deadlocked
from tests.server.support import CALL, create, resources, scalar
from vxdata.schemas.errors import (
    AlreadyRegistered,
    InvalidRequest,
    ParentNotFound,
    ServerBusy,
    UnexpectedPayload,
)
from vxdata.schemas.wire import ExternalUids
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.server.services.register import RegisterService

if TYPE_CHECKING:
    from pydantic import SecretStr

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.services.write import WriteService


@pytest.fixture
def source(creates: WriteService, unique: str) -> str:
    """A data source whose patients have the letters RS."""
    name = f"datasource/{unique}"
    create(creates, resources("datasource", {"identifier": name, "patient_code": "RS"}))
    return name


def asked(*pairs: tuple[str, str], resource_type: str = "patient") -> ExternalUids:
    return ExternalUids(resource_type=resource_type, pairs=list(pairs))


def test_hostile_texts_come_back_as_they_went(
    monitor: CancellationMonitor, database: ConnectionPool, source: str
) -> None:
    service = RegisterService(database, monitor)
    uids = ["a'b", 'a"b', "a\\b", "{a,b}", "NULL", "ä€😀", " a ", "a\nb", "x" * 256]
    made = service.register(asked(*((source, uid) for uid in uids)), CALL).identifiers
    assert len(set(made)) == len(uids)
    assert service.resolve(asked(*((source, uid) for uid in reversed(uids))), CALL).identifiers == made[::-1]


def test_a_refused_batch_leaves_nothing(
    monitor: CancellationMonitor, database: ConnectionPool, source: str
) -> None:
    service = RegisterService(database, monitor)
    service.register(asked((source, "known")), CALL)
    count = "SELECT count(*) AS n FROM vxdata.registration"
    before = scalar(database, count)
    for pairs, error in (
        ([(source, "new"), (source, "known")], AlreadyRegistered),
        ([(source, "new"), (f"{source}-missing", "new")], ParentNotFound),
        ([(source, "new"), ("patient/x", "new")], UnexpectedPayload),
    ):
        with pytest.raises(error):
            service.register(asked(*pairs), CALL)
    assert scalar(database, count) == before


def test_a_type_that_has_no_numbers(monitor: CancellationMonitor, database: ConnectionPool) -> None:
    with pytest.raises(InvalidRequest, match="patient and imagingstudy, not for 'volume'"):
        RegisterService(database, monitor).register(asked(("patient/x", "y"), resource_type="volume"), CALL)


def test_many_parents_at_once_each_with_its_own_numbers(
    monitor: CancellationMonitor, database: ConnectionPool, creates: WriteService, source: str
) -> None:
    service = RegisterService(database, monitor)
    patients = service.register(asked(*((source, f"patient {n}") for n in range(500))), CALL).identifiers
    create(creates, resources("patient", *({"identifier": p, "parent_identifier": source} for p in patients)))
    studies = [(patient, f"study {n}") for n in range(2) for patient in patients]
    made = service.register(asked(*studies, resource_type="imagingstudy"), CALL).identifiers
    short = [patient.removeprefix("patient/") for patient in patients]
    assert made == [f"imagingstudy/{name}/{number:03}" for number in (1, 2) for name in short]
    # A study of one patient has a number that nobody gave it, so the next one goes on from there.
    create(
        creates,
        resources(
            "imagingstudy",
            {"identifier": f"imagingstudy/{short[7]}/0041", "parent_identifier": patients[7]},
        ),
    )
    again = asked(*((patient, "study 3") for patient in patients[6:9]), resource_type="imagingstudy")
    assert [name.rpartition("/")[2] for name in service.register(again, CALL).identifiers] == [
        "003",
        "042",
        "003",
    ]


def test_a_deadlock_is_met_by_another_attempt(
    monitor: CancellationMonitor, database: ConnectionPool, admin: ConnectionPool, source: str
) -> None:
    service = RegisterService(database, monitor)
    with capture_logs() as logs:
        made = deadlocked(
            lambda: service.register(asked((source, "one"), (source, "two")), CALL),
            database,
            admin,
            first="registration",
            second="datasource",
        )
    assert {entry["sqlstate"] for entry in logs if entry["event"] == "attempt_undone"} == {"40P01"}
    assert service.resolve(asked((source, "one"), (source, "two")), CALL) == made


def test_writers_and_readers_have_places_of_their_own(
    monitor: CancellationMonitor, database_uri: SecretStr, source: str
) -> None:
    with closing(ConnectionPool(database_uri, size=1, writers=1, lookups=1, wait=0.05)) as narrow:
        service = RegisterService(narrow, monitor)
        with narrow.connection(Lane.LOOKUP):
            made = service.register(asked((source, "one")), CALL)
            with pytest.raises(ServerBusy):
                service.resolve(asked((source, "one")), CALL)
        with narrow.connection(Lane.WRITE):
            assert service.resolve(asked((source, "one")), CALL) == made
            with pytest.raises(ServerBusy):
                service.register(asked((source, "two")), CALL)
