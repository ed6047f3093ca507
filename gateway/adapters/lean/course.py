"""GETs whose heads differ in two places only, sent without a task; see `Course`.

A kept connection may turn out to be stale: then the call is sent once more, as `adapters/one_retry` says.
"""

import asyncio
import ssl
from typing import Final

import structlog

from gateway.adapters.lean.connection import Connection
from gateway.adapters.lean.failures import told, unreachable
from gateway.adapters.lean.pool import Origin, Pool
from gateway.adapters.lean.request_head import request_head
from gateway.adapters.one_retry import ConnectionLost, unavailable
from gateway.flows.upstream_port import Taker, WholeReply
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.headers import REQUEST_ID, Pairs

_END: Final = b"\r\n\r\n"

_log = structlog.get_logger()


class LeanCourse:
    """One course.

    Args:
        pool: where connections come from.
        metrics: counts what is sent again.
        origin: where calls go.
        headers: see `Courses`.

    Raises:
        CronofyUnavailable: a header line holds a line break.
    """

    def __init__(self, pool: Pool, metrics: Metrics, origin: Origin, headers: Pairs) -> None:
        self.pool = pool
        self.metrics = metrics
        self.origin = origin
        assert headers[-1][0] == REQUEST_ID  # noqa: S101  the last line is the one that differs
        whole = request_head(
            "GET", "/", origin.authority, [*headers[:-1], (REQUEST_ID, "")], length=None, streamed=False
        )
        self._rest = whole.partition(b"/")[2].removesuffix(_END)

    def begin(self, target: str, request_id: str, taker: Taker) -> "_Sent | None":
        """Send one over a connection that is there."""
        connection = self.pool.kept(self.origin)
        if connection is None:
            return None
        head = f"GET {target}".encode("ascii") + self._rest + request_id.encode("ascii") + _END
        sent = _Sent(self, head, taker)
        sent.connection = connection
        connection.begin(head, sent)
        return sent


class _Sent:
    """A call that was sent."""

    __slots__ = ("_again", "_course", "_head", "_taker", "connection")

    def __init__(self, course: LeanCourse, head: bytes, taker: Taker) -> None:
        self._course = course
        self._head = head
        self._taker: Taker | None = taker
        self._again: asyncio.Task[None] | None = None
        self.connection: Connection | None = None

    def __call__(self) -> None:
        """Give it up: nobody waits for the answer any more."""
        self._taker = None
        if self._again is not None:
            self._again.cancel()
        if self.connection is not None:
            self.connection.drop()

    def take(self, reply: WholeReply) -> None:
        """Hand the answer on."""
        taker, self._taker, self.connection = self._taker, None, None
        if taker is None:
            reply.close()
        else:
            taker.take(reply)

    def lose(self, error: Exception) -> None:
        """Send it once more where the connection had gone stale; else say that there is no answer."""
        self.connection = None
        if self._taker is None:
            return
        if isinstance(error, ConnectionLost) and self._again is None:
            self._course.metrics.upstream_retries.inc()
            _log.info(events.UPSTREAM_RETRIED, method="GET")
            self._again = asyncio.get_running_loop().create_task(self._send_again(), name="sent once more")
            return
        taker, self._taker = self._taker, None
        if isinstance(error, ConnectionLost):
            error = unavailable(Code.UPSTREAM_UNREACHABLE, "closed the connection without an answer, twice")
        elif isinstance(error, CronofyUnavailable):
            _log.warning(events.UPSTREAM_FAILED, call="proxied", error=error.detail)
        taker.lose(error)

    async def _send_again(self) -> None:
        try:
            self.connection = await self._course.pool.connection(self._course.origin)
        except TimeoutError:
            self.lose(told(Code.UPSTREAM_TIMEOUT, "no connection in time")())
        except (OSError, ssl.SSLError) as error:
            self.lose(unreachable(type(error).__name__))
        else:
            self.connection.begin(self._head, self)
