"""A person sees and ends their own sessions, an operator everybody's; both reach every browser within two seconds."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.key_ring import generate_key
from gateway.emulator.app import EmulatorSettings
from tests.clock import FakeClock
from tests.journeys.door.browser import (
    HOME,
    ORIGIN,
    SECRET,
    SIDE,
    WEB,
    Browser,
    Reply,
    open_browser,
    open_door,
    statuses,
)
from tests.journeys.processes import end_of, start
from tests.journeys.records import kinds_stored
from tests.journeys.world import World

ADA, BOB = "ada@example.com", "bob@example.com"
KEY = generate_key()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with open_door(tmp_path, clock, keys={"ring": KEY}) as opened:
        yield opened


@pytest.fixture
async def third(world: World) -> AsyncIterator[Browser]:
    async with open_browser(world) as opened:
        yield opened


async def listed(browser: Browser, client: str = WEB) -> list[dict[str, Any]]:
    reply = await browser.fetch("GET", "/auth/sessions", client=client)
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.json()["sessions"]
    return found


async def own_id(browser: Browser, client: str = WEB) -> str:
    return next(str(one["id"]) for one in await listed(browser, client) if one["current"])


async def end(browser: Browser, session_id: str, client: str = WEB) -> Reply:
    return await browser.fetch("DELETE", f"/auth/sessions/{session_id}", client=client)


async def test_two_browsers_of_one_person_see_each_other_and_one_ends_the_other(
    browser: Browser, other: Browser
) -> None:
    """Somebody who left a browser signed in at a friend's ends it from home (ASVS 7.5.2)."""
    for one in (browser, other):
        await one.sign_in(email=ADA)
    seen = [await listed(one) for one in (browser, other)]
    assert {one["id"] for one in seen[0]} == {one["id"] for one in seen[1]}
    assert [[one["id"] for one in each if one["current"]] for each in seen] == [
        [await own_id(browser)],
        [await own_id(other)],
    ]
    assert len(seen[0]) == 2
    reply = await end(browser, await own_id(other))

    assert (reply.status, reply.body) == (204, b"")
    call = await other.fetch("GET", "/v1/calendars")
    assert (call.status, call.code) == (401, "not_signed_in")
    assert (await browser.fetch("GET", "/v1/calendars")).status == 200
    assert [one["current"] for one in await listed(browser)] == [True]

    reply = await end(browser, await own_id(browser))
    assert (reply.status, browser.cookies) == (204, {})
    assert "/oauth/token/revoke" not in {one["path"] for one in await browser.world.seen_upstream()}


async def test_another_person_with_the_same_client_sees_nothing_of_them(
    browser: Browser, other: Browser, third: Browser
) -> None:
    """Nor does the same person in another profile of the account: that is another calendar."""
    await browser.sign_in(email=ADA)
    await other.sign_in(email=BOB)
    await third.sign_in("no_access", email=ADA)
    ids = [await own_id(one) for one in (browser, other, third)]

    told = [await one.info() for one in (browser, other, third)]
    assert len(set(ids)) == 3
    assert told[0]["sub"] == told[2]["sub"] != told[1]["sub"]
    assert told[0]["profile"]["profile_id"] != told[2]["profile"]["profile_id"]
    for one in (browser, other, third):
        assert len(await listed(one)) == 1
        for wanted in set(ids) - {await own_id(one)}:
            reply = await end(one, wanted)
            assert (reply.status, reply.code) == (404, "session_unknown")
    for one in (browser, other, third):
        assert (await one.info())["authenticated"]


