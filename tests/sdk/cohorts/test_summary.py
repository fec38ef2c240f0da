from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.cohorts.database import database, table
from tests.cohorts.example import METADATA_TABLES
from vxdata.schemas.cohorts import CohortModel
from vxdata.schemas.errors import ColumnNotFound, TableNotFound
from vxdata.sdk._cohorts.summary import CohortSummary

if TYPE_CHECKING:
    from vxdata.sdk import RemoteCatalog


def test_a_column_may_be_called_count() -> None:
    own = ("id_alias bigint", "id text!")
    tables = (
        table("subject", *own, "count text", key=("id_alias",)),
        table("file", *own, key=("id_alias",)),
        *METADATA_TABLES,
    )
    described = ("subject", "count", "categorical", True, True, None, None)
    made = database(tables, {"column_metadata": [described]})
    model = CohortModel.of(made.schema, made.rows("column_metadata"))
    counted = [{"count": "two", "count_result": 2}, {"count": None, "count_result": 1}]
    content = {"total_count": 3, "file_count": 0, "count_summary": counted, "data_source": {}}
    frame = CohortSummary("subject", content, model)["count"]
    assert frame.equals(pl.DataFrame(counted))


def test_names_that_are_not_there_are_told_with_the_nearest(known: RemoteCatalog) -> None:
    with pytest.raises(ColumnNotFound, match=r"Did you mean sex\?"):
        known.subjects.add("sexx")
    with pytest.raises(ColumnNotFound, match="Did you mean diagnosis"):
        known.subjects.filter_text("diagnossis = glioma")
    with pytest.raises(TableNotFound, match=r"Did you mean observation\?"):
        known.subjects.nest("observations")
    with pytest.raises(TableNotFound, match="Did you mean project"):
        known.table("projects")
