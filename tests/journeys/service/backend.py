"""A client's backend: it has the client's secret and knows accounts by their `sub`, and that is all."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clock import FakeClock
from tests.journeys.door.browser import SECRET, SIDE, WEB, Reply, door_clients, open_browser, open_door, send
from tests.journeys.world import World


@dataclass(frozen=True)
class Backend:
    """Calls the gateway with a client's secret."""

    world: World
    client: str = WEB

    async def call(self, method: str, path: str, account: str | None = None, **more: Any) -> Reply:
        """Call with the secret, for an account where one is named; `headers` are further ones."""
        headers = [("Authorization", f"Bearer {SECRET[self.client]}"), *more.pop("headers", [])]
        if account is not None:
            headers.append(("Gateway-Account", account))
        return await send(self.world.session, method, self.world.gateway + path, headers, **more)

    async def many(self, number: int, path: str, account: str) -> list[Reply]:
        """Make many calls at one time."""
        return await asyncio.gather(*(self.call("GET", path, account) for _ in range(number)))

    async def connections(self, query: str = "") -> list[dict[str, Any]]:
        """Return what the client has connected."""
        reply = await self.call("GET", f"/auth/connections{query}")
        assert reply.status == 200, reply.body
        found: list[dict[str, Any]] = json.loads(reply.body)["connections"]
        return found


@asynccontextmanager
async def open_service(folder: Path, clock: FakeClock | None = None, **changes: Any) -> AsyncIterator[World]:
    """Start a world in which both clients have the service door."""
    clients = {name: {**one, "service_door": True} for name, one in door_clients().items()}
    async with open_door(folder, clock, clients=clients, **changes) as world:
        yield world


async def connect(world: World, mode: str = "read_write", *, client: str = WEB, email: str = "", **query: str) -> str:
    """Let a person connect through a client's pages, close the browser, and return the account's `sub`."""
    async with open_browser(world) as browser:
        await browser.sign_in(mode, client=client, email=email, **query)
        sub = (await browser.info(client))["sub"]
        assert isinstance(sub, str)
        return sub


__all__ = ["SIDE", "WEB", "Backend", "connect", "open_service"]
