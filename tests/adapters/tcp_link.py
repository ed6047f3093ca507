"""A stretch of network between a client and a server, which can fall silent without a word, as a firewall does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Link:
    """Passes bytes on from `port` until told to stop.

    Attributes:
        port: where clients connect, on loopback.
        opened: how many connections there have been.
    """

    target: int
    port: int = 0
    opened: int = 0
    _silent: set[int] = field(default_factory=set)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _tasks: set[asyncio.Future[Any]] = field(default_factory=set)

    def fall_silent(self) -> None:
        """Swallow whatever comes over the connections of now; new ones work."""
        self._silent.update(range(1, self.opened + 1))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        self.opened += 1
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers += [writer, there_writer]
        passing = asyncio.gather(
            self._pass(self.opened, reader, there_writer), self._pass(self.opened, there_reader, writer)
        )
        self._tasks.add(passing)
        await passing

    async def _pass(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if number not in self._silent:
                    writer.write(data)
        if number not in self._silent:
            writer.close()

    async def end(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks)


@asynccontextmanager
async def link_to(port: int) -> AsyncIterator[Link]:
    """Open a link to a port on loopback."""
    link = Link(port)
    server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
        await link.end()
        await server.wait_closed()
