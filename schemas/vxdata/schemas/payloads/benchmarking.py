"""Benchmarking results."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import Field, NumberMap, Text, TextList, TextMap, Timestamp
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads.vocabularies import CODE_VERSION, LINE, SHORT_TEXT

BENCHMARKING_RESULT: Final = PayloadType(
    name="BenchmarkingResult",
    prefix="benchmarking",
    namespace="benchmarking_results",
    description="How well a model did in one evaluation.",
    parent_required=False,
    license_required=False,
    fields=(
        Field(name="clearml_id", type=SHORT_TEXT, description="Identifier of the ClearML task."),
        Field(
            name="eval_task",
            type=Text(pattern="^[!-~]{1,128}$", max_length=128),
            required=True,
            description="What was evaluated, such as ve2e-default.",
        ),
        Field(
            name="benchmarked_on",
            type=TextList(),
            description="Identifiers of the patients or other resources that were evaluated on.",
        ),
        Field(
            name="summary_metrics",
            type=NumberMap(),
            required=True,
            description="Metric to its value over all cases, such as auc to 0.8.",
        ),
        Field(
            name="other_data",
            type=TextMap(blobs=True),
            description="Name of each further result to its file, such as patient-level predictions.",
        ),
        Field(name="model_name", type=LINE, description="Model that was evaluated."),
        Field(name="model_version", type=CODE_VERSION, description="Release or commit of the model."),
        Field(name="code_version", type=CODE_VERSION, description="Release or commit of the evaluation."),
        Field(name="evaluated_at", type=Timestamp(), description="When the evaluation ended."),
        Field(
            name="data_as_of",
            type=Timestamp(),
            description="Instant as of which the data were read; reading at it shows the same data.",
        ),
        Field(name="comment", type=Text(), description="Remarks on the evaluation."),
    ),
)
