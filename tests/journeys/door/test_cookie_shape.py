"""The journeys of the browser door with sessions in cookie shape: no store, and everything a page does works."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.flows.cookie_sessions import MOST_COOKIE_BYTES
from tests.clock import FakeClock
from tests.journeys.door.browser import (
    HOME,
    ORIGIN,
    SECRET,
    SESSION,
    SIDE,
    WEB,
    Browser,
    door_clients,
    open_browser,
    page_headers,
    query_of,
    send,
)
from tests.journeys.door.cookie_shape import open_cookie_door, read_cookie, restarted, sessions_set
from tests.journeys.world import World

ADA = "ada@example.com"
PATH = "/v1/calendars"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with open_cookie_door(tmp_path, clock) as opened:
        yield opened


def stored_files(folder: Path) -> list[str]:
    """Return the names of all files that were made."""
    return [path.name for path in folder.iterdir()]


async def copied(world: World, cookie: str, path: str = PATH, method: str = "GET") -> int:
    """Return how a call with a copy of a cookie is answered."""
    return (await send(world.session, method, world.gateway + path, [("Cookie", cookie), *page_headers()])).status


async def test_a_session_is_its_cookie_and_nothing_lies_on_a_disk(
    tmp_path: Path, world: World, browser: Browser, clock: FakeClock
) -> None:
    """The settings name a SQLite file; in cookie shape none is made."""
    assert (await browser.sign_in(email=ADA)).location == HOME[WEB]
    info, call = await browser.info(), await browser.fetch("GET", PATH)

    assert (info["authenticated"], info["access_mode"], info["reconnect_required"]) == (True, "read_write", False)
    assert (call.status, call.headers["Cronofy-Access-Mode"], call.cookies) == (200, "read_write", [])
    assert stored_files(tmp_path) == []
    assert list(browser.cookies) == [SESSION[WEB]]
    assert len(SESSION[WEB]) + len(browser.handle()) < MOST_COOKIE_BYTES
    assert (await read_cookie(browser.handle(), clock)).data["account"] == info["sub"]
    (line,) = [line for line in browser.set_cookies if line.startswith(SESSION[WEB])]
    assert set(line.split("; ")[1:]) == {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=1209600"}


async def test_a_session_outlives_the_process(browser: Browser, clock: FakeClock) -> None:
    await browser.sign_in(email=ADA)
    async with restarted(browser, clock) as later:
        assert (await later.info())["authenticated"] is True
        assert (await later.fetch("GET", PATH)).headers["Cronofy-Access-Mode"] == "read_write"
        assert (await later.post("/auth/ticket")).status == 200
        assert (await later.info())["access_mode"] == "read_write"


async def test_a_use_moves_the_idle_end_as_seldom_as_in_record_shape(browser: Browser, clock: FakeClock) -> None:
    """Each new cookie is a kilobyte on the line."""
    await browser.sign_in()
    clock.pass_time(59)
    assert (await browser.fetch("GET", "/auth/session")).cookies == []
    clock.pass_time(1)
    asked = await browser.fetch("GET", "/auth/session?slide=false")
    assert (asked.cookies, asked.json()["idle_expires_in"]) == ([], 8 * 3600 - 60)
    used = await browser.fetch("GET", PATH)
    assert "Max-Age=1209540" in used.cookies[0]
    assert (await browser.info())["idle_expires_in"] == 8 * 3600

    clock.pass_time(8 * 3600 - 1)
    assert (await browser.info())["authenticated"] is True
    clock.pass_time(8 * 3600)
    assert (await browser.fetch("GET", PATH)).code == "not_signed_in"


async def test_a_session_ends_for_good(tmp_path: Path, clock: FakeClock) -> None:
    """However often it is used; the cookie's own end says so as well."""
    sessions = {"shape": "cookie", "idle_timeout": 100, "absolute_timeout": 250}
    async with open_cookie_door(tmp_path, clock, sessions=sessions) as world, open_browser(world) as browser:
        await browser.sign_in()
        kept = ""
        for left in (190, 130, 70, 10):
            kept = browser.cookie_header
            clock.pass_time(60)
            reply = await browser.fetch("GET", "/auth/session")
            assert f"Max-Age={left}" in reply.cookies[0]
            assert reply.json()["expires_in"] == left
            assert await copied(world, kept) == 200
        clock.pass_time(10)
        assert await copied(world, kept) == await copied(world, browser.cookie_header) == 401


