"""A Cronofy whose every byte the test decides, and which keeps every byte that it was sent."""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """A request that arrived, and the pen to answer it with.

    Attributes:
        head: the request line and header lines, byte for byte.
        body: what has come of its body, without the framing.
        connection: the number of the connection that it came on.
        gone: set when the gateway closed the connection.
        answered: whether the script got to its end.
    """

    head: bytes
    connection: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    body: bytearray = field(default_factory=bytearray)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    answered: bool = False

    @property
    def line(self) -> str:
        """The request line."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        """The request target."""
        return self.line.split(" ")[1]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The header lines, names in lower case."""
        pairs = [line.partition(":") for line in self.head.decode("latin-1").split("\r\n")[1:] if line]
        return [(name.lower(), value.strip()) for name, _, value in pairs]

    def header(self, name: str) -> str | None:
        """Return a header that may stand once."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) < 2, (name, values)
        return values[0] if values else None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        if self.header("transfer-encoding") == "chunked":
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                piece = (await self.reader.readexactly(size + 2))[:-2]
                self.body += piece
                yield piece
            await self.reader.readexactly(2)
            return
        left = int(self.header("content-length") or 0)
        while left and (piece := await self.reader.read(min(left, 65_536))):
            left -= len(piece)
            self.body += piece
            yield piece
        if left:
            raise ConnectionResetError

    async def read(self) -> bytes:
        """Read the body to its end."""
        async for _ in self.pieces():
            pass
        return bytes(self.body)

    async def send(self, data: bytes) -> None:
        """Send bytes; returns when the gateway has made room for them."""
        self.writer.write(data)
        await self.writer.drain()

    async def wait_gone(self) -> None:
        """Return when the gateway has closed the connection."""
        try:
            while await self.reader.read(65_536):
                pass
        except ConnectionError:
            pass
        self.gone.set()

    def close(self) -> None:
        """End the connection in order (FIN)."""
        self.writer.close()

    def reset(self) -> None:
        """Cut the connection (RST)."""
        if (sock := self.writer.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Call], Awaitable[None]]


def reply(status: int, body: bytes = b"", *lines: str) -> bytes:
    """Write a whole answer."""
    head = [f"HTTP/1.1 {status} Some Reason", *lines]
    if body or status not in {204, 304}:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def json_reply(status: int, body: Any, *lines: str) -> bytes:
    """Write a whole answer in JSON."""
    return reply(status, json.dumps(body).encode(), "Content-Type: application/json; charset=utf-8", *lines)


def answering(data: bytes) -> Script:
    """Make a script that reads the request to its end and sends these bytes."""

    async def script(call: Call) -> None:
        await call.read()
        await call.send(data)

    return script


async def never(call: Call) -> None:
    """Read the request and stay silent."""
    await call.read()
    await call.wait_gone()


TOKENS: dict[str, Any] = {
    "token_type": "bearer",
    "access_token": "stub-access-token",
    "refresh_token": "stub-refresh-token",
    "expires_in": 10800,
    "scope": "read_events free_busy_write",
    "account_id": "acc_stub",
    "sub": "acc_stub",
    "linking_profile": {"provider_name": "google", "profile_id": "pro_stub", "profile_name": "a@example.com"},
}


def userinfo(provider: str = "google", *, account: str = "acc_stub") -> dict[str, Any]:
    """Return a userinfo document with one profile and one calendar."""
    calendar = {"calendar_id": "cal_stub", "calendar_name": "Home"}
    profile = {"provider_name": provider, "profile_id": "pro_stub", "profile_calendars": [calendar]}
    return {"sub": account, "cronofy.type": "account", "cronofy.data": {"profiles": [profile]}}


class StubUpstream:
    """The server; `on` says what a path answers, `calls` is what came."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.connections = 0
        self.came = asyncio.Condition()
        self._scripts: dict[str, Script] = {
            "/v1/userinfo": answering(json_reply(200, userinfo())),
            "/oauth/token": answering(json_reply(200, TOKENS)),
        }
        self._otherwise: Script = answering(json_reply(200, {}))
        self._talks: set[asyncio.Task[None]] = set()

    def on(self, path: str, script: Script | bytes) -> None:
        """Set what a path answers from now on."""
        self._scripts[path] = script if callable(script) else answering(script)

    def hold(self, path: str) -> asyncio.Event:
        """Let a path send one half of its answer, and the other once the event is set."""
        go_on = asyncio.Event()

        async def slow(call: Call) -> None:
            await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nfirst")
            await go_on.wait()
            await call.send(b" - last")

        self.on(path, slow)
        return go_on

    def calls_to(self, path: str) -> list[Call]:
        """Return the calls to one path."""
        return [one for one in self.calls if one.target.partition("?")[0] == path]

    async def wait_for_call(self, path: str, *, number: int = 1) -> Call:
        """Return a path's n-th call, as soon as its head is there."""
        async with asyncio.timeout(10), self.came:
            await self.came.wait_for(lambda: len(self.calls_to(path)) >= number)
        return self.calls_to(path)[number - 1]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        number, task = self.connections, asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                call = Call(head[:-4], number, reader, writer)
                self.calls.append(call)
                async with self.came:
                    self.came.notify_all()
                await self._scripts.get(call.target.partition("?")[0], self._otherwise)(call)
                call.answered = True
                if writer.is_closing():
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the gateway let go of the connection, or the test is over
        finally:
            self._talks.discard(task)
            writer.close()

    async def stop(self) -> None:
        """End the conversations that are still going on."""
        talks = list(self._talks)
        for one in talks:
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


@asynccontextmanager
async def open_stub(*, tls: ssl.SSLContext | None = None, limit: int = 65_536) -> AsyncIterator[StubUpstream]:
    """Start a stub on a free port."""
    stub = StubUpstream()
    server = await asyncio.start_server(stub.talk, "127.0.0.1", 0, ssl=tls, limit=limit)
    stub.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stub
    finally:
        server.close()
        await stub.stop()
        await server.wait_closed()
