"""The mapping: series of the index become frames of resources, one for each level."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.cli.idc.cleaning import Changes, drop_misfits, replace_controls
from vxdata.cli.idc.volume_type import image_plane, volume_type
from vxdata.schemas.registry import registry

if TYPE_CHECKING:
    from vxdata.cli.idc.source import Index

LEVELS: Final = ("datasource", "patient", "imagingstudy", "volume")

PATIENT_KEY: Final = ("collection_id", "PatientID")


@dataclass(frozen=True)
class Mapped:
    """The resources of an index.

    Args:
        frames: By resource type, parents first; columns are fields, and besides them `patient_key`.
        changes: How many values the rules changed.
        set_aside: Studies that the index gives to more than one patient, with their series.
    """

    frames: dict[str, pl.DataFrame]
    changes: Changes
    set_aside: pl.DataFrame = field(repr=False)


def map_index(index: Index) -> Mapped:
    """Turn an index into resources.

    Args:
        index: Series and collections.

    Returns:
        A frame for each level, with what was changed and set aside on the way.
    """
    changes = Changes()
    series = replace_controls(index.series, changes)
    series, set_aside = _split_ambiguous(series)
    series = series.with_columns(
        pl.concat_str(pl.lit("datasource/"), "collection_id").alias("datasource"),
        pl.concat_str(pl.lit("patient/"), "collection_id", pl.lit("/"), "PatientID").alias("patient"),
        pl.concat_str(pl.lit("imagingstudy/"), "StudyInstanceUID").alias("study"),
    )
    frames = {
        "datasource": _data_sources(series, index.collections),
        "patient": _patients(series, changes),
        "imagingstudy": _studies(series, changes),
        "volume": _volumes(series),
    }
    cleaned = {name: _clean(name, frame, changes) for name, frame in frames.items()}
    return Mapped(cleaned, changes, set_aside)


def _split_ambiguous(series: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Set aside the studies of more than one patient."""
    patients = pl.struct(PATIENT_KEY).n_unique().over("StudyInstanceUID")
    marked = series.with_columns((patients > 1).alias("is_ambiguous"))
    kept = marked.filter(~pl.col("is_ambiguous")).drop("is_ambiguous")
    return kept, marked.filter("is_ambiguous").drop("is_ambiguous")


