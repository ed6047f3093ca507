"""Bodies go up as they arrive; an answer that comes first counts. What both transports promise is in the test above."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from gateway.adapters.lean.pool import Pool
from gateway.adapters.lean.reply import HIGH_WATER
from gateway.adapters.lean.upstream import LeanUpstream
from gateway.observe.metrics import Metrics
from gateway.rules.errors import CronofyUnavailable
from tests.adapters.lean.listening import Handler, listening
from tests.journeys.waiting import until

_ENDLESS = 20_000_000  # bytes; more than fit into the sockets on the way
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def reaching(handler: Handler) -> AsyncIterator[tuple[LeanUpstream, str]]:
    """Yield a transport and the URL of a server that answers with a handler."""
    async with listening(handler) as url:
        pool = Pool(limit=5, connect_timeout=2.0, read_timeout=2.0, tls=ssl.create_default_context())
        try:
            yield LeanUpstream(pool, Metrics()), f"{url}/"
        finally:
            await pool.close()


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("headers", "wire"),
    [([], b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"), ([("Content-Length", "3")], b"abc")],
    ids=["chunked", "with its length"],
)
async def test_a_body_goes_up_as_it_arrives(headers: list[tuple[str, str]], wire: bytes) -> None:
    seen = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        seen.append(await reader.readexactly(len(wire)))
        writer.write(OK)
        await reader.read()

    async with reaching(handler) as (upstream, url):
        reply = await upstream.send("POST", url, headers, pieces(b"ab", b"", b"c"))
        assert (await reply.read(10), seen) == (b"ok", [wire])


async def test_an_answer_that_comes_before_the_body_is_out_counts_and_costs_the_connection() -> None:
    """The rest of the body would be read as the next request."""
    connections = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK.replace(b"200 OK", b"413 Too Large"))
        await reader.read()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.001)

    async with reaching(handler) as (upstream, url):
        reply = await asyncio.wait_for(upstream.send("POST", url, [], endless()), 2)
        assert (reply.status, await reply.read(10)) == (413, b"ok")
        await (await upstream.send("GET", url, [], None)).read(10)
    assert len(connections) == 2


async def test_a_body_that_breaks_cuts_the_request() -> None:
    """Cronofy must not take half of a body for the whole."""
    ended = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(1000):
                pass
        except ConnectionError:
            pass
        ended.set()

    async def breaking() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("canary")

    async with reaching(handler) as (upstream, url):
        with pytest.raises(CronofyUnavailable) as caught:
            await upstream.send("POST", url, [("Content-Length", "8")], breaking())
        assert "canary" not in str(caught.value) + caught.value.detail
        await asyncio.wait_for(ended.wait(), 2)


async def test_bytes_that_nobody_asked_for_cost_the_connection() -> None:
    """They would be the next caller's answer (CVE-2026-71324 is its kin)."""
    answers = [OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", OK]

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        await reader.read()

    async with reaching(handler) as (upstream, url):
        for _ in range(2):
            assert await (await upstream.send("GET", url, [], None)).read(10) == b"ok"
    assert answers == []


async def test_an_answer_that_nobody_has_read_yet_does_not_keep_the_next_one_waiting() -> None:
    """A person on a slow line, or who left: the connection is free as soon as the body is there."""
    large = b"x" * (HIGH_WATER + 100_000)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(large), large))

    async with reaching(handler) as (upstream, url):
        unread = await upstream.send("GET", url, [], None)
        await until(lambda: unread.ready is not None)
        reply = await asyncio.wait_for(upstream.send("GET", url, [], None), 2)
        assert await reply.read(len(large)) == large
        assert unread.ready == large


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Endless: ", b"x" * 1_000),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 20),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x" * 1_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: ", b"x" * 1_000),
    ],
    ids=["line", "interim answers", "chunk extension", "trailer"],
)
async def test_what_has_no_end_and_is_no_body_is_given_up(begin: bytes, more: bytes) -> None:
    """The parser would gather it, or the call would wait for as long as something comes."""
    sent = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begin)
        while sent < _ENDLESS:
            writer.write(more)
            sent += len(more)
            await writer.drain()

    async with reaching(handler) as (upstream, url):
        with pytest.raises(CronofyUnavailable):
            await (await upstream.send("GET", url, [], None)).read(10)
    assert sent < _ENDLESS


async def test_tls_is_verified_against_the_authorities_that_are_trusted_and_the_name_in_the_url() -> None:
    authority = trustme.CA()
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]
    for tls, host, is_good in (
        (trusting, "localhost", True),
        (trusting, "127.0.0.1", False),
        (None, "localhost", False),
    ):
        pool = Pool(limit=5, connect_timeout=2.0, read_timeout=2.0, tls=tls or ssl.create_default_context())
        upstream = LeanUpstream(pool, Metrics())
        if is_good:
            assert await (await upstream.send("GET", f"https://{host}:{port}/", [], None)).read(10) == b"ok"
        else:
            with pytest.raises(CronofyUnavailable):
                await upstream.send("GET", f"https://{host}:{port}/", [], None)
        await pool.close()
    server.close()
