"""Register and resolve, on the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.support import create, resources, scalar
from vxdata.schemas.errors import AlreadyRegistered, InvalidRequest, ParentNotFound, UnexpectedPayload
from vxdata.schemas.wire import ExternalUids
from vxdata.server.services.register import RegisterService

if TYPE_CHECKING:
    from vxdata.server.database import Database
    from vxdata.server.services.write import WriteService


@pytest.fixture
def source(creates: WriteService, unique: str) -> str:
    """A data source whose patients have the letters RS."""
    name = f"datasource/{unique}"
    create(creates, resources("datasource", {"identifier": name, "patient_code": "RS"}))
    return name


def asked(*pairs: tuple[str, str], resource_type: str = "patient") -> ExternalUids:
    return ExternalUids(resource_type=resource_type, pairs=list(pairs))


def test_hostile_texts_come_back_as_they_went(database: Database, source: str) -> None:
    service = RegisterService(database)
    uids = ["a'b", 'a"b', "a\\b", "{a,b}", "NULL", "ä€😀", " a ", "a\nb", "x" * 256]
    made = service.register(asked(*((source, uid) for uid in uids))).identifiers
    assert len(set(made)) == len(uids)
    assert service.resolve(asked(*((source, uid) for uid in reversed(uids)))).identifiers == made[::-1]


def test_a_refused_batch_leaves_nothing(database: Database, source: str) -> None:
    service = RegisterService(database)
    service.register(asked((source, "known")))
    count = "SELECT count(*) AS n FROM vxdata.registration"
    before = scalar(database, count)
    for pairs, error in (
        ([(source, "new"), (source, "known")], AlreadyRegistered),
        ([(source, "new"), (f"{source}-missing", "new")], ParentNotFound),
        ([(source, "new"), ("patient/x", "new")], UnexpectedPayload),
    ):
        with pytest.raises(error):
            service.register(asked(*pairs))
    assert scalar(database, count) == before


def test_a_type_that_has_no_numbers(database: Database) -> None:
    with pytest.raises(InvalidRequest, match="patient and imagingstudy, not for 'volume'"):
        RegisterService(database).register(asked(("patient/x", "y"), resource_type="volume"))
