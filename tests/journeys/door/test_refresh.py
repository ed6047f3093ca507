"""Refreshing: once for any number of callers, told apart by what Cronofy says, and never at the session's cost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.emulator.app import EmulatorSettings
from tests.clock import FakeClock
from tests.journeys.conftest import IMPATIENT
from tests.journeys.door.browser import (
    SESSION,
    WEB,
    Browser,
    Reply,
    control,
    open_browser,
    open_door,
    page_headers,
    send,
    statuses,
)
from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.waiting import until
from tests.journeys.world import World

TOKEN = "/oauth/token"
HOUR = 3_600.0


async def go_stale(world: World, clock: FakeClock, how: str) -> None:
    """Let the access token die: only at Cronofy, or by the clock, so that the gateway knows it as well."""
    clock.pass_time(HOUR if how == "clock" else 120)
    if how == "cronofy":
        await control(world, "tokens/expire")
    await world.forget_seen()


async def fifty(browser: Browser, client: str = WEB) -> list[Reply]:
    return await asyncio.gather(*(browser.fetch("GET", "/v1/calendars", client=client) for _ in range(50)))


@pytest.mark.parametrize("rotate", [True, False])
@pytest.mark.parametrize("how", ["cronofy", "clock"])
async def test_fifty_calls_on_a_stale_token_are_one_refresh(
    world: World, browser: Browser, clock: FakeClock, how: str, *, rotate: bool
) -> None:
    """oauth2-proxy #1992: a page's first five calls killed its grant. Again, since a refresh token may have changed."""
    await control(world, "tokens/rotate", on=rotate)
    await browser.sign_in()
    for _ in range(3):
        await go_stale(world, clock, how)
        replies = await fifty(browser)
        assert [reply.status for reply in replies] == [200] * 50
        assert await statuses(world, TOKEN) == [200]


def refreshes() -> int:
    """Return how many refreshes run in this process."""
    return sum(task.get_name() == "token refresh" for task in asyncio.all_tasks())


async def test_everybody_may_leave_and_the_tokens_still_reach_the_store(
    world: World, browser: Browser, clock: FakeClock
) -> None:
    """With rotation, an answered refresh that nobody stored would be a lost connection."""
    await control(world, "tokens/rotate", on=True)
    await browser.sign_in()
    await go_stale(world, clock, "clock")
    await control(world, "faults", path=TOKEN, delay=0.2)
    lines = [f"{name}: {value}" for name, value in [*page_headers(), ("Cookie", browser.cookie_header)]]
    async with connect(world.gateway) as only:
        await only.send(request_bytes("GET", "/v1/calendars", *lines))
        await until(lambda: refreshes() == 1)
        only.leave()
    await until(lambda: refreshes() == 0)
    reply = await browser.fetch("GET", "/v1/calendars")

    assert reply.status == 200
    assert await statuses(world, TOKEN) == [200]


async def test_shortly_before_the_end_the_refresh_runs_beside_the_call(
    world: World, browser: Browser, clock: FakeClock
) -> None:
    """The call uses the token that it has and waits for nobody."""
    await browser.sign_in()
    await browser.fetch("GET", "/v1/calendars")
    clock.pass_time(HOUR - 120)
    await world.forget_seen()
    await control(world, "faults", path=TOKEN, delay=0.5)
    replies = await fifty(browser)
    answered_first = await statuses(world, TOKEN)
    await until(lambda: refreshes() == 0)

    assert [reply.status for reply in replies] == [200] * 50
    assert answered_first == []
    assert await statuses(world, TOKEN) == [200]
    clock.pass_time(HOUR - 400)  # the old token is dead, the new one far from it
    assert (await browser.fetch("GET", "/v1/calendars")).status == 200
    assert await statuses(world, TOKEN) == [200]


async def test_a_401_is_one_refresh_and_one_retry(world: World, browser: Browser, clock: FakeClock) -> None:
    await browser.sign_in()
    await go_stale(world, clock, "cronofy")
    assert (await browser.fetch("GET", "/v1/calendars")).status == 200

    assert await statuses(world, "/v1/calendars") == [401, 200]
    assert await statuses(world, TOKEN) == [200]


