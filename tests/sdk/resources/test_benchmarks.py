"""Benchmarking results: created as published, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from vxdata.schemas.create import BenchmarkingResultCreate
from vxdata.schemas.errors import InvalidRequest, ResourceNotFound, UnknownField, ValidationFailed

if TYPE_CHECKING:
    from vxdata.sdk import Client


@pytest.fixture
def results(client: Client, unique: str) -> str:
    """Five results of an evaluation of this test alone, whose name is the bare identifiers' beginning."""
    metrics: dict[str, dict[str, float]] = {
        "a": {"auc": 0.8, "loss": 0.3},
        "b": {"auc": 0.9, "loss": 0.2, "dice": 0.5},
        "c": {"auc": 0.8, "loss": 0.1, "identifier": 7},
        "d": {"loss": 0.4},
        "e": {},
    }
    client.benchmarking_results.create(
        [
            BenchmarkingResultCreate(
                identifier=f"{unique}/{name}", eval_task=unique, summary_metrics=each, model_name=f"m-{name}"
            )
            for name, each in metrics.items()
        ]
    )
    return unique


def order(board: pl.DataFrame) -> str:
    return "".join(identifier[-1] for identifier in board["identifier"])


def test_best_first(client: Client, results: str) -> None:
    board = client.benchmarking_results.leaderboard(results, metric="auc")

    assert order(board) == "bacde", "equal ones by identifier, those without the metric last"
    assert board["auc"].to_list() == [0.9, 0.8, 0.8, None, None]
    assert board["loss"].to_list() == [0.2, 0.3, 0.1, 0.4, None]
    assert board["model_name"][0] == "m-b"
    assert board["evaluated_at"].dtype == pl.Datetime("us", "UTC"), "types stay where all is null"


def test_lowest_first(client: Client, results: str) -> None:
    assert order(client.benchmarking_results.leaderboard(results, "loss", lower_is_better=True)) == "cbade"


def test_without_a_metric_the_commonest_counts(client: Client, results: str) -> None:
    board = client.benchmarking_results.leaderboard(results)

    assert board.columns[-4:] == ["loss", "auc", "dice", "identifier_metric"]
    assert board["loss"].to_list() == [0.4, 0.3, 0.2, 0.1, None]
    assert board["identifier_metric"].to_list() == [None, None, None, 7, None]


def test_metrics_whose_names_are_taken(client: Client, unique: str) -> None:
    metrics: dict[str, float] = {"identifier": 1, "identifier_metric": 2, "model_name": 3}
    client.benchmarking_results.create(
        BenchmarkingResultCreate(identifier=unique, eval_task=unique, summary_metrics=metrics)
    )

    for metric in metrics:
        board = client.benchmarking_results.leaderboard(unique, metric)
        assert board["identifier"].to_list() == [f"benchmarking/{unique}"]
        assert board["identifier_metric_metric"].to_list() == [1]
        assert board["identifier_metric"].to_list() == [2]
        assert board["model_name_metric"].to_list() == [3]


@pytest.mark.parametrize("metric", [5, ["auc"], {"auc": 1}])
def test_a_metric_that_is_no_name(alone: Client, metric: Any) -> None:
    with pytest.raises(InvalidRequest, match="metric is the name of a metric, not"):
        alone.benchmarking_results.leaderboard("any", metric)


def test_as_of_an_instant(client: Client, results: str) -> None:
    before = client.now()
    client.benchmarking_results.delete([f"{results}/{name}" for name in "abcde"])

    assert order(client.benchmarking_results.leaderboard(results, "auc", as_of=before)) == "bacde"
    with pytest.raises(ResourceNotFound, match=f"no results of the evaluation '{results}'"):
        client.benchmarking_results.leaderboard(results, "auc")


def test_a_metric_that_nobody_has(client: Client, results: str) -> None:
    with pytest.raises(UnknownField, match=r"no field acu\. Did you mean auc\?"):
        client.benchmarking_results.leaderboard(results, metric="acu")


def test_results_without_any_metric(client: Client, unique: str) -> None:
    client.benchmarking_results.create(
        BenchmarkingResultCreate(identifier=unique, eval_task=unique, summary_metrics={})
    )

    assert client.benchmarking_results.leaderboard(unique)["identifier"].to_list() == [
        f"benchmarking/{unique}"
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "0.8", True, None])
def test_metrics_are_numbers(value: Any) -> None:
    with pytest.raises(ValidationFailed, match=r"summary_metrics: at \['auc'\]"):
        BenchmarkingResultCreate(identifier="a", eval_task="t", summary_metrics={"auc": value})


def test_frames_beside_the_metrics(client: Client, unique: str) -> None:
    frame = pl.DataFrame({"patient": ["a"], "score": [0.5]})
    stored = client.benchmarking_results.create(
        BenchmarkingResultCreate(
            identifier=f"benchmarking/{unique}",
            eval_task=unique,
            summary_metrics={"auc": 0.8},
            other_data=client.storage.upload_dataframes({"cases": frame}, group=f"benchmarking/{unique}"),
        )
    )

    assert stored.other_data is not None
    assert stored.other_data["cases"].startswith(f"s3://vxdata/benchmarking/{unique}/")
    assert_frame_equal(client.storage.download_dataframes(stored.other_data)["cases"], frame)
