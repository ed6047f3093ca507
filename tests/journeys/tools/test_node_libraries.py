"""OAuth libraries from npm, unchanged and by their own documentation, connect and call through the gateway."""

import asyncio
from pathlib import Path

import pytest

from tests.journeys.custody import CUSTODIES, client_in
from tests.journeys.sdks.calls import Outcome
from tests.journeys.sdks.node_process import run_script
from tests.journeys.tools.api_steps import SCOPE, WRONG
from tests.journeys.tools.table import LIBRARY_CALLS
from tests.journeys.world import ADDING, CALLBACK, SECRETS, open_world

LIBRARIES = ("openid-client", "simple-oauth2")


@pytest.fixture(scope="module", params=[(tool, custody) for tool in LIBRARIES for custody in CUSTODIES], ids="-".join)
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, node_folder: Path
) -> dict[str, Outcome]:
    """Make each journey once; the tests read how each call went."""
    tool, custody = request.param
    return asyncio.run(_journey(tmp_path_factory.mktemp(tool), node_folder, tool, custody))


async def _journey(folder: Path, scripts: Path, tool: str, custody: str) -> dict[str, Outcome]:
    async with open_world(folder, clients=client_in(custody)) as world, asyncio.timeout(60):
        await world.consent("free_busy")
        journey = {
            "library": tool,
            "gateway": world.gateway,
            "emulator": world.emulator,
            "custody": custody,
            "callback": CALLBACK,
            "client_id": ADDING,
            "client_secret": SECRETS[ADDING],
            "wrong_secret": WRONG,
            "scope": SCOPE,
            "names": LIBRARY_CALLS,
        }
        return await run_script(world, scripts / "libraries.mjs", journey)


@pytest.mark.parametrize("name", LIBRARY_CALLS)
def test_an_oauth_library_of_node_makes_its_call(outcomes: dict[str, Outcome], name: str) -> None:
    assert outcomes[name].ok, outcomes[name].detail
