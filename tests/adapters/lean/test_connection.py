"""What comes over a connection of our own is what aiohttp's client makes of the same bytes; doubt costs it."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from gateway.adapters.lean.pool import Pool
from gateway.adapters.lean.upstream import LeanUpstream
from gateway.adapters.upstream import AiohttpUpstream, UpstreamSettings, client_session
from gateway.flows.upstream_port import Upstream
from gateway.observe.metrics import Metrics
from gateway.rules.errors import CronofyUnavailable
from tests.adapters.lean.exchanges import BY_HAND, generated
from tests.adapters.lean.listening import listening

EXCHANGES = [*BY_HAND, *generated()]


class Scripted:
    """A server that answers the call on `/N` with exchange N."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._head(reader):
            exchange = EXCHANGES[int(head.split(b" ")[1].lstrip(b"/"))]
            for piece in exchange.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if exchange.closes:
                break

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with listening(Scripted()) as where:
        yield where


async def told(upstream: Upstream, url: str, number: int) -> object:
    """Return what a transport makes of an exchange: status, headers and body, or how it failed."""
    try:
        reply = await upstream.send(EXCHANGES[number].method, f"{url}/{number}", [("Accept", "*/*")], None)
    except CronofyUnavailable as error:
        return "no answer", str(error.code)
    try:
        body = await reply.read(1_000_000)
    except CronofyUnavailable as error:
        return reply.status, reply.headers, "broke off", str(error.code)
    finally:
        reply.close()
    return reply.status, reply.headers, body


async def test_several_hundred_exchanges_are_told_as_aiohttp_tells_them(url: str) -> None:
    """One connection after another carries them, so what an exchange leaves behind would show in the next one."""
    session = client_session(UpstreamSettings(read_timeout=2.0))
    pool = Pool(limit=10, connect_timeout=5.0, read_timeout=2.0, tls=ssl.create_default_context())
    plain, lean = AiohttpUpstream(session, Metrics()), LeanUpstream(pool, Metrics())
    differing = {}
    for number, exchange in enumerate(EXCHANGES):
        one, other = await told(plain, url, number), await told(lean, url, number)
        if exchange.fails:
            one, other = ["upstream_unreachable" in str(told_so) for told_so in (one, other)]
            assert one is True
        if one != other:
            differing[exchange.name] = (one, other)
    await pool.close()
    await session.close()

    assert len(EXCHANGES) > 400
    assert differing == {}
