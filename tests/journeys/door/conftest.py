"""Worlds whose clients have pages, and browsers to walk through them."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import Browser, open_browser, open_door
from tests.journeys.world import World


@pytest.fixture
def clock() -> FakeClock:
    # aiohttp-session looks at the system's clock as well.
    return FakeClock(time.time())


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with open_door(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Browser]:
    async with open_browser(world) as opened:
        yield opened


@pytest.fixture
async def other(world: World) -> AsyncIterator[Browser]:
    """Another browser."""
    async with open_browser(world) as opened:
        yield opened
