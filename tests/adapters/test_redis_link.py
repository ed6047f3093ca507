"""Every command to Redis ends in its time with an answer or StoreUnavailable, and no error tells a secret."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.adapters.redis_link import RedisLink
from gateway.adapters.redis_scripts import ACQUIRE
from gateway.rules.errors import StoreUnavailable, StoreUnusable
from gateway.rules.store_urls import redis_address
from tests.adapters.redis_server import PASSWORD, RedisServer, flush, mute_server, redis_server
from tests.journeys.waiting import until
from tests.ports import free_port

USER = "gateway"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server("--requirepass", PASSWORD) as started:
        yield started


@pytest.fixture(scope="module")
def open_server() -> Iterator[RedisServer]:
    with redis_server() as started:
        yield started


@pytest.fixture
async def link(open_server: RedisServer) -> AsyncIterator[RedisLink]:
    flush(open_server)
    opened = await _open(open_server.url)
    yield opened
    await opened.close()


async def _open(url: str, *, timeout: float = 2.0) -> RedisLink:  # noqa: ASYNC109  the link's own
    return await RedisLink.open(redis_address(url), ca_file="", timeout=timeout)


async def _detail(link: RedisLink, *command: str) -> str:
    with pytest.raises(StoreUnavailable) as caught:
        await link.call(*command)
    return caught.value.detail


async def test_a_command_is_answered(link: RedisLink) -> None:
    assert await link.call("SET", "a", b"\0x") is True
    assert await link.call("GET", "a") == b"\0x"
    assert await link.call_each("GET", "a") == [b"\0x"]
    assert not link.is_cluster


async def test_a_script_runs_on_a_server_that_does_not_know_it(link: RedisLink, open_server: RedisServer) -> None:
    """After a restart or a failover no server remembers it."""
    for number in (1, 2):
        with open_server.admin() as admin:
            admin.script_flush()
        assert await link.run(ACQUIRE, [b"lease-%d" % number, b"fence"], "owner", 1_000) == number


@pytest.mark.parametrize("given", ["", ":wrong-canary@", f"nobody:{PASSWORD}@"])
async def test_a_wrong_password_is_told_without_it(server: RedisServer, given: str) -> None:
    link = await _open(f"redis://{given}127.0.0.1:{server.port}")
    detail = await _detail(link, "GET", "a")
    await link.close()

    assert "AuthenticationError" in detail
    assert f"127.0.0.1:{server.port}" in detail
    assert "canary" not in detail


async def test_a_password_in_an_error_is_blotted_out(link: RedisLink, open_server: RedisServer) -> None:
    """The server's words are not ours to choose."""
    secretive = await _open(f"redis://:{PASSWORD}@127.0.0.1:{open_server.port}")
    assert PASSWORD not in await _detail(secretive, "GET", "a")
    await secretive.close()
    with open_server.admin() as admin:
        admin.config_set("requirepass", PASSWORD)
    try:
        secretive = await _open(f"redis://:{PASSWORD}@127.0.0.1:{open_server.port}")
        assert "***" in await _detail(secretive, "CONFIG", PASSWORD)
        await secretive.close()
    finally:
        with open_server.admin(password=PASSWORD) as admin:
            admin.config_set("requirepass", "")


async def test_an_unknown_commands_arguments_are_not_repeated(link: RedisLink) -> None:
    """Redis answers with their beginnings, and they may be ids or sealed bytes."""
    detail = await _detail(link, "NOTHING", "canary-argument")
    assert "unknown command 'NOTHING'" in detail
    assert "canary" not in detail


async def test_the_right_password_and_an_acl_user_are_let_in(server: RedisServer) -> None:
    with server.admin(password=PASSWORD) as admin:
        admin.execute_command("ACL", "SETUSER", USER, "on", ">us/er@pw", "~cgw:*", "+get", "+set")
    for login in (f":{PASSWORD}", f"{USER}:us%2Fer%40pw"):
        link = await _open(f"redis://{login}@127.0.0.1:{server.port}")
        assert await link.call("SET", "cgw:a", "x") is True
        await link.close()


