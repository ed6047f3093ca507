from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from gateway.emulator.app import EmulatorSettings, make_app
from tests.emulator.visitor import Clock, Visitor

MakeVisitor = Callable[..., Awaitable[Visitor]]


@pytest.fixture
def make_visitor(aiohttp_client: AiohttpClient) -> MakeVisitor:
    """Starts an emulator with these settings, on a clock that stands still."""

    async def make(**settings: Any) -> Visitor:
        clock = Clock()
        chosen = EmulatorSettings(clock=clock, **settings)
        client = await aiohttp_client(make_app(chosen), server_kwargs={"auto_decompress": False})
        return Visitor(client, chosen, clock)

    return make


@pytest.fixture
async def visitor(make_visitor: MakeVisitor) -> Visitor:
    """A visitor of a fresh emulator."""
    return await make_visitor()
