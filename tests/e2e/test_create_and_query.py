"""Creates and queries through the whole path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.create import PatientCreate
from vxdata.sdk import F

if TYPE_CHECKING:
    from vxdata.sdk import Client


def test_a_created_patient_comes_back(client: Client, datasource: str, unique: str) -> None:
    created = client.patients.create(
        PatientCreate(identifier=unique, parent_identifier=datasource, license="CC BY 4.0", sex="M")
    )
    assert created.identifier == f"patient/{unique}"
    assert created.datasource_id == datasource
    frame = client.patients.query().filter(F.datasource_id == datasource).collect()
    assert frame["sex"].to_list() == ["M"]
