"""A lease is renewed while its work runs, and given back at the end, whatever the end is."""

import asyncio

import pytest
import structlog

from gateway.adapters.store_memory import MemoryStore
from gateway.flows.leases import held
from gateway.flows.ports import Lease
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import StoreAway

SHORT = 0.03  # seconds; renewed every hundredth


async def taken(store: MemoryStore) -> Lease:
    lease = await store.acquire("a", "me", 100)
    assert lease is not None
    return lease


async def test_it_is_renewed_as_long_as_the_work_runs(clock: FakeClock) -> None:
    """A slow token endpoint outlived the lease of oauth2-proxy (#3456), and the grant was used twice."""
    store, renewals = MemoryStore(clock), asyncio.Semaphore(0)
    lease = await taken(store)
    original = store.renew

    async def renew(lease: Lease, seconds: float) -> bool:
        renewals.release()
        clock.pass_time(seconds / 2)
        return await original(lease, seconds)

    store.renew = renew  # type: ignore[method-assign]
    async with held(store, lease, SHORT):
        for _ in range(5):
            await renewals.acquire()
        assert await store.acquire("a", "other", 1) is None


@pytest.mark.parametrize("ends", ["well", "badly", "cancelled"])
async def test_it_is_given_back_whatever_the_end_is(clock: FakeClock, ends: str) -> None:
    store = MemoryStore(clock)
    lease = await taken(store)

    async def work() -> None:
        async with held(store, lease, 100):
            if ends == "badly":
                raise ValueError
            if ends == "cancelled":
                await asyncio.sleep(100)

    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    if ends == "cancelled":
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await store.acquire("a", "other", 1) is not None


async def test_a_store_that_is_away_at_the_end_is_nobodys_error(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    lease = await taken(store)
    away = StoreAway(store, "renew", "release")
    async with held(away, lease, SHORT):
        await asyncio.sleep(SHORT)


async def test_a_lost_lease_is_told(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    lease = await taken(store)
    await store.release(lease)
    with structlog.testing.capture_logs() as lines:
        async with held(store, lease, SHORT), asyncio.timeout(5):
            while not lines:  # noqa: ASYNC110  the line comes from another task
                await asyncio.sleep(0.005)

    assert [line["event"] for line in lines] == ["lease.lost"]


async def test_a_store_that_comes_back_keeps_the_lease(clock: FakeClock) -> None:
    store, renewed = MemoryStore(clock), asyncio.Event()
    lease = await taken(store)
    original, failures = store.renew, [StoreUnavailable("away")]

    async def renew(lease: Lease, seconds: float) -> bool:
        if failures:
            raise failures.pop()
        renewed.set()
        return await original(lease, seconds)

    store.renew = renew  # type: ignore[method-assign]
    async with held(store, lease, SHORT), asyncio.timeout(5):
        await renewed.wait()
