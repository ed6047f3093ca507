"""A malformed request gets a fixed answer that repeats nothing of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.observe.metrics import Metrics
from gateway.web.quiet_server import MAX_FIELD_BYTES, MAX_HEADERS, QuietHandler, QuietRunner
from tests.journeys.waiting import until

CANARY = b"canary-4711"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def port(metrics: Metrics) -> AsyncIterator[int]:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_route("*", "/", hello)
    runner = QuietRunner(app, metrics=metrics, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def _send(port: int, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nAuthorization Bearer " + CANARY + b"\r\n\r\n",
        b"GET /" + CANARY + b" HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01" + CANARY + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + CANARY * (MAX_FIELD_BYTES // 8) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n"
        + b"".join(b"X-%d: " % n + CANARY + b"\r\n" for n in range(MAX_HEADERS + 1))
        + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" + CANARY,
    ],
)
async def test_a_malformed_request_is_a_fixed_400(port: int, metrics: Metrics, raw: bytes) -> None:
    with capture_logs() as lines:
        answer = await _send(port, raw)

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"Gateway-Error: malformed_request" in answer
    assert CANARY not in answer + str(lines).encode()
    assert b"gateway_malformed_requests_total 1.0" in metrics.render()


async def test_a_good_request_is_left_alone(port: int) -> None:
    packed = b"\x1f\x8b not really gzip"
    head = (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        % len(packed)
    )
    assert (await _send(port, head + packed)).endswith(packed)


async def test_who_was_let_in_before_the_end_is_answered() -> None:
    """At a reload its first request may be on the way; whoever sends nothing is not waited for without end."""
    app = web.Application()
    app.router.add_get("/", _hello)
    runner = QuietRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    mute, mutes_writer = await asyncio.open_connection("127.0.0.1", port)
    await until(lambda: len(runner.server.connections) == 2 if runner.server else False)
    ending = asyncio.create_task(runner.cleanup())
    await until(lambda: not runner.sites)
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n")

    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 200")
    await asyncio.wait_for(ending, 5)
    assert await mute.read() == b""
    writer.close()
    mutes_writer.close()


async def test_who_takes_nothing_of_an_answer_is_cut_off(metrics: Metrics) -> None:
    """An answer that is there as a whole costs memory, also where the connection was to close after it."""
    app = web.Application()
    app.router.add_get("/", _much)
    runner = QuietRunner(app, metrics=metrics, shutdown_timeout=0.1, write_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, writer = await asyncio.open_connection("127.0.0.1", runner.addresses[0][1], limit=1024)
    writer.write(b"GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n")
    with capture_logs() as lines:
        await until(lambda: metrics.stalled_answers._value.get() == 1)
        await until(lambda: runner.server is not None and not runner.server.connections)

    assert [line["event"] for line in lines] == ["answer.stalled"]
    writer.close()
    await runner.cleanup()


async def test_the_last_answer_of_a_connection_says_so() -> None:
    """Else a client could send its next request on a connection that is about to close."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        begun.set()
        await go_on.wait()
        return web.Response(text="done")

    app = web.Application()
    app.router.add_get("/", slow)
    runner = QuietRunner(app, shutdown_timeout=10.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection("127.0.0.1", runner.addresses[0][1])
    writer.write(b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n")
    await begun.wait()
    ending = asyncio.create_task(runner.cleanup())
    await until(lambda: runner.server is not None and all(one.is_ending for one in _quiet(runner.server)))
    go_on.set()
    answer = await asyncio.wait_for(reader.read(), 10)
    await ending

    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"done")
    writer.close()


def _quiet(server: web.Server) -> list[QuietHandler]:
    return [one for one in server.connections if isinstance(one, QuietHandler)]


async def _much(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(50_000_000))


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")
