"""The stories fit together, and share what has to be one."""

from dataclasses import replace

from gateway.adapters.store_memory import MemoryStore
from gateway.app.doors import make_doors
from gateway.app.outside import open_outside
from gateway.config_check import check_settings
from gateway.flows.ports import Heard
from gateway.observe.metrics import Metrics
from gateway.rules.client import Client, ClientId
from tests.clock import FakeClock
from tests.settings import good_settings


async def test_both_doors_share_refreshes_connections_and_modes(clock: FakeClock) -> None:
    """Two journals of refreshes would use one refresh token twice."""
    checked, metrics = check_settings(good_settings(store={"url": "memory:"})), Metrics()
    async with open_outside(checked, clock, metrics) as outside:
        doors = make_doors(checked, outside, clock, metrics)

        assert doors.proxy.callers.vault._refreshes is doors.tokens.refreshes
        assert doors.browser.disconnects.vault is doors.proxy.callers.vault
        assert doors.browser.modes is doors.proxy.modes is doors.tokens.modes
        await doors.close()


class TellingStore(MemoryStore):
    """A store that tells of deletions, as the engines with a server do."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.listening: list[Heard] = []

    def listen(self, heard: Heard) -> None:
        self.listening.append(heard)


async def test_a_session_that_ends_on_another_node_ends_here_as_soon_as_the_store_tells(clock: FakeClock) -> None:
    """Without that it would live for up to two seconds, in this process's cache."""
    checked, store = check_settings(good_settings(store={"url": "memory:"})), TellingStore(clock)
    async with open_outside(checked, clock, Metrics()) as outside:
        here, there = [make_doors(checked, replace(outside, store=store), clock, Metrics()) for _ in range(2)]
        client = Client(ClientId("app"), frozenset(), "main")
        handle = await there.browser.sessions.create(client, {"account": "acc_1"})
        name = there.browser.sessions.name_of(client, handle)
        assert await here.browser.sessions.find(client, handle) is not None
        await there.browser.sessions.end(client, handle)
        (heard, _) = store.listening
        heard("connection", name)
        assert await here.browser.sessions.find(client, handle) is not None
        heard("session", name)

        assert await here.browser.sessions.find(client, handle) is None
        for doors in (here, there):
            await doors.close()


async def test_a_handle_that_ends_on_another_node_ends_here_as_soon_as_the_store_tells(clock: FakeClock) -> None:
    checked, store = check_settings(good_settings(store={"url": "memory:"})), TellingStore(clock)
    async with open_outside(checked, clock, Metrics()) as outside:
        here, there = [make_doors(checked, replace(outside, store=store), clock, Metrics()) for _ in range(2)]
        client = Client(ClientId("app"), frozenset(), "main")
        handle = await there.tokens.custodian.handles.issue("refresh", client, "acc_1", "c-1")
        assert await here.tokens.custodian.handles.find(handle) is not None
        (name,) = await store.list_ids("handle")
        await there.tokens.custodian.handles.end(handle)
        (heard, _) = store.listening
        heard("session", name)
        assert await here.tokens.custodian.handles.find(handle) is not None
        heard("handle", name)

        assert await here.tokens.custodian.handles.find(handle) is None
        for doors in (here, there):
            await doors.close()
