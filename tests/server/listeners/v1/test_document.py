"""The OpenAPI document of `/v1`, and the pages that show it from the package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from vxdata.server.listeners.http.v1.errors import FAILURES

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser

    from vxdata.server.app import Server


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


def test_examples_of_bodies_are_answered(document: Any, http: httpx.Client) -> None:
    asked = {
        name: [http.post(name.removeprefix("POST "), json=example) for example in examples]
        for name, operation in operations(document).items()
        if (examples := examples_of(document, operation))
    }
    assert set(asked) >= {"POST /answers", "POST /compare", "POST /count", "POST /facets", "POST /query"}
    refused = {name: answer.text for name, answers in asked.items() for answer in answers if answer.is_error}
    assert refused == {}


def examples_of(document: Any, operation: Any) -> list[Any]:
    """The examples of an operation's body."""
    content = operation.get("requestBody", {}).get("content", {})
    name = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    examples: list[Any] = document["components"]["schemas"].get(name, {}).get("examples", [])
    return examples


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_pages_need_no_network(http: httpx.Client, page: str) -> None:
    found = http.get(page)
    assert found.status_code == 200
    assert "https://" not in found.text
    files = re.findall(r'(?:src|href)="(static/[^"]+)"', found.text)
    assert files
    assert all(http.get(f"/{file}").status_code == 200 for file in files)


def test_pages_run_in_a_browser_within_their_policy(browser: Browser, server: Server) -> None:
    """The console of the browser tells what a policy refuses: a logo alone, which ReDoc has elsewhere."""
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda told: refused.append(told.text) if told.type == "error" else None)
    page.goto(f"{server.http_url}/v1/docs")
    page.get_by_text("/count", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text("Server response")).to_be_visible()
    assert refused == []
    page.goto(f"{server.http_url}/v1/redoc")
    expect(page.get_by_role("heading", name="VxData").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.close()
    assert [text for text in refused if "redoc/logo-mini.svg" not in text] == []


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_pages_are_confined(http: httpx.Client, path: str) -> None:
    policy = http.get(path).headers["Content-Security-Policy"]
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert parts["default-src"] == "'none'"
    assert "unsafe" not in parts["script-src"]
    assert parts["connect-src"] == "'self'"


@pytest.mark.parametrize(
    "path", ["", "/types", "/nothing", "/a%0Ab", "/docs", "/static/swagger-ui.css", "/count"]
)
def test_no_browser_guesses_what_a_response_is(http: httpx.Client, path: str) -> None:
    assert http.get(path).headers["X-Content-Type-Options"] == "nosniff"
