"""Shards, samples and the first rows of groups: the same rows whoever asks, and however."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from vxdata.schemas.create import PatientCreate, VolumeCreate
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan, UnknownField
from vxdata.schemas.plan import FirstPer, InSample, InShard, OrderBy
from vxdata.sdk import Client, F, Query, count

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENTS = 20
ROWS = 200


@pytest.fixture(scope="module")
def volumes(client: Client, root: str) -> pl.DataFrame:
    """Volumes of patients, and some that hang below the data source itself."""
    name = root.rpartition("-")[2]
    patients = [f"patient/{name}-{number}" for number in range(PATIENTS)]
    client.resources.create(
        [PatientCreate(identifier=patient, parent_identifier=root, license="x") for patient in patients]
        + [
            VolumeCreate(
                identifier=f"volume/{name}-{number:03}",
                parent_identifier=root if number % 10 == 0 else patients[number // 10],
                license="x",
                series_number=None if number % 3 == 0 else number % 17,
                b_value=[1.0, 0.0, -0.0, None][number % 4],
            )
            for number in range(ROWS)
        ]
    )
    return client.volumes.query().filter(F.datasource_id == root).collect().sort("identifier")


@pytest.fixture
def query(client: Client, root: str, volumes: pl.DataFrame) -> Query:
    return client.volumes.query().filter(F.datasource_id == root)


def md5(text: str) -> float:
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) / 2**128


def names(frame: pl.DataFrame) -> list[str]:
    return sorted(frame["identifier"])


READERS: dict[str, Callable[[Query], pl.DataFrame]] = {
    "collect": Query.collect,
    "iter_batches": lambda query: pl.concat(query.iter_batches(7)),
    "iter_pages": lambda query: pl.concat([page.frame for page in query.iter_pages(7)]),
    "lazy": lambda query: query.lazy().collect(),
    "lazy, filtered and cut": lambda query: (
        query.lazy().filter(pl.col("identifier") != "").select("identifier", "patient_id").collect()
    ),
    "arrow": lambda query: pl.DataFrame(query.to_arrow()),
    "a subquery": lambda query: (
        Query(query._session, query._plan.model_copy(update={"where": None}))
        .filter(F.identifier.is_in(query.select("identifier")))
        .collect()
    ),
}


class TestShards:
    @pytest.mark.parametrize("reader", READERS)
    @pytest.mark.parametrize("by", [None, "identifier", "patient_id", F.series_number])
    def test_they_hold_each_row_once(self, query: Query, volumes: pl.DataFrame, reader: str, by: Any) -> None:
        parts = [READERS[reader](query.shard(index, 4, by=by)) for index in range(4)]
        assert names(pl.concat(parts)) == names(volumes)
        assert all(part.height for part in parts)

    def test_no_patient_is_in_two(self, client: Client, query: Query, root: str) -> None:
        parts = [set(query.shard(index, 5).collect()["patient_id"].drop_nulls()) for index in range(5)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == PATIENTS
        for index, part in enumerate(parts):
            patients = client.patients.query().filter(F.datasource_id == root).shard(index, 5)
            assert part == set(patients.collect()["identifier"])

    def test_a_shard_is_a_range_of_hashes(self, query: Query, volumes: pl.DataFrame) -> None:
        for index in range(3):
            wanted = [
                name
                for name, patient in volumes.select("identifier", "patient_id").rows()
                if index <= 3 * md5(patient or name) < index + 1
            ]
            assert names(query.shard(index, 3).collect()) == wanted

    def test_a_shard_of_a_shard_is_a_smaller_shard(self, query: Query) -> None:
        assert query.shard(1, 2).shard(2, 3).digest == query.shard(5, 6).digest
        both = query.filter(F.b_value.is_null()).shard(1, 2).filter(F.series_number.is_not_null()).shard(0, 2)
        assert repr(both).count("in_shard(2, 4)") == repr(both).count("in_shard") == 1
        other = query.shard(1, 2).shard(1, 2, by="identifier")
        assert repr(other).count("in_shard(1, 2)") == 2

    def test_parts_of_a_sample_are_parts(self, query: Query) -> None:
        drawn = query.shard(1, 2).sample(40, seed=1)
        parts = [drawn.shard(index, 2).collect() for index in range(2)]
        assert names(pl.concat(parts)) == names(drawn.collect())
        assert all(part.height for part in parts)

    def test_they_stay_while_others_write(self, client: Client, root: str, query: Query) -> None:
        pinned = query.pin()
        before = names(pinned.shard(0, 2).collect())
        name = f"volume/{root.rpartition('-')[2]}-later"
        client.volumes.create(VolumeCreate(identifier=name, parent_identifier=root, license="x"))
        try:
            assert names(pinned.shard(0, 2).collect()) == before
            now = [set(query.shard(index, 2).collect()["identifier"]) for index in range(2)]
            assert now[0] - {name} == set(before)
        finally:
            client.volumes.delete(name)

    def test_groups_are_counted_by_shard(self, query: Query) -> None:
        found = [query.shard(index, 3).group_by().agg(count()).collect().item() for index in range(3)]
        assert found == [query.shard(index, 3).count() for index in range(3)]
        assert sum(found) == ROWS

    @pytest.mark.usefixtures("volumes")
    def test_commits_are_divided_by_their_key(self, client: Client) -> None:
        commits = client.commits().pin()
        parts = [set(commits.shard(index, 2).collect()["version"]) for index in range(2)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == commits.count()

    @pytest.mark.parametrize(
        ("index", "parts"), [(4, 4), (-1, 4), (0, 0), (0, -1), (True, 2), (0, 10**6 + 1), ("0", 2), (0, 1.5)]
    )
    def test_what_is_no_shard_is_refused(self, alone: Client, index: Any, parts: Any) -> None:
        with pytest.raises(InvalidPlan, match="shard takes a whole number"):
            alone.volumes.query().shard(index, parts)

    def test_what_cannot_divide_is_refused(self, alone: Client) -> None:
        volumes = alone.volumes.query()
        with pytest.raises(UnknownField):
            volumes.shard(0, 2, by="patient")
        for name in ("b_value", "created_at", "derived_from"):
            with pytest.raises(FieldTypeMismatch, match="texts and whole numbers only"):
                volumes.shard(0, 2, by=name)
        for late in (volumes.limit(3), volumes.distinct("patient_id"), volumes.first_per("patient_id")):
            with pytest.raises(InvalidPlan, match="shard comes too late"):
                late.shard(0, 2)
        with pytest.raises(InvalidPlan, match="count of all parts"):
            volumes.shard(0, 10**4).shard(0, 10**4)

    def test_the_plan_and_its_code(self, alone: Client) -> None:
        divided = alone.volumes.query().shard(1, 4)
        assert divided.plan.where == InShard(field="patient_id", index=1, count=4)
        assert repr(divided) == "client.volumes.query().filter(F.patient_id.in_shard(1, 4))"


class TestSamples:
    @pytest.mark.parametrize("reader", READERS)
    def test_the_same_seed_gives_the_same_rows(
        self, query: Query, volumes: pl.DataFrame, reader: str
    ) -> None:
        wanted = sorted(sorted(names(volumes), key=lambda name: (md5(f"7:{name}"), name))[:25])
        assert names(READERS[reader](query.sample(25, seed=7))) == wanted
        part = [name for name in names(volumes) if md5(f"7:{name}") < 0.3]
        assert names(READERS[reader](query.sample(fraction=0.3, seed=7))) == part

    def test_other_seeds_give_other_rows(self, query: Query) -> None:
        found = {tuple(names(query.sample(20, seed=seed).collect())) for seed in range(4)}
        assert len(found) == 4

    def test_a_fraction_keeps_patients_whole(self, query: Query, volumes: pl.DataFrame) -> None:
        drawn = query.sample(fraction=0.5, seed=3, by=F.patient_id)
        patients = set(drawn.collect()["patient_id"].drop_nulls())
        assert 0 < len(patients) < PATIENTS
        whole = volumes.filter(pl.col("patient_id").is_in(patients))
        assert names(drawn.filter(F.patient_id.is_not_null()).collect()) == names(whole)

    def test_a_larger_fraction_holds_a_smaller_one(self, query: Query) -> None:
        parts = [set(query.sample(fraction=share).collect()["identifier"]) for share in (0, 0.2, 0.6, 1)]
        assert parts[0] == set()
        assert parts[0] < parts[1] < parts[2] < parts[3]
        assert len(parts[3]) == ROWS

    def test_of_too_few_rows_all_are_drawn(self, query: Query, volumes: pl.DataFrame) -> None:
        assert names(query.sample(10 * ROWS).collect()) == names(volumes)
        assert query.sample(0).count() == 0

    def test_the_rows_come_in_the_order_of_the_query(self, query: Query) -> None:
        drawn = query.order_by("series_number", F.identifier.desc()).sample(30, seed=1)
        rows = drawn.collect()
        assert rows.equals(
            rows.sort("series_number", "identifier", descending=[False, True], nulls_last=True)
        )
        assert drawn.limit(3).collect().equals(rows[:3])

    def test_a_shuffled_order(self, query: Query, volumes: pl.DataFrame) -> None:
        found = query.order_by(F.identifier.shuffled(3)).collect()["identifier"].to_list()
        assert found == sorted(names(volumes), key=lambda name: md5(f"3:{name}"))

    def test_what_is_no_sample_is_refused(self, alone: Client) -> None:
        volumes = alone.volumes.query()
        with pytest.raises(InvalidPlan, match="a number of rows, or else a fraction="):
            volumes.sample()
        with pytest.raises(InvalidPlan, match="a number of rows, or else a fraction="):
            volumes.sample(3, fraction=0.5)
        with pytest.raises(InvalidPlan, match="a number of rows, or else a fraction="):
            volumes.sample(3, by="patient_id")
        for fraction in (-0.1, 1.1, float("nan"), True, "0.5"):
            with pytest.raises(InvalidPlan, match="sample takes a number from 0 to 1 as fraction"):
                volumes.sample(fraction=fraction)  # type: ignore[arg-type]
        for seed in (-1, 2**63, 1.5, None):
            with pytest.raises(InvalidPlan, match=r"whole number from 0 .* as seed"):
                volumes.sample(3, seed=seed)  # type: ignore[arg-type]
        with pytest.raises(InvalidPlan, match="sample comes too late"):
            volumes.limit(3).sample(2)
        with pytest.raises(FieldTypeMismatch, match="texts and whole numbers only"):
            volumes.order_by(F.b_value.shuffled(1))
        with pytest.raises(InvalidPlan, match="not by their hashes"):
            volumes.distinct("patient_id").order_by(F.patient_id.shuffled(1))

    def test_the_plan_and_its_code(self, alone: Client) -> None:
        part = alone.volumes.query().sample(fraction=0.5, seed=1)
        assert part.plan.where == InSample(field="identifier", fraction=0.5, seed=1)
        drawn = alone.volumes.query().filter(F.b_value > 1).sample(10, seed=2)
        assert repr(drawn) == (
            "client.volumes.query().filter(F.identifier.is_in(client.volumes.query().filter(F.b_value > 1)"
            ".order_by(F.identifier.shuffled(2)).limit(10).select('identifier')))"
        )


class TestFirstPer:
    @pytest.mark.parametrize("reader", [name for name in READERS if name not in {"iter_pages", "a subquery"}])
    def test_it_is_the_first_row_in_the_order(self, query: Query, volumes: pl.DataFrame, reader: str) -> None:
        first = query.first_per("patient_id", order_by=F.series_number.desc())
        wanted = volumes.sort("series_number", descending=True, nulls_last=True, maintain_order=True).unique(
            "patient_id", keep="first", maintain_order=True
        )
        assert names(READERS[reader](first)) == names(wanted)
        assert first.count() == wanted.height == PATIENTS + 1
        assert first.exists()

    def test_without_an_order_it_is_the_first_identifier(self, query: Query, volumes: pl.DataFrame) -> None:
        wanted = volumes.unique(["patient_id", "series_number"], keep="first", maintain_order=True)
        assert names(query.first_per("patient_id", F.series_number).collect()) == names(wanted)

    def test_zeros_of_either_sign_make_one_group(self, query: Query) -> None:
        found = query.first_per("b_value").collect()["b_value"].to_list()
        assert sorted(map(str, found)) in (["0.0", "1.0", "None"], ["-0.0", "1.0", "None"])

    def test_filters_come_before_and_groups_after(self, query: Query, volumes: pl.DataFrame) -> None:
        first = query.filter(F.series_number < 9).first_per(
            "patient_id", order_by="series_number", descending=True
        )
        wanted = (
            volumes.filter(pl.col("series_number") < 9)
            .sort("series_number", descending=True, maintain_order=True)
            .unique("patient_id", keep="first", maintain_order=True)
        )
        per_number = first.group_by("series_number").agg(count()).order_by("series_number").collect()
        assert per_number.rows() == sorted(wanted["series_number"].value_counts().rows())
        assert sorted(first.distinct("series_number").collect().to_series()) == sorted(
            set(wanted["series_number"])
        )
        ordered = first.order_by(F.series_number, F.identifier.desc()).limit(4).select("identifier")
        assert (
            ordered.collect().to_series().to_list()
            == (
                wanted.sort("series_number", "identifier", descending=[False, True])["identifier"].to_list()[
                    :4
                ]
            )
        )

    def test_a_polars_filter_is_done_afterwards(self, query: Query) -> None:
        first = query.first_per("patient_id", order_by=F.series_number)
        frame = first.lazy().filter(pl.col("series_number") == 16).collect()
        assert names(frame) == names(first.collect().filter(pl.col("series_number") == 16))

    def test_what_comes_too_late_is_refused(self, alone: Client) -> None:
        first = alone.volumes.query().first_per("patient_id")
        late: dict[str, Callable[[], Query]] = {
            "filter": lambda: first.filter(F.b_value > 1),
            "first_per": lambda: first.first_per("study_id"),
            "sample": lambda: first.sample(3),
        }
        for step, take in late.items():
            with pytest.raises(InvalidPlan, match=f"{step} comes too late: .* first_per"):
                take()
        for query in (first.limit(1), first.distinct("study_id"), first.group_by("study_id").agg()):
            with pytest.raises(InvalidPlan, match="first_per comes too late"):
                query.first_per("volume_type")
        with pytest.raises(InvalidPlan, match="no first_per"):
            first.select("identifier").as_subquery()
        with pytest.raises(InvalidPlan, match="not read in pages"):
            first.iter_pages()

    def test_what_makes_no_groups_is_refused(self, alone: Client) -> None:
        volumes = alone.volumes.query()
        with pytest.raises(InvalidPlan, match="at least one field"):
            volumes.first_per(order_by="b_value")
        with pytest.raises(InvalidPlan, match="twice"):
            volumes.first_per("patient_id", F.patient_id)
        with pytest.raises(UnknownField):
            volumes.first_per("patient_id", order_by="thickness")
        for wrong in ("derived_from",):
            with pytest.raises(FieldTypeMismatch):
                volumes.first_per(wrong)
            with pytest.raises(FieldTypeMismatch):
                volumes.first_per("patient_id", order_by=wrong)
        with pytest.raises(TypeError):
            volumes.first_per(3)  # type: ignore[arg-type]

    def test_the_plan_and_its_code(self, alone: Client) -> None:
        first = alone.volumes.query().first_per("patient_id", order_by=[F.b_value.desc(), "identifier"])
        orders = (OrderBy(field="b_value", descending=True), OrderBy(field="identifier"))
        assert first.plan.first_per == FirstPer(fields=("patient_id",), order_by=orders)
        assert repr(first) == (
            "client.volumes.query().first_per('patient_id', order_by=[F.b_value.desc(), 'identifier'])"
        )