async def test_signing_out_deletes_the_cookie_and_refuses_its_copies(world: World, browser: Browser) -> None:
    await browser.sign_in()
    kept = browser.cookie_header
    assert (await browser.post("/auth/logout")).json() == {"signed_out": True, "return_to": HOME[WEB]}
    born, died = [line.split("; ")[1:] for line in browser.set_cookies if line.startswith(SESSION[WEB])]

    assert browser.cookies == {}
    assert set(died) - set(born) == {"Max-Age=0", "expires=Thu, 01 Jan 1970 00:00:00 GMT"}
    assert set(born) - set(died) == {"Max-Age=1209600"}
    for _ in range(2):
        assert await copied(world, kept) == 401
    assert (await browser.post("/auth/logout")).status == 200


async def test_a_restart_forgets_a_sign_out(world: World, browser: Browser, clock: FakeClock) -> None:
    """What `check-config` warns of."""
    await browser.sign_in()
    kept = browser.cookie_header
    await browser.post("/auth/logout")
    assert await copied(world, kept) == 401
    async with restarted(browser, clock) as later:
        assert await copied(later.world, kept) == 200


async def test_a_use_beside_a_sign_out_does_not_bring_the_session_back(browser: Browser, clock: FakeClock) -> None:
    """Each use of an idle session sets its cookie anew, which may reach the browser after the deletion."""
    for _ in range(15):
        await browser.sign_in()
        kept, url = browser.cookie_header, f"{browser.gateway}/auth/session"
        lines = [("Cookie", kept), *page_headers()]
        clock.pass_time(120)
        http = browser.world.session
        uses = [send(http, "GET", url, lines) for _ in range(4)]
        replies = await asyncio.gather(*uses[:2], browser.post("/auth/logout"), *uses[2:])
        for value in (kept, *(f"{SESSION[WEB]}={one}" for reply in replies for one in sessions_set(reply))):
            answer = await send(http, "GET", url, [("Cookie", value), *page_headers()])
            assert answer.json()["authenticated"] is False


async def test_a_new_sign_in_ends_the_session_before(world: World, browser: Browser) -> None:
    await browser.sign_in()
    kept = browser.cookie_header
    await browser.sign_in()

    assert browser.cookie_header != kept
    assert (await browser.fetch("GET", PATH)).status == 200
    assert await copied(world, kept) == 401


async def test_signing_out_with_revoke_reaches_the_persons_other_browser(
    world: World, browser: Browser, other: Browser
) -> None:
    """Its cookie holds the connection, which must not be taken in again."""
    for one in (browser, other):
        await one.sign_in(email=ADA)
    assert (await browser.post("/auth/logout", {"revoke": True})).status == 200
    await world.forget_seen()

    assert (await other.info())["reconnect_required"] is True
    assert (await other.fetch("GET", PATH)).code == "reconnect_required"
    assert await world.seen_upstream() == []
    await other.sign_in(email=ADA)
    assert (await other.fetch("GET", PATH)).status == 200


async def test_a_person_sees_and_ends_the_sessions_that_called(
    world: World, browser: Browser, other: Browser, clock: FakeClock
) -> None:
    """Those that this process has met; a restart forgets both, as `check-config` says."""
    for one in (browser, other):
        await one.sign_in(email=ADA)
    alone = (await browser.fetch("GET", "/auth/sessions")).json()["sessions"]
    await other.info()
    both = (await browser.fetch("GET", "/auth/sessions")).json()["sessions"]
    (elsewhere,) = [one["id"] for one in both if not one["current"]]
    ended = await browser.fetch("DELETE", f"/auth/sessions/{elsewhere}")

    assert [one["current"] for one in alone] == [True]
    assert len(both) == 2
    assert ended.status == 204
    assert (await other.fetch("GET", PATH)).code == "not_signed_in"
    assert (await browser.fetch("GET", PATH)).status == 200
    async with restarted(browser, clock) as later:
        assert len((await later.fetch("GET", "/auth/sessions")).json()["sessions"]) == 1
        assert await copied(later.world, other.cookie_header) == 200
    own = (await browser.fetch("DELETE", f"/auth/sessions/{alone[0]['id']}")).status
    assert (own, list(browser.cookies)) == (204, [])


