"""A client that sends what it is told, byte by byte, and reads what comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

_PATIENCE = 10.0


@dataclass(frozen=True)
class RawReply:
    """An answer: its status, its header lines with lower-case names, its body as far as it came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    whole: bool

    def header(self, name: str) -> str | None:
        """Return a header that may stand once; None when it is not there."""
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) < 2, (name, values)
        return values[0] if values else None


@dataclass
class Wire:
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Write bytes; returns when the other side has made room for them."""
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> tuple[int, list[tuple[str, str]]]:
        """Read a status line and header lines."""
        async with asyncio.timeout(_PATIENCE):
            raw = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = raw[:-4].decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines]
        return int(first.split(" ", 2)[1]), [(name.lower(), value.strip()) for name, _, value in pairs]

    async def reply(self, *, to_head: bool = False) -> RawReply:
        """Read an answer to its end, or to where it broke off."""
        status, headers = await self.head()
        fields = dict(headers)
        if to_head or status in {204, 304} or status < 200:
            return RawReply(status, headers, b"", whole=True)
        async with asyncio.timeout(_PATIENCE):
            if fields.get("transfer-encoding") == "chunked":
                return RawReply(status, headers, *await self._chunked())
            body, wanted = b"", int(fields.get("content-length", "-1"))
            while (wanted < 0 or len(body) < wanted) and (piece := await self.some()):
                body += piece
        return RawReply(status, headers, body, whole=wanted < 0 or len(body) == wanted)

    async def _chunked(self) -> tuple[bytes, bool]:
        body = b""
        while True:
            try:
                size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
                body += (await self.reader.readexactly(size + 2))[:-2]
            except (asyncio.IncompleteReadError, ConnectionError):
                return body, False
            if size == 0:
                return body, True

    async def some(self, most: int = 65_536) -> bytes:
        """Read what is there; empty at the end, however it came."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self.reader.read(most)
        except ConnectionError:
            return b""

    def leave(self) -> None:
        """Cut the connection."""
        self.writer.transport.abort()


@asynccontextmanager
async def connect(url: str, *, limit: int = 65_536) -> AsyncIterator[Wire]:
    """Open a connection to a server.

    Args:
        url: where it is.
        limit: how much is read ahead of the test, so that a slow reader can be played.
    """
    parts = urlsplit(url)
    assert parts.hostname == "127.0.0.1"
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=limit)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


async def exchange(url: str, raw: bytes) -> RawReply:
    """Send one request on a connection of its own and return the answer."""
    async with connect(url) as wire:
        await wire.send(raw)
        return await wire.reply()


def request_bytes(method: str, target: str, *lines: str, body: bytes = b"") -> bytes:
    """Write a request; a body gets its length."""
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [f"{method} {target} HTTP/1.1", "Host: gateway.test", *lines, *length]
    return "\r\n".join(head).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
