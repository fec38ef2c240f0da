"""The load: batches of whole patients, and only of what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.fixtures.idc import EXTRACT, index
from vxdata.cli.idc.load import Loaded, batches, load, missing
from vxdata.cli.idc.mapping import LEVELS, map_index
from vxdata.sdk import F, ResourceAlreadyExists

if TYPE_CHECKING:
    from vxdata.cli.idc.mapping import Mapped
    from vxdata.sdk import Client

MAPPED = map_index(EXTRACT)
WHOLE = {"datasource": 4, "patient": 197, "imagingstudy": 212, "volume": 944}
NOTHING = dict.fromkeys(LEVELS, 0)


class Interrupted(Exception):
    """Stands for whatever ends a load early."""


def silent(_done: int, _total: int) -> None:
    pass


def counts(client: Client) -> dict[str, int]:
    return {name: client.namespace(name).query().collect().height for name in LEVELS}


class TestBatches:
    @pytest.mark.parametrize("rows_per_batch", [1, 10, 100, 10_000])
    def test_hold_everything_once_and_no_patient_in_two(self, rows_per_batch: int) -> None:
        parts = list(batches(MAPPED.frames, rows_per_batch))
        for name in LEVELS:
            together = pl.concat(part.frames[name] for part in parts if name in part.frames)
            assert together.sort("identifier").equals(
                MAPPED.frames[name].drop("patient_key").sort("identifier")
            )
        homes: dict[str, int] = {}
        for number, part in enumerate(parts):
            for patient in part.frames["patient"]["identifier"]:
                homes[patient] = number
            for study in part.frames["imagingstudy"]["parent_identifier"]:
                assert homes[study] == number
        assert sum(part.rows for part in parts) == sum(WHOLE.values())

    def test_are_of_about_the_size_asked_for(self) -> None:
        sizes = [part.rows for part in batches(MAPPED.frames, 100)]
        largest_patient = pl.concat(frame.select("patient_key") for frame in MAPPED.frames.values())
        most = int(largest_patient.group_by("patient_key").len()["len"].max())  # type: ignore[arg-type] # a count
        assert max(sizes) < 100 + most
        assert min(sizes[:-1]) > 100 - most

    def test_a_parent_comes_with_or_before_its_children(self) -> None:
        seen: set[str] = set()
        for part in batches(MAPPED.frames, 50):
            for frame in part.frames.values():
                seen |= set(frame["identifier"])
            for name in LEVELS[1:]:
                assert set(part.frames[name]["parent_identifier"]) <= seen

    def test_nothing_is_no_batch(self) -> None:
        assert list(batches(map_index(index()).frames)) == []


class TestLoad:
    def test_creates_everything_and_the_second_time_nothing(self, empty_client: Client) -> None:
        first = load(empty_client, MAPPED, silent)
        assert (first.created, first.present, first.commits) == (WHOLE, NOTHING, 1)
        assert counts(empty_client) == WHOLE
        before = empty_client.health().version
        second = load(empty_client, MAPPED, silent)
        assert (second.created, second.present, second.commits) == (NOTHING, WHOLE, 0)
        assert empty_client.health().version == before

    def test_goes_on_after_a_part(self, empty_client: Client) -> None:
        part = load(empty_client, map_index(EXTRACT.only(["prostate_mri"])), silent)
        rest = load(empty_client, MAPPED, silent, rows_per_batch=100)
        assert rest.present == part.created
        assert (
            {name: part.created[name] + rest.created[name] for name in LEVELS}
            == WHOLE
            == counts(empty_client)
        )

    def test_goes_on_where_it_was_interrupted(self, empty_client: Client) -> None:
        def interrupt(done: int, _total: int) -> None:
            if done > 300:
                raise Interrupted

        with pytest.raises(Interrupted):
            load(empty_client, MAPPED, interrupt, rows_per_batch=60)
        there = counts(empty_client)
        assert 300 < sum(there.values()) < sum(WHOLE.values())
        rest = load(empty_client, MAPPED, silent, rows_per_batch=60)
        assert rest.present == there
        assert counts(empty_client) == WHOLE

    def test_tells_its_progress(self, empty_client: Client) -> None:
        told: list[tuple[int, int]] = []
        loaded = load(
            empty_client, MAPPED, lambda done, total: told.append((done, total)), rows_per_batch=200
        )
        total = sum(WHOLE.values())
        assert told[0] == (0, total)
        assert told[-1] == (total, total)
        assert told == sorted(told)
        assert len(told) == loaded.commits + 1
        assert loaded.commits == empty_client.health().version
        assert loaded.seconds > 0

    def test_what_comes_back_is_what_was_mapped(self, empty_client: Client) -> None:
        load(empty_client, MAPPED, silent)
        for name in LEVELS:
            mapped = MAPPED.frames[name].drop("patient_key").sort("identifier")
            stored = empty_client.namespace(name).query().select(*mapped.columns).collect().sort("identifier")
            assert stored.equals(mapped), name
        prostates = empty_client.volumes.query().filter(
            F.datasource_id == "datasource/prostate_3t",
            F.volume_type == "T2",
            F.body_part_examined == "PROSTATE",
        )
        assert prostates.collect().height == 64

    def test_what_is_refused_leaves_the_batches_before(self, empty_client: Client) -> None:
        # The same volume below another data source is not among what the load finds to be there.
        volume = MAPPED.frames["volume"].row(-1, named=True)["identifier"]
        other = pl.DataFrame({"identifier": ["other"], "license": ["x"]})
        copy = pl.DataFrame(
            {"identifier": [volume], "parent_identifier": ["datasource/other"], "license": ["x"]}
        )
        empty_client.resources.create({"datasource": other, "volume": copy})
        with pytest.raises(ResourceAlreadyExists, match=volume.replace(".", r"\.")):
            load(empty_client, MAPPED, silent, rows_per_batch=100)
        assert 0 < counts(empty_client)["patient"] < WHOLE["patient"]


def test_missing_finds_all_or_nothing(empty_client: Client) -> None:
    def heights(mapped: Mapped) -> tuple[dict[str, int], dict[str, int]]:
        absent, present = missing(empty_client, mapped)
        return {name: frame.height for name, frame in absent.items()}, present

    assert heights(MAPPED) == (WHOLE, NOTHING)
    load(empty_client, MAPPED, silent)
    assert heights(MAPPED) == (NOTHING, WHOLE)


def test_nothing_is_loaded_of_nothing(empty_client: Client) -> None:
    loaded = load(empty_client, map_index(index()), silent)
    assert loaded == Loaded(seconds=loaded.seconds)
