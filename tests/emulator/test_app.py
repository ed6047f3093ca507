import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from gateway.emulator.app import EmulatorSettings, make_app, runner


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[int]:
    running = runner(make_app(EmulatorSettings()))
    await running.setup()
    try:
        site = web.TCPSite(running, "127.0.0.1", 0)
        await site.start()
        yield int(running.addresses[0][1])
    finally:
        await running.cleanup()


async def test_it_runs_on_a_real_socket_with_defaults() -> None:
    async with serving() as port, ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as response:
        assert response.status == 200


@pytest.mark.parametrize("coding", ["gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "gzip", "deflate"])
async def test_a_content_encoding_that_was_not_applied_does_no_harm(coding: str) -> None:
    """The C# SDK sends the first of these with plain bodies."""
    body = json.dumps({"client_id": "emulator-application", "client_secret": "wrong"}).encode()
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST /oauth/token HTTP/1.1\r\nHost: api.cronofy.com\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Encoding: " + coding.encode() + b"\r\n"
            b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        )
        answered = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert answered.startswith(b"HTTP/1.1 400")
    assert b'"invalid_client"' in answered
