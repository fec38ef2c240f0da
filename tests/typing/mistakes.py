"""Mistakes of users, each of which mypy and pyright must find; nothing runs this file.

Both tools refuse a `type: ignore` that hides nothing, so an accepted mistake fails the check.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.create import PatientCreate, VolumeCreate
from vxdata.schemas.update import PatientUpdate, VolumeUpdate
from vxdata.sdk import F

if TYPE_CHECKING:
    from vxdata.schemas.response import VolumeResponse
    from vxdata.sdk import Client


def fields(client: Client) -> None:
    print(client.volumes.F.b_valu)  # type: ignore[attr-defined] # misspelt
    print(client.patients.F.b_value)  # type: ignore[attr-defined] # of another type
    print(client.pathology_specimen.F.isup)  # type: ignore[attr-defined] # of another type, by the alias
    print(client.resources.F.b_value)  # type: ignore[attr-defined] # not of all types


def creates() -> None:
    VolumeCreate(identifier="x", license="CC0")  # type: ignore[call-arg] # no parent
    PatientCreate(identifier="x", parent_identifier="y")  # type: ignore[call-arg] # no licence
    VolumeCreate(identifier="x", parent_identifier="y", license="z", b_valeu=1)  # type: ignore[call-arg] # misspelt
    VolumeCreate(identifier="x", parent_identifier="y", license="z", b_value="1000")  # type: ignore[arg-type] # text
    VolumeCreate(identifier="x", parent_identifier="y", license="z", image_plane="axial")  # type: ignore[arg-type] # another word


def changes(client: Client) -> None:
    client.volumes.create(PatientCreate(identifier="x", parent_identifier="y", license="z"))  # type: ignore[arg-type] # of another type
    client.volumes.update("vol1", PatientUpdate(sex="M"))  # type: ignore[call-overload] # of another type
    VolumeUpdate(b_valeu=1)  # type: ignore[call-arg] # misspelt
    VolumeUpdate(b_value="1000")  # type: ignore[arg-type] # text


def forks(response: VolumeResponse) -> None:
    VolumeCreate.from_response(response, identifier=7)  # type: ignore[arg-type] # a number


def responses(client: Client) -> None:
    print(client.volumes.retrieve("x").b_valeu)  # type: ignore[attr-defined] # misspelt
    print(client.volumes.retrieve(["x"]).b_value)  # type: ignore[attr-defined] # of a list
    print(client.volumes.query().collect_as_pydantic()[0].sex)  # type: ignore[attr-defined] # of another type


def queries(client: Client) -> None:
    query = client.volumes.query()
    query.limit("10")  # type: ignore[arg-type] # text
    query.filter("b_value > 10")  # type: ignore[arg-type] # no predicate
    query.fitler(F.b_value > 10)  # type: ignore[attr-defined] # misspelt
    query.as_of(3)  # type: ignore[arg-type] # no instant
    print(client.volumez)  # type: ignore[attr-defined] # misspelt


def predicates() -> None:
    print(F.b_value > [1])  # type: ignore[operator] # a list
    F.b_value.between(1)  # type: ignore[call-arg] # no upper end