async def test_another_clients_page_cannot(browser: Browser) -> None:
    """Even in the browser of the person themselves: a client answers for its own pages only."""
    for client in (WEB, SIDE):
        await browser.sign_in(client=client, email=ADA)
    web = await own_id(browser)

    assert web not in {one["id"] for one in await listed(browser, SIDE)}
    reply = await end(browser, web, SIDE)
    assert (reply.status, reply.code) == (404, "session_unknown")
    naming = [("Gateway-Client", WEB)]
    reply = await browser.fetch("DELETE", f"/auth/sessions/{web}", client=SIDE, headers=naming)
    assert (reply.status, reply.code) == (403, "origin_refused")
    reply = await browser.fetch("GET", "/auth/sessions", client=SIDE, headers=naming)
    assert (reply.status, reply.code) == (403, "origin_refused")
    assert (await browser.info())["authenticated"]


def settings_of(world: World, folder: Path) -> str:
    """Write the settings of the gateway that runs, for the command line."""
    emulated = EmulatorSettings()
    clients = "\n".join(
        f'[clients.{name}]\nsecrets = ["{SECRET[name]}"]\nhome = "{HOME[name]}"\norigins = ["{ORIGIN[name]}"]'
        for name in (WEB, SIDE)
    )
    path = folder / "gateway.toml"
    path.write_text(
        f"""public_url = "{world.gateway}"
[store]
url = "sqlite:///{world.store}"
[keys]
ring = "{KEY}"
[applications.main]
client_id = "{emulated.client_id}"
client_secret = "{emulated.client_secrets[0]}"
emulator_url = "{world.emulator}"
{clients}
"""
    )
    return str(path)


async def operator(world: World, folder: Path, *words: str) -> dict[str, Any]:
    """Run a command beside the gateway that serves, in a process of its own, and return what it told."""
    ended = await end_of(await start(*words, "--json", "--config", settings_of(world, folder)))
    assert (ended.code, ended.err) == (0, ""), ended
    told: dict[str, Any] = json.loads(ended.out)
    return told


async def test_an_operator_erases_an_account_of_a_gateway_that_serves(
    world: World, browser: Browser, other: Browser, clock: FakeClock, tmp_path: Path
) -> None:
    """ASVS 7.4.2: the sessions end with the account; and at Cronofy the authorization does."""
    await browser.sign_in(email=ADA)
    await other.sign_in(email=BOB)
    ada = (await browser.info())["sub"]
    accounts = (await operator(world, tmp_path, "accounts", "list"))["accounts"]
    assert {(one["sub"], one["client"], one["sessions"]) for one in accounts} == {
        (ada, WEB, 1),
        ((await other.info())["sub"], WEB, 1),
    }
    told = await operator(world, tmp_path, "accounts", "erase", ada, "--yes")

    assert [(one["at_cronofy"], one["sessions"], one["connections"]) for one in told["erased"]] == [
        ("authorization", 1, 1)
    ]
    clock.pass_time(2)
    assert not (await browser.info())["authenticated"]
    assert (await browser.fetch("GET", "/v1/calendars")).code == "not_signed_in"
    assert await statuses(world, "/oauth/token/revoke") == [200]
    assert (await other.fetch("GET", "/v1/calendars")).status == 200
    assert kinds_stored(world).count("session") == kinds_stored(world).count("connection") == 1
    assert (await operator(world, tmp_path, "accounts", "erase", ada, "--yes"))["erased"] == []
    assert await statuses(world, "/oauth/token/revoke") == [200]


async def test_an_operator_ends_one_session_and_leaves_the_connection(
    world: World, browser: Browser, other: Browser, clock: FakeClock, tmp_path: Path
) -> None:
    """ASVS 7.4.5. The ids are those that the person sees."""
    for one in (browser, other):
        await one.sign_in(email=ADA)
    wanted = await own_id(other)
    sessions = (await operator(world, tmp_path, "sessions", "list"))["sessions"]
    assert {one["id"] for one in sessions} == {wanted, await own_id(browser)}
    assert await operator(world, tmp_path, "sessions", "end", wanted) == {"ended": 1}

    clock.pass_time(2)
    assert not (await other.info())["authenticated"]
    assert (await browser.fetch("GET", "/v1/calendars")).status == 200
    assert await statuses(world, "/oauth/token/revoke") == []
