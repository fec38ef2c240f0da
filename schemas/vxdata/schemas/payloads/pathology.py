"""Histology: specimens, what pathologists found in them, and maps of it onto images."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Enum,
    Field,
    Float,
    Integer,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import (
    CLINICAL_DATE,
    LATERALITY,
    LIKERT_5,
    LINE,
    PROSTATE_SECTORS,
    PROSTATE_ZONE,
    PSEUDONYM,
    RESOURCE,
    SHORT_TEXT,
)

PATHOLOGY_SPECIMEN: Final = PayloadType(
    name="PathologySpecimen",
    prefix="pathologyspecimen",
    namespace="pathology_specimens",
    description="Tissue taken from a patient: an operation's specimen, a biopsy session, or one core.",
    fields=(
        Field(
            name="type",
            type=Enum(
                values=(
                    "RPE",
                    "TARGETED_BIOPSY",
                    "SYSTEMATIC_BIOPSY",
                    "COMBINED_BIOPSY",
                    "SATURATION_BIOPSY",
                    "TURP",
                    "HOLEP",
                    "SIMPLE_PROSTATECTOMY",
                    "CYSTOPROSTATECTOMY",
                    "LYMPH_NODE",
                    "METASTASIS",
                    "OTHER",
                ),
                synonyms=(("radical prostatectomy", "RPE"), ("radical_prostatectomy", "RPE")),
            ),
            description="How the tissue was taken; RPE is radical prostatectomy, TURP and HOLEP are "
            "transurethral resection and enucleation.",
        ),
        Field(
            name="is_event_root",
            type=Boolean(),
            description="Whether it stands for the whole operation or biopsy session; its parts are "
            "its children.",
        ),
        Field(
            name="external_uid",
            type=SHORT_TEXT,
            description="DICOM SpecimenIdentifier (0040,0551), pseudonymised.",
            is_external_identifier=True,
        ),
        Field(name="collected_on", type=CLINICAL_DATE, description="Day on which the tissue was taken."),
        Field(
            name="approach",
            type=Enum(values=("transrectal", "transperineal", "transurethral", "open", "laparoscopic")),
            description="Access to the tissue.",
        ),
        Field(
            name="guidance",
            type=Enum(values=("TRUS", "cognitive", "MRI-US-fusion", "in-bore-MRI", "none")),
            description="Image guidance of a biopsy (EAU guideline).",
        ),
        Field(name="laterality", type=LATERALITY, description="Side that the tissue comes from."),
        Field(name="zone", type=PROSTATE_ZONE, description="Prostate zone, PI-RADS v2.1."),
        Field(
            name="sectors",
            type=PROSTATE_SECTORS,
            description="Sectors of the PI-RADS v2.1 map, such as L-mid-PZpl.",
        ),
        Field(
            name="target_lesion",
            type=RESOURCE,
            description="Identifier of the PI-RADS assessment of the lesion that was aimed at.",
        ),
        Field(
            name="core_index",
            type=Integer(ge=1, le=200),
            description="Number of a core within its session, from 1.",
        ),
        Field(
            name="core_count",
            type=Integer(ge=0, le=200),
            description="Number of cores taken in a session.",
        ),
        Field(name="core_length", type=Float(gt=0, le=100), unit="mm", description="Length of a core."),
        Field(
            name="weight",
            type=Float(gt=0, le=2_000),
            unit="g",
            description="Weight of a resection specimen.",
        ),
        Field(
            name="fixation",
            type=Enum(values=("FFPE", "frozen", "fresh")),
            description="Preservation; FFPE is formalin-fixed and paraffin-embedded.",
        ),
        Field(
            name="path_slides",
            type=TextList(blobs=True),
            description="Whole-slide images of the specimen.",
        ),
    ),
)

PATHOLOGY_ASSESSMENT: Final = PayloadType(
    name="PathologyAssessment",
    prefix="pathologyassessment",
    namespace="pathology_assessments",
    description="What a pathologist found in a specimen.",
    fields=(
        Field(
            name="diagnosis",
            type=Enum(
                values=(
                    "benign",
                    "inflammation",
                    "HGPIN",
                    "ASAP",
                    "acinar-adenocarcinoma",
                    "ductal-adenocarcinoma",
                    "intraductal-carcinoma",
                    "neuroendocrine-carcinoma",
                    "other-malignancy",
                    "insufficient",
                )
            ),
            description="Main diagnosis, WHO classification 2022; ASAP is atypical small acinar "
            "proliferation.",
        ),
        Field(
            name="isup",
            type=LIKERT_5,
            description="ISUP 2014 grade group; null where there is no gradable cancer (see diagnosis).",
        ),
        Field(name="gleason_primary", type=LIKERT_5, description="Most common Gleason pattern."),
        Field(
            name="gleason_secondary",
            type=LIKERT_5,
            description="Second most common pattern; in biopsies the highest remaining one (ISUP 2014).",
        ),
        Field(name="gleason_tertiary", type=LIKERT_5, description="Minor high-grade pattern."),
        Field(
            name="pattern_4_percentage",
            type=Float(ge=0, le=100),
            unit="%",
            description="Share of Gleason pattern 4 in the cancer (ISUP 2019).",
        ),
        Field(
            name="cancer_length",
            type=Float(ge=0, le=2_000),
            unit="mm",
            description="Length of cancer in a core, or summed over the cores of a session.",
        ),
        Field(
            name="cancer_percentage",
            type=Float(ge=0, le=100),
            unit="%",
            description="Share of the tissue that is cancer.",
        ),
        Field(
            name="positive_core_count",
            type=Integer(ge=0, le=200),
            description="Number of cores with cancer.",
        ),
        Field(
            name="core_count",
            type=Integer(ge=0, le=200),
            description="Number of cores assessed.",
        ),
        Field(
            name="tumour_volume",
            type=Float(ge=0, le=1_000),
            unit="mL",
            description="Volume of cancer in a resection specimen.",
        ),
        Field(
            name="has_cribriform_pattern",
            type=Boolean(),
            description="Invasive cribriform pattern (ISUP 2019).",
        ),
        Field(
            name="has_perineural_invasion",
            type=Boolean(),
            description="Perineural invasion (ICCR data set).",
        ),
        Field(
            name="has_lymphovascular_invasion",
            type=Boolean(),
            description="Lymphovascular invasion (ICCR data set).",
        ),
        Field(
            name="has_extraprostatic_extension",
            type=Boolean(),
            description="Extraprostatic extension (ICCR data set).",
        ),
        Field(
            name="has_seminal_vesicle_invasion",
            type=Boolean(),
            description="Seminal vesicle invasion (ICCR data set).",
        ),
        Field(
            name="margin_status",
            type=Enum(values=("R0", "R1", "R2", "RX")),
            description="Residual tumour classification, UICC TNM 8th edition.",
        ),
        Field(
            name="pathological_t_stage",
            type=Enum(values=("pT0", "pT2", "pT2a", "pT2b", "pT2c", "pT3", "pT3a", "pT3b", "pT4", "pTX")),
            description="Pathological T category, UICC TNM 8th edition; pT2a to pT2c are of earlier ones.",
        ),
        Field(
            name="pathological_n_stage",
            type=Enum(values=("pN0", "pN1", "pNX")),
            description="Pathological N category, UICC TNM 8th edition.",
        ),
        Field(name="assessed_on", type=CLINICAL_DATE, description="Day of the assessment."),
        Field(name="assessed_by", type=PSEUDONYM, description="Pseudonym of the pathologist."),
        Field(
            name="is_central_review",
            type=Boolean(),
            description="Whether a reference pathologist reviewed it.",
        ),
        Field(name="comment", type=Text(), description="Remarks of the pathologist."),
    ),
)

HISTO_MAP: Final = PayloadType(
    name="HistoMap",
    prefix="histomap",
    namespace="histo_maps",
    description="Histological findings registered onto an image volume.",
    fields=(
        Field(
            name="path_map",
            type=BlobUrl(),
            description="NIfTI label map in the space of the reference volume.",
        ),
        Field(
            name="reference_volume",
            type=RESOURCE,
            description="Identifier of the volume whose space the map uses.",
        ),
        Field(
            name="specimen",
            type=RESOURCE,
            description="Identifier of the pathology specimen that is mapped.",
        ),
        Field(
            name="labels",
            type=TextMap(),
            description="Label value in the map to its meaning, such as 2 to ISUP 2.",
        ),
        Field(
            name="stain",
            type=Enum(
                values=("HE", "IHC", "other"),
                synonyms=(("h&e", "HE"), ("h and e", "HE"), ("immunohistochemistry", "IHC")),
            ),
            description="Stain of the slides: haematoxylin and eosin, or immunohistochemistry.",
        ),
        Field(name="path_slides", type=TextList(blobs=True), description="Slides that were mapped."),
        Field(
            name="slice_count",
            type=Integer(ge=1, le=1_000),
            description="Number of whole-mount slices that were mapped.",
        ),
        Field(
            name="registration_method",
            type=Enum(values=("rigid", "affine", "deformable", "cognitive", "patient-specific-mould")),
            description="How histology was brought into the space of the image.",
        ),
        Field(
            name="registration_error",
            type=Float(ge=0, le=100),
            unit="mm",
            description="Mean target registration error over landmarks.",
        ),
        Field(name="mapped_at", type=Timestamp(), description="When the map was made."),
        Field(name="mapped_by", type=PSEUDONYM, description="Pseudonym of who made the map."),
        Field(name="comment", type=LINE, description="Remarks on the quality of the map."),
    ),
)
