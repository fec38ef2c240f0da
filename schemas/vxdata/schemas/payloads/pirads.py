"""PI-RADS assessments of prostate MRI."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import BlobUrl, Boolean, Enum, Field, Float, Integer, Text
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import (
    CLINICAL_DATE,
    CODE_VERSION,
    LATERALITY,
    LIKERT_5,
    PROSTATE_SECTORS,
    PROSTATE_ZONE,
    PSEUDONYM,
    RESOURCE,
)

PIRADS_ASSESSMENT: Final = PayloadType(
    name="PIRADSAssessment",
    prefix="piradsassessment",
    namespace="pirads_assessments",
    description="A PI-RADS score of one lesion or of a whole prostate MRI.",
    fields=(
        Field(name="score", type=LIKERT_5, description="PI-RADS assessment category."),
        Field(
            name="scope",
            type=Enum(values=("lesion", "patient")),
            description="Whether the score is of one lesion or the highest of the examination.",
        ),
        Field(
            name="pirads_version",
            type=Enum(values=("v1", "v2", "v2.1")),
            description="Edition of the PI-RADS guideline.",
        ),
        Field(
            name="lesion_index",
            type=Integer(ge=1, le=50),
            description="Number of the lesion in the report, from 1.",
        ),
        Field(
            name="is_index_lesion",
            type=Boolean(),
            description="Whether it is the index (dominant) lesion, PI-RADS v2.1.",
        ),
        Field(
            name="t2_score",
            type=LIKERT_5,
            description="T2-weighted score; dominant in the transition zone.",
        ),
        Field(
            name="dwi_score",
            type=LIKERT_5,
            description="Diffusion-weighted score; dominant in the peripheral zone.",
        ),
        Field(
            name="dce_positive",
            type=Boolean(),
            description="Whether dynamic contrast enhancement is positive; null where it was not done.",
        ),
        Field(name="zone", type=PROSTATE_ZONE, description="Zone of the lesion's centre."),
        Field(name="laterality", type=LATERALITY, description="Side of the lesion."),
        Field(
            name="sectors",
            type=PROSTATE_SECTORS,
            description="Sectors of the PI-RADS v2.1 map, such as R-apex-TZa.",
        ),
        Field(
            name="diameter",
            type=Float(gt=0, le=200),
            unit="mm",
            description="Largest diameter; from 15 mm on it separates score 5 from 4.",
        ),
        Field(name="lesion_volume", type=Float(ge=0, le=1_000), unit="mL", description="Lesion volume."),
        Field(
            name="mean_adc",
            type=Float(ge=0, le=5_000),
            unit="10*-6.mm2/s",
            description="Mean apparent diffusion coefficient in the lesion.",
        ),
        Field(
            name="epe_grade",
            type=Integer(ge=0, le=3),
            description="Grade of suspected extraprostatic extension (Mehralivand et al. 2019).",
        ),
        Field(
            name="has_seminal_vesicle_invasion",
            type=Boolean(),
            description="Whether seminal vesicle invasion is suspected.",
        ),
        Field(
            name="source",
            type=Enum(values=("clinical-report", "study-reading", "algorithm")),
            description="How the score came about.",
        ),
        Field(name="assessed_on", type=CLINICAL_DATE, description="Day of the reading."),
        Field(name="assessed_by", type=PSEUDONYM, description="Pseudonym of the radiologist."),
        Field(
            name="algorithm_version",
            type=CODE_VERSION,
            description="Release of the algorithm that scored, where one did.",
        ),
        Field(
            name="target_volume",
            type=RESOURCE,
            description="Identifier of the volume on which the lesion was delineated.",
        ),
        Field(name="path_mask", type=BlobUrl(), description="Mask of the lesion."),
        Field(name="comment", type=Text(), description="Remarks of the reader."),
    ),
)
