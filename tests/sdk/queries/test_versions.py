"""Queries of versions, of what hangs above, and of groups by entries, against a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.create import ArtefactCreate, BenchmarkingResultCreate, PatientCreate
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import F, count, has_descendant

if TYPE_CHECKING:
    from vxdata.sdk import Client


@pytest.fixture
def patient(client: Client, datasource: str) -> str:
    """A patient of three versions, the last of which is a tombstone."""
    name = f"patient/{datasource.removeprefix('datasource/')}-v"
    client.patients.create(PatientCreate(identifier=name, parent_identifier=datasource, sex="F", license="x"))
    client.patients.update(name, PatientUpdate(sex="M"))
    client.patients.delete(name)
    return name


def test_a_query_of_versions_sees_all_of_them(client: Client, patient: str) -> None:
    versions = client.patients.query().history().filter(F.identifier == patient)
    found = versions.order_by("version").collect()
    assert found["sex"].to_list() == ["F", "M", "M"]
    assert found["deleted"].to_list() == [False, False, True]
    assert versions.filter(F.deleted == True).count() == 1  # noqa: E712 - a condition, and no truth value
    second = found["valid_from"][1]
    assert versions.as_of(second).order_by("version").collect()["sex"].to_list() == ["F", "M"]
    assert [page.frame.height for page in versions.iter_pages(2)] == [2, 1]
    with pytest.raises(InvalidPlan, match="for versions use collect"):
        versions.collect_as_pydantic()
    with pytest.raises(InvalidPlan, match="takes no groups"):
        versions.select("identifier").as_subquery()


def test_versions_come_before_other_steps_and_of_resources_alone(client: Client) -> None:
    with pytest.raises(InvalidPlan, match="history comes too late"):
        client.patients.query().limit(1).history()
    with pytest.raises(InvalidPlan, match="has no history"):
        client.commits().history()
    with pytest.raises(InvalidPlan, match="sample needs one of a single field"):
        client.patients.query().history().sample(1)


def test_what_another_resource_hangs_below_is_found(client: Client, datasource: str) -> None:
    name = f"patient/{datasource.removeprefix('datasource/')}-d"
    client.patients.create(PatientCreate(identifier=name, parent_identifier=datasource, license="x"))
    found = client.resources.query().filter(has_descendant(name)).select("identifier").collect()
    assert found.to_series().to_list() == [datasource]
    with pytest.raises(TypeError, match="has_descendant takes an identifier"):
        has_descendant(3)  # type: ignore[arg-type]


def test_entries_of_mappings_make_groups(client: Client, datasource: str) -> None:
    stem = datasource.removeprefix("datasource/")
    client.artefacts.create(ArtefactCreate(identifier=f"artefact/{stem}", name=stem))
    client.benchmarking_results.create(
        [
            BenchmarkingResultCreate(
                identifier=f"benchmarking/{stem}-{number}",
                parent_identifier=f"artefact/{stem}",
                eval_task="x",
                summary_metrics={"auc": 0.5} if number else {"dice": 1.0},
            )
            for number in range(3)
        ]
    )
    query = client.benchmarking_results.query().filter(F.parent_identifier == f"artefact/{stem}")
    grouped = query.group_by(F.summary_metrics["auc"]).agg(count())
    assert grouped.columns == ["summary_metrics_auc", "count"]
    assert sorted(grouped.collect().rows(), key=str) == [(0.5, 2), (None, 1)]
    assert repr(query.group_by(auc=F.summary_metrics["auc"]).agg()).endswith(
        ".group_by(auc=F.summary_metrics['auc']).agg()"
    )
