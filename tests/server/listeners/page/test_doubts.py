"""What is sound but hardly meant, and what cannot be carried over, is told on the page, in a browser."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import ArtefactCreate

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client

SEX: Final[dict[str, Any]] = {"op": "==", "field": "sex", "value": "M"}


def test_an_unlikely_value_is_told_beside_its_condition(query_page: QueryPage) -> None:
    page = query_page.show(plan={"version": 2, "relation": "volume"})
    text = page.get_by_label("In Python")
    text.fill("(F.volume_type == 'T22') & F.image_plane.is_in(['sagittal', 'level']) & (F.b_value > 1)")
    words = page.get_by_role("group", name="Condition on volume type")
    told = words.get_by_role("status")
    expect(told).to_have_text(re.compile("Unlikely: .*never 'T22'.* Did you mean T2"))
    expect(words.get_by_label("Value")).to_have_value("T22")
    planes = page.get_by_role("group", name="Condition on image plane")
    expect(planes.get_by_role("status")).to_contain_text("never 'level'")
    expect(planes.get_by_label("level")).to_be_checked()
    expect(page.get_by_role("group", name="Condition on b value").get_by_role("status")).to_have_text("")
    assert query_page.violations() == []
    words.get_by_label("Value").select_option("T2")
    expect(told).to_have_text("")
    planes.get_by_label("level").uncheck()
    expect(planes.get_by_role("status")).to_have_text("")
    expect(planes.get_by_label("level")).to_have_count(0)


def test_what_stands_in_a_subquery_is_told_below_the_conditions(query_page: QueryPage) -> None:
    page = query_page.show(plan={"version": 2, "relation": "volume"})
    page.get_by_label("In Python").fill(
        "F.patient_id.is_in(client.patients.query().filter(F.sex == 'N').select('identifier'))"
    )
    expect(page.get_by_role("region", name="Conditions")).to_contain_text("sex is never 'N'")
    expect(page.get_by_role("group", name="Condition on patient id").get_by_role("status")).to_have_text("")


def test_an_unknown_entry_is_told_with_what_may_be_meant(query_page: QueryPage, client: Client) -> None:
    client.artefacts.create(
        ArtefactCreate(identifier=secrets.token_hex(6), metrics={"auc": 0.5, "dice": 0.7})
    )
    page = query_page.show(plan={"version": 2, "relation": "artefact"})
    page.get_by_role("button", name="Filter by metrics").click()
    condition = page.get_by_role("group", name="Condition on metrics")
    entry = condition.get_by_label("Entry")
    entry.fill("acu")
    told = condition.get_by_text("no row has an entry acu")
    expect(told).to_contain_text("Did you mean auc?")
    expect(condition.locator("option[value='dice']")).to_have_count(1)
    entry.fill("auc")
    expect(told).to_have_count(0)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"veiw": "time"}, "a part named veiw, which there is not. Did you mean view?"),
        ({"view": "plot"}, "There is no view named plot. Did you mean plots?"),
    ],
)
def test_an_unknown_part_of_a_link_is_told(query_page: QueryPage, state: dict[str, str], told: str) -> None:
    page = query_page.show(**state)
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.get_by_label("Type", exact=True)).to_have_value("volume")


def _save(page: Page, name: str) -> None:
    menu = page.get_by_text("Saved queries")
    menu.click()
    page.get_by_label("Name of the query").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    menu.click()


def _option(choice: Locator, name: str) -> Locator:
    return choice.get_by_role("option", name=re.compile(f"^{name}"))


def test_what_a_subquery_cannot_carry_is_told(query_page: QueryPage, client: Client) -> None:
    made = client.artefacts.create(ArtefactCreate(identifier=secrets.token_hex(6)))
    instant = made.valid_from.isoformat()
    patients = {"version": 2, "relation": "patient", "where": SEX}
    query_page.show(
        plan={**patients, "group_by": ["sex"], "aggregates": [{"function": "count", "name": "n"}]}
    )
    _save(query_page.page, "by sex")
    query_page.show(plan={**patients, "as_of": instant})
    _save(query_page.page, "men of a day")
    page = query_page.show(plan={"version": 2, "relation": "volume"})
    page.get_by_role("button", name="Filter by patient id").click()
    condition = page.get_by_role("group", name="Condition on patient id")
    condition.get_by_label("Operator").select_option("is found by the query")
    choice = condition.get_by_label("Saved query")
    expect(_option(choice, "by sex")).to_be_disabled()
    expect(_option(choice, "by sex")).to_have_text("by sex (cannot be a subquery: it makes groups)")
    choice.select_option("men of a day")
    expect(condition.get_by_text("Read at the instant of the whole query, not as of")).to_be_visible()
    expect(page.get_by_label("In Python")).to_have_value(re.compile("client.patients"))
