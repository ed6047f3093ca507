"""Proxied calls over connections of our own: see `Upstream`; `adapters/upstream` does the same with aiohttp's client.

Nothing is followed, decoded or repeated, but for one open retry of a call without a body whose connection turned out to
be stale.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from gateway.adapters.lean.connection import Connection
from gateway.adapters.lean.course import LeanCourse
from gateway.adapters.lean.failures import unreachable
from gateway.adapters.lean.pool import Origin, Pool
from gateway.adapters.lean.reply import LeanReply, PlainReply
from gateway.adapters.lean.request_head import request_head
from gateway.adapters.one_retry import ConnectionLost, unavailable, with_one_retry
from gateway.flows.upstream_port import UpstreamReply
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.headers import Pairs

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

_log = structlog.get_logger()


class LeanUpstream:
    """Sends proxied calls; see `Upstream`."""

    def __init__(self, pool: Pool, metrics: Metrics) -> None:
        self._pool = pool
        self.metrics = metrics
        self._origins: dict[str, Origin] = {}

    async def send(
        self, method: str, url: str, headers: Pairs, body: bytes | AsyncIterator[bytes] | None
    ) -> UpstreamReply:
        """Send a request and return when the answer's head is there."""
        return await with_one_retry(
            lambda: self._send_once(method, url, headers, body), method, self.metrics, has_body=body is not None
        )

    def course(self, origin: str, headers: Pairs) -> LeanCourse:
        """Return the course of calls."""
        where, _ = self._split(f"{origin}/")
        return LeanCourse(self._pool, self.metrics, where, headers)

    async def _send_once(
        self, method: str, url: str, headers: Pairs, body: bytes | AsyncIterator[bytes] | None
    ) -> LeanReply | PlainReply:
        origin, target = self._split(url)
        whole = body if isinstance(body, bytes) else None
        streamed = body if body is not None and not isinstance(body, bytes) else None
        head = request_head(
            method,
            target,
            origin.authority,
            headers,
            length=None if whole is None else len(whole),
            streamed=streamed is not None,
        )
        try:
            connection = self._pool.kept(origin) or await self._pool.connection(origin)
        except TimeoutError:
            raise unavailable(Code.UPSTREAM_TIMEOUT, "no connection in time") from None
        except (OSError, ssl.SSLError) as error:
            raise unavailable(Code.UPSTREAM_UNREACHABLE, type(error).__name__) from None
        chunked = streamed is not None and not any(name.lower() == "content-length" for name, _ in headers)
        taker = _Waiting(asyncio.get_running_loop().create_future())
        answer = taker.answer
        connection.begin(
            head + whole if whole else head, taker, is_head_request=method == "HEAD", is_sending=streamed is not None
        )
        try:
            if streamed is not None:
                await self._send_body(connection, streamed, answer, chunked=chunked)
            return await answer
        except BaseException as error:
            connection.drop()  # whoever asked has left, the body broke off, or it is lost anyway
            answer.add_done_callback(_look_away)
            if isinstance(error, CronofyUnavailable):
                _log.warning(events.UPSTREAM_FAILED, call="proxied", error=error.detail)
            raise

    async def _send_body(
        self,
        connection: Connection,
        body: AsyncIterator[bytes],
        answer: "asyncio.Future[LeanReply | PlainReply]",
        *,
        chunked: bool,
    ) -> None:
        """Send a body as it arrives, until it ends or an answer comes first, which then counts."""
        sending = asyncio.ensure_future(_pump(connection, body, chunked=chunked))
        try:
            both: set[asyncio.Future[Any]] = {sending, answer}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return
            sending.result()
        except (ConnectionLost, CronofyUnavailable):
            raise
        except Exception as error:  # noqa: BLE001  whatever the client's body broke with; its handler knows more
            raise unreachable(type(error).__name__) from None
        finally:
            if not sending.done():
                sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _split(self, url: str) -> tuple[Origin, str]:
        """Take a URL apart, byte for byte."""
        at = url.find("/", url.find("//") + 2)
        prefix, target = (url[:at], url[at:]) if at > 0 else (url, "/")
        origin = self._origins.get(prefix)
        if origin is None:
            parts = urlsplit(prefix)
            port = parts.port or _DEFAULT_PORTS[parts.scheme]
            origin = Origin(parts.hostname or "", port, parts.scheme == "https", parts.netloc)
            self._origins[prefix] = origin  # as many as there are data centres
        return origin, target


async def _pump(connection: Connection, body: AsyncIterator[bytes], *, chunked: bool) -> None:
    async for piece in body:
        if piece:
            await connection.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
    if chunked:
        await connection.write(b"0\r\n\r\n")
    connection.sent()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Somebody who awaits an answer."""

    answer: "asyncio.Future[LeanReply | PlainReply]"

    def take(self, reply: LeanReply | PlainReply) -> None:
        if not self.answer.done():
            self.answer.set_result(reply)

    def lose(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


def _look_away(answer: "asyncio.Future[LeanReply | PlainReply]") -> None:
    """Take note of an outcome that nobody waits for any more."""
    if not answer.cancelled():
        answer.exception()
