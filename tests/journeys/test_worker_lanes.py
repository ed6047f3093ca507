"""Connections that are kept open and called on again and again, while workers end, count, and lose a client."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.journeys.crew import crew_of
from tests.journeys.processes import SECRET, Served, serving
from tests.journeys.raw_http import Wire, connect, request_bytes
from tests.journeys.stub_upstream import Call, StubUpstream, reply
from tests.journeys.test_clients_at_run_time import command, redeem, rewrite
from tests.journeys.test_workers import DOOR, PAGE, open_page, sign_in
from tests.journeys.waiting import until_told

BEARER = "Authorization: Bearer some-token"
PLAIN, SLOW, HELD = "/v1/account", "/v1/calendars", "/v1/channels"
WIRES = 6


async def status_on(wire: Wire, *lines: str) -> int:
    await wire.send(request_bytes("GET", PLAIN, *lines))
    answer = await wire.reply()
    assert answer.whole
    return answer.status


@asynccontextmanager
async def wires(served: Served, number: int) -> AsyncIterator[list[Wire]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connect(served.public)) for _ in range(number)]


@pytest.mark.parametrize("lane", ["true", "false"])
async def test_at_the_end_idle_connections_close_and_calls_are_answered_whole(
    tmp_path: Path, stub: StubUpstream, lane: str
) -> None:
    """Nobody who keeps connections open holds a restart up, and nobody who waits for an answer loses it."""
    go_on, stream_on = asyncio.Event(), stub.hold(SLOW)

    async def held(call: Call) -> None:
        await go_on.wait()
        await call.send(reply(200, b"all of it"))

    stub.on(HELD, held)
    more = f"[proxy]\nlane = {lane}"
    async with (
        crew_of(2, tmp_path, cronofy_url=stub.url, more=more, drain_timeout="60") as crew,
        wires(crew, WIRES) as idle,
        connect(crew.public) as waiting,
        connect(crew.public) as streaming,
    ):
        assert [await status_on(wire, BEARER) for wire in idle] == [200] * WIRES
        for wire in (waiting, streaming):
            assert await status_on(wire, BEARER) == 200  # it is a kept connection, too
        await waiting.send(request_bytes("GET", HELD, BEARER))
        await stub.wait_for_call(HELD)
        await streaming.send(request_bytes("GET", SLOW, BEARER))
        await streaming.head()
        crew.process.send_signal(signal.SIGTERM)
        assert [await wire.some() for wire in idle] == [b""] * WIRES
        await until_told(crew.lets_nobody_in)
        go_on.set()
        answer = await waiting.reply()
        assert (answer.status, answer.body, answer.whole) == (200, b"all of it", True)
        assert answer.header("Connection") == "close"
        assert await waiting.some() == b""
        stream_on.set()
        assert await streaming.reader.readexactly(12) == b"first - last"
        assert await streaming.some() == b""
        ended = await crew.end()  # long before the calls' time is over
    assert (ended.code, ended.err) == (0, "")


async def test_each_call_on_a_kept_connection_is_counted_once(tmp_path: Path, stub: StubUpstream) -> None:
    """Whichever worker answers it, and whether Cronofy does, a rule does, or nobody stays for the answer."""
    async with crew_of(2, tmp_path, cronofy_url=stub.url) as crew:
        for pid in crew.pids:
            async with crew.alone(pid), wires(crew, 2) as kept:
                for wire in kept:
                    assert [await status_on(wire, BEARER) for _ in range(5)] == [200] * 5
                    assert await status_on(wire) == 401
                    await wire.send(request_bytes("GET", PLAIN, BEARER) * 3)
                    assert [(await wire.reply()).status for _ in range(3)] == [200] * 3
        stub.on(HELD, _never)
        async with connect(crew.public) as leaving:
            await leaving.send(request_bytes("GET", HELD, BEARER))
            await stub.wait_for_call(HELD)
        calls = 2 * 2 * 9 + 1

        async def are_counted() -> bool:
            return await crew.counted() >= calls

        await until_told(are_counted)
        assert [await crew.counted() for _ in range(6)] == [calls] * 6
        assert await crew.counted("gateway_request_seconds_count") == calls
        assert await crew.counted("gateway_requests_in_flight") == 0
        assert len(crew.logged("request.finished")) == calls
        assert len({line["request_id"] for line in crew.logged("request.finished")}) == calls


async def _never(call: Call) -> None:
    await call.wait_gone()


async def cookie_of(served: Served) -> str:
    """Sign in at the browser door, and return the session cookie."""
    async with open_page() as page:
        await sign_in(page, served)
        return "; ".join(f"{one.key}={one.value}" for one in page.cookie_jar if one.key.endswith("gateway-web"))


async def test_a_client_that_is_disabled_is_refused_on_the_connections_that_it_has(
    tmp_path: Path, stub: StubUpstream
) -> None:
    """In every worker, whatever was remembered of the calls before; another client's connection goes on."""
    async with crew_of(2, tmp_path, cronofy_url=stub.url, more=DOOR) as crew, wires(crew, WIRES) as kept:
        page = [f"{name}: {value}" for name, value in PAGE.items()]
        lines = [*page, f"Cookie: {await cookie_of(crew)}"]
        assert [await status_on(wire, *lines) for wire in kept * 2] == [200] * WIRES * 2
        await command(tmp_path, "clients", "disable", "web")
        for wire in kept:
            await until_told(lambda wire=wire: refused(wire, *lines))  # type: ignore[misc]
        assert [await refused(wire, *lines) for wire in kept] == [True] * WIRES


async def refused(wire: Wire, *lines: str) -> bool:
    return await status_on(wire, *lines) in {400, 401, 403}


@pytest.mark.parametrize("by", ["cookie", "token"])
async def test_a_client_that_left_the_settings_is_refused_on_the_connection_that_it_has(
    tmp_path: Path, stub: StubUpstream, by: str
) -> None:
    """One process reads them in place, so the connection stays open and is answered on."""
    uri = "https://app.example.com/callback"
    async with serving(tmp_path, cronofy_url=stub.url, more=DOOR) as served, connect(served.public) as wire:
        if by == "cookie":
            lines = [*(f"{name}: {value}" for name, value in PAGE.items()), f"Cookie: {await cookie_of(served)}"]
            block = DOOR
        else:
            status, tokens = await redeem(served, "my-app", SECRET, uri)
            assert status == 200
            lines = [f"Authorization: Bearer {tokens['access_token']}"]
            block = f'[clients.my-app]\nsecrets = ["{SECRET}"]\nredirect_uris = ["{uri}"]\n'
        assert [await status_on(wire, *lines) for _ in range(3)] == [200] * 3
        rewrite(tmp_path, block, "")
        served.process.send_signal(signal.SIGHUP)
        await until_told(lambda: refused(wire, *lines))
        sent = len(stub.calls_to(PLAIN))
        assert await refused(wire, *lines)
        assert len(stub.calls_to(PLAIN)) == sent
