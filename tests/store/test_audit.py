"""The audit finds what it is there to find: each fault is put into sound records by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.store.audit import Records, assert_lineage, assert_sound, records
from vxdata.schemas.create import ArtefactCreate, DataSourceCreate, PatientCreate
from vxdata.schemas.update import ArtefactUpdate

if TYPE_CHECKING:
    from vxdata.sdk import Client


@pytest.fixture
def found(client: Client, unique: str) -> Records:
    """Two patients, and a chain of artefacts that moves from one to the other."""
    since = client.now().version
    source, top, below = f"datasource/{unique}", f"artefact/{unique}-top", f"artefact/{unique}-below"
    first, second = f"patient/{unique}-1", f"patient/{unique}-2"
    client.resources.create(
        [
            DataSourceCreate(identifier=source, license="x"),
            PatientCreate(identifier=first, parent_identifier=source, license="x"),
            PatientCreate(identifier=second, parent_identifier=source, license="x"),
            ArtefactCreate(identifier=top, parent_identifier=first, license="x"),
            ArtefactCreate(identifier=below, parent_identifier=top, license="x"),
        ]
    )
    client.artefacts.update(top, ArtefactUpdate(parent_identifier=second))
    client.artefacts.delete(top)
    return records(client, since)


def test_sound_records(found: Records) -> None:
    since = found.commits["version"].to_list()[0] - 1
    assert_sound(found, since)
    assert len(found.versions) == 5 + 2 + 1


def test_a_resource_that_was_left_behind_by_a_move(found: Records) -> None:
    last = pl.col("identifier").str.ends_with("-below") & pl.col("valid_to").is_null()
    left_behind = found.versions.filter(~last)
    with pytest.raises(AssertionError, match="-below"):
        assert_lineage(Records(found.commits, left_behind))


@pytest.mark.parametrize("column", ["datasource_id", "patient_id", "study_id"])
def test_a_wrong_ancestor(found: Records, column: str) -> None:
    wrong = pl.when(pl.col("identifier").str.ends_with("-below")).then(pl.lit("patient/other"))
    versions = found.versions.with_columns(wrong.otherwise(column).alias(column))
    with pytest.raises(AssertionError, match="-below"):
        assert_lineage(Records(found.commits, versions))
