"""What a lane stands in: the server that it belongs to, and gateways with and without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.flows.ports import Clock
from gateway.web.lane.protocol import Lane
from tests.adapters.lean.listening import Handler, listening
from tests.journeys.world import World, open_world


class Lanes:
    """A server, as far as a lane knows it; `plain` stands for aiohttp's protocol."""

    write_timeout = 60.0

    def __init__(self, plain: asyncio.Protocol | None = None) -> None:
        self.plain = plain
        self.open: set[Lane] = set()

    def opened(self, lane: Lane) -> None:
        self.open.add(lane)

    def ended(self, lane: Lane) -> None:
        self.open.discard(lane)

    def cut_off(self, transport: asyncio.WriteTransport) -> None:
        transport.abort()

    def make_plain(self) -> asyncio.Protocol:
        assert self.plain is not None, "nothing here is aiohttp's"
        return self.plain


@asynccontextmanager
async def lean_and_plain(
    folder: Path, cronofy: Handler, clock: Clock | None = None
) -> AsyncIterator[tuple[World, World]]:
    """Open one gateway whose calls take the lean path, and one where aiohttp does everything.

    Args:
        folder: where the stores lie.
        cronofy: answers as Cronofy.
        clock: the gateways' clock; the system's when None.
    """
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(listening(cronofy))
        worlds = []
        for name, lean in (("lean", True), ("plain", False)):
            (folder / name).mkdir()
            more: dict[str, Any] = {"proxy": {"lane": lean}, "upstream": {"lean": lean, "read_timeout": 5}}
            opened = open_world(folder / name, cronofy_url=url, clock=clock, **more)
            worlds.append(await stack.enter_async_context(opened))
        yield worlds[0], worlds[1]
