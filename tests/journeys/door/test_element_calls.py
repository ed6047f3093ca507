"""Elements and sessions in one browser: an element token wins over a cookie, and opens no way to it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import ORIGIN, SESSION, WEB, Browser, door_clients, open_browser, open_door, send
from tests.journeys.world import CALLBACK, World

ELEMENTS, ELEMENT_SECRET = "elements", "elements-client-secret-0123456789ab"
PAGE = "https://elements.example"  # cross-site, where cookies would not be sent anyway
NEAR_PAGE = "http://127.0.0.1:12"  # same-site, where they are


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    clients: dict[str, Any] = door_clients()
    clients[ELEMENTS] = {
        "secrets": [ELEMENT_SECRET],
        "origins": [PAGE, NEAR_PAGE],
        "any_loopback_redirect": True,
        "scope_policy": "add",
    }
    async with open_door(tmp_path, clock, clients=clients) as opened:
        yield opened


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Browser]:
    async with open_browser(world) as opened:
        yield opened


async def connect_elements(browser: Browser, email: str) -> str:
    """Connect a person through the client of the Elements too, and return the account's `sub`."""
    world = browser.world
    await world.consent(email=email)
    code = await world.code(ELEMENTS)
    fields = {"client_id": ELEMENTS, "client_secret": ELEMENT_SECRET, "grant_type": "authorization_code"}
    fields |= {"code": code, "redirect_uri": CALLBACK}
    async with world.session.post(f"{world.gateway}/oauth/token", json=fields) as reply:
        return str((await reply.json())["sub"])


async def element_token(browser: Browser, origin: str, sub: str) -> str:
    body = {"permissions": ["agenda"], "subs": [sub], "origin": origin}
    status, told, _ = await browser.world.call("POST", "/v1/element_tokens", ELEMENT_SECRET, json=body)
    assert status == 200, told
    return str(json.loads(told)["element_token"]["token"])


@pytest.mark.parametrize("origin", [PAGE, NEAR_PAGE])
async def test_a_token_wins_over_the_cookie_and_asks_no_csrf_header(browser: Browser, origin: str) -> None:
    """The cookie is what another site could make the browser send; it is not looked at, so nothing rides on it."""
    await browser.sign_in(email="ada@example.com")
    ada = (await browser.info())["sub"]
    await browser.sign_in(client="side", email="bob@example.com", avoid_linking="true")
    bob = (await browser.info("side"))["sub"]
    assert await connect_elements(browser, "bob@example.com") == bob
    token = await element_token(browser, origin, bob)
    lines = [("Origin", origin), ("Sec-Fetch-Site", "cross-site")]
    answer = await send(browser.http, "GET", f"{browser.gateway}/v1/userinfo?et={token}", lines)

    assert ada != bob
    assert (answer.status, answer.json()["sub"]) == (200, bob)
    assert answer.cookies == []
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_broken_token_does_not_fall_back_to_the_cookie(browser: Browser) -> None:
    await browser.sign_in()
    await browser.world.forget_seen()
    for query, status in (("et=", 401), ("et=nobodys", 401), ("et=a&et=b", 400)):
        answer = await browser.fetch("GET", f"/v1/userinfo?{query}")
        assert answer.status == status
    assert await browser.world.seen_upstream() == []


@pytest.mark.parametrize("origin", [PAGE, NEAR_PAGE])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/calendars"), ("GET", "/v1/userinfo"), ("POST", "/auth/logout"), ("POST", "/auth/ticket")],
)
async def test_an_origin_of_elements_gains_nothing_by_cookie(
    browser: Browser, origin: str, method: str, path: str
) -> None:
    """Whichever client it names, and with every header that a page of the client's own would send."""
    await browser.sign_in()
    await browser.world.forget_seen()
    refused = {(403, "origin_refused"), (400, "client_unknown")}  # its own client has no browser door
    for name in ([], [("Gateway-Client", WEB)], [("Gateway-Client", ELEMENTS)]):
        lines = [("Origin", origin), ("X-CSRF", "1"), *name]
        answer = await send(browser.http, method, browser.gateway + path, lines)
        assert (answer.status, answer.code) in refused
        assert not [key for key in answer.headers if key.startswith("Access-Control-")]
        asks = [("Origin", origin), ("Access-Control-Request-Method", method)]
        preflight = await send(browser.http, "OPTIONS", browser.gateway + path, asks)
        assert preflight.status >= 400
        assert not [key for key in preflight.headers if key.startswith("Access-Control-")]

    assert await browser.world.seen_upstream() == []
    assert SESSION[WEB] in browser.cookies
    assert (await browser.info())["authenticated"] is True


async def test_an_origin_of_elements_is_no_return_target(browser: Browser) -> None:
    answer = await browser.go(f"/auth/login?client={WEB}&return_to={PAGE}/")
    assert (answer.status, answer.code) == (400, "return_target_refused")


async def test_a_client_of_elements_signs_nobody_in(browser: Browser) -> None:
    answer = await browser.go(f"/auth/login?client={ELEMENTS}")
    assert (answer.status, answer.code) == (400, "client_unknown")


async def test_pages_of_a_browser_door_may_show_elements_as_well(browser: Browser) -> None:
    """Their origins are registered; the token, not the session, says whose calendar it is."""
    await browser.sign_in()
    sub = (await browser.info())["sub"]
    body = {"permissions": ["agenda"], "subs": [sub], "origin": ORIGIN[WEB]}
    secret = "web-client-secret-0123456789abcdef"
    _, told, _ = await browser.world.call("POST", "/v1/element_tokens", secret, json=body)
    token = json.loads(told)["element_token"]["token"]
    lines = [("Origin", ORIGIN[WEB])]
    answer = await send(browser.http, "GET", f"{browser.gateway}/v1/userinfo?et={token}", lines)
    assert (answer.status, answer.json()["sub"]) == (200, sub)
    assert urlsplit(ORIGIN[WEB]).hostname == urlsplit(browser.gateway).hostname
