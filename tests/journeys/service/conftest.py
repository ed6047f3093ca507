"""Worlds in which backends call for stored accounts."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.journeys.service.backend import Backend, open_service
from tests.journeys.world import World


@pytest.fixture
def clock() -> FakeClock:
    # aiohttp-session looks at the system's clock as well.
    return FakeClock(time.time())


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with open_service(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def backend(world: World) -> Backend:
    return Backend(world)
