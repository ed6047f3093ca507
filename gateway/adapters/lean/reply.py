"""An answer of Cronofy's as it arrives: head, then pieces of the body, then its end or what broke it off."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol

from gateway.adapters.one_retry import read_whole
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.headers import Pairs

HIGH_WATER: Final = 256 * 1024  # bytes that wait for whoever reads them, before the upstream is held back
LOW_WATER: Final = 64 * 1024


class Flow(Protocol):
    """The connection that an answer comes over, as far as the answer has to know it."""

    def hold(self) -> None:
        """Read no further for now."""
        ...

    def go_on(self) -> None:
        """Read on."""
        ...

    def drop(self) -> None:
        """Cut the connection: nobody will read the rest."""
        ...


class PlainReply:
    """An answer that came whole, in one piece; see `WholeReply`."""

    __slots__ = ("_begun", "_body", "lines")

    status = 200

    def __init__(self, lines: list[bytes], body: bytes) -> None:
        self.lines = lines
        self._body = body
        self._begun = False

    @property
    def headers(self) -> Pairs:
        """All header lines, in order."""
        pairs = (line.decode("ascii").partition(": ") for line in self.lines)
        return [(name, value) for name, _, value in pairs]

    @property
    def ready(self) -> bytes | None:
        """The whole body, where nobody has begun to read it."""
        return None if self._begun else self._body

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body, undecoded."""
        self._begun = True
        if self._body:
            yield self._body

    async def read(self, limit: int) -> bytes:
        """Return the whole body."""
        return await read_whole(self.chunks(), limit)

    def close(self) -> None:
        """Let go of it; its connection is free already."""


class LeanReply:
    """An answer whose head has arrived; see `UpstreamReply`."""

    def __init__(self, status: int, raw_headers: list[tuple[bytes, bytes]], flow: Flow) -> None:
        self.status = status
        self.raw_headers = raw_headers
        self._flow = flow
        self._pieces: deque[bytes] = deque()
        self._waiting = 0  # bytes in _pieces
        self._is_held = False
        self._is_whole = False
        self._begun = False
        self._error: Callable[[], CronofyUnavailable] | None = None
        self._wake: asyncio.Future[None] | None = None

    @property
    def headers(self) -> Pairs:
        """All header lines, in order."""
        return [
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in self.raw_headers
        ]

    @property
    def lines(self) -> list[bytes]:
        """All header lines, in order, without their ends."""
        return [b"%b: %b" % pair for pair in self.raw_headers]

    @property
    def is_whole(self) -> bool:
        """Whether all of the body has arrived."""
        return self._is_whole

    @property
    def ready(self) -> bytes | None:
        """The whole body, where it has arrived already and nobody has begun to read it."""
        if not self._is_whole or self._begun or self._error is not None:
            return None
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def feed(self, piece: bytes) -> None:
        """Take in a piece of the body."""
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting > HIGH_WATER and not self._is_held:
            self._is_held = True
            self._flow.hold()
        self._tell()

    def finish(self) -> None:
        """Take in the body's end; its connection is not held back for it any more."""
        self._is_whole = True
        self._go_on()
        self._tell()

    def fail(self, error: Callable[[], CronofyUnavailable]) -> None:
        """Take in that the body will not come to its end; what has arrived is still handed out first."""
        if not self._is_whole:
            self._error = error
            self._tell()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, undecoded."""
        self._begun = True
        while True:
            if self._pieces:
                piece = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
                self._pieces.clear()
                self._waiting = 0
                self._go_on()
                yield piece
            elif self._error is not None:
                raise self._error()
            elif self._is_whole:
                return
            else:
                self._wake = asyncio.get_running_loop().create_future()
                try:
                    await self._wake
                finally:
                    self._wake = None

    async def read(self, limit: int) -> bytes:
        """Return the whole body."""
        return await read_whole(self.chunks(), limit)

    def close(self) -> None:
        """Let go of it: a body that has not arrived whole is cut."""
        if not self._is_whole:
            self._flow.drop()

    def _go_on(self) -> None:
        if self._is_held:
            self._is_held = False
            self._flow.go_on()

    def _tell(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


class Taker(Protocol):
    """Whoever waits for an answer; is told once."""

    def take(self, reply: LeanReply | PlainReply) -> None:
        """Take an answer whose head is there, and as much of its body as came with it."""
        ...

    def lose(self, error: Exception) -> None:
        """Learn that there is none: ConnectionLost before any byte of it, else CronofyUnavailable."""
        ...
