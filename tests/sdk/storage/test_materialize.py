"""Frames with S3 URLs become frames with local paths."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import BenchmarkingResultCreate, VolumeCreate
from vxdata.schemas.errors import BlobNotFound, InvalidRequest, StorageProblem, UnknownField
from vxdata.sdk._storage.materialize import find_urls

if TYPE_CHECKING:
    from vxdata.sdk import Client, Storage


@pytest.fixture
def urls(direct: Storage, unique: str, tmp_path: Path) -> list[str]:
    """Three objects that hold their numbers."""
    sources = [tmp_path / f"source-{number}" for number in range(3)]
    for number, source in enumerate(sources):
        source.write_text(f"{unique} {number}")
    return direct.upload(sources, group=unique)


def texts(paths: Any) -> list[str | None]:
    return [None if path is None else Path(path).read_text().split()[1] for path in paths]


def test_nulls_duplicates_and_the_order_stay(storage: Storage, urls: list[str], tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "identifier": ["a", "b", "c", "d", "e"],
            "path_nii": [urls[2], None, urls[0], urls[2], urls[1]],
            "b_value": [1.0, None, 3.0, 4.0, 5.0],
        }
    )
    local = storage.materialize(frame, tmp_path / "out")
    assert local.schema == frame.schema
    assert_frame_equal(local.drop("path_nii"), frame.drop("path_nii"))
    assert texts(local["path_nii"]) == ["2", None, "0", "2", "1"]
    assert all(Path(path).is_absolute() for path in local["path_nii"].drop_nulls())
    assert_frame_equal(storage.materialize(frame, tmp_path / "out"), local)


def test_lists_structures_and_mappings(storage: Storage, urls: list[str], tmp_path: Path) -> None:
    zero, one, two = urls
    mapping = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))
    frame = pl.DataFrame(
        {
            "lists": [[zero, one], [], None, [two, None]],
            "maps": [[{"key": "a", "value": zero}], [], None, [{"key": "b", "value": two}]],
            "structs": [
                {"url": one, "word": "x"},
                None,
                {"url": None, "word": "y"},
                {"url": two, "word": "z"},
            ],
            "deep": [[[zero], []], None, [], [[one, two]]],
            "words": pl.Series([zero, one, one, None], dtype=pl.Categorical),
            "arrays": [[zero, one], [two, None], None, [one, one]],
        },
        schema_overrides={"maps": mapping, "arrays": pl.Array(pl.String, 2)},
    )
    local = storage.materialize(frame, tmp_path / "out")
    assert local.schema == frame.schema | {"words": pl.String}
    assert [None if row is None else texts(row) for row in local["lists"]] == [
        ["0", "1"],
        [],
        None,
        ["2", None],
    ]
    assert [
        None if row is None else [(x["key"], *texts([x["value"]])) for x in row] for row in local["maps"]
    ] == [
        [("a", "0")],
        [],
        None,
        [("b", "2")],
    ]
    assert texts(local["structs"].struct.field("url")) == ["1", None, None, "2"]
    assert local["structs"].struct.field("word").to_list() == ["x", None, "y", "z"]
    assert [None if row is None else [texts(part) for part in row] for row in local["deep"]] == [
        [["0"], []],
        None,
        [],
        [["1", "2"]],
    ]
    assert texts(local["words"]) == ["0", "1", "1", None]
    assert [None if row is None else texts(row) for row in local["arrays"]] == [
        ["0", "1"],
        ["2", None],
        None,
        ["1", "1"],
    ]


def test_categories_become_texts_at_any_depth(storage: Storage, urls: list[str], tmp_path: Path) -> None:
    words = pl.Enum(urls)
    frame = pl.DataFrame(
        {"lists": [[urls[0]], None], "arrays": [[urls[1], None], None], "structs": [{"a": [urls[2]]}, None]},
        schema={
            "lists": pl.List(words),
            "arrays": pl.Array(words, 2),
            "structs": pl.Struct({"a": pl.Array(words, 1)}),
        },
    )
    local = storage.materialize(frame, tmp_path / "out")
    assert local.schema == {
        "lists": pl.List(pl.String),
        "arrays": pl.Array(pl.String, 2),
        "structs": pl.Struct({"a": pl.Array(pl.String, 1)}),
    }
    assert texts(local["lists"][0]) == ["0"]
    assert texts(local["arrays"][0]) == ["1", None]
    assert texts(local["structs"][0]["a"]) == ["2"]
    assert local[1].rows() == [(None, None, None)]


def test_resources_of_the_server(
    client: Client, storage: Storage, urls: list[str], datasource: str, unique: str, tmp_path: Path
) -> None:
    common: dict[str, Any] = {"parent_identifier": datasource, "license": "CC BY 4.0"}
    client.volumes.create(
        [
            VolumeCreate(identifier=f"{unique}-0", path_nii=urls[0], **common),
            VolumeCreate(identifier=f"{unique}-1", **common),
        ]
    )
    client.benchmarking_results.create(
        BenchmarkingResultCreate(
            identifier=unique,
            eval_task="t",
            summary_metrics={"auc": 0.5},
            other_data={"a": urls[1], "b": urls[2]},
            **common,
        )
    )
    volumes = (
        client.volumes.query().collect().filter(pl.col("identifier").str.contains(unique)).sort("identifier")
    )
    local = storage.materialize(volumes, tmp_path / "out")
    assert texts(local["path_nii"]) == ["0", None]
    assert_frame_equal(local.drop("path_nii"), volumes.drop("path_nii"))
    results = client.benchmarking_results.query().collect()
    results = results.filter(pl.col("identifier") == f"benchmarking/{unique}")
    local = storage.materialize(results, tmp_path / "out")
    assert local.schema == results.schema
    (mapping,) = local["other_data"].to_list()
    assert list(mapping) == ["a", "b"]
    assert texts(mapping.values()) == ["1", "2"]
    assert_frame_equal(local.drop("other_data"), results.drop("other_data"))


def test_prefixes_become_folders(storage: Storage, urls: list[str], unique: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"series": [f"s3://vxdata/{unique}/*", None, f"s3://vxdata/{unique}/", urls[0]]})
    local = storage.materialize(frame, tmp_path / "out")["series"].to_list()
    assert local[0] == local[2] == str(tmp_path / "out" / "vxdata" / unique)
    assert local[1] is None
    assert local[3] == str(tmp_path / "out" / urls[0].removeprefix("s3://"))
    assert sorted(path.name for path in Path(local[0]).rglob("*") if path.is_file()) == [
        "source-0",
        "source-1",
        "source-2",
    ]


def test_each_object_is_fetched_once(storage: Storage, urls: list[str], unique: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": urls * 500, "b": [f"s3://vxdata/{unique}/*"] * 1_500})
    storage.materialize(frame, tmp_path / "out")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    before = {path: path.stat().st_ino for path in files}
    assert len(files) == 3
    storage.materialize(frame, tmp_path / "out")
    assert {path: path.stat().st_ino for path in files} == before


class TestColumns:
    def test_are_found_by_the_fields_of_the_registry_and_by_content(self) -> None:
        frame = pl.DataFrame(
            {
                "path_nii": ["s3://bucket/a", "/local/b", None],
                "anything": ["s3://bucket/c", None, "s3://bucket/c"],
                "remark": ["s3://bucket/d", "see there", None],
                "empty": pl.Series([None] * 3, dtype=pl.String),
                "number": [1, 2, 3],
            }
        )
        assert find_urls(registry(), frame) == {"path_nii": ["s3://bucket/a"], "anything": ["s3://bucket/c"]}
        assert find_urls(registry(), frame, ["remark"]) == {"remark": ["s3://bucket/d"]}
        assert find_urls(registry(), frame.head(0)) == {}
        assert find_urls(registry(), pl.DataFrame()) == {}

    def test_that_are_not_there_are_refused(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(UnknownField, match="path_nii"):
            storage.materialize(pl.DataFrame({"path_nii": ["x"]}), tmp_path, columns=["path_ni"])

    def test_without_urls_need_nothing(self, tmp_path: Path, storage: Storage) -> None:
        frame = pl.DataFrame({"path_nii": ["/local", None], "n": [1, 2]})
        assert storage.materialize(frame, tmp_path / "out") is frame
        assert not (tmp_path / "out").exists()


def test_what_is_no_frame_is_refused(storage: Storage, tmp_path: Path) -> None:
    lazy: Any = pl.LazyFrame({"path_nii": ["s3://bucket/a"]})
    with pytest.raises(InvalidRequest, match="not LazyFrame; collect"):
        storage.materialize(lazy, tmp_path)


def test_what_is_missing_is_named_with_all_others(
    storage: Storage, urls: list[str], unique: str, tmp_path: Path
) -> None:
    missing = [f"s3://vxdata/{unique}/missing-{number}" for number in range(2)]
    frame = pl.DataFrame({"path_nii": [missing[0], *urls, missing[1]]})
    with pytest.raises(BlobNotFound) as caught:
        storage.materialize(frame, tmp_path / "out")
    assert sorted(failure["name"] for failure in caught.value.failures) == missing
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == 3


def test_urls_that_are_refused_are_all_named_and_stop_no_other(
    storage: Storage, urls: list[str], tmp_path: Path
) -> None:
    refused = ["s3://vxdata/../a", "s3://vxdata//b"]
    with pytest.raises(StorageProblem, match="empty part") as caught:
        storage.materialize(pl.DataFrame({"path_nii": [*refused, *urls]}), tmp_path / "out")
    assert [(failure["name"], failure["code"]) for failure in caught.value.failures] == [
        (url, "INVALID_BLOB_URL") for url in refused
    ]
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == len(urls)


def test_a_url_that_is_refused_is_a_failure_like_others(
    storage: Storage, urls: list[str], tmp_path: Path
) -> None:
    frame = pl.DataFrame({"path_nii": ["s3://vxdata/../a", *urls]})
    with pytest.raises(StorageProblem) as caught:
        storage.materialize(frame, tmp_path / "out", fail_fast=True)
    assert sorted(caught.value.not_tried) == sorted(urls)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
