"""The OpenAPI document of `/v1`, and the pages that show it from the package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.server.listeners.http.v1.errors import FAILURES

if TYPE_CHECKING:
    import httpx


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> Any:
    return http.get("/openapi.json").json()


def operations(document: Any) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_operation_is_described(document: Any) -> None:
    found = operations(document)
    assert "POST /count" in found
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert {str(status) for status in FAILURES} <= set(operation["responses"]), name
    names = [operation["operationId"] for operation in found.values()]
    assert len(set(names)) == len(names)


def test_operations_are_named_as_their_functions(document: Any) -> None:
    assert operations(document)["POST /count"]["operationId"] == "count"


def test_bodies_are_described(document: Any) -> None:
    body = operations(document)["POST /count"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/Question"}
    question = document["components"]["schemas"]["Question"]
    assert question["additionalProperties"] is False
    assert all(field["description"] for field in question["properties"].values())


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_pages_need_no_network(http: httpx.Client, page: str) -> None:
    found = http.get(page)
    assert found.status_code == 200
    assert "https://" not in found.text
    files = re.findall(r'(?:src|href)="(static/[^"]+)"', found.text)
    assert files
    assert all(http.get(f"/{file}").status_code == 200 for file in files)
