"""Signing in to the query page, and out of it: what is asked for, shown, kept, and gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.server.support import until
from tools.web import PACKAGES, install
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.identity import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    from tests.fixtures.asking import Tokens
    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client
    from vxdata.server.app import Server


@pytest.fixture
def state(client: Client, datasource: str, unique: str) -> dict[str, Any]:
    """A state of the page that finds one patient."""
    model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
    client.patients.create(model)
    where = {"op": "==", "field": "datasource_id", "value": datasource}
    return {"plan": {"version": 2, "relation": "patient", "where": where}}


@pytest.fixture
def query_page(open_query_page: Callable[[Server], QueryPage], asking_server: Server) -> QueryPage:
    return open_query_page(asking_server)


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Sign in")


def sign_in(page: Page, token: str) -> None:
    dialog_of(page).get_by_label("Token").fill(token)
    page.keyboard.press("Enter")


def cookies_of(page: Page) -> dict[str, str]:
    return {str(each["name"]): str(each["value"]) for each in page.context.cookies()}


def status_of_session(server: Server, cookies: dict[str, str]) -> int:
    return httpx.get(f"{server.http_url}/v1/session", cookies=cookies).status_code


def expect_data(page: Page) -> None:
    expect(dialog_of(page)).to_have_count(0)
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()


def expect_no_data(page: Page) -> None:
    expect(dialog_of(page)).to_be_visible()
    expect(page.get_by_text("1 row", exact=True)).to_have_count(0)
    expect(page.get_by_role("table")).to_have_count(0)
    expect(page.get_by_label("Type", exact=True)).to_have_count(0)


def test_the_page_asks_for_a_token_and_tells_who_has_signed_in(
    query_page: QueryPage, state: dict[str, Any], tokens: Tokens
) -> None:
    name, token = tokens.take(Role.READER)
    page = query_page.show(**state)
    expect_no_data(page)
    dialog = dialog_of(page)
    expect(dialog.get_by_label("Token")).to_be_focused()
    expect(dialog).to_contain_text("vxdata token create NAME --role reader")
    sign_in(page, token[:-1] + ("A" if token[-1] != "A" else "B"))
    expect(dialog.get_by_role("alert")).to_contain_text("unknown, expired or revoked")
    expect(dialog.get_by_label("Token")).to_have_attribute("aria-invalid", "true")
    expect_no_data(page)
    sign_in(page, token)
    expect_data(page)
    expect(page.get_by_text(f"Signed in as {name}, reader")).to_be_visible()
    page.reload()
    expect_data(page)


def test_the_dialog_can_be_left_and_opened_by_the_keyboard(query_page: QueryPage) -> None:
    page = query_page.show()
    expect(dialog_of(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog_of(page)).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog_of(page).get_by_label("Token")).to_be_focused()


def test_signing_out_ends_the_session_in_the_server_too(
    query_page: QueryPage, asking_server: Server, state: dict[str, Any], tokens: Tokens
) -> None:
    page = query_page.show(**state)
    sign_in(page, tokens.take()[1])
    expect_data(page)
    cookies = cookies_of(page)
    assert status_of_session(asking_server, cookies) == 200
    page.get_by_role("button", name="Sign out").click()
    expect_no_data(page)
    assert status_of_session(asking_server, cookies) == 401
    page.reload()
    expect_no_data(page)


def test_who_is_revoked_sees_nothing_more_and_another_goes_on(
    query_page: QueryPage, asking_server: Server, state: dict[str, Any], tokens: Tokens
) -> None:
    name, token = tokens.take()
    page = query_page.show(**state)
    sign_in(page, token)
    expect_data(page)
    cookies = cookies_of(page)
    tokens.store.revoke(name)
    until(lambda: status_of_session(asking_server, cookies) == 401, "the server has heard of it")
    page.get_by_role("button", name="Only sex F, 1 row").click()
    expect_no_data(page)
    other, token = tokens.take(Role.WRITER)
    sign_in(page, token)
    expect_data(page)
    expect(page.get_by_text(f"Signed in as {other}, writer")).to_be_visible()
    expect(page.get_by_role("group", name="Condition on sex")).to_be_visible()


def test_the_token_is_kept_nowhere(query_page: QueryPage, state: dict[str, Any], tokens: Tokens) -> None:
    token = tokens.take()[1]
    page = query_page.show(**state)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    carried: list[str] = []
    page.on("request", lambda asked: carried.append(f"{asked.url} {asked.post_data} {asked.headers}"))
    sign_in(page, token)
    expect_data(page)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("region", name="curl")).to_contain_text('--oauth2-bearer "$VXDATA_TOKEN"')
    (sent,) = [each for each in carried if token in each]
    assert sent.startswith(f"{query_page.url.removesuffix('query')}v1/session ")
    kept = "[...Object.values(localStorage), ...Object.values(sessionStorage), document.cookie].join()"
    assert token not in page.evaluate(kept) + page.url + page.content() + "".join(said)
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert token not in cookie["value"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(query_page: QueryPage, scheme: Any) -> None:
    install()
    page = query_page.show()
    page.emulate_media(color_scheme=scheme)
    sign_in(page, "no-token")
    expect(dialog_of(page).get_by_role("alert")).to_be_visible()
    page.evaluate((PACKAGES / "axe-core/axe.min.js").read_text(encoding="utf-8"))
    for _ in range(2):
        found = page.evaluate("axe.run()")
        assert [each["id"] for each in found["violations"]] == []
        page.keyboard.press("Escape")


def test_a_server_that_asks_nobody_has_no_users(
    open_query_page: Callable[[Server], QueryPage], server: Server, state: dict[str, Any]
) -> None:
    page = open_query_page(server).show(**state)
    expect_data(page)
    expect(page.get_by_text("Signed in as")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