async def test_a_backend_learns_who_sits_behind_the_browser(world: World, browser: Browser) -> None:
    await browser.sign_in("free_busy", email=ADA)
    info, ticket = await browser.info(), (await browser.post("/auth/ticket")).json()["ticket"]
    url, secret = f"{world.gateway}/auth/tickets/redeem", [("Authorization", f"Bearer {SECRET[WEB]}")]
    first, second = [await send(world.session, "POST", url, secret, json={"ticket": ticket}) for _ in range(2)]

    assert (first.json()["sub"], first.json()["access_mode"]) == (info["sub"], "free_busy")
    assert second.code == "ticket_invalid"


@pytest.mark.parametrize("same_site", ["lax", "strict"])
async def test_a_person_reconnects_in_another_mode(tmp_path: Path, clock: FakeClock, same_site: str) -> None:
    """The new session takes the old one's place; with Strict the way back from Cronofy comes without the old cookie."""
    clients = door_clients(same_site=same_site)
    async with open_cookie_door(tmp_path, clock, clients=clients) as world, open_browser(world) as browser:
        await browser.sign_in(email=ADA)
        old = browser.cookie_header
        wish = {"mode": "free_busy", "provider": "google", "return_to": "/app?again"}
        login_url = (await browser.post("/auth/reconnect", wish)).json()["login_url"]
        ended = await browser.info()
        begun = await browser.go(login_url)
        callback = await browser.consent(begun.location)
        if same_site == "strict":
            flows = "; ".join(f"{name}={browser.cookies[name]}" for name in browser.flows)
            back = await send(world.session, "GET", callback, [("Cookie", flows)])
            browser.plant(SESSION[WEB], sessions_set(back)[0])
        else:
            back = await browser.go(callback)
        info = await browser.info()

        assert ended["reconnect_required"] is True
        assert query_of(begun.location)["provider_name"] == "google_free_busy"
        assert back.location == f"{ORIGIN[WEB]}/app?again"
        assert (info["access_mode"], info["reconnect_required"]) == ("free_busy", False)
        assert (await browser.fetch("GET", PATH)).status == 200
        assert await copied(world, old) == 401


async def test_two_clients_side_by_side_in_one_browser(browser: Browser) -> None:
    for client in SESSION:
        await browser.sign_in(client=client, email=ADA)
    swapped = [("Cookie", f"{SESSION[SIDE]}={browser.handle(WEB)}"), *page_headers(SIDE)]
    assert (await send(browser.world.session, "GET", browser.gateway + PATH, swapped)).code == "not_signed_in"
    await browser.post("/auth/logout")

    assert list(browser.cookies) == [SESSION[SIDE]]
    assert (await browser.fetch("GET", PATH)).status == 401
    assert (await browser.fetch("GET", PATH, client=SIDE)).status == 200


async def test_what_is_no_cookie_of_ours_is_one_refusal(world: World, browser: Browser) -> None:
    await browser.sign_in()
    value, name = browser.handle(), SESSION[WEB]
    for spoilt in (value[:-1], value[1:], f"{value}A", value.swapcase(), f"{value}==", "x", "x" * 5_000):
        assert await copied(world, f"{name}={spoilt}") == 401
    lines = [("Cookie", f"{name}={value}; {name}={value}"), *page_headers()]
    doubled = await send(world.session, "GET", world.gateway + PATH, lines)
    assert (doubled.status, doubled.code) == (400, "cookie_repeated")
    assert doubled.cookies == []
