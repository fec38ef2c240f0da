"""Annotation: sessions in which people or models mark images, and VxAnnotate's records of cases."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Enum,
    Field,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import (
    CODE_VERSION,
    LINE,
    PSEUDONYM,
    RESOURCE,
    RESOURCES,
    SHORT_TEXT,
)

ANNOTATION_SESSION: Final = PayloadType(
    name="AnnotationSession",
    prefix="annotationsession",
    namespace="annotation_sessions",
    description="One sitting in which somebody annotated images of a case.",
    fields=(
        Field(
            name="source",
            type=Enum(
                values=(
                    "manual-masks",
                    "vxannotate",
                    "model-assisted",
                    "model-prediction",
                    "clinical-report",
                    "imported",
                )
            ),
            description="How the annotations were made.",
        ),
        Field(
            name="status",
            type=Enum(
                values=(
                    "draft",
                    "in-progress",
                    "submitted",
                    "in-review",
                    "accepted",
                    "rejected",
                    "cancelled",
                )
            ),
            description="Where the session stands.",
        ),
        Field(name="task", type=LINE, description="What was to be annotated, such as lesion masks."),
        Field(name="annotator", type=PSEUDONYM, description="Pseudonym of the annotator."),
        Field(
            name="annotator_experience",
            type=Float(ge=0, le=80),
            unit="a",
            description="Years in which the annotator has read such images.",
        ),
        Field(
            name="annotated_volumes",
            type=RESOURCES,
            description="Identifiers of the volumes that were shown.",
        ),
        Field(
            name="labels",
            type=TextMap(),
            description="Label value in the masks to its meaning.",
        ),
        Field(
            name="is_blinded",
            type=Boolean(),
            description="Whether clinical data were hidden from the annotator.",
        ),
        Field(name="tool", type=SHORT_TEXT, description="Software that was used."),
        Field(name="tool_version", type=CODE_VERSION, description="Release of the software."),
        Field(name="started_at", type=Timestamp(), description="When the session began."),
        Field(name="submitted_at", type=Timestamp(), description="When the result was handed in."),
        Field(
            name="active_time",
            type=Float(ge=0),
            unit="s",
            description="Time that the annotator was active.",
        ),
        Field(
            name="reviewed_session",
            type=RESOURCE,
            description="Identifier of the session that this one reviews or corrects.",
        ),
        Field(name="comment", type=Text(), description="Remarks of the annotator."),
    ),
)

VXANNOTATE_CASE_RECORD: Final = PayloadType(
    name="VxAnnotateCaseRecord",
    prefix="vxannotatecaserecord",
    namespace="vxannotate_case_records",
    description="What VxAnnotate keeps of one case: its state, answers and measurements.",
    fields=(
        Field(name="case_id", type=SHORT_TEXT, description="Name of the case in VxAnnotate."),
        Field(name="project", type=SHORT_TEXT, description="VxAnnotate project of the case."),
        Field(
            name="state",
            type=Enum(values=("queued", "assigned", "in-progress", "completed", "skipped", "failed")),
            description="Where the case stands.",
        ),
        Field(
            name="session",
            type=RESOURCE,
            description="Identifier of the annotation session that the record belongs to.",
        ),
        Field(name="assigned_to", type=PSEUDONYM, description="Pseudonym of the annotator."),
        Field(
            name="priority",
            type=Integer(ge=0, le=100),
            description="Place in the queue; higher comes first.",
        ),
        Field(
            name="record_version",
            type=CODE_VERSION,
            description="Release of VxAnnotate that wrote the record.",
        ),
        Field(name="opened_at", type=Timestamp(), description="When the case was first opened."),
        Field(name="completed_at", type=Timestamp(), description="When the case was completed."),
        Field(name="answers", type=TextMap(), description="Question to the answer that was given."),
        Field(
            name="measurements",
            type=NumberMap(),
            description="Measurement to its value; the name ends in the unit, such as diameter_mm.",
        ),
        Field(
            name="flags",
            type=TextList(pattern="^[a-z][a-z0-9-]{0,63}$"),
            description="Marks on the case, such as motion-artefact.",
        ),
        Field(name="path_state", type=BlobUrl(), description="Saved state of the viewer."),
        Field(name="comment", type=Text(), description="Remarks on the case."),
    ),
)
