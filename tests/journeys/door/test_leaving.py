"""A browser that leaves during the exchange, and a store that cannot be used for a while."""

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gateway.adapters.store_sqlite import SqliteStore
from gateway.app.outside import open_store
from gateway.config_check import Checked
from gateway.flows.ports import Clock, RecordStore
from tests.clock import FakeClock
from tests.journeys.door.browser import (
    HOME,
    WEB,
    open_browser,
    open_door,
    sign_in_at_stub,
    stub_callback,
)
from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.records import kinds_stored
from tests.journeys.stub_upstream import TOKENS, Call, StubUpstream, json_reply
from tests.journeys.waiting import until
from tests.journeys.world import World


@pytest.fixture
async def stubbed(tmp_path: Path, clock: FakeClock, stub: StubUpstream) -> AsyncIterator[World]:
    async with open_door(tmp_path, clock, cronofy_url=stub.url) as opened:
        yield opened


async def test_a_browser_that_leaves_during_the_exchange(stubbed: World, stub: StubUpstream) -> None:
    """CVE-2026-48090: the code is used, so the connection is kept; a session that nobody holds is not made."""
    go_on = asyncio.Event()

    async def slowly(call: Call) -> None:
        await call.read()
        await go_on.wait()
        await call.send(json_reply(200, TOKENS))

    stub.on("/oauth/token", slowly)
    async with open_browser(stubbed) as browser:
        url = await stub_callback(browser)
        async with connect(stubbed.gateway) as wire:
            cookie = f"Cookie: {browser.cookie_header}"
            await wire.send(request_bytes("GET", url.removeprefix(stubbed.gateway), cookie))
            await stub.wait_for_call("/oauth/token")
            wire.leave()
        await until(lambda: 'operation="callback",status="0"' in metrics(stubbed))
        go_on.set()
        await until(lambda: "connection" in kinds_stored(stubbed))
        again = await browser.go(url)
        await sign_in_at_stub(browser)

        assert (again.status, again.code) == (400, "state_refused")
        assert kinds_stored(stubbed).count("session") == 1
        assert (await browser.fetch("GET", "/v1/calendars")).status == 200


def metrics(world: World) -> str:
    """Return the metrics as they stand in this process."""
    requests = world.running.metrics.requests
    found = [
        ",".join(f'{name}="{value}"' for name, value in sample.labels.items() if name in {"operation", "status"})
        for family in requests.collect()
        for sample in family.samples
    ]
    return "\n".join(found)


async def test_a_shutdown_during_the_exchange(tmp_path: Path, clock: FakeClock, stub: StubUpstream) -> None:
    """Whatever is under way then, the gateway ends without an unhandled error."""
    go_on = asyncio.Event()

    async def slowly(call: Call) -> None:
        await call.read()
        await go_on.wait()
        await call.send(json_reply(200, TOKENS))

    stub.on("/oauth/token", slowly)
    async with open_door(tmp_path, clock, cronofy_url=stub.url) as world, open_browser(world) as browser:
        url = await stub_callback(browser)
        async with connect(world.gateway) as wire:
            path = url.removeprefix(world.gateway)
            await wire.send(request_bytes("GET", path, f"Cookie: {browser.cookie_header}"))
            await stub.wait_for_call("/oauth/token")
            wire.leave()
    go_on.set()


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> list[SqliteStore]:
    """The stores that are opened from now on."""
    opened: list[SqliteStore] = []

    async def noting(checked: Checked, clock: Clock) -> RecordStore:
        store = await open_store(checked, clock)
        assert isinstance(store, SqliteStore)
        opened.append(store)
        return store

    monkeypatch.setattr("gateway.app.outside.open_store", noting)
    return opened


async def read_only(store: SqliteStore, *, on: bool) -> None:
    await store._db.execute(f"PRAGMA query_only = {'ON' if on else 'OFF'}")


KINDS = ("connection", "flow", "modes", "reconnect", "session", "ticket")


async def full(store: SqliteStore, *, on: bool) -> None:
    """Forbid the file to grow, and use up what room is left in it."""
    if not on:
        await store._db.execute("PRAGMA max_page_count = 1000000")
        await store._db.execute("DELETE FROM records WHERE client = 'stuffing'")
        return
    async with store._db.execute("PRAGMA page_count") as cursor:
        pages = await cursor.fetchone()
    assert pages is not None
    await store._db.execute(f"PRAGMA max_page_count = {pages[0]}")
    insert = "INSERT INTO records VALUES (?, lower(hex(randomblob(8))), 1, 'stuffing', '', NULL, zeroblob(?), '')"
    for kind, size in itertools.product(KINDS, (20, 0)):
        refused = 0
        while refused < 50:  # a kind's records lie on several pages, and one that is full says nothing of the others
            try:
                await store._db.execute(insert, (kind, size))
            except sqlite3.OperationalError:
                refused += 1
            else:
                refused = 0


async def away(store: SqliteStore, *, on: bool) -> None:
    """Take the table away, as a file that went bad does."""
    await store._db.execute(f"ALTER TABLE {'records RENAME TO gone' if on else 'gone RENAME TO records'}")


@pytest.mark.parametrize("trouble", [read_only, full, away])
async def test_a_store_in_trouble_costs_nobody_the_session(
    stores: list[SqliteStore], tmp_path: Path, clock: FakeClock, trouble: Callable[..., Awaitable[None]]
) -> None:
    """oauth2-proxy #1784: it cleared the cookie. Here it is a 503, and everything works when the store is back."""
    async with open_door(tmp_path, clock) as world, open_browser(world) as browser, open_browser(world) as fresh:
        await browser.sign_in(email="ada@example.com")
        await world.consent(email="ada@example.com")
        new, again = await fresh.to_callback(), await browser.to_callback()
        cookies = browser.cookies
        clock.pass_time(120)
        await trouble(stores[0], on=True)
        replies = [
            await fresh.go(new),
            await browser.go(again),
            await browser.post("/auth/ticket"),
        ]
        if trouble is not full:  # in a full one there is still room for what is as large as before
            replies += [
                await browser.fetch("GET", "/v1/calendars"),
                await browser.fetch("GET", "/auth/session"),
                await browser.post("/auth/reconnect"),
                await browser.post("/auth/logout"),
                await browser.post("/auth/logout", {"revoke": True}),
            ]
        await trouble(stores[0], on=False)
        clock.pass_time(3)  # the store is spared for a moment after it failed

        for reply in replies:
            assert (reply.status, reply.code, reply.cookies) == (503, "store_unavailable", []), reply.body
            assert int(reply.headers["Retry-After"]) >= 1
        assert browser.cookies == cookies
        assert (await browser.fetch("GET", "/v1/calendars")).status == 200
        assert [(await one.go(url)).location for one, url in ((fresh, new), (browser, again))] == [HOME[WEB]] * 2
        assert {(await one.info())["authenticated"] for one in (fresh, browser)} == {True}


async def test_a_login_needs_no_store(stores: list[SqliteStore], tmp_path: Path) -> None:
    """The flow lies in the browser's cookie, so a short outage is over before the person comes back."""
    async with open_door(tmp_path) as world, open_browser(world) as browser:
        await away(stores[0], on=True)
        location = await browser.begin()
        await away(stores[0], on=False)
        await world.consent()

        assert (await browser.go(await browser.consent(location))).location == HOME[WEB]
