"""The world outside of the process, opened as the settings say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from gateway.adapters.callback_posts import AiohttpAppPosts, callback_session
from gateway.adapters.cronofy_client import CronofyClient
from gateway.adapters.key_ring import parse_key_ring
from gateway.adapters.lean.pool import Pool
from gateway.adapters.lean.upstream import LeanUpstream
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_guarded import GuardedStore
from gateway.adapters.store_memory import MemoryStore
from gateway.adapters.store_postgres import PostgresStore
from gateway.adapters.store_redis import RedisStore
from gateway.adapters.store_sqlite import SqliteStore
from gateway.adapters.upstream import AiohttpUpstream, UpstreamSettings, client_session, tls_context
from gateway.config import Settings
from gateway.config_check import Checked, may_post_to_private
from gateway.flows.delegated_callbacks import AppPosts
from gateway.flows.ports import Clock, CronofyApi, RecordStore
from gateway.flows.upstream_port import Courses, Upstream
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable, StoreUnusable
from gateway.rules.store_urls import MEMORY, SQLITE, is_postgres, is_redis

_PAUSES: Final = (0.5, 5.0)  # seconds, doubling, between two tries to open the store

T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outside:
    """The world outside of the process, through its ports, and the keys that this node seals with."""

    store: RecordStore
    sealer: AesGcmSealer
    cronofy: CronofyApi
    upstream: Upstream
    posts: AppPosts


@asynccontextmanager
async def open_outside(
    checked: Checked, clock: Clock, metrics: Metrics, *, wait: Callable[[str], None] | None = None
) -> AsyncIterator[Outside]:
    """Open the world outside for as long as the block runs.

    Args:
        checked: the settings.
        clock: the time.
        metrics: measures the store.
        wait: wait for a store that is away, and call this with the reason again and again; else fail at once.

    Raises:
        KeyRingInvalid: the keys cannot be used; nothing was opened.
        StoreUnavailable: the store cannot be opened.
        OSError: the ca_file cannot be read.
    """
    settings = checked.settings
    async with AsyncExitStack() as stack:
        sealer = AesGcmSealer(parse_key_ring(checked.key_ring))
        own_session = client_session(_upstream_settings(settings), proxied=False)
        stack.push_async_callback(own_session.close)
        upstream = await _open_upstream(stack, settings, metrics)
        posts = callback_session(_upstream_settings(settings), private=may_post_to_private(settings))
        stack.push_async_callback(posts.close)
        store = await patiently(lambda: open_store(checked, clock), wait)
        stack.push_async_callback(store.close)
        guarded = GuardedStore(store, clock, metrics)
        app_posts = AiohttpAppPosts(posts, settings.callbacks.timeout)
        yield Outside(guarded, sealer, CronofyClient(own_session), upstream, app_posts)


async def _open_upstream(stack: AsyncExitStack, settings: Settings, metrics: Metrics) -> Upstream:
    """Open the transport of proxied calls: lean, unless it is not wanted or a proxy stands in between."""
    section = _upstream_settings(settings)
    if settings.upstream.lean and not section.egress_proxy:
        pool = Pool(
            limit=section.connections,
            connect_timeout=section.connect_timeout,
            read_timeout=section.read_timeout,
            tls=tls_context(section.ca_file),
        )
        stack.push_async_callback(pool.close)
        return LeanUpstream(pool, metrics)
    session = client_session(section)
    stack.push_async_callback(session.close)
    return AiohttpUpstream(session, metrics)


def courses_of(upstream: Upstream) -> Courses | None:
    """Return what sends calls without a task; None for a transport that cannot."""
    return upstream if isinstance(upstream, LeanUpstream) else None


async def patiently(story: Callable[[], Awaitable[T]], wait: Callable[[str], None] | None) -> T:
    """Do something that needs the store, again and again while it is away.

    Args:
        story: what to do.
        wait: is told the reason after each failure; without it nothing is done twice.

    Raises:
        StoreUnusable: waiting would not help.
        StoreUnavailable: the store is away, and there is no patience.
    """
    pause = _PAUSES[0]
    while True:
        try:
            return await story()
        except StoreUnusable:
            raise
        except StoreUnavailable as error:
            if wait is None:
                raise
            _log.warning(events.STORE_AWAITED, detail=error.detail, again_in=pause)
            wait(f"store: {error.detail}")
        await asyncio.sleep(pause)
        pause = min(pause * 2, _PAUSES[1])


async def open_store(checked: Checked, clock: Clock) -> RecordStore:
    """Open the record store that the settings name, and say what it is set up to lose.

    Raises:
        StoreUnavailable: it cannot be opened now.
        StoreUnusable: it cannot be opened as it is.
    """
    url, section = checked.store_url, checked.settings.store
    if is_redis(url):
        redis = await RedisStore.open(url, clock, ca_file=str(section.ca_file or ""), timeout=section.timeout)
        _warn(await redis.warnings())
        return redis
    if is_postgres(url):
        postgres = await PostgresStore.open(url, clock, timeout=section.timeout)
        _warn(await postgres.warnings())
        return postgres
    if url == MEMORY:
        return MemoryStore(clock)
    return await SqliteStore.open(url.removeprefix(SQLITE), clock)


def _warn(sentences: list[str]) -> None:
    for sentence in sentences:
        _log.warning(events.STORE_WARNED, problem=sentence)


def _upstream_settings(settings: Settings) -> UpstreamSettings:
    section = settings.upstream
    return UpstreamSettings(
        connect_timeout=section.connect_timeout,
        read_timeout=section.read_timeout,
        connections=section.connections,
        egress_proxy=section.egress_proxy,
        ca_file=str(section.ca_file or ""),
    )
