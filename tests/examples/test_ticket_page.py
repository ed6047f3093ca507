"""The page of examples/ticket-page in a real browser: by mouse, by keyboard, and what its backend refuses."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.examples.example import EXAMPLES, Example, run_example
from tests.journeys.browser.axe import axe_source, grave_findings
from tests.journeys.browser.chromium import open_browser
from tests.journeys.world import open_world
from tests.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

_CLIENT: Final = "web"
_SECRET: Final = "ticket-page-secret-0123456789abcdef"
_MOST_STOPS: Final = 10


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def example(tmp_path: Path) -> AsyncIterator[Example]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    client = {"secrets": [_SECRET], "scope_policy": "add", "origins": [origin], "home": f"{origin}/"}
    async with open_world(tmp_path, clients={_CLIENT: client}) as world:
        await world.consent("free_busy", email="ada@example.com")
        told = {"GATEWAY": world.gateway, "CLIENT_ID": _CLIENT, "CLIENT_SECRET": _SECRET}
        words, log = [sys.executable, "backend.py"], tmp_path / "example.log"
        async with run_example(words, folder=EXAMPLES / "ticket-page", log=log, port=port, **told) as running:
            yield running
            assert log.read_text(encoding="utf-8") == f"The page is at {origin}\n"


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, example: Example) -> AsyncIterator[Page]:
    """A tab at the page; a broken rule of its policy or a script's error fails the test."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 900, "height": 640})
    context.set_default_timeout(10_000)
    opened, complaints = await context.new_page(), list[str]()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await opened.goto(example.url)
    yield opened
    await context.close()
    assert complaints == []


async def test_the_backend_learns_by_ticket_who_is_there(page: Page) -> None:
    await page.click("#sign-in")
    await page.wait_for_selector("#signed-in:visible")
    said = await page.inner_text("#by-gateway")
    await page.click("#tell")
    await expect(page.locator("#by-backend")).to_have_text(said)
    known = await page.evaluate("fetch('/me').then((one) => one.json())")

    assert known["sub"].startswith("acc_")
    assert said == f"{known['sub']}, connected with free_busy"
    assert await page.evaluate("document.cookie") == ""
    await page.reload()
    await expect(page.locator("#by-backend")).to_have_text(said)
    await page.click("#sign-out")
    await page.wait_for_selector("#signed-out:visible")
    assert await page.context.cookies() == []


async def test_it_is_all_done_with_the_keyboard(page: Page) -> None:
    await _press(page, "#sign-in")
    await page.wait_for_selector("#signed-in:visible")
    await _press(page, "#tell")
    await expect(page.locator("#by-backend")).to_contain_text("free_busy")
    await _press(page, "#sign-out")
    await expect(page.locator("#sign-in")).to_be_focused()


async def _press(page: Page, selector: str) -> None:
    """Tab to something, which has to show that it has the focus, and press Enter."""
    for _ in range(_MOST_STOPS):
        await page.keyboard.press("Tab")
        if await page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            style = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none"
            await page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab never reached {selector}")


async def test_axe_finds_nothing_grave(page: Page) -> None:
    source = axe_source()
    signed_out = await grave_findings(page, source)
    await page.click("#sign-in")
    await page.wait_for_selector("#signed-in:visible")

    assert signed_out == []
    assert await grave_findings(page, source) == []


async def test_another_page_cannot_sign_the_browser_in_as_somebody_else(example: Example) -> None:
    """The cookie would go along; Origin and a type that needs a preflight tell the page apart."""
    url, json = f"{example.url}/me", {"ticket": "x"}
    for headers in ({}, {"Origin": "http://127.0.0.1:9"}, {"Origin": "null"}):
        async with example.http.post(url, json=json, headers=headers) as reply:
            assert reply.status == 403
    async with example.http.post(url, data=json, headers={"Origin": example.url}) as reply:
        assert reply.status == 403
    async with example.http.get(url) as reply:
        assert await reply.json() == {}


@pytest.mark.parametrize("body", [{"ticket": "unknown"}, {"ticket": ""}, {}, [], "x"])
async def test_what_is_no_ticket_makes_nobody_known(example: Example, body: object) -> None:
    async with example.http.post(f"{example.url}/me", json=body, headers={"Origin": example.url}) as reply:
        assert reply.status in {400, 403}
        assert "Set-Cookie" not in reply.headers
