"""Data sources: the roots of the hierarchy."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import Boolean, Enum, Field, Integer, Text, TextList, TextMap
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import CLINICAL_DATE, DOI_PATTERN, LINE, WEB_URL

DATA_SOURCE: Final = PayloadType(
    name="DataSource",
    prefix="datasource",
    namespace="data_sources",
    description="A trial, site, registry or public collection that data come from.",
    parent_required=False,
    fields=(
        Field(name="name", type=LINE, description="Name for people, such as the trial's title."),
        Field(
            name="description",
            type=Text(),
            description="What was collected, from whom, and what it may be used for.",
        ),
        Field(
            name="kind",
            type=Enum(
                values=(
                    "clinical-trial",
                    "clinical-routine",
                    "registry",
                    "public-collection",
                    "challenge",
                    "phantom",
                    "other",
                )
            ),
            description="How the data came to be.",
        ),
        Field(
            name="collection_id",
            type=Text(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64),
            description="Key of the source in its publisher's catalogue, such as an IDC collection_id.",
        ),
        Field(
            name="patient_code",
            type=Text(pattern="^[A-Z]{2}$", max_length=2),
            description="Two letters that the identifiers of patients registered here begin with.",
        ),
        Field(name="institution", type=LINE, description="Institution that controls the data."),
        Field(
            name="country",
            type=Text(pattern="^[A-Z]{2}$", max_length=2),
            description="Country of the institution, ISO 3166-1 alpha-2.",
        ),
        Field(
            name="is_prospective",
            type=Boolean(),
            description="Whether subjects were enrolled before the data were acquired.",
        ),
        Field(name="is_multicentre", type=Boolean(), description="Whether several sites contributed."),
        Field(name="enrolment_start", type=CLINICAL_DATE, description="Day of the first enrolment."),
        Field(name="enrolment_end", type=CLINICAL_DATE, description="Day of the last enrolment."),
        Field(
            name="planned_patient_count",
            type=Integer(ge=0),
            description="Number of patients that the protocol plans for.",
        ),
        Field(
            name="deidentification",
            type=Enum(values=("none", "pseudonymised", "anonymised")),
            description="State of the data under GDPR Art. 4(5) and Recital 26.",
        ),
        Field(
            name="ethics_approval",
            type=LINE,
            description="Committee and number of the ethics approval.",
        ),
        Field(
            name="external_identifiers",
            type=TextMap(),
            description="Registry to number there, such as ClinicalTrials.gov to an NCT number.",
        ),
        Field(
            name="source_dois",
            type=TextList(pattern=DOI_PATTERN),
            description="DOIs to cite for the data.",
        ),
        Field(name="source_url", type=WEB_URL, description="Page that describes the source."),
        Field(name="contact", type=LINE, description="Whom to ask about the data: a role, not a person."),
    ),
)
