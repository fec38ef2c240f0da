"""PSA measurements."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import Boolean, Enum, Field, Float
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import CLINICAL_DATE, LINE

PSA_MEASUREMENT: Final = PayloadType(
    name="PSAMeasurement",
    prefix="psameasurement",
    namespace="psa_measurements",
    description="One measurement of prostate-specific antigen in serum.",
    fields=(
        Field(
            name="value",
            type=Float(ge=0, le=100_000),
            unit="ng/mL",
            required=True,
            description="Total PSA (LOINC 2857-1).",
        ),
        Field(
            name="comparator",
            type=Enum(values=("<", "<=", ">=", ">")),
            description="How the true value relates to a limit of detection, FHIR quantity-comparator; "
            "null for an exact value.",
        ),
        Field(name="measured_on", type=CLINICAL_DATE, description="Day on which blood was drawn."),
        Field(
            name="free_psa",
            type=Float(ge=0, le=100_000),
            unit="ng/mL",
            description="Free PSA (LOINC 10886-0).",
        ),
        Field(
            name="free_percentage",
            type=Float(ge=0, le=100),
            unit="%",
            description="Free PSA as a share of the total (LOINC 12841-3).",
        ),
        Field(
            name="prostate_volume",
            type=Float(gt=0, le=2_000),
            unit="mL",
            description="Prostate volume that the density was computed with.",
        ),
        Field(
            name="prostate_volume_method",
            type=Enum(values=("MRI-ellipsoid", "MRI-segmentation", "TRUS", "DRE", "CT")),
            description="How the prostate volume was measured.",
        ),
        Field(
            name="density",
            type=Float(ge=0, le=10_000),
            unit="ng/mL/cm3",
            description="PSA density: total PSA per prostate volume (EAU guideline).",
        ),
        Field(
            name="doubling_time",
            type=Float(gt=0, le=1_000),
            unit="mo",
            description="PSA doubling time; null where PSA does not rise.",
        ),
        Field(
            name="on_5ari",
            type=Boolean(),
            description="Whether the patient took a 5-alpha-reductase inhibitor, which halves PSA.",
        ),
        Field(
            name="is_post_treatment",
            type=Boolean(),
            description="Whether it was measured after treatment of prostate cancer.",
        ),
        Field(name="assay", type=LINE, description="Assay and calibration, such as WHO 96/670."),
    ),
)
