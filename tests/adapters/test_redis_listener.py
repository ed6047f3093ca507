"""What anybody deletes is heard soon, also after the server was away, and whoever hears it may fail."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.adapters.redis_link import RedisLink
from gateway.adapters.redis_listener import RedisListener
from gateway.adapters.store_redis import RedisStore
from gateway.flows.ports import Record
from gateway.rules.errors import StoreUnavailable
from gateway.rules.store_urls import redis_address
from tests.adapters.redis_server import RedisServer, redis_server
from tests.clock import FakeClock
from tests.journeys.waiting import until

SOON = 2.0


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as started:
        yield started


@pytest.fixture
async def store(server: RedisServer, clock: FakeClock) -> AsyncIterator[RedisStore]:
    opened = await RedisStore.open(server.url, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def other(server: RedisServer, clock: FakeClock) -> AsyncIterator[RedisStore]:
    opened = await RedisStore.open(server.url, clock)
    yield opened
    await opened.close()


async def _is_listening(server: RedisServer, number: int = 1) -> None:
    with server.admin() as admin:
        await until(lambda: admin.pubsub_numsub("cgw:deleted") == [(b"cgw:deleted", number)])


async def _delete(store: RedisStore, record_id: str) -> None:
    await store.put("session", record_id, Record(b"x", 0))
    assert await store.delete("session", record_id) is True


async def test_a_delete_is_heard_elsewhere(store: RedisStore, other: RedisStore, server: RedisServer) -> None:
    heard: list[tuple[str, str]] = []
    second: list[str] = []
    store.listen(lambda kind, record_id: heard.append((kind, record_id)))
    store.listen(lambda _kind, record_id: second.append(record_id))
    await _is_listening(server)
    await other.delete("session", "was never there")
    for record_id in ("a:b", "ü\n"):
        await _delete(other, record_id)

    await until(lambda: len(second) == 2, patience=SOON)
    assert heard == [("session", "a:b"), ("session", "ü\n")]
    assert second == ["a:b", "ü\n"]


async def test_deletes_are_heard_after_a_restart(store: RedisStore, other: RedisStore, server: RedisServer) -> None:
    heard: list[str] = []
    store.listen(lambda _kind, record_id: heard.append(record_id))
    await _is_listening(server)
    server.stop()
    with pytest.raises(StoreUnavailable):
        await other.get("session", "a")
    server.start()
    async with asyncio.timeout(SOON):
        await _is_listening(server)
    await _delete(other, "after")

    await until(lambda: heard == ["after"], patience=SOON)


async def test_listening_may_begin_while_the_server_is_away(store: RedisStore, server: RedisServer) -> None:
    heard: list[str] = []
    server.stop()
    store.listen(lambda _kind, record_id: heard.append(record_id))
    await asyncio.sleep(0)
    server.start()
    await _is_listening(server)
    await _delete(store, "after")

    await until(lambda: heard == ["after"])


async def test_a_listener_that_fails_keeps_nobody_from_hearing(
    store: RedisStore, other: RedisStore, server: RedisServer
) -> None:
    heard: list[str] = []
    failures: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context["message"]))

    def fail(_kind: str, _record_id: str) -> None:
        raise KeyError("canary")

    store.listen(fail)
    store.listen(lambda _kind, record_id: heard.append(record_id))
    await _is_listening(server)
    for record_id in ("a", "b"):
        await _delete(other, record_id)

    await until(lambda: heard == ["a", "b"])
    assert failures == ["a listener to deleted records failed"] * 2


async def test_a_server_that_says_nothing_any_more_is_left() -> None:
    """Its host may hang with the connection open; after a failover nothing would be heard for ever."""
    pings: list[int] = []  # how many each connection sent

    async def subscribe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(pings)
        pings.append(0)
        while line := await reader.readline():
            if line == b"SUBSCRIBE\r\n":
                writer.write(b"*3\r\n$9\r\nsubscribe\r\n$11\r\ncgw:deleted\r\n:1\r\n")
            elif line == b"PING\r\n":
                pings[number] += 1
                if pings[number] < 3:
                    writer.write(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(subscribe, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        link = await RedisLink.open(redis_address(f"redis://127.0.0.1:{port}"), ca_file="", timeout=1)
        listener = RedisListener(link, quiet=0.1)
        listener.tell(lambda _kind, _record_id: None)
        await until(lambda: len(pings) == 2)
        await listener.close()
        await link.close()
    assert pings[0] == 3


async def test_nobody_listens_after_closing(server: RedisServer, clock: FakeClock) -> None:
    store = await RedisStore.open(server.url, clock)
    store.listen(lambda _kind, _record_id: None)
    await _is_listening(server)
    await store.close()
    await _is_listening(server, 0)
