"""The example of the contract through HTTP: which entities are found, what is shown of them, summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cohorts.compare import without_order
from tests.cohorts.example import FOUND, SHOWN, SUMMARISED

if TYPE_CHECKING:
    import httpx

    from tests.cohorts.example import Found, Shown, Summarised


def post(http: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    "case", FOUND, ids=lambda case: f"{case.endpoint} {case.match_all or case.match_some}"
)
def test_what_is_found(http: httpx.Client, case: Found) -> None:
    found = post(http, f"/data/{case.endpoint}", case.body)
    identifiers = [row[f"{case.endpoint}_id"] for row in found["result"]]
    assert " ".join(identifiers) == case.found, case.trap
    assert found["total_row_count"] == len(identifiers)
    assert found["next_url"] == ""


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: str(case.body))
def test_what_is_shown(http: httpx.Client, case: Shown) -> None:
    rows = post(http, f"/data/{case.endpoint}", case.body)["result"]
    by_id = {row[f"{case.endpoint}_id"]: row for row in rows}
    shown = {key: {name: by_id[key][name] for name in columns} for key, columns in case.rows.items()}
    assert without_order(shown) == without_order(case.rows)


@pytest.mark.parametrize("case", SUMMARISED, ids=lambda case: str(case.body))
def test_what_is_summarised(http: httpx.Client, case: Summarised) -> None:
    (summary,) = post(http, f"/summary/{case.endpoint}", case.body)["result"]
    assert without_order({key: summary[key] for key in case.parts}) == without_order(case.parts)
