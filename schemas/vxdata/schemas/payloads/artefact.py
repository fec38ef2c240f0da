"""Artefacts: files that pipelines produce."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import Enum, Field, NumberMap, Text, TextMap, Timestamp
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import CODE_VERSION, LINE, RESOURCES, SHORT_TEXT

ARTEFACT: Final = PayloadType(
    name="Artefact",
    prefix="artefact",
    namespace="artefacts",
    description="The outcome of one run of a pipeline, with the files that it left.",
    parent_required=False,
    license_required=False,
    fields=(
        Field(name="name", type=LINE, description="Name for people."),
        Field(name="description", type=Text(), description="What the run did."),
        Field(
            name="kind",
            type=Enum(values=("dataset", "table", "model", "prediction", "figure", "report", "other")),
            description="What the files hold.",
        ),
        Field(name="workflow", type=LINE, description="Workflow template that ran."),
        Field(name="run_id", type=SHORT_TEXT, description="Name of the run in the workflow engine."),
        Field(
            name="status",
            type=Enum(values=("pending", "running", "succeeded", "failed", "error")),
            description="Phase of the run, as Argo Workflows names it.",
        ),
        Field(name="started_at", type=Timestamp(), description="When the run began."),
        Field(name="finished_at", type=Timestamp(), description="When the run ended."),
        Field(name="code_version", type=CODE_VERSION, description="Release or commit of the code."),
        Field(name="container_image", type=LINE, description="Container image, with its digest."),
        Field(name="parameters", type=TextMap(), description="Parameter of the run to its value."),
        Field(name="metrics", type=NumberMap(), description="Figure that the run reported to its value."),
        Field(name="inputs", type=RESOURCES, description="Identifiers of what the run read."),
        Field(
            name="data_as_of",
            type=Timestamp(),
            description="Instant as of which the run read its inputs; reading at it shows the same.",
        ),
        Field(
            name="files",
            type=TextMap(blobs=True),
            description="Name of each output to its file; null until files are attached.",
        ),
    ),
)
