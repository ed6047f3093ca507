"""Worlds whose sessions are in cookie shape, and what their browsers hold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.carried_connections import CarriedConnections
from gateway.flows.cookie_sessions import CookieSession, CookieSessions
from gateway.flows.sealed_records import SealedRecords
from gateway.rules.client import Client, ClientId
from gateway.rules.cookies import CookieNames
from gateway.rules.session_times import Lifetimes
from tests.clock import FakeClock
from tests.journeys.door.browser import SESSION, WEB, Browser, Reply, open_door
from tests.journeys.world import World

KEY: Final = generate_key()


@asynccontextmanager
async def open_cookie_door(folder: Path, clock: FakeClock | None = None, **changes: Any) -> AsyncIterator[World]:
    """Start a world in cookie shape; each gateway has the same keys and a memory of its own."""
    settings: dict[str, Any] = {"sessions": {"shape": "cookie"}, "keys": {"ring": KEY}, **changes}
    async with open_door(folder, clock, **settings) as world:
        yield world


@asynccontextmanager
async def restarted(browser: Browser, clock: FakeClock, **changes: Any) -> AsyncIterator[Browser]:
    """Give a browser, with what its jar holds now, a gateway that has just been started."""
    folder, cronofy = browser.world.store.parent, browser.world.emulator
    async with open_cookie_door(folder, clock, cronofy_url=cronofy, **changes) as world:
        yield Browser(world, browser.http)


def sessions_set(reply: Reply, client: str = WEB) -> list[str]:
    """Return the values of the session cookies that an answer sets."""
    start = f"{SESSION[client]}="
    return [line.removeprefix(start).partition(";")[0] for line in reply.cookies if line.startswith(start)]


async def read_cookie(value: str, clock: FakeClock) -> CookieSession:
    """Return what lies in a session cookie, opened with the gateway's own key."""
    records = SealedRecords(MemoryStore(clock), AesGcmSealer(parse_key_ring(KEY)))
    connections = CarriedConnections(records, clock, kept=86_400)
    opener = CookieSessions(records, connections, clock, Lifetimes(28_800, 1_209_600), CookieNames(secure=False))
    found = await opener.open(Client(ClientId(WEB), frozenset(), "main"), value)
    assert found is not None
    return found
