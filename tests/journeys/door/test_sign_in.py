"""Signing in: every mode, both connects, hints, a person who declines, and what becomes of the cookies."""

from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.journeys.door.browser import (
    HOME,
    ORIGIN,
    SESSION,
    SIDE,
    WEB,
    Browser,
    door_clients,
    open_browser,
    open_door,
    query_of,
    send,
)
from tests.journeys.records import kinds_stored
from tests.journeys.world import MODE, World


@pytest.mark.parametrize("mode", ["read_write", "free_busy", "no_access"])
async def test_a_person_connects_in_a_mode(browser: Browser, mode: str) -> None:
    """The browser comes home with a session; the page learns who and how, and its calls say the mode."""
    assert (await browser.info())["authenticated"] is False
    back = await browser.sign_in(mode, email="ada@example.com", return_to="/app?tab=2#top")
    info = await browser.info()
    call = await browser.fetch("GET", "/v1/calendars")

    assert back.location == f"{ORIGIN[WEB]}/app?tab=2#top"
    assert info["authenticated"] is True
    assert info["access_mode"] == mode
    assert info["sub"].startswith("acc_")
    assert info["profile"]["profile_name"] == "ada@example.com"
    assert "free_busy_write" in info["scope"].split()
    assert info["csrf"] == {"header": "X-CSRF", "value": "1"}
    assert info["reconnect_required"] is False
    assert 0 < info["idle_expires_in"] <= info["expires_in"]
    assert (call.status, call.headers[MODE]) == (200, mode)
    assert browser.flows == []


async def test_an_organisation_connects(world: World, browser: Browser) -> None:
    """Enterprise Connect goes to its own path with delegated_scope; a service account has no access mode."""
    await world.consent("read_write", email="admin@example.com")
    location = await browser.begin(connect="enterprise", mode="free_busy")
    back = await browser.go(await browser.consent(location))
    info = await browser.info()
    asked = query_of(location)

    assert urlsplit(location).path == "/enterprise_connect/oauth/authorize"
    assert asked["delegated_scope"] == "free_busy_write"
    assert not {"provider_name", "avoid_linking"} & set(asked)
    assert back.location == HOME[WEB]
    assert info["sub"].startswith("ser_")
    assert info["access_mode"] == "not_applicable"


@pytest.mark.parametrize(
    ("hints", "provider_name"),
    [
        ({}, None),
        ({"mode": "read_write"}, None),
        ({"mode": "read_write", "provider": "microsoft"}, "office365"),
        ({"mode": "free_busy", "provider": "google"}, "google_free_busy"),
        ({"mode": "free_busy", "provider": "microsoft"}, "ms_graph_free_busy"),
        ({"mode": "no_access"}, "cronofy"),
        ({"mode": "", "provider": "google"}, "google"),
    ],
)
async def test_hints_become_cronofys_provider_name(
    browser: Browser, hints: dict[str, str], provider_name: str | None
) -> None:
    asked = query_of(await browser.begin(**hints))

    assert asked.get("provider_name") == provider_name
    assert asked["avoid_linking"] == "true"
    assert asked["redirect_uri"] == f"{browser.gateway}/auth/callback"


async def test_a_hint_decides_the_mode(world: World, browser: Browser) -> None:
    await world.consent("read_write")
    await browser.go(await browser.to_callback(mode="free_busy", provider="google"))

    assert (await browser.info())["access_mode"] == "free_busy"


@pytest.mark.parametrize("query", ["mode=all", "mode=free_busy&provider=apple", "connect=both", "mode=free_busy&mode="])
async def test_hints_that_cannot_be_are_refused(browser: Browser, query: str) -> None:
    reply = await browser.go(f"/auth/login?client={WEB}&{query}")

    assert (reply.status, reply.cookies) == (400, [])


async def test_linking_can_be_allowed(tmp_path: Path) -> None:
    async with open_door(tmp_path, clients=door_clients(avoid_linking=False)) as world, open_browser(world) as browser:
        assert "avoid_linking" not in query_of(await browser.begin())
        assert query_of(await browser.begin(SIDE))["avoid_linking"] == "true"


