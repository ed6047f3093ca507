"""The Redis engine keeps the contract over a master that sentinels name, and goes on when another one becomes it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.adapters.store_redis import RedisStore
from gateway.flows.ports import Record
from gateway.rules.errors import StoreUnavailable
from tests.adapters.redis_contract import RedisContract
from tests.adapters.redis_server import MASTER, Watched, redis_sentinel
from tests.clock import FakeClock
from tests.journeys.waiting import until, until_told


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with redis_sentinel() as started:
        yield started


@pytest.fixture
async def store(watched: Watched, clock: FakeClock) -> AsyncIterator[RedisStore]:
    opened = await RedisStore.open(f"redis+sentinel://127.0.0.1:{watched.sentinel.port}/{MASTER}", clock)
    await opened._link.call_each("FLUSHALL")
    yield opened
    await opened.close()


class TestRedisStoreBySentinel(RedisContract):
    pass


async def test_another_master_is_found_and_records_are_there(clock: FakeClock) -> None:
    with redis_sentinel() as watched:
        store = await RedisStore.open(f"redis+sentinel://127.0.0.1:{watched.sentinel.port}/{MASTER}", clock)
        heard: list[str] = []
        store.listen(lambda _kind, record_id: heard.append(record_id))
        for number in range(50):
            await store.put("session", str(number), Record(b"x", 0, "app"))
        await asyncio.gather(*(store.get("session", str(number)) for number in range(50)))
        await until(watched.is_in_step)
        watched.master.kill()

        async def writes() -> bool:
            async with asyncio.timeout(3):
                try:
                    await store.ping()
                except StoreUnavailable:
                    return False
                return True

        assert not await writes()
        await until_told(writes, patience=20)
        assert len(await store.list_ids("session", client="app")) == 50
        assert await store.put("session", "1", Record(b"y", 0), expected=1) == 2
        with watched.replica.admin() as admin:
            await until(lambda: admin.pubsub_numsub("cgw:deleted") == [(b"cgw:deleted", 1)])
        await store.delete("session", "1")
        await until(lambda: heard == ["1"])
        await store.close()
