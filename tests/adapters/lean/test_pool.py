"""A call gets the connection that was used last; there are never more than the limit; what is idle for long goes."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from gateway.adapters.lean.pool import Origin, Pool
from gateway.adapters.lean.upstream import LeanUpstream
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from tests.adapters.lean.listening import listening
from tests.journeys.waiting import until


class Server:
    """Answers when it is let, and counts its connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.port = 0
        self.upstream: LeanUpstream

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await self.gate.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    one = Server()
    async with listening(one) as url:
        one.port = int(url.rpartition(":")[2])
        yield one


@pytest.fixture
async def pool(server: Server) -> AsyncIterator[Pool]:  # closed before its server is
    one = Pool(limit=2, connect_timeout=0.5, read_timeout=5.0, tls=ssl.create_default_context())
    server.upstream = LeanUpstream(one, Metrics())
    yield one
    await one.close()


async def call(server: Server) -> bytes:
    reply = await server.upstream.send("GET", f"http://127.0.0.1:{server.port}/", [], None)
    body = await reply.read(10)
    reply.close()
    return body


async def test_calls_one_after_the_other_share_a_connection(pool: Pool, server: Server) -> None:
    assert [await call(server) for _ in range(3)] == [b"ok"] * 3
    assert server.connections == 1


async def test_no_more_connections_than_the_limit_and_everybody_has_a_turn(pool: Pool, server: Server) -> None:
    assert await asyncio.gather(*(call(server) for _ in range(20))) == [b"ok"] * 20
    assert server.connections == 2


async def test_who_waits_for_too_long_is_told_so(pool: Pool, server: Server) -> None:
    server.gate.clear()
    busy = [asyncio.create_task(call(server)) for _ in range(2)]
    await until(lambda: server.connections == 2)
    with pytest.raises(CronofyUnavailable) as caught:
        await call(server)
    server.gate.set()

    assert caught.value.code == Code.UPSTREAM_TIMEOUT
    assert await asyncio.gather(*busy) == [b"ok", b"ok"]


async def test_a_caller_who_leaves_the_queue_gives_its_turn_to_the_next(pool: Pool, server: Server) -> None:
    server.gate.clear()
    busy = [asyncio.create_task(call(server)) for _ in range(2)]
    await until(lambda: server.connections == 2)
    leaving, staying = (asyncio.create_task(call(server)) for _ in range(2))
    await asyncio.sleep(0.02)
    leaving.cancel()
    server.gate.set()

    assert await asyncio.wait_for(staying, 2) == b"ok"
    await asyncio.gather(*busy)


async def test_a_call_that_is_left_takes_its_connection_with_it(pool: Pool, server: Server) -> None:
    """The next caller would read the answer that nobody waited for."""
    server.gate.clear()
    leaving = asyncio.create_task(call(server))
    await until(lambda: server.connections == 1)
    await asyncio.sleep(0.02)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    server.gate.set()

    assert await call(server) == b"ok"
    assert server.connections == 2


async def test_an_address_where_nobody_listens_is_an_error(pool: Pool, server: Server) -> None:
    with pytest.raises(OSError):  # noqa: PT011  its kind is the fact
        await pool.connection(Origin("127.0.0.1", 1, tls=False, authority="x"))