def _clean(resource_type: str, frame: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    """Apply the constraints of the payload fields; metadata is right by construction."""
    fields = {field.name: field for field in registry().get(resource_type).fields}
    payload = drop_misfits(frame.select(name for name in frame.columns if name in fields), fields, changes)
    return frame.with_columns(payload.get_columns())


def _licenses() -> pl.Expr:
    """All licences of a group; where they differ, each series has its own besides."""
    return pl.col("license_short_name").unique().sort().str.join("; ").alias("license")


def _data_sources(series: pl.DataFrame, collections: pl.DataFrame) -> pl.DataFrame:
    sources = pl.col("sources").list.eval(pl.element().struct.field("source_doi"))
    described = collections.select(
        "collection_id",
        pl.col("collection_name").alias("name"),
        pl.col("description").str.strip_chars(),
        sources.list.drop_nulls().list.unique(maintain_order=True).alias("source_dois"),
        pl.col("subjects").alias("planned_patient_count"),
    )
    return (
        series.group_by("datasource", "collection_id")
        .agg(_licenses(), pl.col("patient").min().alias("patient_key"))
        .join(described, on="collection_id", how="left")
        .select(
            pl.col("datasource").alias("identifier"),
            "license",
            "name",
            "description",
            pl.lit("public-collection").alias("kind"),
            "collection_id",
            "source_dois",
            "planned_patient_count",
            "patient_key",
        )
        .sort("identifier")
    )


def _patients(series: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    return (
        series.group_by("patient")
        .agg(
            pl.col("datasource").first(),
            pl.col("PatientID").first(),
            _licenses(),
        )
        .join(_majority(series, "patient", "PatientSex", changes), on="patient", how="left")
        .select(
            pl.col("patient").alias("identifier"),
            pl.col("datasource").alias("parent_identifier"),
            "license",
            pl.col("PatientID").alias("external_uid"),
            pl.col("PatientSex").alias("sex"),
            pl.col("patient").alias("patient_key"),
        )
        .sort("identifier")
    )


def _studies(series: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    studies = series.group_by("study").agg(
        pl.col("patient").first(),
        pl.col("StudyInstanceUID").first(),
        _licenses(),
        pl.col("Modality").unique().sort().alias("modalities"),
    )
    for name in ("StudyDate", "StudyDescription", "PatientAge"):
        studies = studies.join(_majority(series, "study", name, changes), on="study", how="left")
    return studies.select(
        pl.col("study").alias("identifier"),
        pl.col("patient").alias("parent_identifier"),
        "license",
        pl.col("StudyInstanceUID").alias("external_uid"),
        pl.col("StudyInstanceUID").alias("study_instance_uid"),
        _counted(studies, "StudyDate", _date("StudyDate"), changes).alias("study_date"),
        pl.col("StudyDescription").alias("study_description"),
        "modalities",
        _counted(studies, "PatientAge", _age_in_years(), changes).alias("patient_age"),
        pl.col("patient").alias("patient_key"),
    ).sort("identifier")


def _volumes(series: pl.DataFrame) -> pl.DataFrame:
    return series.select(
        pl.concat_str(pl.lit("volume/"), "SeriesInstanceUID").alias("identifier"),
        pl.col("study").alias("parent_identifier"),
        pl.col("license_short_name").alias("license"),
        volume_type().alias("volume_type"),
        pl.col("Modality").alias("modality"),
        pl.col("SeriesInstanceUID").alias("series_instance_uid"),
        pl.col("SeriesNumber").cast(pl.Int64, strict=False).alias("series_number"),
        pl.col("SeriesDescription").alias("series_description"),
        _date("SeriesDate").alias("series_date"),
        pl.col("BodyPartExamined").alias("body_part_examined"),
        image_plane().alias("image_plane"),
        pl.col("Manufacturer").alias("manufacturer"),
        pl.col("ManufacturerModelName").alias("manufacturer_model_name"),
        pl.col("SOPClassUID").alias("sop_class_uid"),
        "sop_class_name",
        pl.col("TransferSyntaxUID").alias("transfer_syntax_uid"),
        "transfer_syntax_name",
        pl.col("PhotometricInterpretation").alias("photometric_interpretation"),
        pl.col("PixelRepresentation").alias("pixel_representation"),
        pl.col("instanceCount").alias("instance_count"),
        pl.col("series_size_MB").alias("size_mb"),
        pl.col("source_DOI").alias("source_doi"),
        "analysis_result_id",
        pl.col("series_init_idc_version").alias("idc_version_first"),
        pl.col("series_revised_idc_version").alias("idc_version_last"),
        "crdc_series_uuid",
        pl.col("series_aws_url").alias("path_dicom"),
        pl.col("patient").alias("patient_key"),
    ).sort("patient_key", "identifier")


def _majority(series: pl.DataFrame, group: str, name: str, changes: Changes) -> pl.DataFrame:
    """The value of most series in each group, the smallest of equally frequent ones."""
    counted = series.drop_nulls(name).group_by(group, name).len()
    disagreeing = counted.group_by(group).len().filter(pl.col("len") > 1).height
    if disagreeing:
        changes[f"{name}: series of one {group} disagree, most of them decide"] += disagreeing
    ranked = counted.sort("len", name, descending=[True, False])
    return ranked.group_by(group, maintain_order=True).first().select(group, name)


def _date(name: str) -> pl.Expr:
    return pl.col(name).str.to_date("%Y-%m-%d", strict=False)


def _age_in_years() -> pl.Expr:
    """DICOM age strings: three digits and a unit of days, weeks, months or years."""
    per_year = {"D": 365.25, "W": 52.1775, "M": 12.0, "Y": 1.0}
    parts = pl.col("PatientAge").str.extract_groups(r"^(?<number>[0-9]{3})(?<unit>[DWMY])$")
    unit = parts.struct.field("unit").replace_strict(per_year, default=None, return_dtype=pl.Float64)
    return parts.struct.field("number").cast(pl.Float64) / unit


def _counted(frame: pl.DataFrame, name: str, parsed: pl.Expr, changes: Changes) -> pl.Expr:
    """Count the values that do not parse, which become null."""
    lost = frame.select((parsed.is_null() & pl.col(name).is_not_null()).sum()).item()
    if lost:
        changes[f"{name}: values of another form made null"] += lost
    return parsed
