"""Cronofy away, slow, broken off or strange: the client is told, and never takes half an answer for a whole one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.journeys.conftest import IMPATIENT
from tests.journeys.raw_http import RawReply, connect, exchange, request_bytes
from tests.journeys.stub_upstream import Call, Script, StubUpstream, answering, json_reply, never, reply, userinfo
from tests.journeys.waiting import until
from tests.journeys.world import World, open_world
from tests.ports import free_port

BEARER = "Authorization: Bearer some-token"
DOWN = "/v1/calendars"
EVENTS = "/v1/events"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def patient(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[World]:
    """A world whose gateway would wait for the stub for longer than any test does."""
    async with open_world(tmp_path, cronofy_url=stub.url) as opened:
        yield opened


async def get(world: World, target: str = DOWN) -> RawReply:
    return await exchange(world.gateway, request_bytes("GET", target, BEARER, "Connection: close"))


async def retries(world: World) -> float:
    async with world.session.get(f"{world.operations}/metrics") as page:
        lines = (await page.text()).splitlines()
    return float(next(line for line in lines if line.startswith("gateway_upstream_retries_total")).split()[1])


def sending(*parts: bytes, end: Callable[[Call], None] = Call.close) -> Script:
    async def script(call: Call) -> None:
        await call.read()
        for part in parts:
            await call.send(part)
        end(call)

    return script


async def stalling(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await call.wait_gone()


BROKEN_BODIES: dict[str, Script] = {
    "length, closed": sending(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "length, reset": sending(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", end=Call.reset),
    "chunked, closed between chunks": sending(CHUNKED_HEAD + b"4\r\nhalf\r\n"),
    "chunked, closed in a chunk": sending(CHUNKED_HEAD + b"64\r\nhalf"),
    "chunked, reset": sending(CHUNKED_HEAD + b"4\r\nhalf\r\n", end=Call.reset),
    "chunked, damaged": sending(CHUNKED_HEAD + b"4\r\nhalf\r\nzz\r\n"),
    "chunked, no last line end": sending(CHUNKED_HEAD + b"4\r\nhalf\r\n0\r\n"),
    "stalled": stalling,
}


@pytest.mark.parametrize("how", BROKEN_BODIES)
async def test_a_body_that_broke_off_is_not_a_whole_answer(stubbed: World, stub: StubUpstream, how: str) -> None:
    """The head is out already, so all that is left is to break the transfer (RFC 9112 section 8)."""
    stub.on(DOWN, BROKEN_BODIES[how])
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("GET", DOWN, BEARER))
        answer = await wire.reply()
        if answer.status == 502:
            return  # the damage was there as soon as the head
        assert (answer.status, answer.whole) == (200, False)
        assert await wire.some() == b""


@pytest.mark.parametrize("how", BROKEN_BODIES)
async def test_a_page_that_broke_off_is_a_502_or_504(stubbed: World, stub: StubUpstream, how: str) -> None:
    """A page is read before its head goes out, so its trouble can still be told."""
    stub.on(EVENTS, BROKEN_BODIES[how])
    answer = await get(stubbed, EVENTS)
    status, code = (504, "upstream_timeout") if how == "stalled" else (502, "upstream_unreachable")
    assert (answer.status, answer.header("Gateway-Error")) == (status, code)
    assert answer.header("Retry-After")


async def test_cronofy_away_is_a_502(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with open_world(tmp_path, cronofy_url=nowhere, upstream=IMPATIENT) as world:
        for target in (DOWN, EVENTS):
            answer = await get(world, target)
            assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_unreachable")
            assert answer.header("Retry-After")
            assert nowhere.removeprefix("http://") not in answer.body.decode()


async def test_cronofy_silent_is_a_504(stubbed: World, stub: StubUpstream) -> None:
    stub.on(DOWN, never)
    answer = await get(stubbed)
    assert (answer.status, answer.header("Gateway-Error")) == (504, "upstream_timeout")
    assert answer.header("Retry-After")
    assert json.loads(answer.body)["code"] == "upstream_timeout"
    await until(stub.calls_to(DOWN)[0].gone.is_set)


ODD_HEADS: dict[str, bytes] = {
    "not HTTP": b"canary canary\r\n\r\n",
    "no status": b"HTTP/1.1 \r\n\r\n",
    "status of letters": b"HTTP/1.1 2xx OK\r\n\r\n",
    "header without colon": b"HTTP/1.1 200 OK\r\ncanary\r\n\r\n",
    "NUL in a header": b"HTTP/1.1 200 OK\r\nX: can\x00ary\r\nContent-Length: 0\r\n\r\n",
    "header too long": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "length of letters": b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n0123456789",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("how", ODD_HEADS)
async def test_a_head_that_makes_no_sense_is_a_502(stubbed: World, stub: StubUpstream, how: str) -> None:
    stub.on(DOWN, sending(ODD_HEADS[how]))
    answer = await get(stubbed)
    assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_unreachable")
    assert b"canary" not in answer.body


async def test_switching_protocols_is_a_502(stubbed: World, stub: StubUpstream) -> None:
    stub.on(DOWN, sending(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
    answer = await get(stubbed)
    assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_reply_invalid")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308, 399])
@pytest.mark.parametrize("target", [DOWN, EVENTS])
async def test_a_redirect_is_neither_followed_nor_passed_on(
    stubbed: World, stub: StubUpstream, status: int, target: str
) -> None:
    stub.on(target, reply(status, b"", f"Location: {stub.url}/canary"))
    answer = await get(stubbed, target)
    assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_redirected")
    assert answer.header("Location") is None
    assert stub.calls_to("/canary") == []


@pytest.mark.parametrize("when", ["before the head", "in the body", "while it sends"])
async def test_when_the_client_leaves_cronofys_connection_is_closed(
    patient: World, stub: StubUpstream, when: str
) -> None:
    async def half(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await call.wait_gone()

    async def idle(call: Call) -> None:
        await call.wait_gone()

    stub.on(DOWN, half if when == "in the body" else idle)
    body = ("Content-Length: 100", "Content-Type: application/json") if when == "while it sends" else ()
    async with connect(patient.gateway) as wire:
        await wire.send(request_bytes("POST" if body else "GET", DOWN, BEARER, *body) + (b"half" if body else b""))
        call = await stub.wait_for_call(DOWN)
        if when == "in the body":
            await wire.head()
        wire.leave()
    async with asyncio.timeout(5):
        await call.gone.wait()


async def test_when_the_client_leaves_while_its_mode_is_looked_up_the_connection_is_closed(
    patient: World, stub: StubUpstream
) -> None:
    """Cronofy's head is there by then, and nobody will read the body."""

    async def half(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await call.wait_gone()

    stub.on("/v1/userinfo", never)
    stub.on(DOWN, half)
    async with connect(patient.gateway) as wire:
        await wire.send(request_bytes("GET", DOWN, BEARER))
        call = await stub.wait_for_call(DOWN)
        await asyncio.sleep(0.05)  # the head's way through the gateway, which nothing shows
        wire.leave()
    async with asyncio.timeout(0.9):  # sooner than the wait for the mode would end
        await call.gone.wait()


@pytest.mark.parametrize("end", [Call.close, Call.reset])
async def test_a_get_on_a_connection_gone_stale_is_sent_once_more_and_counted(
    stubbed: World, stub: StubUpstream, end: Callable[[Call], None]
) -> None:
    await get(stubbed)
    used = {call.connection for call in stub.calls}

    async def stale(call: Call) -> None:
        if call.connection in used:
            end(call)
        else:
            await answering(json_reply(200, {"fresh": True}))(call)

    stub.on(DOWN, stale)
    answer = await get(stubbed)
    assert (answer.status, answer.body) == (200, b'{"fresh": true}')
    assert await retries(stubbed) == 1
    assert len(stub.calls_to(DOWN)) == 3


@pytest.mark.parametrize("end", [Call.close, Call.reset])
@pytest.mark.parametrize("body", [b"", b"{}"])
async def test_a_post_is_never_sent_twice(
    stubbed: World, stub: StubUpstream, end: Callable[[Call], None], body: bytes
) -> None:
    """Cronofy may have carried it out before the connection broke (RFC 9110 section 9.2.2)."""
    await get(stubbed)
    stub.on(DOWN, sending(end=end))
    raw = request_bytes("POST", DOWN, BEARER, "Content-Type: application/json", "Connection: close", body=body)
    answer = await exchange(stubbed.gateway, raw)
    assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_unreachable")
    assert [call.line.split()[0] for call in stub.calls_to(DOWN)] == ["GET", "POST"]
    assert await retries(stubbed) == 0


async def test_a_get_is_sent_twice_at_most(stubbed: World, stub: StubUpstream) -> None:
    stub.on(DOWN, sending())
    answer = await get(stubbed)
    assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_unreachable")
    assert len(stub.calls_to(DOWN)) == 2


@pytest.mark.parametrize("when", ["at once", "while idle"])
async def test_an_answer_that_nobody_asked_for_is_given_to_nobody(
    stubbed: World, stub: StubUpstream, when: str
) -> None:
    """One person's answer must never reach another's call on a kept connection (CVE-2026-71324)."""
    extra = json_reply(200, {"somebody": "else"})

    async def chatty(call: Call) -> None:
        await call.read()
        await call.send(json_reply(200, {}) + (extra if when == "at once" else b""))

    stub.on(DOWN, chatty)
    await get(stubbed)
    stub.on(DOWN, json_reply(200, {"mine": True}))
    if when == "while idle":
        call = stub.calls_to(DOWN)[0]
        await call.send(extra)
        await asyncio.sleep(0.05)  # until it has arrived, which nothing shows
    answer = await get(stubbed)
    assert (answer.status, answer.body) == (200, b'{"mine": true}')


async def test_a_page_on_a_foreign_host_is_withheld(stubbed: World, stub: StubUpstream) -> None:
    for link in (
        "https://evil.example/v1/events/pages/p",
        f"{stub.url}@evil.example/v1/events/pages/p",
        f"{stub.url}.evil.example/v1/events/pages/p",
        f"{stub.url}/elsewhere",
        "//evil.example/v1/events/pages/p",
        "/v1/events/pages/p",
        "javascript:alert(1)",
    ):
        stub.on(EVENTS, json_reply(200, {"pages": {"next_page": link}, "events": [{"summary": "canary"}]}))
        answer = await get(stubbed, EVENTS)
        assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_page_foreign")
        assert b"canary" not in answer.body
        assert b"evil" not in answer.body


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"pages":[]}', b'{"pages":{"next_page":5}}', b"[" * 100_000])
async def test_a_page_that_cannot_be_read_is_a_502(stubbed: World, stub: StubUpstream, body: bytes) -> None:
    stub.on(EVENTS, reply(200, body))
    answer = await get(stubbed, EVENTS)
    assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_reply_invalid")


async def test_a_page_over_the_limit_is_a_502(tmp_path: Path, stub: StubUpstream) -> None:
    async with open_world(tmp_path, cronofy_url=stub.url, proxy={"max_page_bytes": 4096}) as world:
        stub.on("/v1/userinfo", json_reply(200, userinfo()))
        for size, status, code in ((4000, 200, None), (5000, 502, "upstream_page_too_large")):
            stub.on(EVENTS, json_reply(200, {"events": ["a" * size]}))
            answer = await get(world, EVENTS)
            assert (answer.status, answer.header("Gateway-Error")) == (status, code)


async def test_a_page_in_a_coding_that_was_not_asked_for_is_a_502(stubbed: World, stub: StubUpstream) -> None:
    """Its link could not be rewritten, and every SDK would follow it past the gateway."""
    stub.on(EVENTS, reply(200, b"\x1f\x8b\x08\x00canary", "Content-Encoding: gzip"))
    answer = await get(stubbed, EVENTS)
    assert (answer.status, answer.header("Gateway-Error")) == (502, "upstream_reply_invalid")
    assert stub.calls_to(EVENTS)[0].header("accept-encoding") == "identity"
