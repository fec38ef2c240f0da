"""The mapping: series of the index become frames of resources, one for each level."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.cli.idc.cleaning import Changes, drop_misfits, replace_controls, write_capitals
from vxdata.cli.idc.identifiers import PREFIXES, with_identifiers
from vxdata.cli.idc.volume_type import image_plane, volume_type
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.payload_type import LICENSE

if TYPE_CHECKING:
    from vxdata.cli.idc.source import Index

LEVELS: Final = ("datasource", "patient", "imagingstudy", "volume")

CODES: Final = ("BodyPartExamined", "Modality", "PatientAge", "PatientSex", "PhotometricInterpretation")
"""Columns of DICOM codes and ages, which are in capitals."""

PARSED: Final = {
    "study_date": "StudyDate",
    "patient_age": "PatientAge",
    "series_date": "SeriesDate",
    "series_number": "SeriesNumber",
}
"""Field -> the text column that it is read from; what cannot be read is null, and counted."""

MANY_LICENSES: Final = "several; each series states its own"
"""Stands for the licences of a group where their names together are too long."""


@dataclass(frozen=True)
class Mapped:
    """The resources of an index.

    Args:
        frames: By resource type, parents first; columns are fields, and besides them `patient_key`.
        changes: How many values the rules changed.
        set_aside: Series that cannot become resources, with the `reason`.
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
    series = write_capitals(replace_controls(index.series, changes), CODES, changes)
    series, set_aside = with_identifiers(series)
    volumes = _volumes(series, changes)
    frames = {
        "datasource": _data_sources(series, index.collections, changes),
        "patient": _patients(series, changes),
        "imagingstudy": _studies(series, volumes, changes),
        "volume": volumes,
    }
    return Mapped(frames, changes, set_aside)