async def test_invalid_grant_is_final(world: World, browser: Browser, clock: FakeClock) -> None:
    """The person has to connect again, and the page is told where; a new sign-in cures it."""
    await browser.sign_in(email="ada@example.com")
    await revoke_at_cronofy(world, browser)
    for how in ("clock", "cronofy"):
        await go_stale(world, clock, how)
        for reply in await fifty(browser):
            assert (reply.status, reply.code, reply.cookies) == (401, "reconnect_required", [])
            assert reply.json()["login_url"] == f"{world.gateway}/auth/login?client={WEB}"
            assert "WWW-Authenticate" in reply.headers
        assert await statuses(world, TOKEN) == ([400] if how == "clock" else [])  # asked once, never again
    info = await browser.info()
    assert (info["authenticated"], info["reconnect_required"]) == (True, True)

    await browser.sign_in(email="ada@example.com")
    assert (await browser.info())["reconnect_required"] is False
    assert (await browser.fetch("GET", "/v1/calendars")).status == 200


async def revoke_at_cronofy(world: World, browser: Browser) -> None:
    """End the authorization past the gateway, as a person does in their account."""
    known, sub = EmulatorSettings(), (await browser.info())["sub"]
    body = {"client_id": known.client_id, "client_secret": known.client_secrets[0], "sub": sub}
    assert (await send(world.session, "POST", f"{world.emulator}/oauth/token/revoke", json=body)).status == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"status": 500}, 502), ({"status": 429}, 502), ({"status": 401}, 502), ({"delay": 1.0}, 504)],
    ids=str,
)
async def test_a_token_endpoint_in_trouble_keeps_the_session(
    tmp_path: Path, clock: FakeClock, fault: dict[str, Any], status: int
) -> None:
    """oauth2-proxy #3333: an identity provider that is down is no sign-out. Afterwards everything works."""
    impatient = {**IMPATIENT, "read_timeout": 0.3}
    async with open_door(tmp_path, clock, upstream=impatient) as world, open_browser(world) as browser:
        await browser.sign_in()
        await go_stale(world, clock, "clock")
        await control(world, "faults", path=TOKEN, **fault)
        replies = await fifty(browser)
        for reply in replies:
            assert (reply.status, reply.cookies) == (status, [])
            assert int(reply.headers["Retry-After"]) >= 1
        info = await browser.info()
        assert (info["authenticated"], info["reconnect_required"]) == (True, False)
        assert (await browser.fetch("GET", "/v1/calendars")).status == status  # it cools off: nobody is asked
        clock.pass_time(5)
        assert (await browser.fetch("GET", "/v1/calendars")).status == 200
        assert (await statuses(world, TOKEN))[-1] == 200
        assert len(await statuses(world, TOKEN)) <= 2


async def test_two_browsers_of_one_person_share_one_connection(
    world: World, browser: Browser, other: Browser, clock: FakeClock
) -> None:
    """Cronofy hands both the same refresh token, so two copies would kill each other."""
    await control(world, "tokens/rotate", on=True)
    for one in (browser, other):
        await one.sign_in(email="ada@example.com")
    for how in ("cronofy", "clock"):
        await go_stale(world, clock, how)
        replies = [*(await asyncio.gather(fifty(browser), fifty(other)))]
        assert {reply.status for both in replies for reply in both} == {200}
        assert await statuses(world, TOKEN) == [200]
    assert browser.cookies[SESSION[WEB]] != other.cookies[SESSION[WEB]]


async def test_a_person_of_two_clients_has_two_connections(world: World, browser: Browser, clock: FakeClock) -> None:
    """Both hold what Cronofy calls one authorization, with one refresh token: one uses it, and both live on."""
    for client in SESSION:
        await browser.sign_in(client=client, email="ada@example.com")
    await go_stale(world, clock, "clock")
    both = await asyncio.gather(*(fifty(browser, client) for client in SESSION))

    assert {reply.status for replies in both for reply in replies} == {200}
    assert await statuses(world, TOKEN) == [200]
