"""Reading and streaming a request's body within a bound."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from gateway.rules.errors import RequestRefused
from gateway.web import bodies
from gateway.web.bodies import AiohttpBody
from tests.web.conftest import Client

Start = Callable[..., Awaitable[Client]]


async def _chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 10


@pytest.fixture
async def http(aiohttp_client: Start) -> Client:
    async def read(request: web.Request) -> web.Response:
        body = AiohttpBody(request, 50)
        try:
            if request.query.get("how") == "stream":
                got = b"".join([chunk async for chunk in body.stream()])
            else:
                got = await body.read(50)
        except RequestRefused as refused:
            return web.Response(status=413, text=f"{refused.code} {body.overflowed}")
        return web.json_response({"there": body.is_there, "bytes": len(got)})

    app = web.Application()
    app.router.add_post("/", read)
    return await aiohttp_client(app)


@pytest.mark.parametrize("how", ["read", "stream"])
async def test_a_body_within_the_bound_is_whole(http: Client, how: str) -> None:
    async with http.post(f"/?how={how}", data=_chunks(5)) as answer:
        assert await answer.json() == {"there": True, "bytes": 50}


@pytest.mark.parametrize(("how", "marked"), [("read", "False"), ("stream", "True")])
async def test_a_body_that_grows_past_it_is_refused(http: Client, how: str, marked: str) -> None:
    async with http.post(f"/?how={how}", data=_chunks(6)) as answer:
        assert (answer.status, await answer.text()) == (413, f"body_too_large {marked}")


async def test_an_empty_body_is_none(http: Client) -> None:
    async with http.post("/", data=b"") as answer:
        assert await answer.json() == {"there": False, "bytes": 0}


@pytest.mark.parametrize("how", ["read", "stream"])
async def test_a_sender_that_pauses_for_too_long_is_told_so(
    http: Client, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each such sender holds a connection for ever."""
    monkeypatch.setattr(bodies, "PAUSE", 0.02)
    stop = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield b"x"
        await stop.wait()

    async with http.post(f"/?how={how}", data=stalling()) as answer:
        assert (await answer.text()).startswith("body_timeout")
    stop.set()


async def test_a_body_that_is_read_whole_has_to_end_some_time(http: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WHOLE", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b""
            yield b"x"
            await asyncio.sleep(0.02)

    async with http.post("/?how=read", data=dripping()) as answer:
        assert (await answer.text()).startswith("body_timeout")
