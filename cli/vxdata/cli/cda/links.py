"""What connects subjects, files and projects, and what hangs on files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.cli.cda import vocabulary as words
from vxdata.cli.cda.draws import Choices, Draws
from vxdata.cli.cda.schema import ANATOMIC_SITE, SOURCES, UPSTREAM_IDENTIFIERS

if TYPE_CHECKING:
    from vxdata.cli.cda.schema import Table

REFERENCES: Final = 40
"""Resources elsewhere."""

SOME_SUBJECTS: Final = 0.03
"""Share of the files that describe a further subject; the same again a third one."""

UPSTREAM_FIELDS: Final = {
    "cds": "participant.participant_id",
    "gdc": "case.submitter_id",
    "icdc": "case.case_id",
    "idc": "dicom_all.PatientID",
    "pdc": "Case.case_submitter_id",
}
"""Source -> where it keeps the identifier of a subject."""


def file_links(seed: int, owners: pl.DataFrame, subject_count: int) -> pl.DataFrame:
    """Add further subjects to some files.

    Args:
        seed: What they follow from.
        owners: The first subject of each file.
        subject_count: Number of subjects.

    Returns:
        Columns of `file_describes_subject`.
    """
    draws = Draws(seed, "file_describes_subject")
    parts = [owners]
    for turn in ("second", "third"):
        chosen = owners.filter(draws.chance(f"{turn}?", owners.height, SOME_SUBJECTS))
        other = draws.below(turn, chosen.height, subject_count)
        parts.append(chosen.with_columns(other.alias("subject_alias")))
    return pl.concat(parts).unique(maintain_order=True)


def project_links(
    seed: int, subject: pl.DataFrame, links: pl.DataFrame, project_count: int
) -> dict[str, pl.DataFrame]:
    """Put subjects into projects, and their files too; some into none, some into a second one.

    Args:
        seed: What they follow from.
        subject: The subjects.
        links: Which file describes which subject.
        project_count: Number of projects.

    Returns:
        The two mapping tables by name.
    """
    draws = Draws(seed, "subject_in_project")
    size = subject.height
    first = (draws.uniform("first", size).pow(2) * project_count).floor().cast(pl.Int64)
    second = draws.below("second", size, project_count)
    turns = ((first, draws.chance("one", size, 0.98)), (second, draws.chance("two", size, 0.3)))
    parts = [
        pl.DataFrame({"subject_alias": subject["id_alias"], "project_alias": project}).filter(is_member)
        for project, is_member in turns
    ]
    members = pl.concat(parts).unique(maintain_order=True)
    # A file is in the first project of its subject.
    homes = members.unique("subject_alias", keep="first", maintain_order=True)
    held = links.join(homes, on="subject_alias", maintain_order="left")
    held = held.select("file_alias", "project_alias").unique(maintain_order=True)
    return {"subject_in_project": members, "file_in_project": held}


def file_values(seed: int, table: Table, file: pl.DataFrame) -> pl.DataFrame:
    """Give values to files: none to a fifth, a second one to a tenth.

    Args:
        seed: What they follow from.
        table: Where they go: anatomic sites, or tumour and normal tissue.
        file: The files.

    Returns:
        Columns of the table.
    """
    draws = Draws(seed, table.name)
    choices = words.SITES if table is ANATOMIC_SITE else words.TUMOR_VS_NORMAL
    parts = []
    for turn, share in (("first", 0.8), ("second", 0.1)):
        chosen = file.filter(draws.chance(f"{turn}?", file.height, share))["id_alias"]
        values = draws.pick(turn, len(chosen), choices)
        parts.append(pl.DataFrame({"file_alias": chosen, table.columns[1].name: values}))
    return pl.concat(parts).unique(maintain_order=True)


def values_missing(rows: pl.DataFrame, file: pl.DataFrame) -> pl.DataFrame:
    """List the files without a value.

    Args:
        rows: The values of files.
        file: The files.

    Returns:
        Their column `file_alias`.
    """
    every = file.select(file_alias="id_alias")
    return every.join(rows, on="file_alias", how="anti", maintain_order="left")


def upstream_identifiers(seed: int, subject: pl.DataFrame, file: pl.DataFrame) -> pl.DataFrame:
    """Tell under which identifiers the sources know subjects and files.

    Args:
        seed: What they follow from.
        subject: The subjects.
        file: The files.

    Returns:
        Columns of `upstream_identifiers`.
    """
    draws = Draws(seed, "upstream_identifiers")
    parts = []
    for name in SOURCES:
        held = subject.filter(f"data_at_{name}")
        number = draws.below(name, held.height, 10_000_000).cast(pl.String).str.zfill(7)
        case = held.select(
            pl.lit("subject").alias("cda_table"),
            "id_alias",
            pl.lit(name.upper()).alias("upstream_source"),
            pl.lit(UPSTREAM_FIELDS[name]).alias("upstream_field"),
            (pl.lit("case-") + number).alias("upstream_id"),
        )
        stored = file.filter(f"data_at_{name}").select(
            pl.lit("file").alias("cda_table"),
            "id_alias",
            pl.lit(name.upper()).alias("upstream_source"),
            pl.lit("file.id").alias("upstream_field"),
            pl.format("{}/{}", pl.lit(name), "id_alias").alias("upstream_id"),
        )
        parts += [case, stored]
    return pl.concat(parts).select(UPSTREAM_IDENTIFIERS.polars_schema.names())


def external_references(seed: int, subject: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Make up resources elsewhere, and which subjects they are about: a twentieth has some.

    Args:
        seed: What they follow from.
        subject: The subjects.

    Returns:
        The table and its mapping table, by name.
    """
    draws = Draws(seed, "external_reference")
    kinds = draws.pick("type", REFERENCES, Choices({"publication": 50, "portal": 35, "model": 15}))
    number = pl.int_range(REFERENCES, eager=True)
    resources = pl.DataFrame({"id_alias": number, "type": kinds}).with_columns(
        name=pl.format("The {} about patients' data, n° {}", "type", "id_alias"),
        short_name=pl.when(pl.col("id_alias") % 4 > 0).then(pl.format("{}-{}", "type", "id_alias")),
        last_updated=pl.format("2025-{}-01", (pl.col("id_alias") % 12 + 1).cast(pl.String).str.zfill(2)),
        uri=pl.format("https://references.example/{}", "id_alias"),
        description=pl.when(pl.col("id_alias") % 3 > 0).then(pl.format("100% about {}s", "type")),
        source_short_name=pl.lit("CXP"),
        source_url=pl.lit("https://references.example/"),
    )
    pairs = []
    for turn, share in (("first", 0.05), ("second", 0.01)):
        chosen = subject.filter(draws.chance(f"{turn}?", subject.height, share))["id_alias"]
        other = draws.below(turn, len(chosen), REFERENCES)
        pairs.append(pl.DataFrame({"subject_alias": chosen, "external_reference_alias": other}))
    mapping = pl.concat(pairs).unique(maintain_order=True)
    return {"external_reference": resources, "subject_external_reference": mapping}
