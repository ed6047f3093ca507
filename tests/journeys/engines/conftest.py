"""A gateway with an engine listener, the emulator, and the real nginx in front of both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.journeys.door.browser import Browser, open_browser, open_door
from tests.journeys.engines.nginx import Places, open_nginx
from tests.journeys.world import World

KEY: Final = "engine-key-0123456789abcdefghijklmnop"


@asynccontextmanager
async def open_engine_world(folder: Path, **changes: Any) -> AsyncIterator[World]:
    """Start a world whose clients have pages and whose gateway answers engines."""
    async with open_door(folder, engine={"port": 0, "key": KEY}, **changes) as world:
        yield world


def places(world: World, **changes: Any) -> Places:
    """Return where an engine finds a world."""
    values: dict[str, Any] = {
        "public": world.running.public_port,
        "engine": world.running.engine_port,
        "cronofy": world.emulator.removeprefix("http://"),
        "key": KEY,
        **changes,
    }
    return Places(**values)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_engine_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def nginx(tmp_path: Path, world: World) -> AsyncIterator[str]:
    async with open_nginx(tmp_path / "engine", places(world)) as origin:
        yield origin


@pytest.fixture
async def browser(world: World, nginx: str) -> AsyncIterator[Browser]:
    """A browser that comes through nginx."""
    async with open_browser(world, nginx) as opened:
        yield opened


@pytest.fixture
async def other(world: World, nginx: str) -> AsyncIterator[Browser]:
    """Another browser."""
    async with open_browser(world, nginx) as opened:
        yield opened
