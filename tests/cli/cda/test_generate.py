from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from vxdata.cli.cda import TABLES, generate
from vxdata.cli.cda.schema import SOURCES

SINGLE = ("file", "observation", "treatment", "mutation")


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return generate(2_000, seed=3)


def test_a_seed_gives_the_same_tables_again(frames: dict[str, pl.DataFrame]) -> None:
    again = generate(2_000, seed=3)
    for name, frame in frames.items():
        assert_frame_equal(again[name], frame)
    assert not generate(2_000, seed=4)["observation"].equals(frames["observation"])


def test_tables_have_their_columns_and_the_size_that_was_asked_for(frames: dict[str, pl.DataFrame]) -> None:
    assert list(frames) == [table.name for table in TABLES]
    for table in TABLES:
        assert frames[table.name].schema == table.polars_schema, table.name
    assert frames["subject"].height == 2_000
    assert frames["file"].height == 8_000


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_keys_hold(frames: dict[str, pl.DataFrame], table: object) -> None:
    declared = next(one for one in TABLES if one is table)
    frame = frames[declared.name]
    if declared.primary_key:
        assert not frame.select(declared.primary_key).is_duplicated().any()
    for column in declared.columns:
        if not column.is_nullable:
            assert frame[column.name].null_count() == 0, column.name
        if column.references:
            target = frames[column.references]["id_alias"]
            assert frame[column.name].is_in(target.implode()).all(), column.name


def test_the_data_are_as_uneven_as_real_ones(frames: dict[str, pl.DataFrame]) -> None:
    files = frames["file_describes_subject"]["subject_alias"].value_counts()["count"]
    assert 0.1 < 1 - len(files) / 2_000 < 0.3
    assert max(files) > 50
    subjects = frames["file_describes_subject"]["file_alias"].value_counts()["count"]
    assert max(subjects) == 3
    assert len(subjects) < 8_000
    assert (frames["subject"]["data_source_count"] > 1).any()
    assert {"Glioblastoma", "glioblastoma", "Ewing's sarcoma", "not reported", None} <= {
        *frames["observation"]["diagnosis"]
    }


@pytest.mark.parametrize("name", SINGLE)
def test_rows_of_one_source_have_one_and_only_on_demand_two(
    frames: dict[str, pl.DataFrame], name: str
) -> None:
    held = pl.sum_horizontal(pl.col(f"data_at_{source}").cast(pl.Int32) for source in SOURCES)
    assert (frames[name].select(held).to_series() == 1).all()
    shared = generate(200, seed=3, shared=0.5)[name]
    assert set(shared.select(held).to_series()) == {1, 2}
    assert (shared.select(held).to_series() == shared["data_source_count"]).all()


def test_nulls_tell_who_has_no_value_at_all(frames: dict[str, pl.DataFrame]) -> None:
    has_one = frames["observation"].filter(pl.col("sex").is_not_null())["subject_alias"].unique()
    without = frames["observation_nulls"].filter("sex_null")["subject_alias"]
    assert set(without) == set(range(2_000)) - set(has_one)
    with_site = set(frames["file_anatomic_site"]["file_alias"])
    assert set(frames["file_anatomic_site_nulls"]["file_alias"]) == set(range(8_000)) - with_site


def test_metadata_describe_what_is_there(frames: dict[str, pl.DataFrame]) -> None:
    described = frames["column_metadata"]
    for table, column in described.select("cda_table", "cda_column").iter_rows():
        assert column in frames[table].columns
    counts = frames["release_metadata"].filter(
        cda_table="observation", cda_column="diagnosis", data_source="CDA"
    )
    assert counts["data_source_row_count"].item() == frames["observation"].height
    assert counts["data_source_null_count"].item() == frames["observation"]["diagnosis"].null_count()
    assert {name.lower() for name in frames["release_metadata"]["data_source"]} == {"cda", *SOURCES}


def test_small_sizes_work_too() -> None:
    for size in range(4):
        frames = generate(size)
        assert frames["subject"].height == size
