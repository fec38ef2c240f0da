"""User code as an editor sees it; mypy checks it, and nothing runs it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, assert_type

import polars as pl

from vxdata.schemas.create import DataSourceCreate, PatientCreate, PIRADSAssessmentCreate, VolumeCreate
from vxdata.schemas.models import ResourceCreate, ResourceResponse, ResourceUpdate
from vxdata.schemas.response import (
    PathologySpecimenResponse,
    PatientResponse,
    PIRADSAssessmentResponse,
    VolumeResponse,
)
from vxdata.sdk import (
    MAX,
    MEAN,
    C,
    CatalogTable,
    Client,
    Cohort,
    CohortResult,
    CohortSummary,
    CommitReceipt,
    Condition,
    F,
    FieldRef,
    Health,
    Predicate,
    Query,
    Result,
    TableQuery,
    count,
)
from vxdata.sdk._resources.namespace import Namespace
from vxp_client import PlatformClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa


def cohorts(client: Client, frame: pl.DataFrame) -> None:
    cda = client.catalog("cda")
    assert_type(client.catalogs(), pl.DataFrame)
    assert_type(cda.values(C.sex, sources=["GDC"]), pl.DataFrame)
    assert_type(C.sex == "male", Condition)
    assert_type((C.age > 3) & C.sex.none_is("male") | C.size.is_null(), Condition)
    cohort = cda.subjects.filter(C.sex != "male", C.subject_id.is_in(frame["id"])).add("sex", C.age)
    assert_type(cohort, Cohort)
    assert_type(cohort.files() & cda.files - cda.files, Cohort)
    assert_type(cohort.nest("observation").limit(3).collect(), pl.DataFrame)
    assert_type(cohort.run(), CohortResult)
    assert_type(cohort.summary(), CohortSummary)
    assert_type(cohort.summary()["sex"], pl.DataFrame)
    assert_type(cohort.lazy(), pl.LazyFrame)
    assert_type(cohort.count(), int)
    assert_type(cda.table("mutation"), CatalogTable)
    assert_type(cda.table("mutation").query().filter(F.gene == "BRCA1").limit(2), TableQuery)


def typed_namespaces(client: Client, volume: VolumeCreate, assessment: PIRADSAssessmentCreate) -> None:
    assert_type(client.volumes.create(volume), VolumeResponse)
    assert_type(client.volumes.create([volume]), list[VolumeResponse])
    assert_type(client.volumes.create((volume, volume)), list[VolumeResponse])
    assert_type(client.volumes.create(made for made in [volume]), list[VolumeResponse])
    assert_type(client.volumes.create(pl.DataFrame()), CommitReceipt)
    assert_type(client.pirads_assessments.create(assessment), PIRADSAssessmentResponse)
    assert_type(client.volumes.create(volume).b_value, float | None)
    assert_type(client.volumes.create(volume).valid_from, datetime)
    assert_type(client.volumes.create(volume).derived_from, list[str] | None)


def models_of_another_type_are_refused(client: Client, volume: VolumeCreate) -> None:
    client.patients.create(volume)  # type: ignore[arg-type] # the subject
    client.patients.create([volume])  # type: ignore[list-item] # the subject
    PatientCreate(identifier="x", sexx="M")  # type: ignore[call-arg] # the subject
    PatientCreate(sex="M")  # type: ignore[call-arg] # the subject


def mixed(client: Client, volume: VolumeCreate, source: DataSourceCreate) -> None:
    assert_type(client.resources.create(volume), ResourceResponse)
    assert_type(client.resources.create([volume, source]), list[ResourceResponse])
    assert_type(client.resources.create({"volume": pl.DataFrame()}), CommitReceipt)


def namespaces_by_prefix(client: Client) -> None:
    namespace = client.namespace("volume")
    assert_type(namespace, Namespace[ResourceCreate, ResourceUpdate, ResourceResponse])
    assert_type(namespace.query(), Query[ResourceResponse])


def queries(client: Client) -> None:
    query = client.volumes.query()
    assert_type(query, Query[VolumeResponse])
    narrowed = query.filter(F.b_value > 10, F.volume_type == "T2").select("identifier", F.b_value).limit(3)
    assert_type(narrowed, Query[VolumeResponse])
    groups = query.group_by("patient_id", F.series_date.year(), item=F.derived_from.each_item()).agg(count())
    assert_type(groups.filter(F.count > MEAN(narrowed.select("b_value"))), Query[VolumeResponse])
    assert_type(F.version == MAX(narrowed.select("version")), Predicate)
    assert_type(client.volumes.count(), int)
    assert_type(query.collect_as_pydantic(), list[VolumeResponse])
    assert_type(query.collect(), pl.DataFrame)
    assert_type(query.run(), Result)
    assert_type(query.run().frame, pl.DataFrame)
    assert_type(query.run().as_of, datetime)
    assert_type(query.run().version, int)
    assert_type(query.filter([F.b_value > 10]).select(["identifier", F.b_value]), Query[VolumeResponse])
    assert_type(query.head(3), pl.DataFrame)
    assert_type(query.columns, list[str])
    arrow: pa.Table = query.to_arrow()
    assert arrow is not None


def predicates() -> None:
    assert_type(F.b_value, FieldRef)
    assert_type(F["b_value"], FieldRef)
    assert_type(F.b_value == 1, Predicate)
    assert_type(F.b_value != None, Predicate)  # noqa: E711 - the subject
    assert_type((F.b_value > 1) & (F.b_value <= 2.5) | F.volume_type.is_in(["T2"]), Predicate)
    assert_type(F.series_date.is_null(), Predicate)
    F.b_value > [1]  # type: ignore[operator] # noqa: B015 - the subject


def health(client: Client) -> Iterator[Health]:
    with client as entered:
        assert_type(entered, Client)
        yield entered.health()


def older_client() -> Any:
    with PlatformClient() as client:
        assert_type(client, PlatformClient)
        assert_type(client.query("Volume"), Query)
        assert_type(
            client.patients.create(PatientCreate(identifier="x", parent_identifier="y", license="z")),
            PatientResponse,
        )


def fields_of_a_type(client: Client) -> None:
    assert_type(client.volumes.F.b_value, FieldRef)
    assert_type(client.volumes.F["b_value"] > 1, Predicate)
    assert_type(client.patients.F.sex, FieldRef)
    assert_type(client.artefacts.F.files, FieldRef)
    assert_type(client.resources.F.patient_id, FieldRef)
    assert_type(client.namespace("robot").F.arms, FieldRef)
    assert_type(client.pathology_specimen.query(), Query[PathologySpecimenResponse])


def forks(response: VolumeResponse) -> None:
    assert_type(VolumeCreate.from_response(response, identifier="volume/fork", b_value=10), VolumeCreate)
