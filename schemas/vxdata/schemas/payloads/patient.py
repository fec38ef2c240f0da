"""Patients."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import Boolean, Enum, Field, Float, Integer, TextList, TextMap
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import CLINICAL_DATE, SHORT_TEXT

PATIENT: Final = PayloadType(
    name="Patient",
    prefix="patient",
    namespace="patients",
    external_uids_within="datasource",
    description="A person, animal or phantom of whom data were acquired, pseudonymised.",
    fields=(
        Field(
            name="external_uid",
            type=SHORT_TEXT,
            description="Pseudonym in the data source, DICOM PatientID (0010,0020); unique there only.",
            is_external_identifier=True,
        ),
        Field(
            name="sex",
            type=Enum(
                values=("M", "F", "O", "U"),
                synonyms=(("male", "M"), ("female", "F"), ("other", "O"), ("unknown", "U")),
            ),
            description="DICOM PatientSex (0010,0040): male, female, other, unknown.",
        ),
        Field(
            name="birth_year",
            type=Integer(ge=1800, le=2200),
            description="Year of DICOM PatientBirthDate (0010,0030), possibly shifted with all dates.",
        ),
        Field(
            name="age_at_enrolment",
            type=Float(ge=0, le=130),
            unit="a",
            description="Age when the patient entered the data source.",
        ),
        Field(
            name="ethnic_group",
            type=SHORT_TEXT,
            description="DICOM EthnicGroup (0010,2160), in the words of the data source.",
        ),
        Field(
            name="vital_status",
            type=Enum(values=("alive", "deceased"), synonyms=(("living", "alive"), ("dead", "deceased"))),
            description="Last known vital status.",
        ),
        Field(name="last_follow_up_on", type=CLINICAL_DATE, description="Day of the last follow-up."),
        Field(
            name="has_family_history",
            type=Boolean(),
            description="Whether a first-degree relative has had prostate cancer (EAU guideline).",
        ),
        Field(
            name="germline_variants",
            type=TextList(pattern="^[A-Z][A-Z0-9-]{1,19}$"),
            description="HGNC symbols of genes with a pathogenic germline variant, such as BRCA2.",
        ),
        Field(
            name="biopsy_history",
            type=Enum(values=("naive", "prior-negative", "prior-positive")),
            description="Prostate biopsies before enrolment.",
        ),
        Field(
            name="clinical_t_stage",
            type=Enum(
                values=(
                    "cTX",
                    "cT0",
                    "cT1a",
                    "cT1b",
                    "cT1c",
                    "cT2",
                    "cT2a",
                    "cT2b",
                    "cT2c",
                    "cT3",
                    "cT3a",
                    "cT3b",
                    "cT4",
                )
            ),
            description="Clinical T category of prostate cancer, UICC TNM 8th edition.",
        ),
        Field(
            name="treatments",
            type=TextList(pattern="^[a-z][a-z0-9-]{0,63}$"),
            description="Treatments of the prostate in order, such as radical-prostatectomy.",
        ),
        Field(
            name="external_identifiers",
            type=TextMap(),
            description="Other system to the patient's pseudonym there.",
        ),
    ),
)
