"""The world, started anew for each test that asks for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.hooks import Hook, open_hook
from tests.journeys.stub_upstream import StubUpstream, open_stub
from tests.journeys.world import World, open_world

IMPATIENT = {"connect_timeout": 1, "read_timeout": 0.5}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def stub() -> AsyncIterator[StubUpstream]:
    async with open_stub() as opened:
        yield opened


@pytest.fixture
async def stubbed(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[World]:
    """A world whose gateway takes the stub for Cronofy."""
    async with open_world(tmp_path, cronofy_url=stub.url, upstream=IMPATIENT) as opened:
        yield opened


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """An app's end of a delegated account."""
    async with open_hook() as opened:
        yield opened
