"""The payload types that VxData brings: one declaration each, one module for each family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.payloads.annotation import ANNOTATION_SESSION, VXANNOTATE_CASE_RECORD
from vxdata.schemas.payloads.artefact import ARTEFACT
from vxdata.schemas.payloads.benchmarking import BENCHMARKING_RESULT
from vxdata.schemas.payloads.datasource import DATA_SOURCE
from vxdata.schemas.payloads.imaging import IMAGING_STUDY, VOLUME
from vxdata.schemas.payloads.pathology import HISTO_MAP, PATHOLOGY_ASSESSMENT, PATHOLOGY_SPECIMEN
from vxdata.schemas.payloads.patient import PATIENT
from vxdata.schemas.payloads.pirads import PIRADS_ASSESSMENT
from vxdata.schemas.payloads.psa import PSA_MEASUREMENT
from vxdata.schemas.payloads.report import DIAGNOSTIC_REPORT

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType

BUILTIN_PAYLOAD_TYPES: Final[tuple[PayloadType, ...]] = (
    DATA_SOURCE,
    PATIENT,
    IMAGING_STUDY,
    VOLUME,
    HISTO_MAP,
    PATHOLOGY_SPECIMEN,
    PATHOLOGY_ASSESSMENT,
    PIRADS_ASSESSMENT,
    PSA_MEASUREMENT,
    DIAGNOSTIC_REPORT,
    ANNOTATION_SESSION,
    VXANNOTATE_CASE_RECORD,
    ARTEFACT,
    BENCHMARKING_RESULT,
)
"""Every built-in type, parents before children."""
