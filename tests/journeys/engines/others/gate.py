"""The stretch between an engine and the gateway's engine listener: it can be shut or held, and keeps what was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gate:
    """Passes connections on to `target`.

    Attributes:
        target: a port on loopback.
        port: where engines connect.
        asked: every byte that engines have sent.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.asked = bytearray()
        self._is_shut = False
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers: set[asyncio.StreamWriter] = set()

    def questions(self) -> list[list[str]]:
        """Return the lines of each question that came; none has a body."""
        return [head.split("\r\n") for head in self.asked.decode("latin-1").split("\r\n\r\n") if head]

    def forget(self) -> None:
        """Forget what was asked."""
        self.asked.clear()

    @contextmanager
    def shut(self) -> "Iterator[None]":
        """Let nobody in, and cut who is."""
        self._is_shut = True
        for writer in self._writers:
            writer.transport.abort()
        try:
            yield
        finally:
            self._is_shut = False

    @contextmanager
    def held(self) -> "Iterator[None]":
        """Let questions in, but not on."""
        self._passing.clear()
        try:
            yield
        finally:
            self._passing.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        if self._is_shut:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        both = {writer, there_writer}
        self._writers |= both
        await asyncio.gather(self._ask(reader, there_writer), self._answer(there_reader, writer))
        self._writers -= both

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                self.asked += data
                await self._passing.wait()
                writer.write(data)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    async def end(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def gate_to(target: int) -> AsyncIterator[Gate]:
    """Open a gate to a port on loopback."""
    gate = Gate(target)
    server = await asyncio.start_server(gate.serve, "127.0.0.1", 0)
    gate.port = server.sockets[0].getsockname()[1]
    try:
        yield gate
    finally:
        server.close()
        await gate.end()
        await server.wait_closed()
