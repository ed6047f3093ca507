"""A connection of the public listener: plain calls are answered here, anything else gets aiohttp's own protocol.

Once aiohttp has a connection it keeps it. Requests that came in one piece are answered one after the other, in order.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Protocol, cast

from gateway.web.lane.blocks import Blocks
from gateway.web.lane.message import MAX_BODY_BYTES, MAX_HEAD_BYTES, Message, Not, take_message
from gateway.web.taking import Taking

KEPT: Final = 75.0  # seconds that a connection may be idle
PATIENCE: Final = 1.0  # seconds for the rest of a message; whoever is slower is aiohttp's
_MOST_WAITING: Final = MAX_HEAD_BYTES + MAX_BODY_BYTES


class Lanes(Protocol):
    """What a lane needs of the server that it belongs to.

    Attributes:
        write_timeout: seconds in which a client takes nothing of its answer, after which it is cut off.
    """

    write_timeout: float

    def opened(self, lane: "Lane") -> None:
        """Note a connection."""
        ...

    def ended(self, lane: "Lane") -> None:
        """Forget a connection, which is closed or aiohttp's."""
        ...

    def cut_off(self, transport: asyncio.WriteTransport) -> None:
        """Cut a connection whose client takes nothing of its answer."""
        ...

    def make_plain(self) -> asyncio.Protocol:
        """Return aiohttp's protocol for a connection."""
        ...


class Call(Protocol):
    """A call under way that has no task."""

    def abandon(self) -> None:
        """Give it up: the client has left."""
        ...


class Begins(Protocol):
    """Begins calls that need no task."""

    def begin(self, data: bytes, lane: "Lane") -> Call | None:
        """Begin with what came from the client; None where it is no such call."""
        ...


class Calls(Protocol):
    """Answers calls."""

    @property
    def blocks(self) -> Blocks:
        """Header blocks that were read before."""
        ...

    @property
    def swift(self) -> Begins | None:
        """What takes those that need no task, if anything does."""
        ...

    async def serve(self, message: Message, lane: "Lane") -> bool:
        """Answer a message on a lane; say whether the connection may be used again."""
        ...


class Lane(asyncio.Protocol):
    """One connection.

    Args:
        lanes: the server.
        calls: what answers.
    """

    def __init__(self, lanes: Lanes, calls: Calls) -> None:
        self._lanes = lanes
        self._calls = calls
        self._swift = calls.swift
        self._call: Call | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._is_held = False
        self._is_full = False
        self._taking = Taking()
        self._drained: asyncio.Future[None] | None = None
        self._is_ending = False
        self.has_spoken = False
        self.touched_at = self._loop.time()
        self._begun_at = self.touched_at  # when what is in the buffer began to come, or to be waited for

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._lanes.opened(self)

    def data_received(self, data: bytes) -> None:
        """Take in bytes."""
        self.has_spoken = True
        self.touched_at = self._loop.time()
        if not self._buffer:
            if self._swift is not None and self._task is None and self._call is None and not self._is_ending:
                self._call = self._swift.begin(data, self)
                if self._call is not None:
                    return
            self._begun_at = self.touched_at
        self._buffer += data
        if not self.is_busy:
            self._next()
        elif len(self._buffer) > _MOST_WAITING and not self._is_held and self._transport is not None:
            self._is_held = True
            self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """End; whoever works for this connection stops."""
        self._transport = None
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(ConnectionResetError())
        if self._task is not None:
            self._task.cancel()
        if self._call is not None:
            call, self._call = self._call, None
            call.abandon()
        self._lanes.ended(self)

    def pause_writing(self) -> None:
        """Note that the client takes no more for now."""
        self._is_full = True
        self._taking.pause(self._loop.time())

    def resume_writing(self) -> None:
        """Note that it takes more again."""
        self._is_full = False
        self._taking.resume()
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # What the story of a call does with it.

    def write(self, piece: bytes) -> None:
        """Write to the client.

        Raises:
            ConnectionResetError: it has left.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(piece)

    async def drain(self) -> None:
        """Wait until the client takes more.

        Raises:
            ConnectionResetError: it has left.
        """
        if self._is_full:
            self._drained = self._loop.create_future()
            await self._drained

    def has_written(self, piece: bytes) -> bool:
        """Write to the client; say False when it has left."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(piece)
        return True

    def answered(self, *, keeps: bool) -> None:
        """Take note that the call without a task is over; `keeps`: the connection may be used again."""
        self._call = None
        self.touched_at = self._begun_at = self._loop.time()
        if keeps and self._is_full:
            self._task = self._loop.create_task(self._answer(_nothing))
        elif not keeps or self._is_held or self._is_ending or self._buffer:
            self._go_on(keeps=keeps)

    def go_on(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Let a task take over from the call without one, which is responsible until that has begun.

        Args:
            work: answers the call; says whether the connection may be used again.
        """
        self._task = self._loop.create_task(self._answer(work))

    def abort(self) -> None:
        """Cut the connection, so that nobody takes what was sent for a whole answer."""
        if self._transport is not None:
            self._transport.abort()

    # What the server does with it.

    @property
    def is_busy(self) -> bool:
        """Whether a call is being answered."""
        return self._task is not None or self._call is not None

    def look(self, now: float) -> None:
        """Close it when it has been idle for too long; give up waiting for the rest of a message."""
        transport = self._transport
        if transport is not None and self._taking.has_stalled(transport, now, self._lanes.write_timeout):
            self._lanes.cut_off(transport)
        elif self.is_busy or transport is None or transport.is_closing():
            return
        elif self._buffer and self._begun_at + PATIENCE <= now:
            self._hand_over()
        elif not self._buffer and self.touched_at + KEPT <= now:
            self.close()

    def end_soon(self) -> None:
        """Close it as soon as nothing is under way."""
        self._is_ending = True
        if not self.is_busy:
            self.close()

    def close(self) -> None:
        """Close it when what was written is out."""
        if self._transport is not None:
            self._transport.close()

    @property
    def is_ending(self) -> bool:
        """Whether the answer under way is the last one."""
        return self._is_ending

    def _next(self) -> None:
        """Begin with the next message, if there is one."""
        if not self._buffer or self._transport is None or self._transport.is_closing():
            return
        taken = take_message(self._buffer, self._calls.blocks)
        if taken is Not.OURS:
            self._hand_over()
        elif isinstance(taken, Message):
            del self._buffer[: taken.size]
            self._task = self._loop.create_task(self._answer(partial(self._calls.serve, taken, self)))

    async def _answer(self, work: Callable[[], Awaitable[bool]]) -> None:
        self._call, keeps = None, False
        try:
            keeps = await work()
            if keeps:
                await self.drain()  # else the answers to requests that came in one piece would pile up
        except ConnectionResetError:
            keeps = False
        finally:
            self._task = None
            self.touched_at = self._begun_at = self._loop.time()
            self._go_on(keeps=keeps)

    def _go_on(self, *, keeps: bool) -> None:
        if self._transport is None:
            return
        if keeps and not self._is_ending:
            if self._is_held:
                self._is_held = False
                self._transport.resume_reading()
            self._next()
        else:
            self.close()

    def _hand_over(self) -> None:
        """Let aiohttp read what is there, and all that follows."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        self._lanes.ended(self)
        plain = self._lanes.make_plain()
        transport.set_protocol(plain)
        plain.connection_made(transport)
        if self._is_full:
            plain.pause_writing()
        if self._is_held:
            transport.resume_reading()
        plain.data_received(bytes(self._buffer))
        self._buffer.clear()


async def _nothing() -> bool:
    """Answer nothing more: the client is only waited for."""
    return True