async def test_a_person_who_declines_comes_back_to_the_app(world: World, browser: Browser) -> None:
    await world.consent(decline=True)
    back = await browser.go(await browser.to_callback(return_to="/app?tab=2#top"))

    assert back.location.startswith(f"{ORIGIN[WEB]}/app?tab=2&")
    assert back.location.endswith("#top")
    assert back.told["error"] == "access_denied"
    assert back.told["gateway_error"] == "access_denied"
    assert back.told["error_description"]
    assert (browser.cookies, kinds_stored(world)) == ({}, ["flow"])


async def test_declining_does_not_sign_out(world: World, browser: Browser) -> None:
    await browser.sign_in(email="ada@example.com")
    await world.consent(decline=True)
    await browser.go(await browser.to_callback())

    assert (await browser.info())["profile"]["profile_name"] == "ada@example.com"


async def test_each_sign_in_has_a_new_handle_and_the_old_one_is_dead(world: World, browser: Browser) -> None:
    """CVE-2021-41246: the old session is ended, not only forgotten by this browser."""
    handles = []
    for _ in range(3):
        await browser.sign_in(email="ada@example.com")
        handles.append(browser.handle())
    stored = kinds_stored(world)

    assert len(set(handles)) == 3
    assert (stored.count("session"), stored.count("connection")) == (1, 1)
    for old in handles[:-1]:
        lines = [("Cookie", f"{SESSION[WEB]}={old}"), ("X-CSRF", "1")]
        assert (await send(world.session, "GET", f"{world.gateway}/v1/calendars", lines)).status == 401
    assert (await browser.fetch("GET", "/v1/calendars")).status == 200


@pytest.mark.parametrize("living", [True, False])
async def test_a_planted_cookie_is_never_adopted(browser: Browser, other: Browser, *, living: bool) -> None:
    """CVE-2018-1000519: neither an invented handle nor the attacker's own becomes the person's session."""
    await other.sign_in(email="mallory@example.com")
    planted = other.handle() if living else "A" * 43
    browser.plant(SESSION[WEB], planted)
    await browser.sign_in(email="ada@example.com")
    other.plant(SESSION[WEB], planted)

    assert browser.handle() != planted
    assert (await browser.info())["profile"]["profile_name"] == "ada@example.com"
    assert (await other.info())["authenticated"] is False


async def test_the_cookies_say_who_may_read_them(browser: Browser) -> None:
    """On plain http there is no prefix and no Secure; everything else is as on https."""
    await browser.sign_in()
    lines = {line.partition("=")[0]: line for line in browser.set_cookies if "Max-Age=0" not in line}

    assert set(lines) >= {SESSION[WEB]}
    for line in lines.values():
        attributes = {part.strip().partition("=")[0].lower() for part in line.split(";")[1:]}
        assert {"httponly", "path", "samesite", "max-age"} <= attributes
        assert not {"domain", "secure"} & attributes
        assert "SameSite=Lax" in line
    assert all(len(line) < 200 for name, line in lines.items() if name == SESSION[WEB])


async def test_a_strict_client_gets_a_strict_session_and_a_lax_flow(tmp_path: Path) -> None:
    """The way back from Cronofy comes from another site, so the flow's cookie has to be Lax."""
    async with open_door(tmp_path, clients=door_clients(same_site="strict")) as world, open_browser(world) as browser:
        await browser.sign_in()
        sites = {line.partition("=")[0].split("-")[0]: line.partition("SameSite=")[2] for line in browser.set_cookies}

    assert sites["gateway"].startswith("Strict")
    assert sites["gwflow"].startswith("Lax")


async def test_answers_that_set_cookies_are_not_to_be_kept(world: World, browser: Browser) -> None:
    """CVE-2025-48947: a cache in between must not hand one person's cookie to the next."""
    await world.consent()
    begun = await browser.go(f"/auth/login?client={WEB}")
    finished = await browser.go(await browser.consent(begun.location))
    for reply in (begun, finished, await browser.post("/auth/logout")):
        assert reply.cookies
        assert reply.headers["Cache-Control"] == "no-store"
        assert "Cookie" in ", ".join(reply.headers.getall("Vary"))
    assert finished.headers["Referrer-Policy"] == "no-referrer"


async def test_two_people_in_two_browsers_keep_apart(world: World) -> None:
    async with AsyncExitStack() as stack:
        people = {name: await stack.enter_async_context(open_browser(world)) for name in ("ada", "bob", "cleo")}
        for name, browser in people.items():
            await browser.sign_in(email=f"{name}@example.com")
        for name, browser in people.items():
            assert (await browser.info())["profile"]["profile_name"] == f"{name}@example.com"
