"""A store that is away costs nobody the session: 503 meanwhile, and everything works again when it is back."""

import asyncio
from pathlib import Path

import pytest

from tests.adapters.postgres_server import PostgresServer
from tests.adapters.redis_server import RedisServer
from tests.journeys.nodes.conftest import empty
from tests.journeys.nodes.fleet import Node, open_fleet
from tests.journeys.nodes.load import at_least, calling
from tests.journeys.waiting import until_told

Server = RedisServer | PostgresServer


@pytest.fixture(params=["redis", "postgres"])
async def server(request: pytest.FixtureRequest) -> Server:
    """A server that is up, with nothing in it."""
    found: Server = request.getfixturevalue(request.param)
    await empty(found)
    return found


def url_of(server: Server) -> str:
    return server.url if isinstance(server, RedisServer) else server.url()


async def says_why(node: Node) -> bool:
    return any("store" in reason for reason in await node.reasons() or [])


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_restart_under_load_is_503_and_nobody_is_signed_out(tmp_path: Path, server: Server, end: str) -> None:
    """oauth2-proxy #1784: it took an outage for «not signed in» and cleared the cookie."""
    async with open_fleet(tmp_path, url_of(server), 2) as fleet:
        handles = await fleet.sign_in(10, lifetime=3600)
        async with calling(fleet, handles) as met:
            await at_least(met, 200, 40)
            await asyncio.to_thread(getattr(server, end))
            await at_least(met, 503, 40)
            for node in fleet.nodes:
                await until_told(lambda node=node: says_why(node))  # type: ignore[misc]
            await asyncio.to_thread(server.start)
            await at_least(met, 200, 100)
            await fleet.all_ready()

        assert set(met.statuses) == {200, 503}
        assert (met.cookies, met.mixed_up) == ([], 0)
        for handle, sub in handles.items():
            status, body, _ = await fleet.call(fleet.nodes[0], handle)
            assert (status, body["sub"]) == (200, sub)
        assert {line["event"] for node in fleet.nodes for line in node.lines} >= {"store.lost", "store.recovered"}


async def test_a_503_says_when_to_come_again(tmp_path: Path, server: Server) -> None:
    async with open_fleet(tmp_path, url_of(server), 1) as fleet:
        (handle,) = await fleet.sign_in(1, lifetime=3600)
        await asyncio.to_thread(server.stop)
        headers = {"Cookie": f"gateway-web={handle}", "X-CSRF": "1"}
        async with fleet.http.get(f"{fleet.nodes[0].url}/v1/account", headers=headers) as reply:
            assert (reply.status, reply.headers["Gateway-Error"]) == (503, "store_unavailable")
            assert int(reply.headers["Retry-After"]) >= 1
            assert "Set-Cookie" not in reply.headers
        await asyncio.to_thread(server.start)


async def test_a_start_without_the_store_waits_and_says_so(tmp_path: Path, server: Server) -> None:
    """Where everything is started at once, the store may well be last."""
    async with open_fleet(tmp_path, url_of(server), 0) as fleet:
        await asyncio.to_thread(server.stop)
        node = await fleet.add()
        await until_told(lambda: says_why(node))
        assert node.logged("store.awaited")
        assert node.process is not None
        assert node.process.returncode is None
        await asyncio.to_thread(server.start)
        await fleet.all_ready()
        ((handle, sub),) = (await fleet.sign_in(1, lifetime=3600)).items()
        assert (await fleet.call(node, handle))[1]["sub"] == sub
