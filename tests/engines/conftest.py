"""An engine with a gateway behind it and Cronofy beyond it, started once for each module."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.engines.engine import KEY, STARTS, Addresses, running_engine
from tests.engines.gate import Gate, gate_to
from tests.engines.relay import Relay, open_relay
from tests.journeys.door.browser import Browser, door_clients, open_browser, open_door
from tests.journeys.world import ADDING, SECRETS, World
from tests.ports import free_port

_LOOP = "module"


@dataclass(frozen=True)
class Engine:
    """What a test needs.

    Attributes:
        name: of the engine.
        url: where it listens; the gateway's public URL.
        world: gateway and emulator.
        gate: between the engine and the gateway's checks.
        cronofy: what the engine takes for Cronofy; the gateway goes to the emulator past it.
    """

    name: str
    url: str
    world: World
    gate: Gate
    cronofy: Relay

    def browser(self) -> "AsyncIterator[Browser]":
        """Open a browser that knows only the engine."""
        raise NotImplementedError


@pytest_asyncio.fixture(scope="module", loop_scope=_LOOP, params=list(STARTS))
async def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    folder, port, check = tmp_path_factory.mktemp("engine"), free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    clients = {
        **door_clients(),
        ADDING: {"secrets": [SECRETS[ADDING]], "any_loopback_redirect": True, "redirect_uris": ["https://app.example.com/callback"], "scope_policy": "add"},
    }
    engine = {"host": "127.0.0.1", "port": check, "key": KEY}
    async with (
        open_relay(folder) as relay,
        open_door(folder, clients=clients, public_url=url, engine=engine) as world,
        gate_to(check) as gate,
    ):
        relay.stand_before(world.emulator)
        gateway = int(world.gateway.rpartition(":")[2])
        at = Addresses(engine=port, gateway=gateway, check=gate.port, cronofy=relay.port, ca_file=relay.ca_file)
        async with running_engine(str(request.param), at, folder) as there:
            yield Engine(str(request.param), there, world, gate, relay)
