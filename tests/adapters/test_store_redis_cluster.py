"""The Redis engine keeps the contract over a cluster, when slots move, and when a node is away."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.crc import key_slot

from gateway.adapters.redis_layout import shard_of
from gateway.adapters.store_redis import RedisStore
from gateway.flows.ports import Record
from gateway.rules.errors import StoreUnavailable
from tests.adapters.redis_contract import RedisContract
from tests.adapters.redis_server import RedisServer, redis_cluster
from tests.clock import FakeClock
from tests.journeys.waiting import until, until_told

Nodes = list[RedisServer]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with redis_cluster(3) as started:
        yield started


def _url(nodes: Nodes) -> str:
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


@pytest.fixture
async def store(nodes: Nodes, clock: FakeClock) -> AsyncIterator[RedisStore]:
    opened = await RedisStore.open(_url(nodes[:2]), clock)
    await opened._link.call_each("FLUSHALL")
    yield opened
    await opened.close()


class TestRedisStoreOnCluster(RedisContract):
    pass


async def test_shards_lie_on_all_nodes(store: RedisStore, nodes: Nodes) -> None:
    for number in range(100):
        await store.put("session", str(number), Record(b"x", 0))
    for node in nodes:
        with node.admin() as admin:
            assert admin.dbsize() > 0


async def test_a_delete_is_heard_from_any_node(store: RedisStore, nodes: Nodes, clock: FakeClock) -> None:
    other = await RedisStore.open(_url(nodes[2:]), clock)
    heard: list[str] = []
    store.listen(lambda _kind, record_id: heard.append(record_id))

    def listeners() -> int:
        number = 0
        for node in nodes:
            with node.admin() as admin:
                number += admin.pubsub_numsub("cgw:deleted")[0][1]
        return number

    await until(lambda: listeners() == 1)
    names = [str(number) for number in range(30)]  # on all shards
    for name in names:
        await other.put("session", name, Record(b"x", 0))
        await other.delete("session", name)
    await until(lambda: sorted(heard) == sorted(names), patience=2)
    await other.close()


async def test_a_slot_may_move_to_another_node(store: RedisStore, nodes: Nodes) -> None:
    """As when a cluster grows: the store follows without being opened anew. Until it is done the slot is read only.

    A script that finds some of its keys here and some there is refused, and some keys are never there.
    """
    shard = shard_of("a")
    slot = key_slot(shard.all)
    await store.put("session", "a", Record(b"x", 0, "app"))
    ids = {}
    for node in nodes:
        with node.admin() as admin:
            ids[node.port] = str(admin.execute_command("CLUSTER", "MYID"), "ascii")
    with nodes[0].admin() as admin:
        owner = next(one[2][1] for one in admin.cluster("SLOTS") if one[0] <= slot <= one[1])
    source = next(node for node in nodes if node.port == owner)
    target = next(node for node in nodes if node.port != owner)
    with source.admin() as old, target.admin() as new:
        keys = old.cluster("GETKEYSINSLOT", slot, 1_000)
        new.cluster("SETSLOT", slot, "IMPORTING", ids[source.port])
        old.cluster("SETSLOT", slot, "MIGRATING", ids[target.port])
        old.migrate("127.0.0.1", target.port, keys, 0, 5_000)
        assert await store.get("session", "a") is not None
        with pytest.raises(StoreUnavailable):
            await store.put("session", "a", Record(b"y", 0, "app"), expected=1)
        new.cluster("SETSLOT", slot, "NODE", ids[target.port])
        old.cluster("SETSLOT", slot, "NODE", ids[target.port])

    assert await store.put("session", "a", Record(b"y", 0, "app"), expected=1) == 2
    assert await store.list_ids("session", client="app") == ["a"]
    with target.admin() as admin:
        assert admin.exists(shard.all) == 1


async def test_a_node_that_is_away_is_told_and_comes_back(store: RedisStore, nodes: Nodes) -> None:
    names = [str(number) for number in range(60)]
    for name in names:
        await store.put("session", name, Record(b"x", 0))
    away = nodes[1]
    away.kill()
    with pytest.raises(StoreUnavailable):
        await store.ping()
    async with asyncio.timeout(10):
        ended = await asyncio.gather(
            *(store.put("session", name, Record(b"y", 0)) for name in names), return_exceptions=True
        )
    assert all(one == 2 or isinstance(one, StoreUnavailable) for one in ended)
    away.start()

    async def works() -> bool:
        try:
            await store.ping()
        except StoreUnavailable:
            return False
        return True

    await until_told(works)
    assert await store.put("session", "new", Record(b"x", 0), expected=0) == 1


async def test_any_node_is_enough_to_begin_with(nodes: Nodes, clock: FakeClock) -> None:
    for node in nodes:
        store = await RedisStore.open(_url([node]), clock)
        await store.ping()
        await store.close()


async def test_each_nodes_configuration_is_looked_at(store: RedisStore, nodes: Nodes) -> None:
    with nodes[2].admin() as admin:
        admin.config_set("maxmemory-policy", "allkeys-lru")
        told = await store.warnings()
        admin.config_set("maxmemory-policy", "noeviction")
    assert [sentence.partition(":")[0] for sentence in told] == ["appendonly is no", "maxmemory-policy is allkeys-lru"]