def _data_sources(series: pl.DataFrame, collections: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    described = _describe(collections, changes)
    sources = series.group_by("datasource", "collection_id").agg(
        _licenses(), pl.col("patient").min().alias("patient_key")
    )
    return (
        _shorten_licenses("datasource", sources, changes)
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


def _describe(collections: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    """The collections of the index, as data sources."""
    texts = collections.select("collection_id", "collection_name", "description", "sources", "subjects")
    texts = replace_controls(texts, changes)
    once = texts.unique("collection_id", keep="first", maintain_order=True)
    changes.note("collections described more than once: the first counts", texts.height - once.height)
    dois = pl.col("sources").list.eval(pl.element().struct.field("source_doi"))
    values = once.select(
        pl.col("collection_name").alias("name"),
        pl.col("description").str.strip_chars(),
        dois.list.drop_nulls().list.unique(maintain_order=True).alias("source_dois"),
        pl.col("subjects").alias("planned_patient_count"),
    )
    return _cleaned("datasource", values, changes).with_columns(once["collection_id"])


def _patients(series: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    values = _values("patient", series, changes, sex=pl.col("PatientSex"))
    people = series.group_by("patient").agg(
        pl.col("datasource").first(), pl.col("PatientID").first(), _licenses()
    )
    people = people.with_columns(
        _cleaned("patient", people.select(external_uid="PatientID"), changes).get_columns()
    )
    for name in values.columns:
        people = people.join(
            _majority("patient", series["patient"], values[name], changes), "patient", "left"
        )
    return (
        _shorten_licenses("patient", people, changes)
        .select(
            pl.col("patient").alias("identifier"),
            pl.col("datasource").alias("parent_identifier"),
            "license",
            "external_uid",
            *values.columns,
            pl.col("patient").alias("patient_key"),
        )
        .sort("identifier")
    )


def _studies(series: pl.DataFrame, volumes: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    values = _values(
        "imagingstudy",
        series,
        changes,
        study_date=_date("StudyDate"),
        study_description=pl.col("StudyDescription"),
        patient_age=_age_in_years(),
    )
    studies = series.group_by("study").agg(
        pl.col("patient").first(), pl.col("StudyInstanceUID").first(), _licenses()
    )
    uids = studies.select(external_uid="StudyInstanceUID", study_instance_uid="StudyInstanceUID")
    studies = studies.with_columns(_cleaned("imagingstudy", uids, changes).get_columns())
    for name in values.columns:
        studies = studies.join(_majority("study", series["study"], values[name], changes), "study", "left")
    modalities = volumes.group_by(study="parent_identifier").agg(
        pl.col("modality").drop_nulls().unique().sort().alias("modalities")
    )
    return (
        _shorten_licenses("imagingstudy", studies, changes)
        .join(modalities, "study", "left")
        .select(
            pl.col("study").alias("identifier"),
            pl.col("patient").alias("parent_identifier"),
            "license",
            *uids.columns,
            *values.columns,
            "modalities",
            pl.col("patient").alias("patient_key"),
        )
        .sort("identifier")
    )


def _volumes(series: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    values = _values(
        "volume",
        series,
        changes,
        volume_type=volume_type(),
        modality=pl.col("Modality"),
        series_instance_uid=pl.col("SeriesInstanceUID"),
        series_number=pl.col("SeriesNumber").cast(pl.Int64, strict=False),
        series_description=pl.col("SeriesDescription"),
        series_date=_date("SeriesDate"),
        body_part_examined=pl.col("BodyPartExamined"),
        image_plane=image_plane(),
        manufacturer=pl.col("Manufacturer"),
        manufacturer_model_name=pl.col("ManufacturerModelName"),
        sop_class_uid=pl.col("SOPClassUID"),
        sop_class_name=pl.col("sop_class_name"),
        transfer_syntax_uid=pl.col("TransferSyntaxUID"),
        transfer_syntax_name=pl.col("transfer_syntax_name"),
        photometric_interpretation=pl.col("PhotometricInterpretation"),
        pixel_representation=pl.col("PixelRepresentation"),
        instance_count=pl.col("instanceCount"),
        size_mb=pl.col("series_size_MB"),
        source_doi=pl.col("source_DOI"),
        analysis_result_id=pl.col("analysis_result_id"),
        idc_version_first=pl.col("series_init_idc_version"),
        idc_version_last=pl.col("series_revised_idc_version"),
        crdc_series_uuid=pl.col("crdc_series_uuid"),
        path_dicom=pl.col("series_aws_url"),
    )
    metadata = series.select(
        identifier="volume", parent_identifier="study", license="license_short_name", patient_key="patient"
    )
    frame = metadata.drop("patient_key").hstack(values).hstack(metadata.select("patient_key"))
    return frame.sort("patient_key", "identifier")


def _values(resource_type: str, series: pl.DataFrame, changes: Changes, **read: pl.Expr) -> pl.DataFrame:
    """Read the values of fields, one row a series, and clean them."""
    values = series.select(**read)
    for name, column in PARSED.items():
        if name in read:
            unread = values[name].is_null() & series[column].is_not_null()
            changes.note(f"{resource_type}.{name}: values of another form made null", int(unread.sum()))
    return _cleaned(resource_type, values, changes)


def _cleaned(resource_type: str, values: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    return drop_misfits(values, resource_type, registry().get(resource_type).field_by_name, changes)


def _majority(level: str, groups: pl.Series, values: pl.Series, changes: Changes) -> pl.DataFrame:
    """The value of most series in each group, the smallest of equally frequent ones."""
    group, name = groups.name, values.name
    counted = pl.DataFrame([groups, values]).drop_nulls(name).group_by(group, name).len()
    disagreeing = counted.group_by(group).len().filter(pl.col("len") > 1).height
    changes.note(
        f"{PREFIXES[level]}.{name}: series of one {level} disagree, most of them decide", disagreeing
    )
    ranked = counted.sort("len", name, descending=[True, False])
    return ranked.group_by(group, maintain_order=True).first().select(group, name)


def _licenses() -> pl.Expr:
    """All licences of a group; where they differ, each series has its own besides."""
    return pl.col("license_short_name").unique().sort().str.join("; ").alias("license")


def _shorten_licenses(resource_type: str, groups: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    is_long = pl.col("license").str.len_chars() > LICENSE.max_length
    changes.note(f"{resource_type}.license: too many to name", groups.select(is_long.sum()).item())
    return groups.with_columns(
        pl.when(is_long).then(pl.lit(MANY_LICENSES)).otherwise("license").alias("license")
    )


def _date(name: str) -> pl.Expr:
    return pl.col(name).str.to_date("%Y-%m-%d", strict=False)


def _age_in_years() -> pl.Expr:
    """DICOM age strings: three digits and a unit of days, weeks, months or years."""
    per_year = {"D": 365.25, "W": 52.1775, "M": 12.0, "Y": 1.0}
    parts = pl.col("PatientAge").str.extract_groups(r"^(?<number>[0-9]{3})(?<unit>[DWMY])$")
    unit = parts.struct.field("unit").replace_strict(per_year, default=None, return_dtype=pl.Float64)
    return parts.struct.field("number").cast(pl.Float64) / unit
