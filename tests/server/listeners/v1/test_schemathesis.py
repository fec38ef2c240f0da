"""Requests made after the OpenAPI document of `/v1`, right and wrong: each answer is one that it knows."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from vxdata.schemas.wire import TIMEOUT

if TYPE_CHECKING:
    from vxdata.server.app import Server

CHECKS: Final = [
    not_a_server_error,
    negative_data_rejection,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PROFILE: Final = (settings.default or settings()).max_examples
EXAMPLES: Final = PROFILE // 4 if PROFILE > 100 else 10
"""Requests for each operation and mode: 10, and with the thorough profile 500."""


@pytest.fixture(scope="module")
def document(server: Server) -> Any:
    """The OpenAPI document."""
    return schemathesis.openapi.from_url(f"{server.http_url}/v1/openapi.json")


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_answers_are_those_of_the_document(document: Any, mode: GenerationMode) -> None:
    asked = {operation.label: _answered(operation, mode) for operation in _operations(document)}
    assert asked
    assert all(asked.values())


def _operations(document: Any) -> list[Any]:
    return [found.ok() for found in document.get_all_operations()]


def _answered(operation: Any, mode: GenerationMode) -> list[int]:
    """Ask random requests of one operation, and tell the statuses of the answers."""
    statuses: list[int] = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        excluded = [not_a_server_error] if TIMEOUT in (case.headers or {}) else []
        answer = case.call_and_validate(checks=CHECKS, excluded_checks=excluded, timeout=60)
        # A caller who waits no time at all is answered with 504, as the document says.
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR or (
            excluded and answer.status_code == HTTPStatus.GATEWAY_TIMEOUT
        )
        statuses.append(answer.status_code)

    ask()
    return statuses
