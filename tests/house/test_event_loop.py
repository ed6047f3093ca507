"""Nothing blocks the event loop: one slow disk would hold up every call."""

import asyncio
import time
from pathlib import Path

import pytest
from blockbuster import BlockBuster, BlockingError, blockbuster_ctx

from tests.journeys.world import CALLBACK, open_world


async def test_whole_journeys_make_no_blocking_call(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        with blockbuster_ctx("gateway", excluded_modules=["gateway.emulator"]):
            tokens = await world.sign_in("free_busy")
            status, _, _ = await world.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
            assert status == 200
            for path in ("/v1/events?tzid=Etc/UTC", "/v1/calendars", "/v1/nothing"):
                await world.call("GET", path, tokens["access_token"])
            status, _, _ = await world.token(grant_type="authorization_code", code="unknown", redirect_uri=CALLBACK)
            assert status == 400


async def test_the_guard_would_notice() -> None:
    """A guard that lets a sleep pass would prove nothing."""
    guard = BlockBuster()
    guard.activate()
    try:
        with pytest.raises(BlockingError):
            time.sleep(0)  # noqa: ASYNC251  the fact
    finally:
        guard.deactivate()
    await asyncio.sleep(0)
