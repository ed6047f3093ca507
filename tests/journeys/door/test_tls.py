"""The door as in production: nginx with TLS in front, `__Host-` cookies, a real jar, and once a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from tests.journeys.browser.chromium import open_browser as open_chromium
from tests.journeys.browser.tls_front import HOST, open_front
from tests.journeys.door.browser import SECRET, WEB, Browser, Reply, open_browser, open_door, send
from tests.journeys.world import World
from tests.ports import free_port

COOKIE: Final = "__Host-gateway-web"
FLOW: Final = "__Host-gwflow-"
CSRF: Final = ("X-CSRF", "1")


@asynccontextmanager
async def open_secured(folder: Path, **of_client: Any) -> AsyncIterator[tuple[World, str]]:
    """Start a world with nginx in front of its gateway; also return the public URL. Home is a page of the gateway."""
    port = free_port()
    public = f"https://{HOST}:{port}"
    client = {"secrets": [SECRET[WEB]], "home": f"{public}/robots.txt", **of_client}
    async with (
        open_door(folder, public_url=public, clients={WEB: client}) as world,
        open_front(folder, {port: world.gateway}),
    ):
        yield world, public


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Browser]:
    async with open_secured(tmp_path) as (world, public):
        connector = aiohttp.TCPConnector(ssl=False)  # the certificate is nobody's
        async with open_browser(world, public, connector=connector) as opened:
            yield opened


async def call(browser: Browser, method: str, path: str, *, origin: str = "") -> Reply:
    lines = [CSRF, *([("Origin", origin)] if origin else [])]
    reply = await send(browser.http, method, browser.gateway + path, lines)
    browser.set_cookies += reply.cookies
    return reply


async def test_the_flow_works_end_to_end(secured: Browser) -> None:
    back = await secured.sign_in("free_busy", email="ada@example.com")
    info = (await call(secured, "GET", "/auth/session", origin=secured.gateway)).json()

    assert back.location == f"{secured.gateway}/robots.txt"
    assert list(secured.cookies) == [COOKIE]
    assert (info["access_mode"], info["profile"]["profile_name"]) == ("free_busy", "ada@example.com")
    assert info["login_url"].startswith(f"{secured.gateway}/auth/login?")
    assert (await call(secured, "GET", "/v1/calendars")).status == 200
    assert (await call(secured, "GET", "/v1/calendars", origin="https://evil.example")).status == 403
    assert (await call(secured, "GET", "/v1/calendars", origin=secured.world.gateway)).status == 403


async def test_every_cookie_is_one_that_browsers_let_carry_the_prefix(secured: Browser) -> None:
    """Secure, Path=/ and no Domain, also where it is deleted (CVE-2025-55162); else browsers drop the line."""
    for _ in range(9):
        await secured.begin()
    await secured.sign_in()
    await call(secured, "POST", "/auth/logout")

    assert {line.partition("-")[2].split("-")[0] for line in secured.set_cookies} == {"gateway", "gwflow"}
    for line in secured.set_cookies:
        parts = [part.strip() for part in line.split(";")]
        assert parts[0].startswith((f"{COOKIE}=", FLOW))
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(parts[1:])
        assert not [part for part in parts if part.lower().startswith("domain")]


async def test_signing_out_empties_the_jar(secured: Browser) -> None:
    await secured.sign_in()
    kept = secured.cookie_header
    await call(secured, "POST", "/auth/logout")

    assert secured.cookies == {}
    lines = [("Cookie", kept), CSRF]
    assert (await send(secured.world.session, "GET", f"{secured.world.gateway}/v1/calendars", lines)).status == 401


async def test_a_cookie_without_the_prefix_is_nobodys(secured: Browser) -> None:
    """Another host of the site can plant a plain name, but none with the prefix."""
    await secured.sign_in()
    for name in ("gateway-web", "__Secure-gateway-web", "__host-gateway-web", "__Host-gateway-web-2"):
        lines = [("Cookie", f"{name}={secured.cookies[COOKIE]}"), CSRF, ("Gateway-Client", WEB)]
        reply = await send(secured.world.session, "GET", f"{secured.world.gateway}/v1/calendars", lines)
        assert reply.status == 401


async def test_what_the_request_says_of_its_scheme_changes_nothing(secured: Browser) -> None:
    """Prefix and Secure follow public_url; nobody can talk the gateway out of them."""
    lines = [("X-Forwarded-Proto", "http"), ("Forwarded", "proto=http;host=evil"), ("X-Forwarded-Host", "evil")]
    url = f"{secured.world.gateway}/auth/login?client={WEB}"
    reply = await send(secured.world.session, "GET", url, [*lines, ("Host", "evil.example")])

    assert reply.cookies[0].startswith(FLOW)
    assert "; Secure" in reply.cookies[0]
    assert "evil" not in reply.location


async def test_chromium_takes_sends_and_deletes_the_cookies(tmp_path: Path) -> None:
    """What a browser really does with the prefix; on the way it is on Cronofy's page, another site."""
    async with open_secured(tmp_path) as (world, public), open_chromium() as chromium:
        context = await chromium.new_context(ignore_https_errors=True)
        page = await context.new_page()
        await page.goto(f"{public}/auth/login?client={WEB}")
        assert page.url.startswith(world.emulator)  # the consent page
        assert [one["name"][: len(FLOW)] for one in await context.cookies()] == [FLOW]

        await world.consent("no_access", email="ada@example.com")
        await page.goto(f"{public}/auth/login?client={WEB}")
        (cookie,) = [one for one in await context.cookies() if one["name"] == COOKIE]
        assert page.url == f"{public}/robots.txt"
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
        assert (cookie["domain"], cookie["path"]) == (HOST, "/")
        assert await page.evaluate("document.cookie") == ""

        asked = "([path, method]) => fetch(path, {method, headers: {'X-CSRF': '1'}}).then((reply) => reply.status)"
        assert await page.evaluate(asked, ["/v1/calendars", "GET"]) == 200
        assert await page.evaluate(asked, ["/auth/logout", "POST"]) == 200
        assert COOKIE not in [one["name"] for one in await context.cookies()]
        assert await page.evaluate(asked, ["/v1/calendars", "GET"]) == 401
        await context.close()
