"""The world outside of the process, opened as the settings say."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gateway.adapters.cronofy_client import CronofyClient
from gateway.adapters.store_memory import MemoryStore
from gateway.adapters.store_sqlite import SqliteStore
from gateway.adapters.upstream import AiohttpUpstream, UpstreamSettings, client_session
from gateway.config import Settings
from gateway.config_check import Checked
from gateway.flows.ports import Clock, CronofyApi, RecordStore, Upstream
from gateway.observe.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Outside:
    """The world outside of the process, through its ports."""

    store: RecordStore
    cronofy: CronofyApi
    upstream: Upstream


@asynccontextmanager
async def open_outside(checked: Checked, clock: Clock, metrics: Metrics) -> AsyncIterator[Outside]:
    """Open the world outside for as long as the block runs.

    Raises:
        StoreUnavailable: the store cannot be opened.
        OSError: the ca_file cannot be read.
    """
    settings = checked.settings
    async with AsyncExitStack() as stack:
        store = await open_store(settings, clock)
        stack.push_async_callback(store.close)
        session = client_session(_upstream_settings(settings))
        stack.push_async_callback(session.close)
        own_session = client_session(_upstream_settings(settings), proxied=False)
        stack.push_async_callback(own_session.close)
        yield Outside(store, CronofyClient(own_session), AiohttpUpstream(session, metrics))


async def open_store(settings: Settings, clock: Clock) -> RecordStore:
    """Open the record store that the settings name.

    Raises:
        StoreUnavailable: it cannot be opened.
    """
    if settings.store.url == "memory:":
        return MemoryStore(clock)
    return await SqliteStore.open(settings.store.url.removeprefix("sqlite:///"), clock)


def _upstream_settings(settings: Settings) -> UpstreamSettings:
    section = settings.upstream
    return UpstreamSettings(
        connect_timeout=section.connect_timeout,
        read_timeout=section.read_timeout,
        connections=section.connections,
        egress_proxy=section.egress_proxy,
        ca_file=str(section.ca_file or ""),
    )
