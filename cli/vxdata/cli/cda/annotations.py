"""What is known of subjects, in rows of their own: observations, treatments and mutations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.cli.cda import vocabulary as words
from vxdata.cli.cda.draws import Draws
from vxdata.cli.cda.entities import one_source
from vxdata.cli.cda.schema import MUTATION, OBSERVATION, TREATMENT

if TYPE_CHECKING:
    from vxdata.cli.cda.draws import Choices
    from vxdata.cli.cda.schema import Table

HOTSPOT: Final = {"yes": True, "no": False}


def observations(seed: int, subject: pl.DataFrame, shared: float) -> pl.DataFrame:
    """Make up observations: up to six of a subject, and none of a few.

    Args:
        seed: What they follow from.
        subject: The subjects.
        shared: Share of the rows that two sources hold.

    Returns:
        Columns of the table `observation`.
    """
    draws = Draws(seed, "observation")
    frame = _rows(draws, subject, shared, (0.04, 0.45, 0.75, 0.9, 0.96, 0.99))
    size = frame.height
    # One sex and one diagnosis go with a subject; some observations know nothing of them, and some differ.
    own = frame["subject_alias"]
    agrees = draws.chance("agrees", size, 0.8)
    sex = draws.pick("sex of subject", subject.height, words.SEXES).gather(own)
    first = draws.pick("diagnosis of subject", subject.height, words.DIAGNOSES).gather(own)
    other = draws.pick("diagnosis", size, words.DIAGNOSES)
    return frame.with_columns(
        _picked(draws, "vital_status", size, words.VITAL_STATUSES),
        draws.holes("sex", sex, 0.15).alias("sex"),
        draws.holes("year", 1990 + draws.below("year", size, 35), 0.6).alias("year_of_observation"),
        draws.holes("age", draws.below("age", size, 91), 0.25).alias("age_at_observation"),
        pl.select(pl.when(agrees).then(first).otherwise(other)).to_series().alias("diagnosis"),
        _picked(draws, "morphology", size, words.MORPHOLOGIES),
        _picked(draws, "grade", size, words.GRADES),
        _picked(draws, "stage", size, words.STAGES),
        _picked(draws, "observed_anatomic_site", size, words.NULLABLE_SITES),
        _picked(draws, "resection_anatomic_site", size, words.NULLABLE_SITES),
    ).select(OBSERVATION.polars_schema.names())


def treatments(seed: int, subject: pl.DataFrame, shared: float) -> pl.DataFrame:
    """Make up treatments, for a third of the subjects.

    Args:
        seed: What they follow from.
        subject: The subjects.
        shared: Share of the rows that two sources hold.

    Returns:
        Columns of the table `treatment`.
    """
    draws = Draws(seed, "treatment")
    frame = _rows(draws, subject, shared, (0.66, 0.86, 0.95, 0.98))
    return frame.with_columns(
        _picked(draws, "anatomic_site", frame.height, words.NULLABLE_SITES),
        _picked(draws, "type", frame.height, words.TREATMENTS),
        _picked(draws, "therapeutic_agent", frame.height, words.AGENTS),
    ).select(TREATMENT.polars_schema.names())


def mutations(seed: int, subject: pl.DataFrame, shared: float) -> pl.DataFrame:
    """Make up mutations, for a fifth of the subjects.

    Args:
        seed: What they follow from.
        subject: The subjects.
        shared: Share of the rows that two sources hold.

    Returns:
        Columns of the table `mutation`.
    """
    draws = Draws(seed, "mutation")
    frame = _rows(draws, subject, shared, (0.8, 0.84, 0.88, 0.91, 0.93, 0.95, 0.97, 0.98, 0.99))
    size = frame.height
    gene = draws.pick("gene", size, words.GENES)
    transcript = "ENST00000" + draws.below("transcript", size, 4000).cast(pl.String).str.zfill(6)
    hotspot = draws.pick("hotspot", size, words.HOTSPOTS)
    return frame.with_columns(
        gene.alias("hugo_symbol"),
        gene.replace_strict(words.GENE_NUMBERS, return_dtype=pl.Int32).alias("entrez_gene_id"),
        hotspot.replace_strict(HOTSPOT, default=None, return_dtype=pl.Boolean).alias("hotspot"),
        _picked(draws, "ncbi_build", size, words.BUILDS),
        _picked(draws, "chromosome", size, words.CHROMOSOMES),
        _picked(draws, "variant_type", size, words.VARIANT_TYPES),
        _picked(draws, "reference_allele", size, words.ALLELES),
        _picked(draws, "tumor_seq_allele1", size, words.ALLELES),
        _picked(draws, "tumor_seq_allele2", size, words.ALLELES),
        _picked(draws, "dbsnp_rs", size, words.RS_NUMBERS),
        _picked(draws, "mutation_status", size, words.STATUSES),
        transcript.alias("transcript_id"),
        _picked(draws, "one_consequence", size, words.CONSEQUENCES),
        _picked(draws, "primary_site", size, words.SITES),
    ).select(MUTATION.polars_schema.names())


def _rows(draws: Draws, subject: pl.DataFrame, shared: float, bounds: tuple[float, ...]) -> pl.DataFrame:
    """Number the rows of a table; a subject has as many of them as a draw has passed bounds."""
    count = pl.Series(bounds).search_sorted(draws.uniform("rows", subject.height), side="right")
    numbers = subject["id_alias"].to_frame("subject_alias").with_columns(count.alias("rows"))
    alias = numbers.select(pl.col("subject_alias").repeat_by("rows").explode(empty_as_null=False)).to_series()
    rows = pl.DataFrame({"id_alias": pl.Series(range(len(alias)), dtype=pl.Int64), "subject_alias": alias})
    return rows.with_columns(**one_source(draws, subject[alias], shared))


def _picked(draws: Draws, name: str, size: int, choices: Choices) -> pl.Series:
    return draws.pick(name, size, choices).alias(name)


def nulls_of(table: Table, rows: pl.DataFrame, subject: pl.DataFrame) -> pl.DataFrame:
    """Say of each subject in which columns of a table it has no value at all.

    Args:
        table: The table.
        rows: Its rows.
        subject: The subjects, also those without a row.

    Returns:
        Columns of the table of nulls.
    """
    names = [column.name for column in table.columns if column.is_nullable]
    missing = rows.group_by("subject_alias").agg(
        pl.col(name).is_null().all().alias(f"{name}_null") for name in names
    )
    everyone = subject.select(subject_alias="id_alias")
    return everyone.join(missing, on="subject_alias", how="left", maintain_order="left").with_columns(
        pl.col(f"{name}_null").fill_null(value=True) for name in names
    )
