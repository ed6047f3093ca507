"""The upstream transport: byte for byte, nothing followed or decoded, one open retry."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
import trustme

from gateway.adapters.lean.pool import Pool
from gateway.adapters.lean.upstream import LeanUpstream
from gateway.adapters.upstream import AiohttpUpstream, UpstreamSettings, client_session
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[asyncio.Server] = []

    async def start(handler: Handler) -> str:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


@pytest.fixture(params=["aiohttp", "lean"])
async def upstream(request: pytest.FixtureRequest) -> AsyncIterator[AiohttpUpstream | LeanUpstream]:
    """Each transport: whoever chooses one gets the same promises."""
    if request.param == "aiohttp":
        session = client_session(UpstreamSettings(read_timeout=0.3))
        yield AiohttpUpstream(session, Metrics())
        await session.close()
    else:
        pool = Pool(limit=10, connect_timeout=5.0, read_timeout=0.3, tls=ssl.create_default_context())
        yield LeanUpstream(pool, Metrics())
        await pool.close()


def _answering(reply: bytes, heads: list[bytes]) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply)
        await writer.drain()
        writer.close()

    return handler


async def test_the_target_goes_out_byte_for_byte_and_no_header_is_added(
    serve: Serve, upstream: AiohttpUpstream | LeanUpstream
) -> None:
    heads: list[bytes] = []
    url = await serve(_answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", heads))
    target = "/v1/calendars/cal_%40x@y/events?a[]=%7e~&b=%2E&empty"
    reply = await upstream.send("GET", url + target, [("X-One", "1")], None)
    reply.close()

    line, *headers = heads[0].decode().split("\r\n")
    assert line == f"GET {target} HTTP/1.1"
    assert sorted(header.split(":")[0] for header in headers if header) == ["Host", "X-One"]


async def test_bodies_come_undecoded_and_headers_in_order(
    serve: Serve, upstream: AiohttpUpstream | LeanUpstream
) -> None:
    packed = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Encoding: gzip\r\nX-A: 2\r\nContent-Length: {len(packed)}\r\n\r\n"
    url = await serve(_answering(head.encode() + packed, []))
    reply = await upstream.send("GET", url + "/", [], None)

    assert await reply.read(1_000) == packed
    assert [value for name, value in reply.headers if name == "X-A"] == ["1", "2"]
    reply.close()


async def test_a_body_past_the_limit_is_an_error_not_a_cut(
    serve: Serve, upstream: AiohttpUpstream | LeanUpstream
) -> None:
    url = await serve(_answering(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + b"x" * 50, []))
    reply = await upstream.send("GET", url + "/", [], None)

    with pytest.raises(CronofyUnavailable) as caught:
        await reply.read(49)
    assert caught.value.code == Code.UPSTREAM_PAGE_TOO_LARGE
    reply.close()


@pytest.mark.parametrize("head", [b"Content-Length: 50", b"Transfer-Encoding: chunked"])
async def test_a_body_that_breaks_off_is_an_error(
    serve: Serve, upstream: AiohttpUpstream | LeanUpstream, head: bytes
) -> None:
    url = await serve(_answering(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n5\r\nhello\r\n", []))
    reply = await upstream.send("GET", url + "/", [], None)

    with pytest.raises(CronofyUnavailable):
        await reply.read(1_000)
    reply.close()


async def test_a_stalled_answer_is_a_timeout(serve: Serve, upstream: AiohttpUpstream | LeanUpstream) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with pytest.raises(CronofyUnavailable) as caught:
        await upstream.send("GET", await serve(silent) + "/", [], None)
    assert caught.value.code == Code.UPSTREAM_TIMEOUT


class _Stale:
    """Answers the first request of a connection, then closes on the second, as a server that gave up waiting."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        self.seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()


async def test_a_safe_call_on_a_stale_connection_is_sent_once_more_and_counted(
    serve: Serve, upstream: AiohttpUpstream | LeanUpstream
) -> None:
    """Were aiohttp's own silent repetition still on, the counter would stay at zero."""
    stale = _Stale()
    url = await serve(stale)
    for _ in range(2):
        reply = await upstream.send("GET", url + "/", [], None)
        assert await reply.read(10) == b"ok"
        reply.close()

    assert len(stale.seen) == 3
    assert upstream.metrics.upstream_retries._value.get() == 1


async def test_a_post_on_a_stale_connection_is_never_repeated(
    serve: Serve, upstream: AiohttpUpstream | LeanUpstream
) -> None:
    stale = _Stale()
    url = await serve(stale)
    first = await upstream.send("POST", url + "/", [], b"1")
    await first.read(10)
    first.close()

    with pytest.raises(CronofyUnavailable) as caught:
        await upstream.send("POST", url + "/", [], b"2")
    assert caught.value.code == Code.UPSTREAM_UNREACHABLE
    assert len(stale.seen) == 2


@pytest.fixture
async def tls_url(tmp_path: Path) -> AsyncIterator[str]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    handler = _answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", [])
    server = await asyncio.start_server(handler, "localhost", 0, ssl=context)
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}/"
    server.close()


async def test_a_certificate_of_an_unknown_authority_is_refused(
    tls_url: str, upstream: AiohttpUpstream | LeanUpstream
) -> None:
    with pytest.raises(CronofyUnavailable) as caught:
        await upstream.send("GET", tls_url, [], None)
    assert caught.value.code == Code.UPSTREAM_UNREACHABLE


async def test_a_private_authority_is_trusted_when_it_is_named(tls_url: str, tmp_path: Path) -> None:
    session = client_session(UpstreamSettings(ca_file=str(tmp_path / "ca.pem")))
    reply = await AiohttpUpstream(session, Metrics()).send("GET", tls_url, [], None)
    assert reply.status == 200
    reply.close()
    await session.close()


async def test_a_missing_authority_file_is_an_error_at_the_start() -> None:
    with pytest.raises(OSError):  # noqa: PT011  its kind is the fact
        client_session(UpstreamSettings(ca_file="/nowhere/ca.pem"))


async def test_the_session_keeps_no_cookies(serve: Serve, upstream: AiohttpUpstream | LeanUpstream) -> None:
    heads: list[bytes] = []
    url = await serve(_answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n", heads))
    for _ in range(2):
        (await upstream.send("GET", url + "/", [], None)).close()
    assert b"cookie" not in heads[1].lower()
    if isinstance(upstream, AiohttpUpstream):
        assert isinstance(upstream.session.cookie_jar, aiohttp.DummyCookieJar)
