"""A server that may lose records is told of, each danger once."""

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.adapters.store_redis import RedisStore
from tests.adapters.redis_server import RedisServer, redis_server
from tests.clock import FakeClock

SAFE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as started:
        yield started


@pytest.fixture
async def store(server: RedisServer, clock: FakeClock) -> AsyncIterator[RedisStore]:
    opened = await RedisStore.open(server.url, clock)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("changes", "beginnings"),
    [
        ({}, []),
        (
            {"maxmemory-policy": "allkeys-lru"},
            ["maxmemory-policy is allkeys-lru: sessions can be evicted; set noeviction"],
        ),
        ({"maxmemory-policy": "volatile-ttl"}, ["maxmemory-policy is volatile-ttl: leases can be evicted"]),
        ({"appendonly": "no"}, ["appendonly is no"]),
        ({"appendfsync": "everysec"}, ["appendfsync is everysec"]),
        ({"appendfsync": "no"}, ["appendfsync is no"]),
        (
            {"appendonly": "no", "maxmemory-policy": "allkeys-lfu"},
            ["maxmemory-policy is allkeys-lfu", "appendonly is no"],
        ),
    ],
)
async def test_a_danger_is_told(
    store: RedisStore, server: RedisServer, changes: dict[str, str], beginnings: list[str]
) -> None:
    with server.admin() as admin:
        for name, value in {**SAFE, **changes}.items():
            admin.config_set(name, value)

    told = await store.warnings()
    assert len(told) == len(beginnings)
    for sentence, beginning in zip(told, beginnings, strict=True):
        assert sentence.startswith(beginning)


async def test_a_server_that_may_not_be_asked_is_not_judged(server: RedisServer, clock: FakeClock) -> None:
    """Most hosted ones forbid CONFIG."""
    with server.admin() as admin:
        admin.execute_command("ACL", "SETUSER", "me", "on", ">pw", "~cgw:*", "~{cgw:*", "+@all", "-config")
        admin.config_set("appendonly", "no")
    store = await RedisStore.open(f"redis://me:pw@127.0.0.1:{server.port}", clock)
    assert await store.warnings() == []
    await store.close()
