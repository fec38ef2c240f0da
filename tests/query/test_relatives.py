"""Lineage where it is hard: what was deleted keeps the lineage that it had, while its ancestors move on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.server.support import CALL, batch, create, resources
from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.plan import HasAncestor, Not, Plan
from vxdata.schemas.wire import WriteCommand
from vxdata.server.services.write import Section

if TYPE_CHECKING:
    from vxdata.schemas.wire import Verb
    from vxdata.server.services.read import ReadService
    from vxdata.server.services.write import WriteService


@pytest.fixture(scope="module")
def moved(creates: WriteService) -> None:
    """`patient/child` hangs below a deleted study, whose own parent has moved from one patient to another."""
    create(creates, resources("datasource", {"identifier": "datasource/root"}))
    people = [
        {"identifier": f"patient/{name}", "parent_identifier": "datasource/root"} for name in ("old", "new")
    ]
    create(creates, resources("patient", *people))
    create(creates, resources("artefact", {"identifier": "artefact/x", "parent_identifier": "patient/old"}))
    create(
        creates,
        resources("imagingstudy", {"identifier": "imagingstudy/s", "parent_identifier": "artefact/x"}),
    )
    create(
        creates, resources("patient", {"identifier": "patient/child", "parent_identifier": "imagingstudy/s"})
    )
    create(creates, resources("volume", {"identifier": "volume/leaf", "parent_identifier": "patient/child"}))
    change(creates, "delete", "imagingstudy", {"identifier": "imagingstudy/s"})
    change(creates, "update", "artefact", {"identifier": "artefact/x", "parent_identifier": "patient/new"})


def change(writes: WriteService, verb: Verb, prefix: str, row: dict[str, Any]) -> None:
    writes.write(WriteCommand(verb=verb), iter([Section(prefix, batch(prefix, [row])), 1]), CALL)


def below(reads: ReadService, identifier: str) -> set[str]:
    """What hangs below a resource; its complement is what the negation finds."""
    found = []
    for where in (HasAncestor(identifier=identifier), Not(term=HasAncestor(identifier=identifier))):
        result = reads.run(Plan(relation=RESOURCE, select=("identifier",), where=where), CALL)
        table = pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)
        found.append(set(table["identifier"].to_pylist()))
    everything = {
        "datasource/root",
        "patient/old",
        "patient/new",
        "artefact/x",
        "patient/child",
        "volume/leaf",
    }
    assert found[1] == everything - found[0]
    return found[0]


@pytest.mark.usefixtures("moved")
def test_parents_are_followed_through_what_is_deleted(reads: ReadService) -> None:
    assert below(reads, "patient/old") == set()
    assert below(reads, "patient/new") == {"artefact/x", "patient/child", "volume/leaf"}
    assert below(reads, "imagingstudy/s") == {"patient/child", "volume/leaf"}
    assert below(reads, "patient/child") == {"volume/leaf"}
