"""Proxied calls over aiohttp's client: streamed both ways, nothing followed, decoded or repeated behind our back.

aiohttp silently repeats a safe request when a kept connection was reset; here that is switched off and done in the
open, once and counted, for calls without a body.
"""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection, SocketFactoryType
from aiohttp.tracing import Trace
from yarl import URL

from gateway.adapters.one_retry import ConnectionLost, read_whole, unavailable, with_one_retry
from gateway.flows.upstream_port import UpstreamReply
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import Code
from gateway.rules.headers import Pairs

_SKIPPED: Final = frozenset({"User-Agent", "Accept", "Accept-Encoding", "Content-Type"})


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """How Cronofy is reached.

    Attributes:
        connect_timeout: seconds to connect, TLS included.
        read_timeout: seconds between two pieces of an answer, its head included.
        connections: the most at one time.
        egress_proxy: URL of an HTTP proxy; empty for none.
        ca_file: PEM file of further certificate authorities; empty for the system's alone.
    """

    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    connections: int = 200
    egress_proxy: str = ""
    ca_file: str = ""


class _WaryConnector(aiohttp.TCPConnector):
    """Never reuses a connection on which something came that nobody had asked for.

    aiohttp 3.14 looks at that when a call ends, not when the next one begins: bytes that came in between would be taken
    for the next caller's answer (CVE-2026-71324 is its kin).
    """

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        # No public hook exists. tests/journeys/test_broken_upstream.py fails when the name moves.
        while (kept := await super()._get(key, traces)) is not None:
            if kept.protocol is not None and not kept.protocol.should_close:
                return kept
            kept.close()
        return None


@cache
def tls_context(ca_file: str) -> ssl.SSLContext:
    """Make a TLS context that trusts the system's authorities and those of a file; kept, since loading them is slow."""
    tls = ssl.create_default_context()
    if ca_file:
        tls.load_verify_locations(cafile=ca_file)
    return tls


def client_session(
    settings: UpstreamSettings, *, proxied: bool = True, socket_factory: SocketFactoryType | None = None
) -> aiohttp.ClientSession:
    """Make a client session for calls to Cronofy.

    Args:
        settings: how Cronofy is reached.
        proxied: for proxied calls, whose connections are kept and whose bodies may take their time. Else for the
            gateway's own: a fresh connection each, and a bound on the whole call, so that a trickle ends as well.
        socket_factory: makes the socket for an address, or refuses to; None takes every address.

    Raises:
        OSError: the ca_file cannot be read (ssl.SSLError when it holds no certificate).
    """
    tls = tls_context(settings.ca_file)
    session = aiohttp.ClientSession(
        connector=_WaryConnector(
            limit=settings.connections,
            ssl=tls,
            ttl_dns_cache=60,
            force_close=not proxied,
            socket_factory=socket_factory,
        ),
        timeout=aiohttp.ClientTimeout(
            total=None if proxied else settings.connect_timeout + settings.read_timeout,
            connect=settings.connect_timeout,
            sock_connect=settings.connect_timeout,
            sock_read=settings.read_timeout,
        ),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=settings.egress_proxy or None,
        trust_env=False,
        max_line_size=16_384,
        max_field_size=16_384,
    )
    # No public switch exists (aiohttp 3.14). tests/adapters/test_upstream.py fails when the name moves.
    session._retry_connection = False
    return session


@dataclass(frozen=True, slots=True)
class AiohttpReply:
    """An answer whose head has arrived; see `UpstreamReply`."""

    _reply: aiohttp.ClientResponse

    @property
    def status(self) -> int:
        """The status."""
        return self._reply.status

    @property
    def headers(self) -> Pairs:
        """All header lines, in order."""
        return [
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in self._reply.raw_headers
        ]

    @property
    def ready(self) -> bytes | None:
        """Nothing: aiohttp does not tell."""
        return None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, undecoded."""
        try:
            async for chunk in self._reply.content.iter_any():
                yield chunk
        except TimeoutError:
            raise unavailable(Code.UPSTREAM_TIMEOUT, "stalled in its body") from None
        except (aiohttp.ClientError, OSError) as error:
            raise unavailable(Code.UPSTREAM_UNREACHABLE, f"broke off in its body: {type(error).__name__}") from None

    async def read(self, limit: int) -> bytes:
        """Return the whole body."""
        return await read_whole(self.chunks(), limit)

    def close(self) -> None:
        """Let go of the connection: kept when the body was read to its end, cut otherwise."""
        if self._reply.content.at_eof():
            self._reply.release()
        else:
            self._reply.close()


@dataclass(frozen=True, slots=True)
class AiohttpUpstream:
    """Sends proxied calls; see `Upstream`."""

    session: aiohttp.ClientSession
    metrics: Metrics

    async def send(
        self, method: str, url: str, headers: Pairs, body: bytes | AsyncIterator[bytes] | None
    ) -> UpstreamReply:
        """Send a request and return when the answer's head is there."""
        return await with_one_retry(
            lambda: self._send_once(method, url, headers, body), method, self.metrics, has_body=body is not None
        )

    async def _send_once(
        self, method: str, url: str, headers: Pairs, body: bytes | AsyncIterator[bytes] | None
    ) -> UpstreamReply:
        try:
            reply = await self.session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
                skip_auto_headers=_SKIPPED,
            )
        except TimeoutError:
            raise unavailable(Code.UPSTREAM_TIMEOUT, "no answer in time") from None
        except aiohttp.ClientConnectorError as error:
            raise unavailable(Code.UPSTREAM_UNREACHABLE, type(error).__name__) from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError):
            raise ConnectionLost from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise unavailable(Code.UPSTREAM_UNREACHABLE, type(error).__name__) from None
        return AiohttpReply(reply)
