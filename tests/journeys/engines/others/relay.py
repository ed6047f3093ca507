"""Cronofy as engines see it: TLS, every byte kept, and the emulator behind it unless a test answers itself."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import trustme

from tests.journeys.stub_upstream import Call, Script, StubUpstream, answering

NAME: Final = "localhost"  # engines are to send it in SNI and Host
_FRAMING: Final = (b"connection:", b"content-length:", b"transfer-encoding:")


class Relay(StubUpstream):
    """The server.

    Attributes:
        port: on loopback.
        ca_file: the authority that vouches for it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.port = 0
        self.ca_file = folder / "ca.pem"
        self._scripts.clear()
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(self.ca_file))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Each connection shows its certificate: a resumed session would not.
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self.tls.num_tickets = 0
        self._authority.issue_cert(NAME).configure_cert(self.tls)

    def stand_before(self, emulator: str) -> None:
        """Answer as the emulator does, from now on."""
        port = urlsplit(emulator).port
        assert port is not None

        async def relay(call: Call) -> None:
            body = await call.read()
            lines = [one for one in call.head.split(b"\r\n") if not one.lower().startswith(_FRAMING)]
            head = b"\r\n".join([*lines, b"Connection: close", b"Content-Length: %d" % len(body)])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head + b"\r\n\r\n" + body)
            await call.send(await reader.read())
            writer.close()
            call.close()

        self._otherwise = relay

    @contextmanager
    def answers(self, path: str, script: Script | bytes) -> Iterator[None]:
        """Let a path answer something of the test's own."""
        self._scripts[path] = script if callable(script) else answering(script)
        try:
            yield
        finally:
            del self._scripts[path]

    @asynccontextmanager
    async def shows(self, *, authority: trustme.CA | None = None, name: str = NAME) -> AsyncIterator[None]:
        """Let it show another certificate to whoever connects from now on, and nobody stay connected."""
        await self.stop()
        (authority or self._authority).issue_cert(name).configure_cert(self.tls)
        try:
            yield
        finally:
            self._authority.issue_cert(NAME).configure_cert(self.tls)


@asynccontextmanager
async def open_relay(folder: Path) -> AsyncIterator[Relay]:
    """Start the server on a free port."""
    relay = Relay(folder)
    server = await asyncio.start_server(relay.talk, "127.0.0.1", 0, ssl=relay.tls)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.stop()
        await server.wait_closed()
