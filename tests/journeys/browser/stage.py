"""A world with the demo app in it: emulator, gateway and page, each on an origin of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from gateway.demo.app_server import WEB_CLIENT, make_demo_app
from tests.journeys.world import World, open_world
from tests.ports import free_port

SECRET: Final = "demo-web-client-secret-0123456789"


@dataclass(frozen=True)
class Stage:
    """Where things are.

    Attributes:
        world: emulator and gateway.
        app: the page's origin, as browsers see it.
        served: where the page's server listens.
    """

    world: World
    app: str
    served: str

    async def let_fail(self, path: str, *, status: int, times: int = 1) -> None:
        """Let the emulator answer the next requests to a path with a status."""
        order = {"path": path, "status": status, "times": times}
        async with self.world.session.post(f"{self.world.emulator}/_emulator/faults", json=order) as reply:
            assert reply.status < 300, await reply.text()


@asynccontextmanager
async def open_stage(folder: Path, *, app: str = "", gateway: str = "", **changes: Any) -> AsyncIterator[Stage]:
    """Start emulator, gateway and demo app.

    Args:
        folder: where the store lies.
        app: the page's origin, where something stands in front of its server.
        gateway: the gateway's origin, where something stands in front of it.
        changes: further top-level settings of the gateway that differ.
    """
    port = free_port()
    served = f"http://127.0.0.1:{port}"
    app = app or served
    if gateway:
        changes["public_url"] = gateway
    client = {"secrets": [SECRET], "scope_policy": "add", "origins": [app], "home": f"{app}/"}
    async with open_world(folder, clients={WEB_CLIENT: client}, **changes) as world:
        server = web.AppRunner(make_demo_app(gateway or world.gateway), access_log=None)
        await server.setup()
        try:
            await web.TCPSite(server, "127.0.0.1", port).start()
            yield Stage(world, app, served)
        finally:
            await server.cleanup()
