"""The whole database: all tables of a size and a seed, as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.cli.cda.annotations import mutations, nulls_of, observations, treatments
from vxdata.cli.cda.entities import files, projects, subjects
from vxdata.cli.cda.links import (
    external_references,
    file_links,
    file_values,
    project_links,
    upstream_identifiers,
    values_missing,
)
from vxdata.cli.cda.metadata import column_metadata, release_metadata
from vxdata.cli.cda.schema import ANATOMIC_SITE, MUTATION, OBSERVATION, TABLES, TREATMENT, TUMOR_VS_NORMAL

if TYPE_CHECKING:
    import polars as pl

FILES_PER_SUBJECT: Final = 4.0
"""Files for each subject, on average."""


def generate(
    subject_count: int,
    *,
    files_per_subject: float = FILES_PER_SUBJECT,
    seed: int = 0,
    shared: float = 0.0,
) -> dict[str, pl.DataFrame]:
    """Make up the tables.

    A seventh of the subjects have no file and a few have hundreds; some files are of several subjects, and
    some of none.

    Args:
        subject_count: Number of subjects.
        files_per_subject: Files for each subject, on average.
        seed: What everything follows from.
        shared: Share of the files, observations, treatments and mutations that two sources hold. The real
            database has none, and its client refuses such a row.

    Returns:
        Frames by the name of their table, with the columns, the types and the order of `TABLES`.
    """
    subject = subjects(seed, subject_count)
    project = projects(seed, max(2, min(subject_count // 40, 400)))
    file, owners = files(seed, subject, round(subject_count * files_per_subject), shared)
    frames = {"subject": subject, "file": file, "project": project}
    for table, rows in (
        (OBSERVATION, observations(seed, subject, shared)),
        (TREATMENT, treatments(seed, subject, shared)),
        (MUTATION, mutations(seed, subject, shared)),
    ):
        frames[table.name] = rows
        frames[f"{table.name}_nulls"] = nulls_of(table, rows, subject)
    for table in (ANATOMIC_SITE, TUMOR_VS_NORMAL):
        frames[table.name] = file_values(seed, table, file)
        frames[f"{table.name}_nulls"] = values_missing(frames[table.name], file)
    frames["file_describes_subject"] = file_links(seed, owners, subject_count)
    frames |= project_links(seed, subject, frames["file_describes_subject"], project.height)
    frames["upstream_identifiers"] = upstream_identifiers(seed, subject, file)
    frames |= external_references(seed, subject)
    frames["column_metadata"] = column_metadata()
    frames["release_metadata"] = release_metadata(frames)
    return {table.name: frames[table.name].cast(table.polars_schema) for table in TABLES}
