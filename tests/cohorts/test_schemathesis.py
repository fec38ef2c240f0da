"""Requests made after our OpenAPI document, right and wrong: each answer is one that the document knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.cohorts.serving import catalog_served, root_of
from vxdata.cli.cda import generate, load
from vxdata.schemas.wire import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.app import Server

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS: Final = (
    "POST /data/subject",
    "POST /data/file",
    "POST /summary/subject",
    "POST /summary/file",
    "POST /column_values/{column}",
    "GET /columns/",
    "GET /release_metadata/",
)
PROFILE: Final = (settings.default or settings()).max_examples
EXAMPLES: Final = PROFILE // 4 if PROFILE > 100 else 15
"""Requests for each operation and mode: 15, and with the thorough profile 500."""


@pytest.fixture(scope="module")
def server(new_database: Callable[[], SecretStr], session_dir: Path) -> Iterator[Server]:
    """A server over a small database."""
    uri = new_database()
    load(uri, generate(50), schema="cda")
    with catalog_served(uri, session_dir / "schemathesis", "cda") as running:
        yield running


@pytest.fixture(scope="module")
def document(server: Server) -> Any:
    """The OpenAPI document."""
    return schemathesis.openapi.from_url(f"{root_of(server)}/openapi.json")


def test_these_are_all_operations(document: Any) -> None:
    found = [each.ok() for each in document.get_all_operations()]
    assert sorted(f"{each.method.upper()} {each.path}" for each in found) == sorted(OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_are_those_of_the_document(document: Any, operation: str, mode: GenerationMode) -> None:
    method, path = operation.split()
    if method == "GET" and mode is GenerationMode.NEGATIVE:
        return  # there is nothing in such a request that could be wrong
    answered: list[int] = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=document[path][method].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.headers.pop(TIMEOUT, None)  # however short it is, 504 is right
        answered.append(case.call_and_validate(checks=CHECKS, timeout=30).status_code)

    ask()
    assert answered
