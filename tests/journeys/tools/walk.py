"""Making a tool's calls one after the other, and keeping how each of them went."""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.journeys.custody import client_in
from tests.journeys.sdks.calls import Outcome
from tests.journeys.tools.api_steps import ToolJourney
from tests.journeys.world import World, open_world


def walk(
    folder: Path, begin: Callable[[World, str], ToolJourney], names: Sequence[str], custody: str
) -> dict[str, Outcome]:
    """Make a journey in a world of its own.

    Args:
        folder: where the gateway's store lies.
        begin: makes the journey, of a world and a custody.
        names: of the calls, in their order; the journey's methods.
        custody: of the gateway's client.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        return asyncio.run(_walk(folder, begin, names, custody))


async def _walk(
    folder: Path, begin: Callable[[World, str], ToolJourney], names: Sequence[str], custody: str
) -> dict[str, Outcome]:
    async with open_world(folder, clients=client_in(custody)) as world, asyncio.timeout(60):
        journey = begin(world, custody)
        return {name: await _make_call(journey, name) for name in names}


async def _make_call(journey: ToolJourney, name: str) -> Outcome:
    try:
        await getattr(journey, name)()
    except Exception:  # noqa: BLE001  whatever a tool raises is how the call went
        return Outcome(name, ok=False, detail=traceback.format_exc(limit=-4), answers=())
    return Outcome(name, ok=True, detail="", answers=())
