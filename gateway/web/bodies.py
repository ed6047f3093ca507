"""A request's body, read whole within a bound, or streamed and counted."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import HttpVersion11, web

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

CONTINUE: Final = "100-continue"
PAUSE: Final = 20.0  # seconds between two pieces of a body
WHOLE: Final = 60.0  # seconds for a body that is read whole, a megabyte at the most


class AiohttpBody:
    """An aiohttp request's body; see `IncomingBody`.

    Args:
        request: whose body.
        limit: the most bytes that may be streamed.
    """

    def __init__(self, request: web.Request, limit: int) -> None:
        self._request = request
        self._limit = limit
        self.overflowed = False
        self.broken = False
        self.stalled = False

    @property
    def is_there(self) -> bool:
        """Whether there is one: an empty one of length 0 counts as none."""
        return self._request.body_exists and self._request.content_length != 0

    @property
    def length(self) -> int | None:
        """Its announced length, in bytes; None where it was not announced."""
        return self._request.content_length

    async def read(self, limit: int) -> bytes:
        """Return it whole, as sent."""
        self._refuse_announced(limit)
        await self._invite()
        body = bytearray()
        try:
            async with asyncio.timeout(WHOLE):
                async for chunk in self._chunks():
                    body += chunk
                    if len(body) > limit:
                        raise too_large(limit)
        except TimeoutError:
            raise _too_slow() from None
        return bytes(body)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield it as it arrives.

        What goes wrong in here happens inside the upstream client's writer, so it is marked for the handler as well.
        """
        self._refuse_announced(self._limit)
        sent = 0
        try:
            await self._invite()
            async for chunk in self._chunks():
                sent += len(chunk)
                if sent > self._limit:
                    self.overflowed = True
                    raise too_large(self._limit)
                yield chunk
        except web.RequestPayloadError:
            self.broken = True
            raise

    async def _chunks(self) -> AsyncIterator[bytes]:
        """Yield pieces as they arrive, to nobody who pauses for too long: waiting costs a connection."""
        while True:
            try:
                async with asyncio.timeout(PAUSE):
                    chunk = await self._request.content.readany()
            except TimeoutError:
                self.stalled = True
                raise _too_slow() from None
            if not chunk:
                return
            yield chunk

    async def _invite(self) -> None:
        """Ask for a body that waits to be asked for (RFC 9110 section 10.1.1)."""
        request = self._request
        waits = request.headers.get("Expect", "").lower() == CONTINUE and request.version == HttpVersion11
        if waits and request.can_read_body and not request.content.is_eof():
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # the answer itself has not begun

    def refuse_early(self) -> None:
        """Refuse a body whose announced length is too large, before anything goes upstream.

        Raises:
            RequestRefused: `bodytoo_large`.
        """
        self._refuse_announced(self._limit)

    def _refuse_announced(self, limit: int) -> None:
        if (self._request.content_length or 0) > limit:
            raise too_large(limit)


def too_large(limit: int) -> RequestRefused:
    """Make the refusal of a body over a limit, in bytes."""
    return RequestRefused(
        Code.BODY_TOO_LARGE, f"The body is larger than {limit} bytes.", headers={"Connection": "close"}
    )


def _too_slow() -> RequestRefused:
    return RequestRefused(Code.BODY_TIMEOUT, "The body came too slowly.", headers={"Connection": "close"})
