"""The tables of the database: columns, keys, comments, and what `column_metadata` says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

SOURCES: Final = ("cds", "gdc", "icdc", "idc", "pdc")
"""The data commons that rows come from; each has a column `data_at_…`."""

POLARS_TYPES: Final[dict[str, pl.DataType]] = {
    "text": pl.String(),
    "integer": pl.Int32(),
    "bigint": pl.Int64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
}
"""Type of PostgreSQL -> type of Polars."""


@dataclass(frozen=True)
class Column:
    """A column.

    Args:
        name: Its name.
        sql_type: Its type in PostgreSQL.
        comment: What it holds.
        kind: How it is summarised: `categorical`, `numeric` or `unbounded`; None leaves it undescribed.
        is_nullable: Whether it can hold null.
        is_summarised: Whether summaries show it.
        is_returned: Whether rows show it.
        process: What `process_before_display` says.
        virtual_table: The table as whose column it appears.
        references: The table whose `id_alias` it refers to.
    """

    name: str
    sql_type: str
    comment: str | None = None
    kind: str | None = None
    is_nullable: bool = True
    is_summarised: bool = True
    is_returned: bool = True
    process: str | None = None
    virtual_table: str | None = None
    references: str | None = None


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        name: Its name.
        columns: Its columns.
        primary_key: The columns of its primary key; none if it has no key.
    """

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()

    @property
    def polars_schema(self) -> pl.Schema:
        """The types of its columns in a frame."""
        return pl.Schema({column.name: POLARS_TYPES[column.sql_type] for column in self.columns})


def _alias() -> Column:
    return Column("id_alias", "bigint", is_nullable=False)


def _listed_alias() -> Column:
    comment = "Number of the row."
    return Column("id_alias", "bigint", comment, "unbounded", is_nullable=False, is_summarised=False)


def _reference(name: str, table: str) -> Column:
    return Column(name, "bigint", is_nullable=False, references=table)


def _category(name: str, comment: str, *, is_nullable: bool = True) -> Column:
    return Column(name, "text", comment, "categorical", is_nullable=is_nullable)


def _number(name: str, sql_type: str, comment: str) -> Column:
    return Column(name, sql_type, comment, "numeric")


def _identifier(name: str, comment: str | None, *, is_nullable: bool = True) -> Column:
    return Column(name, "text", comment, "unbounded", is_nullable=is_nullable, is_summarised=False)


def _sources() -> tuple[Column, ...]:
    at = [
        Column(
            f"data_at_{name}",
            "boolean",
            f"Whether {name.upper()} holds this record.",
            "categorical",
            is_nullable=False,
            process="data_source",
        )
        for name in SOURCES
    ]
    comment = "Number of sources that hold this record."
    return (*at, Column("data_source_count", "integer", comment, "numeric", is_nullable=False))


def _linked(name: str, *columns: Column) -> Table:
    """A table whose rows belong to one subject each."""
    subject = _reference("subject_alias", "subject")
    return Table(name, (_listed_alias(), subject, *columns, *_sources()), ("id_alias",))


def _nulls(table: Table) -> Table:
    """What says of each subject in which columns of a table it has no value."""
    marks = [
        Column(f"{column.name}_null", "boolean", is_nullable=False)
        for column in table.columns
        if column.is_nullable
    ]
    return Table(f"{table.name}_nulls", (_reference("subject_alias", "subject"), *marks), ("subject_alias",))


def _mapping(name: str, *columns: Column) -> Table:
    return Table(name, columns, tuple(column.name for column in columns))


def _external(name: str) -> Column:
    return Column(
        name,
        "text",
        f"{name.replace('_', ' ').capitalize()} of a resource elsewhere.",
        "unbounded",
        is_summarised=False,
        is_returned=False,
        process="external_reference_metadata",
    )


