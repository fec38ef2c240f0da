"""Diagnostic reports."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import BlobUrl, Enum, Field, Text, TextList, Timestamp
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import CLINICAL_DATE, LIKERT_5, LINE, PSEUDONYM, RESOURCES

DIAGNOSTIC_REPORT: Final = PayloadType(
    name="DiagnosticReport",
    prefix="diagnosticreport",
    namespace="diagnostic_reports",
    description="A clinical report in words, de-identified.",
    fields=(
        Field(
            name="category",
            type=Enum(values=("radiology", "pathology", "laboratory", "urology", "genetics", "other")),
            description="Service that reported, after FHIR DiagnosticReport.category.",
        ),
        Field(
            name="status",
            type=Enum(
                values=(
                    "registered",
                    "partial",
                    "preliminary",
                    "final",
                    "amended",
                    "corrected",
                    "appended",
                    "cancelled",
                    "entered-in-error",
                    "unknown",
                )
            ),
            description="FHIR DiagnosticReport.status.",
        ),
        Field(name="title", type=LINE, description="Title of the report."),
        Field(
            name="language",
            type=Text(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35),
            description="Language of the text, BCP 47.",
        ),
        Field(
            name="codes",
            type=TextList(pattern="^[0-9]{1,7}-[0-9]$"),
            description="LOINC codes of the report, FHIR DiagnosticReport.code.",
        ),
        Field(
            name="effective_on",
            type=CLINICAL_DATE,
            description="Day of the examination, FHIR DiagnosticReport.effective.",
        ),
        Field(
            name="issued_at",
            type=Timestamp(),
            description="When the report was released, FHIR DiagnosticReport.issued.",
        ),
        Field(name="author", type=PSEUDONYM, description="Pseudonym of who signed the report."),
        Field(name="indication", type=Text(), description="Clinical question."),
        Field(name="findings", type=Text(), description="Findings section."),
        Field(name="conclusion", type=Text(), description="Impression, FHIR DiagnosticReport.conclusion."),
        Field(
            name="overall_pirads",
            type=LIKERT_5,
            description="Highest PI-RADS category that the report states.",
        ),
        Field(
            name="subjects",
            type=RESOURCES,
            description="Identifiers of what is reported on: studies, specimens, measurements.",
        ),
        Field(name="path_pdf", type=BlobUrl(), description="The report as issued, de-identified."),
    ),
)
