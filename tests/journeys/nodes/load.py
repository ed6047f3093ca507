"""Callers that go on calling, as a page behind a load balancer does, and what they met."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from tests.journeys.nodes.fleet import Fleet

_PAUSE: Final = 0.02  # seconds between two calls of one caller


@dataclass
class Met:
    """What callers met.

    Attributes:
        statuses: how often each.
        mixed_up: answers that named another account than the session's.
        cookies: Set-Cookie lines: a session that is let go of shows here.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    mixed_up: int = 0
    cookies: list[str] = field(default_factory=list)


@asynccontextmanager
async def calling(fleet: Fleet, handles: dict[str, str]) -> AsyncIterator[Met]:
    """Let one caller for each session go on calling for as long as the block runs."""
    met, stop = Met(), asyncio.Event()
    callers = [
        asyncio.create_task(_call_on(fleet, number, handle, sub, met, stop))
        for number, (handle, sub) in enumerate(handles.items())
    ]
    try:
        yield met
    finally:
        stop.set()
        await asyncio.gather(*callers)


async def _call_on(fleet: Fleet, number: int, handle: str, sub: str, met: Met, stop: asyncio.Event) -> None:
    while not stop.is_set():
        number += 1
        try:
            status, body, cookies = await fleet.call(fleet.nodes[number % len(fleet.nodes)], handle)
        except aiohttp.ClientConnectionError:
            continue  # the node is being restarted: a load balancer takes the next one
        met.statuses[status] += 1
        met.cookies += cookies
        met.mixed_up += status == 200 and body["sub"] != sub
        await asyncio.sleep(_PAUSE)


async def at_least(met: Met, status: int, number: int) -> None:
    """Return when so many more answers of a status have come."""
    wanted = met.statuses[status] + number
    async with asyncio.timeout(30):
        while met.statuses[status] < wanted:  # noqa: ASYNC110  the answers come to other tasks
            await asyncio.sleep(0.01)
