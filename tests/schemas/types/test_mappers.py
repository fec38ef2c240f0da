"""Every field type is known to every mapper, so a new one cannot be forgotten anywhere."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from tools.generate.payload_docs import DESCRIBED_TYPES
from tools.generate.python_source import SOURCES
from vxdata.schemas.binding.kinds import KINDS
from vxdata.schemas.fields import FieldType
from vxdata.schemas.types.arrow import ARROW_TYPES
from vxdata.schemas.types.pydantic import PYTHON_TYPES
from vxdata.sdk._conversion.polars_types import POLARS_TYPES
from vxdata.server.ingest.validation.values import RULES
from vxdata.sql.types import DUCKDB_TYPES, POSTGRES_TYPES

FIELD_TYPES: tuple[type[FieldType], ...] = get_args(FieldType)
MAPPERS: dict[str, dict[Any, Any]] = {
    "arrow": ARROW_TYPES,
    "binding": KINDS,
    "docs": DESCRIBED_TYPES,
    "duckdb": DUCKDB_TYPES,
    "generator": SOURCES,
    "polars": POLARS_TYPES,
    "postgres": POSTGRES_TYPES,
    "pydantic": PYTHON_TYPES,
    "validation": RULES,
}


@pytest.mark.parametrize("field_type", FIELD_TYPES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("target", MAPPERS)
def test_a_mapper_knows_every_field_type(target: str, field_type: type[FieldType]) -> None:
    assert field_type in MAPPERS[target]


@pytest.mark.parametrize("target", MAPPERS)
def test_a_mapper_knows_nothing_else(target: str) -> None:
    assert set(MAPPERS[target]) == set(FIELD_TYPES)


def test_only_mappings_have_no_kind_of_values() -> None:
    mappings = {kind for kind, postgres in POSTGRES_TYPES.items() if postgres.mapping is not None}
    assert mappings == {kind for kind, kind_of_values in KINDS.items() if kind_of_values is None}
