"""What both transports of proxied calls have in common: one open retry, bounded reading, and the words of a failure."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

import structlog

from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable

_SAFE: Final = frozenset({"GET", "HEAD"})
_RETRY_AFTER: Final = {"Retry-After": "5"}

T = TypeVar("T")

_log = structlog.get_logger()


class ConnectionLost(Exception):
    """The connection ended before an answer began: a kept one had gone stale, most likely."""


async def with_one_retry(send: Callable[[], Awaitable[T]], method: str, metrics: Metrics, *, has_body: bool) -> T:
    """Send, and once more where the connection was lost before any byte of an answer and nothing can be done twice.

    Args:
        send: sends once; raises ConnectionLost.
        method: of the request.
        metrics: counts the retry.
        has_body: there is a body, so that it is not sent again.

    Raises:
        CronofyUnavailable: the connection was lost for good.
    """
    try:
        return await send()
    except ConnectionLost:
        if method not in _SAFE or has_body:
            raise unavailable(Code.UPSTREAM_UNREACHABLE, "closed the connection without an answer") from None
    metrics.upstream_retries.inc()
    _log.info(events.UPSTREAM_RETRIED, method=method)
    try:
        return await send()
    except ConnectionLost:
        raise unavailable(Code.UPSTREAM_UNREACHABLE, "closed the connection without an answer, twice") from None


async def read_whole(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """Return a whole body.

    Raises:
        CronofyUnavailable: it broke off, or is larger than `limit` bytes.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise CronofyUnavailable(
                Code.UPSTREAM_PAGE_TOO_LARGE,
                "Cronofy's page is larger than this gateway reads.",
                detail=f"over {limit} bytes",
            )
    return bytes(body)


def unavailable(code: Code, detail: str) -> CronofyUnavailable:
    """Make, and log, the error of a call that was not carried out."""
    public = "Cronofy did not answer in time." if code is Code.UPSTREAM_TIMEOUT else "Cronofy could not be reached."
    _log.warning(events.UPSTREAM_FAILED, call="proxied", error=detail)
    return CronofyUnavailable(code, public, detail=detail, headers=_RETRY_AFTER)
