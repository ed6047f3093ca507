"""Posts to apps over real sockets: what is sent, how each failure is told, and where nothing goes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.adapters.callback_posts import AiohttpAppPosts, callback_session, public_socket
from gateway.adapters.upstream import UpstreamSettings
from gateway.flows.delegated_callbacks import Undelivered


class App:
    """An app that takes posts; `answer` makes its answer."""

    def __init__(self) -> None:
        self.url = ""
        self.port = 0
        self.came: list[tuple[bytes, dict[str, str]]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.hangs = False

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.came.append((await request.read(), dict(request.headers)))
        if self.hangs:
            await asyncio.Event().wait()
        return web.Response(status=self.status, headers=self.headers, body=b"x" * 1_000_000)


@pytest.fixture
async def app() -> AsyncIterator[App]:
    one, served = App(), web.Application()
    served.router.add_route("*", "/{path:.*}", one.take)
    runner = web.AppRunner(served, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.port = runner.addresses[0][1]
    one.url = f"http://127.0.0.1:{one.port}/hook?id=1&x=%2Fy"
    yield one
    await runner.cleanup()


@asynccontextmanager
async def posts(*, private: bool = True, patience: float = 5.0, **upstream: Any) -> AsyncIterator[AiohttpAppPosts]:
    async with callback_session(UpstreamSettings(**upstream), private=private) as session:
        yield AiohttpAppPosts(session, patience)


async def reason(one: AiohttpAppPosts, url: str) -> str:
    with pytest.raises(Undelivered) as caught:
        await one.post(url, b"{}", {})
    assert "hook" not in str(caught.value)
    return caught.value.reason


async def test_the_bytes_and_headers_arrive_as_they_are(app: App) -> None:
    async with posts() as one:
        headers = {"Content-Type": "application/json; charset=utf-8", "Cronofy-HMAC-SHA256": "a=,b="}
        assert await one.post(app.url, b'{ "a":1}', headers) == 200
    ((body, came),) = app.came
    assert body == b'{ "a":1}'
    assert {name: came[name] for name in headers} == headers
    assert came["User-Agent"] == "cronofy-gateway"


@pytest.mark.parametrize("status", [204, 400, 500])
async def test_the_status_is_all_that_is_read(app: App, status: int) -> None:
    app.status = status
    async with posts() as one:
        assert await one.post(app.url, b"{}", {}) == status


async def test_no_redirect_is_followed(app: App) -> None:
    app.status, app.headers = 302, {"Location": "/elsewhere"}
    async with posts() as one:
        assert await one.post(app.url, b"{}", {}) == 302
    assert len(app.came) == 1


async def test_a_slow_app_is_a_timeout(app: App) -> None:
    app.hangs = True
    async with posts(patience=0.1) as one:
        assert await reason(one, app.url) == "timeout"


async def test_an_app_that_is_away_is_unreachable(unused_tcp_port: int) -> None:
    async with posts() as one:
        assert await reason(one, f"http://127.0.0.1:{unused_tcp_port}/hook") == "unreachable"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1"]
)
async def test_nothing_goes_to_an_address_that_is_not_public(app: App, host: str) -> None:
    async with posts(private=False) as one:
        assert await reason(one, f"http://{host}:{app.port}/hook") == "address_refused"
    assert app.came == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "017700000001"])
async def test_an_address_in_another_spelling_leads_nowhere_either(app: App, host: str) -> None:
    """The callback URL's own rule refuses it before."""
    async with posts(private=False) as one:
        assert await reason(one, f"http://{host}:{app.port}/hook") in {"address_refused", "unreachable"}
    assert app.came == []


class _Rebinding(AbstractResolver):
    """Answers with another address each time, as a hostile name server does."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        address = self._addresses.pop(0)
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


async def test_a_name_is_judged_by_the_address_that_is_used(app: App) -> None:
    """DNS rebinding: whatever the name led to before."""
    connector = aiohttp.TCPConnector(resolver=_Rebinding("127.0.0.1"), socket_factory=public_socket)
    async with aiohttp.ClientSession(connector=connector) as session:
        assert (
            await reason(AiohttpAppPosts(session, 5.0), f"http://app.example.com:{app.port}/hook") == "address_refused"
        )
    assert app.came == []


def test_a_public_address_gets_its_socket() -> None:
    with public_socket((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("1.1.1.1", 443))) as made:
        assert made.family == socket.AF_INET


async def test_every_post_goes_through_the_egress_proxy_where_one_is_set(app: App) -> None:
    """The proxy looks the name up; its own address may be a private one."""
    async with posts(private=False, egress_proxy=f"http://127.0.0.1:{app.port}") as one:
        assert await one.post("http://app.example.com/hook", b"{}", {}) == 200
    assert app.came[0][1]["Host"] == "app.example.com"