SUBJECT: Final = Table(
    "subject",
    (
        _alias(),
        _identifier("id", "Identifier of the subject.", is_nullable=False),
        _identifier("crdc_id", "Identifier in the Cancer Research Data Commons."),
        _category("species", "Common name of the species."),
        _number("year_of_birth", "integer", "Calendar year of the birth."),
        _number("year_of_death", "integer", "Calendar year of the death."),
        _category("cause_of_death", "What the subject died of."),
        _category("race", "Race, as the subject has stated it."),
        _category("ethnicity", "Ethnicity, as the subject has stated it."),
        *_sources(),
    ),
    ("id_alias",),
)
FILE: Final = Table(
    "file",
    (
        _alias(),
        _identifier("id", "Identifier of the file.", is_nullable=False),
        _identifier("crdc_id", "Identifier in the Cancer Research Data Commons."),
        _identifier("name", "Name of the file."),
        _identifier("description", None),
        _identifier("drs_uri", "Where the Data Repository Service has it."),
        _category("access", "Whether it is open or controlled."),
        _number("size", "bigint", "Size in bytes."),
        _category("checksum_type", "Kind of the checksum."),
        _identifier("checksum_value", "The checksum."),
        _category("format", "Format of the file."),
        _category("type", "What the file holds."),
        _category("category", "Broad kind of what the file holds."),
        _number("instance_count", "integer", "Number of instances in a series of images."),
        *_sources(),
    ),
    ("id_alias",),
)
PROJECT: Final = Table(
    "project",
    (
        _alias(),
        _identifier("id", "Identifier of the project.", is_nullable=False),
        _identifier("crdc_id", "Identifier in the Cancer Research Data Commons."),
        _category("type", "Whether it is a program, a project, a study or a collection.", is_nullable=False),
        _category("name", "Name of the project.", is_nullable=False),
        _category("short_name", "Short name of the project."),
        *_sources(),
    ),
    ("id_alias",),
)
OBSERVATION: Final = _linked(
    "observation",
    _category("vital_status", "Whether the subject was alive."),
    _category("sex", "Sex of the subject."),
    _number("year_of_observation", "integer", "Calendar year of the observation."),
    _number("age_at_observation", "integer", "Age of the subject in years."),
    _category("diagnosis", "Disease that was diagnosed."),
    _category("morphology", "Code of the histology."),
    _category("grade", "Grade of the tumour."),
    _category("stage", "Stage of the disease."),
    _category("observed_anatomic_site", "Site of the disease."),
    _category("resection_anatomic_site", "Site that a specimen was taken from."),
)
TREATMENT: Final = _linked(
    "treatment",
    _category("anatomic_site", "Site that was treated."),
    _category("type", "Kind of treatment."),
    _category("therapeutic_agent", "Drug that was given."),
)
MUTATION: Final = _linked(
    "mutation",
    _category("hugo_symbol", "Symbol of the gene."),
    _number("entrez_gene_id", "integer", "Number of the gene at Entrez."),
    Column("hotspot", "boolean", "Whether the place is a known hotspot.", "categorical"),
    _category("ncbi_build", "Build of the reference genome."),
    _category("chromosome", "Chromosome."),
    _category("variant_type", "Type of the variant."),
    _category("reference_allele", "Allele of the reference."),
    _category("tumor_seq_allele1", "First allele of the tumour."),
    _category("tumor_seq_allele2", "Second allele of the tumour."),
    _category("dbsnp_rs", "Number at dbSNP."),
    _category("mutation_status", "Whether it is somatic."),
    _category("transcript_id", "Transcript at Ensembl."),
    _category("one_consequence", "Consequence of the variant."),
    _category("primary_site", "Site of the tumour."),
)
ANATOMIC_SITE: Final = Table(
    "file_anatomic_site",
    (
        _reference("file_alias", "file"),
        Column(
            "anatomic_site",
            "text",
            "Site that the file is about.",
            "categorical",
            is_nullable=False,
            virtual_table="file",
        ),
    ),
    ("file_alias", "anatomic_site"),
)
TUMOR_VS_NORMAL: Final = Table(
    "file_tumor_vs_normal",
    (
        _reference("file_alias", "file"),
        Column(
            "tumor_vs_normal",
            "text",
            "Whether the file is about tumour or normal tissue.",
            "categorical",
            is_nullable=False,
            virtual_table="file",
        ),
    ),
    ("file_alias", "tumor_vs_normal"),
)
UPSTREAM_IDENTIFIERS: Final = Table(
    "upstream_identifiers",
    (
        Column("cda_table", "text", is_nullable=False),
        Column("id_alias", "bigint", is_nullable=False),
        _identifier("upstream_source", "Source of the identifier.", is_nullable=False),
        _identifier("upstream_field", "Field that holds it at the source.", is_nullable=False),
        _identifier("upstream_id", "The identifier at the source.", is_nullable=False),
    ),
)
EXTERNAL_REFERENCE: Final = Table(
    "external_reference",
    (
        _alias(),
        _external("type"),
        _external("name"),
        _external("short_name"),
        _external("last_updated"),
        _external("uri"),
        _external("description"),
        _external("source_short_name"),
        _external("source_url"),
    ),
    ("id_alias",),
)
COLUMN_METADATA: Final = Table(
    "column_metadata",
    (
        Column("cda_table", "text", is_nullable=False),
        Column("cda_column", "text", is_nullable=False),
        Column("column_type", "text"),
        Column("summary_returns", "boolean", is_nullable=False),
        Column("data_returns", "boolean", is_nullable=False),
        Column("process_before_display", "text"),
        Column("virtual_table", "text"),
    ),
    ("cda_table", "cda_column"),
)
RELEASE_METADATA: Final = Table(
    "release_metadata",
    (
        Column("cda_table", "text", is_nullable=False),
        Column("cda_column", "text", is_nullable=False),
        Column("data_source", "text", is_nullable=False),
        Column("data_source_version", "text"),
        Column("data_source_extraction_date", "date"),
        Column("data_source_row_count", "bigint"),
        Column("data_source_unique_value_count", "bigint"),
        Column("data_source_null_count", "bigint"),
    ),
    ("cda_table", "cda_column", "data_source"),
)

TABLES: Final = (
    SUBJECT,
    FILE,
    PROJECT,
    OBSERVATION,
    _nulls(OBSERVATION),
    TREATMENT,
    _nulls(TREATMENT),
    MUTATION,
    _nulls(MUTATION),
    ANATOMIC_SITE,
    Table("file_anatomic_site_nulls", (_reference("file_alias", "file"),), ("file_alias",)),
    TUMOR_VS_NORMAL,
    Table("file_tumor_vs_normal_nulls", (_reference("file_alias", "file"),), ("file_alias",)),
    _mapping(
        "file_describes_subject", _reference("file_alias", "file"), _reference("subject_alias", "subject")
    ),
    _mapping(
        "subject_in_project", _reference("subject_alias", "subject"), _reference("project_alias", "project")
    ),
    _mapping("file_in_project", _reference("file_alias", "file"), _reference("project_alias", "project")),
    UPSTREAM_IDENTIFIERS,
    EXTERNAL_REFERENCE,
    _mapping(
        "subject_external_reference",
        _reference("subject_alias", "subject"),
        _reference("external_reference_alias", "external_reference"),
    ),
    COLUMN_METADATA,
    RELEASE_METADATA,
)
"""All tables, each after those that it refers to."""
