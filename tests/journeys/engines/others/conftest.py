"""Envoy, Caddy and Traefik with a gateway behind them and Cronofy beyond, each started once for a module."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.emulator.app import EmulatorSettings
from tests.journeys.door.browser import Browser, door_clients, open_browser, open_door
from tests.journeys.engines.others.binaries import KEY, STARTS, Addresses, running_engine
from tests.journeys.engines.others.gate import gate_to
from tests.journeys.engines.others.relay import open_relay
from tests.journeys.engines.others.scene import Scene
from tests.journeys.world import ADDING, SECRETS
from tests.ports import free_port

_LOOP: Any = "module"
_DROP_IN = {
    "secrets": [SECRETS[ADDING]],
    "scope_policy": "add",
    "any_loopback_redirect": True,
    "redirect_uris": ["https://app.example.com/callback"],
}


@pytest_asyncio.fixture(scope="module", loop_scope=_LOOP, params=list(STARTS))
async def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder, port, name = tmp_path_factory.mktemp("engine"), free_port(), str(request.param)
    changes: dict[str, Any] = {
        "clients": {**door_clients(), ADDING: _DROP_IN},
        "public_url": f"http://127.0.0.1:{port}",
        "engine": {"port": 0, "key": KEY},
        "emulated": EmulatorSettings(page_size=1),
    }
    async with (
        open_relay(folder) as cronofy,
        open_door(folder, **changes) as world,
        gate_to(world.running.engine_port) as gate,
    ):
        cronofy.stand_before(world.emulator)
        at = Addresses(port, world.running.public_port, gate.port, cronofy.port, cronofy.ca_file)
        async with running_engine(name, at, folder) as url:
            yield Scene(name, url, world, gate, cronofy, folder / f"{name}.log")


@pytest_asyncio.fixture(loop_scope=_LOOP)
async def scene(opened: Scene) -> Scene:
    """What was started, with nothing remembered."""
    opened.forget()
    await opened.world.forget_seen()
    return opened


@pytest_asyncio.fixture(loop_scope=_LOOP)
async def browser(scene: Scene) -> AsyncIterator[Browser]:
    """A browser that comes through the engine."""
    async with open_browser(scene.world, scene.url) as one:
        yield one


@pytest_asyncio.fixture(loop_scope=_LOOP)
async def other(scene: Scene) -> AsyncIterator[Browser]:
    """Another browser."""
    async with open_browser(scene.world, scene.url) as one:
        yield one
