"""Cronofy's own UI Elements on a page of another site, calling through the gateway from a real browser."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.journeys.browser.element_pages import fragment, serve_pages
from tests.journeys.browser.person import PATIENCE_MS
from tests.journeys.waiting import until_told
from tests.journeys.world import ADDING, CALLBACK, SECRETS, World, open_world
from tests.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

_DAY: Final = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")
# What stands there only when the answer has come.
_SHOWN: Final = {
    "SlotPicker": "Select a day",
    "DateTimePicker": "Duration",
    "AvailabilityViewer": "9:15",
}
_EDITED: Final = "() => window.told.some((one) => one.notification.type === 'availability_rule_edited')"
_PERIOD: Final = {"start": f"{_DAY}T09:00:00Z", "end": f"{_DAY}T17:00:00Z"}


class Pages:
    """A page of a registered origin, and the same page under another name of this machine."""

    def __init__(self, world: World, browser: Browser, port: int) -> None:
        self.world = world
        self.browser = browser
        self.registered = f"http://localhost:{port}"  # of another site than http://127.0.0.1
        self.stranger = f"http://127.0.0.1:{port}"
        self.complaints: list[str] = []

    async def show(self, origin: str, element: str, token: str, **options: Any) -> Page:
        """Open a page with an Element on it."""
        context = await self.browser.new_context(locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        wanted = {"element_token": token, "api_domain": self.world.gateway, **options}
        await page.goto(f"{origin}/#{quote(fragment(element, wanted))}")
        return page

    async def token(self, permission: str, sub: str) -> str:
        """Ask for an element token, as the app's backend does."""
        body = {"version": "1", "permissions": [permission], "subs": [sub], "origin": self.registered}
        status, told, _ = await self.world.call("POST", "/v1/element_tokens", SECRETS[ADDING], json=body)
        assert status == 200, told
        return str(json.loads(told)["element_token"]["token"])

    async def arrived(self, *, at_least: int = 0) -> list[tuple[str, str, int]]:
        """Return what reached Cronofy by element token (method, path, status), once so much of it is there.

        An Element may draw its frame before its call has come back.
        """
        seen: list[dict[str, Any]] = []

        async def is_there() -> bool:
            seen[:] = [one for one in await self.world.seen_upstream() if "et" in one["query_names"]]
            return len(seen) >= at_least

        await until_told(is_there)
        return [(one["method"], one["path"], one["status"]) for one in seen]


@pytest_asyncio.fixture(loop_scope="session")
async def pages(browser: Browser, tmp_path: Path) -> AsyncIterator[Pages]:
    port = free_port()
    client = {
        "secrets": [SECRETS[ADDING]],
        "scope_policy": "add",
        "any_loopback_redirect": True,
        "origins": [f"http://localhost:{port}"],
    }
    async with (
        open_world(tmp_path, clients={ADDING: client}) as world,
        serve_pages(port, gateway=world.gateway),
    ):
        opened = Pages(world, browser, port)
        yield opened
        for context in browser.contexts:
            await context.close()


def query_of(sub: str) -> dict[str, Any]:
    return {
        "participants": [{"required": "all", "members": [{"sub": sub}]}],
        "required_duration": {"minutes": 60},
        "query_periods": [_PERIOD],
    }


async def test_an_agenda_shows_what_is_in_the_calendar(pages: Pages) -> None:
    """Page after page of events, each call with its preflight."""
    sub = (await pages.world.sign_in())["sub"]
    page = await pages.show(pages.registered, "Agenda", await pages.token("agenda", sub))

    await expect(page.locator("#element")).to_contain_text("Today")
    await expect(page.locator("#element")).to_contain_text("all-day")
    arrived = await pages.arrived(at_least=2)
    assert arrived[0] == ("GET", "/v1/events", 200)
    assert {status for _, _, status in arrived} == {200}
    assert any(path.startswith("/v1/events/pages/") for _, path, _ in arrived)
    assert pages.complaints == []


@pytest.mark.parametrize("element", _SHOWN)
async def test_elements_of_availability_show_when_somebody_is_free(pages: Pages, element: str) -> None:
    sub = (await pages.world.sign_in())["sub"]
    token = await pages.token("availability", sub)
    page = await pages.show(pages.registered, element, token, availability_query=query_of(sub), tzid="Etc/UTC")

    await expect(page.locator("#element")).to_contain_text(_SHOWN[element])
    assert await pages.arrived(at_least=1) == [("POST", "/v1/availability", 200)]
    assert pages.complaints == []


async def test_an_availability_rule_is_written(pages: Pages) -> None:
    sub = (await pages.world.sign_in())["sub"]
    token = await pages.token("managed_availability", sub)
    options = {"availability_rule_id": "work_hours", "tzid": "Etc/UTC"}
    page = await pages.show(pages.registered, "AvailabilityRules", token, **options)
    await page.wait_for_function(_EDITED)  # the defaults are in
    async with page.expect_response(lambda one: one.request.method == "POST") as saved:
        await page.get_by_text("Save new rules").click()

    assert (await saved.value).status == 200
    arrived = await pages.arrived(at_least=3)
    assert sorted(arrived[:2]) == [("GET", "/v1/availability_rules/work_hours", 404), ("GET", "/v1/userinfo", 200)]
    assert arrived[2:] == [("POST", "/v1/availability_rules", 200)]


async def test_calendar_sync_lists_accounts_and_leads_on_through_the_gateway(pages: Pages) -> None:
    """`app_domain` points at the gateway as well: it serves Cronofy's authorize path."""
    sub = (await pages.world.sign_in(email="ada@example.com"))["sub"]
    token = await pages.token("account_management", sub)
    authorization = {"redirect_uri": CALLBACK, "client_id": ADDING, "scope": "free_busy_write"}
    options = {"app_domain": pages.world.gateway, "authorization": authorization}
    page = await pages.show(pages.registered, "CalendarSync", token, **options)

    await expect(page.locator("#element")).to_contain_text("ada@example.com")
    await page.get_by_text("Add calendar account").click()
    link = await page.locator("#element a[href*='/oauth/authorize']").first.get_attribute("href") or ""
    assert link.startswith(f"{pages.world.gateway}/oauth/authorize?")
    assert parse_qs(urlsplit(link).query)["client_id"] == [ADDING]


async def test_a_page_of_a_foreign_origin_is_refused(pages: Pages) -> None:
    """With a good token, which somebody copied: its browser is told nothing, and Cronofy is not asked."""
    sub = (await pages.world.sign_in())["sub"]
    page = await pages.show(pages.stranger, "Agenda", await pages.token("agenda", sub))

    await expect(page.locator("#element")).to_contain_text("error loading")
    assert await pages.arrived() == []
    assert any("blocked by CORS policy" in said for said in pages.complaints)


async def test_the_wrong_permission_is_told_to_the_page(pages: Pages) -> None:
    sub = (await pages.world.sign_in())["sub"]
    page = await pages.show(pages.registered, "Agenda", await pages.token("availability", sub))

    await expect(page.locator("#element")).to_contain_text("error loading")
    assert "permissions" in await page.evaluate("window.told[0].notification.message")
    assert await pages.arrived() == []
