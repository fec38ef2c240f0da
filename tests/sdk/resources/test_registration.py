"""Register and resolve: numbers that are given once."""

from __future__ import annotations

import secrets
import string
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.create import DataSourceCreate, PatientCreate
from vxdata.schemas.errors import AlreadyRegistered, InvalidRequest, NotRegistered, ParentNotFound
from vxdata.sdk import Client
from vxdata.server.database.pool import Lane
from vxdata.sql.write import registration

if TYPE_CHECKING:
    from vxdata.server.app import Server


@pytest.fixture
def code() -> str:
    """Two letters for the numbers of one test, if two tests draw the same, they share a series."""
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(2))


@pytest.fixture
def source(client: Client, unique: str, code: str) -> str:
    """A data source with these letters."""
    model = DataSourceCreate(identifier=unique, license="x", patient_code=code)
    return client.data_sources.create(model).identifier


@pytest.fixture
def patient(client: Client, source: str) -> str:
    """A registered patient."""
    identifier = client.patients.register("somebody", source)
    model = PatientCreate(identifier=identifier, parent_identifier=source, license="x")
    return client.patients.create(model).identifier


def number_of(identifier: str) -> int:
    return int(identifier.rpartition("/")[2].lstrip(string.ascii_uppercase))


def test_a_patient_gets_the_letters_and_five_digits(client: Client, source: str, code: str) -> None:
    first, second = (client.patients.register(uid, source) for uid in ("a", "b"))
    assert first.startswith(f"patient/{code}")
    assert len(first) == len("patient/BB00017")
    assert number_of(second) == number_of(first) + 1
    assert client.patients.resolve("a", source) == first
    assert client.patients.resolve(["b", "a", "b"], source) == [second, first, second]


def test_a_study_gets_the_patient_and_three_digits(client: Client, patient: str) -> None:
    bare = patient.removeprefix("patient/")
    assert client.imaging_studies.register(["1.2", "1.3"], patient) == [
        f"imagingstudy/{bare}/001",
        f"imagingstudy/{bare}/002",
    ]
    assert client.imaging_studies.resolve("1.3", bare) == f"imagingstudy/{bare}/002"


def test_an_external_uid_is_unique_within_its_parent_only(client: Client, source: str, unique: str) -> None:
    model = DataSourceCreate(identifier=f"{unique}-2", license="x", patient_code="ZZ")
    other = client.data_sources.create(model).identifier
    first, second = client.patients.register(["a", "a"], [source, other])
    assert client.patients.resolve(["a", "a"], [other, source]) == [second, first]


def test_what_fails_takes_no_number(client: Client, source: str) -> None:
    first = client.patients.register("a", source)
    with pytest.raises(AlreadyRegistered):
        client.patients.register(["b", "a"], source)
    with pytest.raises(NotRegistered):
        client.patients.resolve("b", source)
    assert number_of(client.patients.register("b", source)) == number_of(first) + 1


def test_a_number_that_was_created_otherwise_is_left_out(client: Client, source: str) -> None:
    first = client.patients.register("a", source)
    taken = f"{first[:-5]}{number_of(first) + 1:05}"
    client.patients.create(PatientCreate(identifier=taken, parent_identifier=source, license="x"))
    client.patients.delete(taken)
    assert number_of(client.patients.register("b", source)) == number_of(first) + 2


def test_numbers_grow_past_their_digits(client: Client, server: Server, source: str, patient: str) -> None:
    used_up = [
        ("patient", (source, "last", f"{patient[:-5]}99999", patient[:-5], 99_999)),
        (
            "imagingstudy",
            (patient, "last", f"imagingstudy/{patient[8:]}/999", f"imagingstudy/{patient[8:]}/", 999),
        ),
    ]
    with server._services.read._database.connection(Lane.WRITE) as connection:
        for resource_type, row in used_up:
            connection.execute(registration.insert(resource_type, [row]))
    assert client.patients.register("next", source) == f"{patient[:-5]}100000"
    assert client.patients.register(["x", "y"], source)[1] == f"{patient[:-5]}100002"
    assert client.imaging_studies.register("next", patient) == f"imagingstudy/{patient[8:]}/1000"


def test_many_callers_at_once(server: Server, source: str) -> None:
    """Each registers names of its own, and all of them one name that only one gets."""

    def register(caller: int) -> tuple[list[str], int]:
        with Client(server.flight_url) as client:
            own = [client.patients.register(f"{caller}-{turn}", source) for turn in range(10)]
            try:
                client.patients.register("contested", source)
            except AlreadyRegistered:
                return own, 0
            return own, 1

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(register, range(8)))
    given = [identifier for own, _ in outcomes for identifier in own]
    assert len(set(given)) == 80
    assert sum(won for _, won in outcomes) == 1
    numbers = sorted(map(number_of, given))
    assert numbers[-1] - numbers[0] <= 80
    with Client(server.flight_url) as client:
        uids = [f"{caller}-{turn}" for caller in range(8) for turn in range(10)]
        assert client.patients.resolve(uids, source) == given


def test_nothing_registers_nothing(client: Client, source: str) -> None:
    assert client.patients.register([], source) == client.patients.resolve([], source) == []


def test_what_cannot_be_asked(client: Client, source: str, unique: str) -> None:
    with pytest.raises(InvalidRequest, match="2 external uids need as many parents"):
        client.patients.register(["a", "b"], [source])
    without = client.data_sources.create(DataSourceCreate(identifier=f"{unique}-no", license="x")).identifier
    with pytest.raises(InvalidRequest, match="lacks the patient_code"):
        client.patients.register("a", without)
    client.data_sources.delete(source)
    with pytest.raises(ParentNotFound):
        client.patients.register("a", source)


@pytest.mark.parametrize("uid", ["", "x" * 257, "a\x00b", 5, None])
def test_what_is_no_external_uid(alone: Client, uid: object) -> None:
    with pytest.raises(InvalidRequest):
        alone.patients.register([uid], "datasource/a")  # type: ignore[list-item]
