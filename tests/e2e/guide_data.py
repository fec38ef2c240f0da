"""A small trial of three centres, which the pages of the documentation are asked about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vxdata.schemas.create import (
    AnnotationSessionCreate,
    BenchmarkingResultCreate,
    DataSourceCreate,
    ImagingStudyCreate,
    PathologyAssessmentCreate,
    PathologySpecimenCreate,
    PatientCreate,
    PIRADSAssessmentCreate,
    VolumeCreate,
)

if TYPE_CHECKING:
    from vxdata.schemas.models import ResourceCreate

PATIENTS = {
    "DA00001": "dasa",
    "DA00002": "dasa",
    "BA00001": "basel",
    "BB00017": "bamberg",
    "BB00018": "bamberg",
}

STUDIES = (
    "DA00001/study-1",
    "DA00002/study-1",
    "BA00001/study-1",
    "BB00017/001",
    "BB00017/002",
    "BB00018/001",
)

IMAGES: tuple[tuple[str, str, str, float | None, str | None, datetime | None, float | None], ...] = (
    (
        "DA00001/study-1/series-1",
        "T2",
        "transversal",
        3.0,
        "T2 tra",
        datetime(2024, 5, 1, 8, tzinfo=UTC),
        None,
    ),
    (
        "DA00001/study-1/series-2",
        "ADC",
        "transversal",
        3.5,
        "ADC (T2 space)",
        datetime(2024, 5, 1, 9, tzinfo=UTC),
        None,
    ),
    ("DA00001/study-1/series-3", "T1", "sagittal", 2.0, "T1 sag", datetime(2023, 12, 31, tzinfo=UTC), None),
    ("DA00002/study-1/series-1", "T2", "sagittal", 2.5, "t2 sag", datetime(2025, 2, 1, tzinfo=UTC), None),
    (
        "DA00002/study-1/series-2",
        "DWI",
        "transversal",
        3.5,
        "ep2d b1000",
        datetime(2025, 2, 1, tzinfo=UTC),
        1000.0,
    ),
    ("BA00001/study-1/series-1", "T2", "transversal", 5.0, None, None, None),
    ("BA00001/study-1/series-2", "T1", "transversal", 4.0, "T1 tra", datetime(2024, 1, 1, tzinfo=UTC), None),
    ("BB00017/001/series-1", "T2", "transversal", 1.5, "T2 tra", datetime(2024, 6, 1, tzinfo=UTC), None),
    ("BB00017/002/series-1", "ADC", "transversal", 1.0, "ADC", datetime(2024, 7, 1, tzinfo=UTC), None),
    ("BB00017/002/series-2", "DWI", "transversal", 3.0, "ep2d b50", datetime(2024, 7, 1, tzinfo=UTC), 50.0),
    ("BB00018/001/series-1", "T2", "transversal", 3.0, "T2 tra", datetime(2025, 1, 1, tzinfo=UTC), None),
)
"""Name, type, plane, slice thickness, description, acquisition and b-value."""

MASKS = (
    ("DA00002/study-1/mask-1", ["annotationsession/DA00002-1", "volume/DA00002/study-1/series-1"]),
    ("BB00017/001/mask-1", ["annotationsession/BB00017-1"]),
    ("BB00018/001/mask-1", None),
    ("BA00001/study-1/mask-1", ["volume/BA00001/study-1/series-1"]),
)
"""Name, and what it was made from."""

SESSIONS = (
    ("DA00002-1", "manual-masks", "submitted"),
    ("BB00017-1", "manual-masks", "draft"),
    ("BB00018-1", "vxannotate", "submitted"),
)

SPECIMENS = (
    ("DA00001/1", "RPE", True),
    ("DA00002/1", "TARGETED_BIOPSY", True),
    ("BA00001/1", "RPE", False),
    ("BB00017/1", "RPE", True),
    ("BB00018/1", "TURP", None),
)
"""Name, type, and whether it stands for the whole event."""

ISUP = (("BB00017/1", 2), ("BB00017/2", 4), ("BB00018/1", None), ("DA00001/1", 5))
PIRADS = (("BB00017/1", 3), ("BB00017/2", 5), ("BB00018/1", 2), ("DA00001/1", 4))


def resources() -> list[ResourceCreate]:
    """All of it, parents first."""
    return [
        *(_made(DataSourceCreate, name, None) for name in ("dasa", "basel", "bamberg")),
        *(_made(PatientCreate, name, f"datasource/{source}") for name, source in PATIENTS.items()),
        *(_made(ImagingStudyCreate, name, f"patient/{_patient(name)}") for name in STUDIES),
        *_images(),
        *_masks(),
        *(
            _made(AnnotationSessionCreate, name, f"patient/{name[:7]}", source=source, status=status)
            for name, source, status in SESSIONS
        ),
        *(
            _made(PathologySpecimenCreate, name, f"patient/{_patient(name)}", type=kind, is_event_root=root)
            for name, kind, root in SPECIMENS
        ),
        *(
            _made(PathologyAssessmentCreate, name, f"patient/{_patient(name)}", isup=isup)
            for name, isup in ISUP
        ),
        *(
            _made(PIRADSAssessmentCreate, name, f"patient/{_patient(name)}", score=score)
            for name, score in PIRADS
        ),
        _made(
            BenchmarkingResultCreate,
            "auc",
            "datasource/dasa",
            eval_task="detection",
            benchmarked_on=["dasa"],
            summary_metrics={"auc": 0.91, "dice": 0.7},
        ),
        _made(
            BenchmarkingResultCreate,
            "dice",
            "datasource/dasa",
            eval_task="detection",
            benchmarked_on=["dasa"],
            summary_metrics={"dice": 0.8},
        ),
    ]


def _images() -> list[ResourceCreate]:
    return [
        _made(
            VolumeCreate,
            name,
            f"imagingstudy/{name.rpartition('/')[0]}",
            volume_type=kind,
            image_plane=plane,
            slice_thickness=thickness,
            series_description=description,
            acquisition_datetime=acquired,
            b_value=b_value,
        )
        for name, kind, plane, thickness, description, acquired, b_value in IMAGES
    ]


def _masks() -> list[ResourceCreate]:
    return [
        _made(
            VolumeCreate,
            name,
            f"imagingstudy/{name.rpartition('/')[0]}",
            volume_type="SEG",
            derived_from=derived_from,
            path_nii=f"s3://masks/{name}.nii.gz",
            segmentation_reference_uid=f"1.2.{number}",
        )
        for number, (name, derived_from) in enumerate(MASKS)
    ]


def _made(model: type[ResourceCreate], name: str, parent: str | None, **payload: Any) -> ResourceCreate:
    return model(identifier=name, parent_identifier=parent, license="CC BY 4.0", **payload)


def _patient(name: str) -> str:
    return name.partition("/")[0]
