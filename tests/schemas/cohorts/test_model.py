"""The model of a catalog: section 2 of the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.cohorts.example import EXAMPLE
from vxdata.schemas.catalog.reflected import ForeignKey, ReflectedColumn, ReflectedSchema, ReflectedTable
from vxdata.schemas.cohorts import CohortModel
from vxdata.schemas.cohorts.paths import Link, Path
from vxdata.schemas.errors import ColumnNotFound, InvalidCatalog, RelationshipNotFound, TableNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

METADATA = EXAMPLE.rows("column_metadata")


def model(*added: ReflectedTable, but: Sequence[str] = (), metadata: Any = METADATA) -> CohortModel:
    tables = {table.name: table for table in (*EXAMPLE.schema.tables, *added)}
    kept = tuple(table for name, table in sorted(tables.items()) if name not in but)
    return CohortModel.of(ReflectedSchema("public", kept), metadata, EXAMPLE.rows("release_metadata"))


def test_public_names() -> None:
    names = model().columns
    expected = "subject_id file_id project_id file_type project_type subject_data_at_gdc file_data_at_gdc"
    assert set(expected.split()) | {"name", "size", "age", "species", "anatomic_site"} <= set(names)
    assert {name for name, column in names.items() if column.shown_in == "file" and column.is_in_data} == {
        *("file_id", "file_type", "size", "file_data_at_gdc", "file_data_at_idc", "anatomic_site")
    }


def test_another_table_renames_columns_save_one() -> None:
    columns = (ReflectedColumn("size", "text"), ReflectedColumn("anatomic_site", "text"))
    key = ForeignKey(("size",), "subject", ("id_alias",))
    found = model(ReflectedTable("more", columns, (), (key,)))
    assert {"file_size", "more_size", "anatomic_site", "more_anatomic_site"} <= set(found.columns)
    assert found.renamed["file.size"] == "file_size"


def test_paths() -> None:
    paths = model().paths
    link = Link("file_describes_subject", "subject_alias", "file_alias")
    assert paths["subject", "file"] == Path("file", link, "file", "id_alias")
    assert paths["subject", "file_anatomic_site"] == Path("file", link, "file_anatomic_site", "file_alias")
    assert paths["subject", "observation"] == Path("subject", None, "observation", "subject_alias")
    back = Link("file_describes_subject", "file_alias", "subject_alias")
    assert paths["file", "observation"] == Path("subject", back, "observation", "subject_alias")
    assert paths["file", "project"].link == Link("file_in_project", "file_alias", "project_alias")
    upstream = paths["file", "upstream_identifiers"]
    assert (upstream.entity, upstream.column, upstream.only_of) == ("file", "id_alias", "cda_table")


def test_listed_columns_have_four_types_and_no_null() -> None:
    listed = model().listed_columns
    assert {row["data_type"] for row in listed} == {"text", "integer", "bigint", "boolean"}
    assert [row["description"] for row in listed if row["column"] == "species"] == ["Common name."]
    assert all(row["description"] is not None for row in listed)
    assert len({row["column"] for row in listed}) == len(listed) == len(METADATA)


@pytest.mark.parametrize(
    ("sql_type", "data_type"),
    [("numeric(4,2)", "integer"), ("character varying(9)", "text"), ("date", "text"), ("uuid", "text")],
)
def test_other_types_are_listed_as_one_of_four(sql_type: str, data_type: str) -> None:
    subject = EXAMPLE.schema.table_by_name["subject"]
    columns = [
        replace(item, sql_type=sql_type) if item.name == "species" else item for item in subject.columns
    ]
    found = model(replace(subject, columns=tuple(columns)))
    assert found.column("species").data_type == data_type


@pytest.mark.parametrize("name", ["Sex", "file_type"])
def test_two_columns_under_one_name_are_refused(name: str) -> None:
    key = ForeignKey(("owner",), "subject", ("id_alias",))
    columns = (ReflectedColumn("owner", "bigint"), ReflectedColumn(name, "text"))
    with pytest.raises(InvalidCatalog, match=f"would both be called {name}"):
        model(ReflectedTable("zusatz", columns, (), (key,)))


@pytest.mark.parametrize("name", ["t" * 49, "t" * 63])
def test_names_that_would_be_cut_off_are_refused(name: str) -> None:
    key = ForeignKey(("owner",), "subject", ("id_alias",))
    with pytest.raises(InvalidCatalog, match="bytes"):
        model(ReflectedTable(name, (ReflectedColumn("owner", "bigint"),), (), (key,)))


def test_two_paths_are_refused() -> None:
    mapping = replace(EXAMPLE.schema.table_by_name["subject_in_project"], name="subject_leads_project")
    with pytest.raises(InvalidCatalog, match="subject_in_project, subject_leads_project"):
        model(mapping)


def test_a_table_without_a_path_is_refused() -> None:
    with pytest.raises(InvalidCatalog, match="from subject to lonely"):
        model(ReflectedTable("lonely", (ReflectedColumn("x", "text"),)))


@pytest.mark.parametrize("missing", ["subject", "file"])
def test_endpoints_are_needed(missing: str) -> None:
    with pytest.raises(InvalidCatalog, match=missing):
        model(but=(missing,))


def test_a_virtual_table_has_to_exist() -> None:
    wrong = [row | {"virtual_table": "nothing"} for row in METADATA if row["cda_column"] == "sex"]
    with pytest.raises(InvalidCatalog, match="nothing"):
        model(metadata=wrong)


def test_what_is_not_there_is_named() -> None:
    found = model()
    with pytest.raises(ColumnNotFound, match="Column Not Found: Species"):
        found.column("Species")
    with pytest.raises(ColumnNotFound, match=r"Column Not Found: subject\.species"):
        found.folded_column("subject.Species")
    with pytest.raises(TableNotFound, match="Table not found: nothing"):
        found.shown_columns("nothing.*")
    with pytest.raises(RelationshipNotFound, match="between file and external_reference"):
        found.path("file", "external_reference")


def test_sources_that_the_endpoints_do_not_have_are_told() -> None:
    rows = [*EXAMPLE.rows("release_metadata"), {"data_source": "PDC"}]
    found = CohortModel.of(EXAMPLE.schema, METADATA, rows)
    assert found.missing_sources == ("subject.data_at_pdc", "file.data_at_pdc")
