"""A script is carried out as a whole or not at all, whatever the server refuses."""

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.adapters import redis_scripts
from gateway.adapters.redis_layout import member_of, shard_of
from gateway.adapters.store_redis import RedisStore
from gateway.flows.ports import Record, Tally
from gateway.rules.errors import StoreUnavailable
from tests.adapters.redis_server import RedisServer, flush, redis_server
from tests.clock import FakeClock


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as started:
        yield started


@pytest.fixture
async def store(server: RedisServer, clock: FakeClock) -> AsyncIterator[RedisStore]:
    flush(server)
    opened = await RedisStore.open(server.url, clock)
    yield opened
    await opened.close()


def _everything(server: RedisServer) -> dict[bytes, bytes | None]:
    with server.admin() as admin:
        return {key: admin.dump(key) for key in admin.keys("{*")}


@pytest.fixture
def refusing(server: RedisServer) -> Iterator[RedisServer]:
    """A server that is set to refuse writes, and mended afterwards."""
    yield server
    with server.admin() as admin:
        admin.config_set("maxmemory", 0)
        admin.config_set("min-replicas-to-write", 0)


@pytest.mark.parametrize(
    ("setting", "problem"), [("maxmemory", "OutOfMemoryError"), ("min-replicas-to-write", "NOREPLICAS")]
)
async def test_a_server_that_refuses_writes_changes_nothing(
    store: RedisStore, refusing: RedisServer, clock: FakeClock, setting: str, problem: str
) -> None:
    old = Record(b"old", 1, "one", "acc", clock.now() + 10, "k1")
    await store.put("binding", "a", old)
    lease = await store.acquire("a", "owner", 30)
    assert lease is not None
    before = _everything(refusing)
    with refusing.admin() as admin:
        admin.config_set(setting, 1)

    for call in (
        store.put("binding", "a", Record(b"new", 0, "two", "other"), lease=lease),
        store.put("binding", "b", Record(b"new", 0, "one")),
        store.reseal("binding", "a", old, b"resealed", "k2"),
        store.acquire("b", "owner", 30),
        store.ping(),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert problem in caught.value.detail
    after = _everything(refusing)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before)


async def test_a_full_memory_still_lets_people_sign_out(store: RedisStore, refusing: RedisServer) -> None:
    await store.put("session", "a", Record(b"x", 0, "app", "acc"))
    with refusing.admin() as admin:
        admin.config_set("maxmemory", 1)
    assert await store.delete("session", "a") is True
    assert await store.get("session", "a") is None


async def test_a_record_that_the_server_evicted_is_swept_from_the_lists(
    store: RedisStore, server: RedisServer, clock: FakeClock
) -> None:
    """Else the sweep would meet it for ever."""
    await store.put("binding", "a", Record(b"x", 0, expires_at=clock.now() + 1))
    with server.admin() as admin:
        admin.delete(shard_of("a").record(member_of("binding", "a")))
    clock.pass_time(1)

    assert await store.delete_expired() == 0
    assert await store.list_ids("binding") == []
    with server.admin() as admin:
        assert admin.exists(shard_of("a").all, shard_of("a").expiry) == 0


async def test_a_sweep_spares_what_was_written_anew(store: RedisStore, server: RedisServer, clock: FakeClock) -> None:
    """Between the look for expired records and their removal somebody may write one of them."""
    shard, member = shard_of("a"), member_of("binding", "a")
    await store.put("binding", "a", Record(b"x", 0, expires_at=clock.now() + 100))
    swept = await store._link.run(
        redis_scripts.SWEEP, [*shard.indexes, shard.record(member)], clock.now() + 99.5, member
    )
    assert swept == 0
    assert await store.get("binding", "a") is not None


async def test_nothing_is_left_of_what_was_deleted(store: RedisStore, server: RedisServer, clock: FakeClock) -> None:
    """Lists, counts and the record itself; a fence stays, it must never go back."""
    for number in range(20):
        await store.put("binding", str(number), Record(b"x", 0, "app", "acc", clock.now() + 5, "k"))
        await store.put("binding", str(number), Record(b"x", 0, "app", "", clock.now() + 10))
    assert await store.count() == [Tally("binding", "", 20)]
    for number in range(10):
        await store.delete("binding", str(number))
    clock.pass_time(10)
    assert await store.delete_expired() == 10
    assert _everything(server) == {}


async def test_times_are_kept_to_the_last_digit(store: RedisStore, server: RedisServer, clock: FakeClock) -> None:
    """Lua prints a number with 14 digits when it is not asked for more."""
    at = 1_800_000_000.1234567
    await store.put("binding", "a", Record(b"x", 0, expires_at=at))
    found = await store.get("binding", "a")
    assert found is not None
    assert found.expires_at == at
    with server.admin() as admin:
        assert admin.zscore(shard_of("a").expiry, member_of("binding", "a")) == at


async def test_bytes_in_an_unknown_form_are_left_alone(store: RedisStore, server: RedisServer) -> None:
    """As a later version of the gateway may write them beside this one."""
    key = shard_of("a").record(member_of("binding", "a"))
    for raw in (b"\x02" + bytes(30), b"short"):
        with server.admin() as admin:
            admin.set(key, raw)
        for call in (
            store.get("binding", "a"),
            store.put("binding", "a", Record(b"x", 0)),
            store.delete("binding", "a"),
        ):
            with pytest.raises(StoreUnavailable):
                await call
        with server.admin() as admin:
            assert admin.get(key) == raw
