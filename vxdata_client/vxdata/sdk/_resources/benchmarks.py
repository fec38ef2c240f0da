"""Benchmarking results, side by side."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.schemas.create import BenchmarkingResultCreate
from vxdata.schemas.errors import InvalidRequest, ResourceNotFound, UnknownField
from vxdata.schemas.response import BenchmarkingResultResponse
from vxdata.schemas.update import BenchmarkingResultUpdate
from vxdata.sdk._expressions.fields import F
from vxdata.sdk._expressions.fields_generated import BenchmarkingResultFields
from vxdata.sdk._resources.namespace import Namespace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.sdk._snapshot import AsOf

SHOWN: Final = (
    "identifier",
    "clearml_id",
    "model_name",
    "model_version",
    "code_version",
    "evaluated_at",
    "created_at",
)
"""The columns of a result that come before its metrics."""


class BenchmarkingResults(
    Namespace[
        BenchmarkingResultCreate,
        BenchmarkingResultUpdate,
        BenchmarkingResultResponse,
        BenchmarkingResultFields,
    ]
):
    """The benchmarking results."""

    def leaderboard(
        self,
        eval_task: str,
        metric: str | None = None,
        *,
        lower_is_better: bool = False,
        as_of: AsOf | None = None,
    ) -> pl.DataFrame:
        """Compare the results of one evaluation.

        Args:
            eval_task: What was evaluated, such as ``"ve2e-default"``.
            metric: Metric to order by. By default the one that most results have, of several the first in
                the alphabet.
            lower_is_better: Whether the lowest value is best, as for errors and losses.
            as_of: Instant to read at.

        Returns:
            One row a result and one column a metric, best first; results without the metric come last. A
            metric that has the name of another column gets ``_metric`` at the end of its name, as often as
            it takes.

        Raises:
            InvalidRequest: The metric is no text.
            ResourceNotFound: There are no results of this evaluation.
            UnknownField: No result has the metric.
        """
        if metric is not None and not isinstance(metric, str):
            msg = f"metric is the name of a metric, not {type(metric).__name__}."
            raise InvalidRequest(msg)
        query = self.query().filter(F.eval_task == eval_task).select(*SHOWN, "summary_metrics")
        results = (query if as_of is None else query.as_of(as_of)).to_arrow()
        if not results.num_rows:
            msg = f"There are no results of the evaluation {eval_task!r}."
            raise ResourceNotFound(msg, eval_task=eval_task)
        metrics = [dict(each) for each in results["summary_metrics"].to_pylist()]
        counts = Counter(name for each in metrics for name in each)
        if metric is not None and metric not in counts:
            raise UnknownField.from_names(f"summary_metrics of {eval_task}", [metric], counts)
        # By how many results have it, then by the alphabet; the one to order by before all others.
        ranked = sorted(counts, key=lambda name: (name != metric, -counts[name], name))
        columns = _columns(ranked)
        board = pl.DataFrame(results.drop_columns("summary_metrics")).with_columns(
            pl.Series(columns[name], [each.get(name) for each in metrics], pl.Float64) for name in ranked
        )
        by = [*(columns[name] for name in ranked[:1]), "identifier"]
        return board.sort(by, descending=[not lower_is_better, False][-len(by) :], nulls_last=True)


def _columns(metrics: Iterable[str]) -> dict[str, str]:
    """A column for each metric, which no other metric and nothing of the result has."""
    columns = {metric: metric for metric in metrics if metric not in SHOWN}
    for metric in sorted({*metrics} - {*columns}):
        column = f"{metric}_metric"
        while column in columns.values():
            column += "_metric"
        columns[metric] = column
    return columns
