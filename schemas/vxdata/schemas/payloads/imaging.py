"""Imaging studies and the volumes (DICOM series, masks, derived maps) in them."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import BlobUrl, Boolean, Enum, Field, Float, Integer, Text, TextList, Timestamp
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import (
    CLINICAL_DATE,
    CODE_STRING,
    CODE_STRING_PATTERN,
    CODE_STRINGS_PATTERN,
    DOI,
    LIKERT_5,
    LINE,
    RESOURCES,
    SHORT_TEXT,
    UID,
)

IMAGING_STUDY: Final = PayloadType(
    name="ImagingStudy",
    prefix="imagingstudy",
    namespace="imaging_studies",
    external_uids_within="patient",
    description="One imaging examination of a patient, a DICOM study.",
    fields=(
        Field(
            name="external_uid",
            type=SHORT_TEXT,
            description="Name of the study in the data source; unique within its patient only.",
            is_external_identifier=True,
        ),
        Field(
            name="study_instance_uid",
            type=UID,
            description="DICOM StudyInstanceUID (0020,000D).",
            is_external_identifier=True,
        ),
        Field(name="study_date", type=CLINICAL_DATE, description="DICOM StudyDate (0008,0020)."),
        Field(
            name="study_datetime",
            type=Timestamp(),
            description="DICOM StudyDate and StudyTime (0008,0030), where the time zone is known.",
        ),
        Field(
            name="study_description",
            type=LINE,
            description="DICOM StudyDescription (0008,1030).",
        ),
        Field(
            name="accession_number",
            type=SHORT_TEXT,
            description="DICOM AccessionNumber (0008,0050), pseudonymised.",
            is_external_identifier=True,
        ),
        Field(
            name="modalities",
            type=TextList(pattern=CODE_STRING_PATTERN),
            description="DICOM ModalitiesInStudy (0008,0061).",
        ),
        Field(
            name="institution_name",
            type=LINE,
            description="DICOM InstitutionName (0008,0080), where it may be known.",
        ),
        Field(
            name="patient_age",
            type=Float(ge=0, le=130),
            unit="a",
            description="DICOM PatientAge (0010,1010) in years; 006M is 0.5.",
        ),
        Field(
            name="patient_weight",
            type=Float(gt=0, le=700),
            unit="kg",
            description="DICOM PatientWeight (0010,1030).",
        ),
        Field(
            name="patient_size",
            type=Float(gt=0, le=3),
            unit="m",
            description="DICOM PatientSize (0010,1020): height.",
        ),
        Field(name="indication", type=LINE, description="Clinical question that led to the study."),
        Field(
            name="protocol",
            type=Enum(values=("mpMRI", "bpMRI", "other")),
            description="Multiparametric (with DCE) or biparametric prostate MRI, PI-RADS v2.1.",
        ),
        Field(
            name="has_endorectal_coil",
            type=Boolean(),
            description="Whether an endorectal coil was used.",
        ),
        Field(
            name="pi_qual",
            type=LIKERT_5,
            description="PI-QUAL v1 score of diagnostic quality, 5 being best.",
        ),
    ),
)

VOLUME: Final = PayloadType(
    name="Volume",
    prefix="volume",
    namespace="volumes",
    description="One image series, mask or derived map: a DICOM series or a NIfTI file.",
    fields=(
        Field(
            name="volume_type",
            type=Enum(
                values=(
                    "T1",
                    "T2",
                    "PD",
                    "FLAIR",
                    "SWI",
                    "DIXON",
                    "DWI",
                    "ADC",
                    "DCE",
                    "MAP",
                    "LOCALIZER",
                    "CT",
                    "PET",
                    "NM",
                    "MG",
                    "XRAY",
                    "US",
                    "SM",
                    "SEG",
                    "RTSTRUCT",
                    "RTDOSE",
                    "SR",
                    "OTHER",
                ),
                synonyms=(
                    ("t1w", "T1"),
                    ("t1-weighted", "T1"),
                    ("t2w", "T2"),
                    ("t2-weighted", "T2"),
                    ("diffusion", "DWI"),
                    ("scout", "LOCALIZER"),
                    ("segmentation", "SEG"),
                    ("mask", "SEG"),
                    ("ultrasound", "US"),
                ),
            ),
            description="What the volume shows; MR by contrast (PI-RADS v2.1), the rest by modality. "
            "MAP is another computed parametric map, XRAY is CR, DX, RF or XA.",
        ),
        Field(name="modality", type=CODE_STRING, description="DICOM Modality (0008,0060)."),
        Field(
            name="series_instance_uid",
            type=UID,
            description="DICOM SeriesInstanceUID (0020,000E).",
            is_external_identifier=True,
        ),
        Field(
            name="series_number",
            type=Integer(ge=-(2**31), le=2**31 - 1),
            description="DICOM SeriesNumber (0020,0011).",
        ),
        Field(
            name="series_description",
            type=LINE,
            description="DICOM SeriesDescription (0008,103E).",
        ),
        Field(name="series_date", type=CLINICAL_DATE, description="DICOM SeriesDate (0008,0021)."),
        Field(
            name="acquisition_datetime",
            type=Timestamp(),
            description="DICOM AcquisitionDateTime (0008,002A): start of the acquisition.",
        ),
        Field(
            name="body_part_examined",
            type=CODE_STRING,
            description="DICOM BodyPartExamined (0018,0015).",
        ),
        Field(
            name="image_plane",
            type=Enum(
                values=("transversal", "sagittal", "coronal", "oblique"),
                synonyms=(
                    ("axial", "transversal"),
                    ("transverse", "transversal"),
                    ("transaxial", "transversal"),
                ),
            ),
            description="Nearest plane of DICOM ImageOrientationPatient (0020,0037).",
        ),
        Field(
            name="b_value",
            type=Float(ge=0, le=50_000),
            unit="s/mm2",
            description="DICOM DiffusionBValue (0018,9087), without vendor offsets such as GE's 1e9.",
        ),
        Field(
            name="slice_thickness",
            type=Float(gt=0, le=1_000),
            unit="mm",
            description="DICOM SliceThickness (0018,0050).",
        ),
        Field(
            name="pixel_spacing",
            type=Float(gt=0, le=1_000),
            unit="mm",
            description="First value of DICOM PixelSpacing (0028,0030): distance between rows.",
        ),
        Field(
            name="magnetic_field_strength",
            type=Float(gt=0, le=30),
            unit="T",
            description="DICOM MagneticFieldStrength (0018,0087) in tesla; some headers hold gauss.",
        ),
        Field(
            name="is_contrast_enhanced",
            type=Boolean(),
            description="Whether DICOM ContrastBolusAgent (0018,0010) was given before or during it.",
        ),
        Field(name="manufacturer", type=LINE, description="DICOM Manufacturer (0008,0070)."),
        Field(
            name="manufacturer_model_name",
            type=LINE,
            description="DICOM ManufacturerModelName (0008,1090).",
        ),
        Field(name="sop_class_uid", type=UID, description="DICOM SOPClassUID (0008,0016)."),
        Field(
            name="sop_class_name",
            type=LINE,
            description="Name of the SOP class in DICOM PS3.6 Annex A.",
        ),
        Field(
            name="transfer_syntax_uid",
            type=Text(pattern=r"^[0-9]+(\.[0-9]+)*(,[0-9]+(\.[0-9]+)*)*$", max_length=256),
            description="DICOM TransferSyntaxUID (0002,0010); joined by commas where instances differ.",
        ),
        Field(
            name="transfer_syntax_name",
            type=LINE,
            description="Name of the transfer syntax in DICOM PS3.6 Annex A; joined likewise.",
        ),
        Field(
            name="photometric_interpretation",
            type=Text(pattern=CODE_STRINGS_PATTERN, max_length=64),
            description="DICOM PhotometricInterpretation (0028,0004); joined likewise.",
        ),
        Field(
            name="pixel_representation",
            type=Text(pattern="^[01](,[01])?$", max_length=3),
            description="DICOM PixelRepresentation (0028,0103): 0 unsigned, 1 signed; joined likewise.",
        ),
        Field(
            name="instance_count",
            type=Integer(ge=1, le=10_000_000),
            description="Number of DICOM instances in the series.",
        ),
        Field(
            name="size_mb",
            type=Float(ge=0),
            unit="MBy",
            description="Size of all files of the series.",
        ),
        Field(name="source_doi", type=DOI, description="DOI to cite for the series."),
        Field(
            name="analysis_result_id",
            type=SHORT_TEXT,
            description="IDC analysis result that the series belongs to; null for original images.",
        ),
        Field(
            name="idc_version_first",
            type=Integer(ge=1, le=10_000),
            description="IDC data release that first held the series.",
        ),
        Field(
            name="idc_version_last",
            type=Integer(ge=1, le=10_000),
            description="IDC data release that last revised the series.",
        ),
        Field(
            name="crdc_series_uuid",
            type=Text(
                pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", max_length=36
            ),
            description="UUID of this version of the series in the Cancer Research Data Commons.",
        ),
        Field(
            name="path_dicom",
            type=BlobUrl(),
            description="Prefix that holds the DICOM instances, ending in `/*`, or one archive.",
        ),
        Field(name="path_nii", type=BlobUrl(), description="NIfTI file of the volume."),
        Field(
            name="segmentation_reference_uid",
            type=LINE,
            description="Of a mask: series instance UID or identifier of the volume that it delineates.",
        ),
        Field(
            name="derived_from",
            type=RESOURCES,
            description="Identifiers of what the volume was made from: volumes, annotation sessions.",
        ),
    ),
)
