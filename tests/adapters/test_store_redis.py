"""The Redis engine on one server keeps the contract, over restarts and outages, and in lists longer than a page."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest

from gateway.adapters import store_redis
from gateway.adapters.store_redis import RedisStore
from gateway.flows.ports import LeaseLost, Record, RecordStore, VersionMoved
from gateway.rules.errors import StoreUnavailable, StoreUnusable
from tests.adapters.redis_contract import RedisContract
from tests.adapters.redis_server import PASSWORD, RedisServer, flush, redis_server
from tests.clock import FakeClock
from tests.journeys.waiting import until
from tests.ports import free_port

DOCUMENTED: Final = re.search(
    r"^ACL SETUSER gateway on >PASSWORD (.*)$",
    (Path(__file__).parents[2] / "docs" / "stores-redis.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server("--appendonly", "yes", "--appendfsync", "always") as started:
        yield started


@pytest.fixture
async def store(server: RedisServer, clock: FakeClock) -> AsyncIterator[RedisStore]:
    flush(server)
    opened = await RedisStore.open(server.url, clock)
    yield opened
    await opened.close()


class TestRedisStore(RedisContract):
    pass


@pytest.mark.parametrize("crash", [False, True])
async def test_records_outlive_a_restart_and_the_store_goes_on(
    store: RedisStore, server: RedisServer, clock: FakeClock, crash: bool
) -> None:
    """With appendfsync always, what was answered is on the disk."""
    written = Record(b"x", 1, "app", "acc", clock.now() + 10, "k")
    await store.put("binding", "a", written)
    lease = await store.acquire("refresh", "owner", 60)
    assert lease is not None
    server.kill() if crash else server.stop()
    for call in (store.get("binding", "a"), store.put("binding", "b", written), store.ping(), store.walk("", 9)):
        with pytest.raises(StoreUnavailable):
            async with asyncio.timeout(1):
                await call
    server.start()

    assert await store.get("binding", "a") == written
    assert await store.list_ids("binding", client="app", account="acc") == ["a"]
    assert await store.put("binding", "a", written, expected=1) == 2
    assert await store.renew(lease, 60) is True
    await store.release(lease)
    again = await store.acquire("refresh", "owner", 60)
    assert again is not None
    assert again.number > lease.number


async def test_every_call_to_a_server_that_is_away_is_unavailable(clock: FakeClock) -> None:
    with redis_server() as server:
        store = await RedisStore.open(server.url, clock)
        lease = await store.acquire("a", "owner", 60)
        assert lease is not None
        server.kill()
        record = Record(b"x", 1)
        for call in (
            store.get("binding", "a"),
            store.put("binding", "a", record, lease=lease),
            store.delete("binding", "a"),
            store.reseal("binding", "a", record, b"y", "k"),
            store.list_ids("binding"),
            store.walk("", 10),
            store.count(),
            store.delete_expired(),
            store.acquire("b", "owner", 1),
            store.renew(lease, 1),
            store.release(lease),
            store.ping(),
            store.warnings(),
        ):
            with pytest.raises(StoreUnavailable) as caught:
                await call
            assert f"127.0.0.1:{server.port}" in caught.value.detail
        await store.close()


async def test_opening_needs_a_server_that_lets_one_in(clock: FakeClock) -> None:
    with redis_server("--requirepass", PASSWORD) as server:
        for login, problem in (("", "AuthenticationError"), (":wrong-canary@", "AuthenticationError")):
            with pytest.raises(StoreUnusable) as caught:  # waiting would not mend it
                await RedisStore.open(f"redis://{login}127.0.0.1:{server.port}", clock)
            assert problem in caught.value.detail
            assert "canary" not in caught.value.detail
    with pytest.raises(StoreUnavailable) as away:
        await RedisStore.open(f"redis://:{PASSWORD}@127.0.0.1:{free_port()}", clock)
    assert not isinstance(away.value, StoreUnusable)
    with pytest.raises(ValueError, match="host:port"):
        await RedisStore.open(f"redis://:{PASSWORD}@", clock)


async def test_a_closed_store_is_unavailable_not_a_crash(store: RedisStore) -> None:
    await store.close()
    for call in (store.get("binding", "a"), store.put("binding", "a", Record(b"y", 0)), store.ping()):
        with pytest.raises(StoreUnavailable):
            await call


async def test_two_stores_see_each_others_writes(store: RedisStore, server: RedisServer, clock: FakeClock) -> None:
    """As several hosts do."""
    other = await RedisStore.open(server.url, clock)

    async def write(one: RecordStore) -> bool:
        try:
            await one.put("binding", "a", Record(b"x", 0), expected=0)
        except VersionMoved:
            return False
        return True

    won = await asyncio.gather(*(write(one) for one in (store, other) * 10))
    assert won.count(True) == 1
    lease = await store.acquire("a", "here", 60)
    assert lease is not None
    assert await other.acquire("a", "there", 60) is None
    await store.release(lease)
    assert await other.acquire("a", "there", 60) is not None
    with pytest.raises(LeaseLost):
        await store.put("binding", "a", Record(b"x", 0), lease=lease)
    await other.close()


@pytest.mark.parametrize("number", [0, 39, 40, 41])
async def test_lists_and_sweeps_are_longer_than_a_page(
    store: RedisStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(store_redis, "_PAGE", 2)
    monkeypatch.setattr(store_redis, "_SWEEP_BATCH", 2)
    names = [f"{index:03}" for index in range(number)]
    for name in names:
        await store.put("binding", name, Record(b"", 0, "app", "acc", clock.now() + 10))
    await store.put("binding", "dead", Record(b"", 0, "app", "acc", clock.now() + 1))
    await store.put("bindings", "other", Record(b"", 0, "app", "acc"))
    clock.pass_time(1)

    for found in (
        await store.list_ids("binding"),
        await store.list_ids("binding", client="app"),
        await store.list_ids("binding", client="app", account="acc"),
    ):
        assert sorted(found) == names
    clock.pass_time(9)
    assert await store.delete_expired() == number + 1
    assert await store.list_ids("bindings") == ["other"]


async def test_a_name_that_begins_like_another_is_not_taken_for_it(store: RedisStore) -> None:
    for client in ("app", "app2", "ap"):
        await store.put("binding", client, Record(b"", 0, client))
    for kind in ("bind", "binding2", "binding\x01"):
        await store.put(kind, "x", Record(b"", 0, "app"))

    assert await store.list_ids("binding", client="app") == ["app"]
    entries, end = await store.walk("", 100, kind="binding")
    assert {(one.kind, one.id) for one in entries} == {("binding", name) for name in ("app", "app2", "ap")}
    assert end == ""


async def test_a_walk_goes_on_where_another_store_stopped(
    store: RedisStore, server: RedisServer, clock: FakeClock
) -> None:
    """A re-sealing is taken over by another process; records that were deleted meanwhile do not stop it."""
    for number in range(30):
        await store.put("binding", str(number), Record(b"", 0))
    first, cursor = await store.walk("", 10)
    for one in first:
        await store.delete(one.kind, one.id)
    other = await RedisStore.open(server.url, clock)
    rest, end = await other.walk(cursor, 100)
    await other.close()

    assert {one.id for one in (*first, *rest)} == {str(number) for number in range(30)}
    assert (len(first), len(rest), end) == (10, 20, "")


async def _open_as(server: RedisServer, user: str, rights: str, clock: FakeClock) -> RedisStore:
    with server.admin() as admin:
        admin.execute_command("ACL", "SETUSER", user, "on", ">pw", *rights.split())
    return await RedisStore.open(f"redis://{user}:pw@127.0.0.1:{server.port}/0", clock)


async def test_the_documented_rights_are_enough(server: RedisServer, clock: FakeClock) -> None:
    assert DOCUMENTED is not None
    flush(server)
    store = await _open_as(server, "gateway", DOCUMENTED.group(1), clock)
    heard: list[str] = []
    store.listen(lambda _kind, record_id: heard.append(record_id))
    with server.admin() as admin:
        await until(lambda: admin.pubsub_numsub("cgw:deleted") == [(b"cgw:deleted", 1)])
    lease = await store.acquire("a", "owner", 60)
    assert lease is not None
    assert await store.renew(lease, 60) is True
    record = Record(b"x", 1, "app", "acc", clock.now() + 10)
    assert await store.put("binding", "a", record, lease=lease) == 1
    await store.release(lease)
    assert await store.reseal("binding", "a", record, b"y", "k") is True
    assert await store.list_ids("binding", client="app") == ["a"]
    assert len((await store.walk("", 10))[0]) == 1
    assert len(await store.count()) == 1
    await store.ping()
    assert await store.delete("binding", "a") is True
    await until(lambda: heard == ["a"])
    await store.put("binding", "b", record)
    clock.pass_time(10)
    assert await store.delete_expired() == 1
    assert await store.warnings() == []
    await store.close()


async def test_a_delete_that_may_not_be_told_is_done(server: RedisServer, clock: FakeClock) -> None:
    """Publishing is a courtesy: a user without the right to the channel must still be able to sign out."""
    assert DOCUMENTED is not None
    store = await _open_as(server, "mute", DOCUMENTED.group(1).replace("&cgw:* ", ""), clock)
    await store.put("session", "a", Record(b"x", 0))
    assert await store.delete("session", "a") is True
    await store.close()