async def test_nobody_there_is_told_at_once() -> None:
    link = await _open(f"redis://127.0.0.1:{free_port()}")
    async with asyncio.timeout(1):
        assert "ConnectionError" in await _detail(link, "GET", "a")
    await link.close()


async def test_a_mute_server_is_given_up_in_time() -> None:
    """However many wait: they wait at the same time, for a connection too."""
    with mute_server() as port:
        link = await _open(f"redis://127.0.0.1:{port}", timeout=0.2)
        async with asyncio.timeout(1):
            details = await asyncio.gather(*(_detail(link, "GET", "a") for _ in range(200)))
        await link.close()

    assert all("no answer in time" in detail or "Timeout" in detail for detail in details)


async def test_an_answer_that_comes_too_late_is_nobody_elses(open_server: RedisServer) -> None:
    """A connection whose answer was given up is closed, not used for the next command."""
    link = await _open(open_server.url, timeout=0.1)
    await link.call("SET", "b", "b's")
    with open_server.admin() as admin:
        admin.client_pause(5_000, all=False)
        assert "no answer in time" in await _detail(link, "SET", "a", "late")
        admin.client_unpause()

    assert await link.call("GET", "b") == b"b's"
    await link.close()


async def test_a_cancelled_command_is_cancelled_and_harms_nobody(link: RedisLink, open_server: RedisServer) -> None:
    """The browser went away: that is no error of the store's."""
    await link.call("SET", "b", "b's")
    with open_server.admin() as admin:
        admin.client_pause(5_000, all=False)
        calls = [asyncio.create_task(link.call("SET", "a", "late")) for _ in range(100)]
        await until(lambda: len(admin.client_list(_type="normal")) > 20)
        for call in calls:
            call.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        admin.client_unpause()

    assert all(isinstance(one, asyncio.CancelledError) for one in ended)
    assert await asyncio.gather(*(link.call("GET", "b") for _ in range(100))) == [b"b's"] * 100


async def test_connections_are_bounded(link: RedisLink, open_server: RedisServer) -> None:
    await asyncio.gather(*(link.call("GET", "a") for _ in range(500)))
    with open_server.admin() as admin:
        assert len(admin.client_list(_type="normal")) <= 65


async def test_a_restart_fails_nothing_that_comes_after_it() -> None:
    """All pooled connections are dead then, and none of them is used."""
    with redis_server() as server:
        link = await _open(server.url)
        await asyncio.gather(*(link.call("GET", "a") for _ in range(50)))
        server.stop()
        assert "ConnectionError" in await _detail(link, "GET", "a")
        server.start()

        assert await asyncio.gather(*(link.call("GET", "a") for _ in range(50))) == [None] * 50
        await link.close()


async def test_a_server_that_was_made_a_replica_is_looked_up_again(link: RedisLink, open_server: RedisServer) -> None:
    """A hosted Redis moves its name to the new master; old connections would lead to the old one for ever."""
    await asyncio.gather(*(link.call("GET", "a") for _ in range(20)))
    with open_server.admin() as admin:
        admin.replicaof("127.0.0.1", free_port())
        refused = await _detail(link, "SET", "a", "x")
        await until(lambda: len(admin.client_list(_type="normal")) == 1)
        admin.replicaof("NO", "ONE")

    assert "READONLY" in refused
    assert await link.call("SET", "a", "x") is True


async def test_a_closed_link_refuses(open_server: RedisServer) -> None:
    link = await _open(open_server.url)
    await link.call("GET", "a")
    await link.close()
    assert await _detail(link, "GET", "a") == "the store is closed"


async def test_a_ca_file_that_is_not_there_is_told() -> None:
    with pytest.raises(StoreUnusable) as caught:
        await RedisLink.open(redis_address("rediss://127.0.0.1"), ca_file="/nowhere/ca.pem", timeout=1)
    assert "CA file" in caught.value.detail
