"""Bodies stream through, both ways, at the pace of the slower side; nothing is kept but what a rule must read."""

import asyncio
import gzip
import json
import tracemalloc

import pytest

from tests.journeys.raw_http import connect, exchange, request_bytes
from tests.journeys.stub_upstream import Call, StubUpstream, reply
from tests.journeys.waiting import until
from tests.journeys.world import World

BEARER = "Authorization: Bearer some-token"
DOWN = "/v1/calendars"
UP = "/v1/attachments"
TYPED = "Content-Type: application/json"  # without one it would be a form to Rack
BIG = 20 * 1024 * 1024
PIECE = b"0123456789abcdef" * 4096  # 64 KiB
HELD = 4 * 1024 * 1024  # what sockets and both event loops may hold between two sides, generously


async def test_twenty_megabytes_up_arrive_whole_and_are_never_held(stubbed: World, stub: StubUpstream) -> None:
    tracemalloc.start()
    try:
        async with connect(stubbed.gateway) as wire:
            await wire.send(request_bytes("POST", UP, BEARER, TYPED, f"Content-Length: {BIG}"))

            async def counting(call: Call) -> None:
                size = 0
                async for piece in call.pieces():
                    size += len(piece)
                    call.body.clear()
                await call.send(reply(200, str(size).encode()))

            stub.on(UP, counting)
            for _ in range(BIG // len(PIECE)):
                await wire.send(PIECE)
            answer = await wire.reply()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer.status, answer.body) == (200, str(BIG).encode())
    assert peak < HELD


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_twenty_megabytes_down_arrive_whole_and_are_never_held(
    stubbed: World, stub: StubUpstream, framing: str
) -> None:
    async def pouring(call: Call) -> None:
        chunked = framing == "chunked"
        line = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % BIG
        await call.send(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n")
        piece = b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if chunked else PIECE
        for _ in range(BIG // len(PIECE)):
            await call.send(piece)
        if chunked:
            await call.send(b"0\r\n\r\n")

    stub.on(DOWN, pouring)
    tracemalloc.start()
    try:
        async with stubbed.session.get(stubbed.gateway + DOWN, headers={"Authorization": "Bearer t"}) as answer:
            size = 0
            async for piece in answer.content.iter_any():
                size += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer.status, size) == (200, BIG)
    assert answer.headers.get("Content-Length") == (None if framing == "chunked" else str(BIG))
    assert peak < HELD


async def test_cronofy_sees_the_first_bytes_before_the_client_sent_the_last(stubbed: World, stub: StubUpstream) -> None:
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("POST", UP, BEARER, TYPED, "Content-Length: 10") + b"first")
        call = await stub.wait_for_call(UP)
        await until(lambda: call.body == b"first")
        await wire.send(b"-last")
        assert (await wire.reply()).status == 200
    assert call.body == b"first-last"


async def test_the_client_sees_the_first_bytes_before_cronofy_sent_the_last(stubbed: World, stub: StubUpstream) -> None:
    seen = asyncio.Event()

    async def trickling(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await seen.wait()
        await call.send(b"5\r\n-last\r\n0\r\n\r\n")

    stub.on(DOWN, trickling)
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("GET", DOWN, BEARER))
        status, _ = await wire.head()
        assert (status, await wire.reader.readexactly(10)) == (200, b"5\r\nfirst\r\n")
        seen.set()
        assert await wire.reader.readexactly(15) == b"5\r\n-last\r\n0\r\n\r\n"


async def settled(read: list[int]) -> int:
    """Return a count once it has stopped growing."""
    last = -1
    while read[0] != last:
        last = read[0]
        await asyncio.sleep(0.15)
    return last


async def test_a_client_that_does_not_read_slows_cronofy_down(stubbed: World, stub: StubUpstream) -> None:
    poured = [0]

    async def pouring(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (5 * BIG))
        for _ in range(5 * BIG // len(PIECE)):
            await call.send(PIECE)
            poured[0] += len(PIECE)

    stub.on(DOWN, pouring)
    async with connect(stubbed.gateway, limit=1024) as wire:
        await wire.send(request_bytes("GET", DOWN, BEARER))
        await stub.wait_for_call(DOWN)
        assert 0 < await settled(poured) < BIG
        # It goes on as soon as somebody reads.
        before = poured[0]
        while poured[0] < before + 4 * HELD:
            assert await wire.some()


async def test_cronofy_that_does_not_read_slows_the_client_down(stubbed: World, stub: StubUpstream) -> None:
    sent, go_on = [0], asyncio.Event()

    async def waiting(call: Call) -> None:
        await go_on.wait()
        async for _ in call.pieces():
            call.body.clear()
        await call.send(reply(200, b"{}"))

    stub.on(UP, waiting)
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("POST", UP, BEARER, TYPED, f"Content-Length: {BIG}"))

        async def push() -> None:
            for _ in range(BIG // len(PIECE)):
                await wire.send(PIECE)
                sent[0] += len(PIECE)

        pushing = asyncio.create_task(push())
        await stub.wait_for_call(UP)
        assert await settled(sent) < BIG
        go_on.set()
        await pushing
        assert (await wire.reply()).status == 200


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_a_413(stubbed: World, stub: StubUpstream, announced: bool) -> None:
    """32 MiB, announced or found out on the way."""
    async with connect(stubbed.gateway) as wire:
        if announced:
            await wire.send(request_bytes("POST", UP, BEARER, TYPED, f"Content-Length: {33 * 1024 * 1024}"))
        else:
            await wire.send(request_bytes("POST", UP, BEARER, TYPED, "Transfer-Encoding: chunked"))
            chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
            for _ in range(33):
                try:
                    await wire.send(chunk)
                except ConnectionError:
                    break
        answer = await wire.reply()
    assert (answer.status, answer.header("Gateway-Error")) == (413, "body_too_large")
    assert [call for call in stub.calls_to(UP) if call.answered] == []


async def test_an_answer_before_the_body_is_sent_reaches_the_client(stubbed: World, stub: StubUpstream) -> None:
    """A 422 that Cronofy gives after the head must not wait for twenty megabytes."""

    async def early(call: Call) -> None:
        await call.send(reply(422, b'{"errors":{}}', "Connection: close"))
        call.close()

    stub.on(UP, early)
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("POST", UP, BEARER, TYPED, f"Content-Length: {BIG}") + PIECE)
        answer = await wire.reply()
    assert (answer.status, answer.body) == (422, b'{"errors":{}}')


async def test_a_body_is_not_asked_for_before_its_call_is_allowed(stubbed: World, stub: StubUpstream) -> None:
    """`Expect: 100-continue` is answered when the body is read, not when its head came."""
    waits = "Expect: 100-continue"
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("POST", UP, waits, "Content-Length: 2"))
        assert (await wire.head())[0] == 401
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("POST", UP, waits, BEARER, f"Content-Length: {99 * 1024 * 1024}"))
        assert (await wire.head())[0] == 413
    assert stub.calls == []
    for target in (UP, "/v1/calendars/cal_stub/events", "/oauth/token"):
        async with connect(stubbed.gateway) as wire:
            lines = (waits, BEARER, "Content-Type: application/json", "Content-Length: 2")
            await wire.send(request_bytes("POST", target, *lines))
            assert (await wire.head())[0] == 100
            await wire.send(b"{}")
            assert (await wire.head())[0] in {200, 400}
    (call,) = stub.calls_to(UP)
    assert (bytes(call.body), call.header("expect")) == (b"{}", None)


async def test_a_packed_answer_passes_as_it_is(stubbed: World, stub: StubUpstream) -> None:
    packed = gzip.compress(b'{"calendars":[]}')
    stub.on(DOWN, reply(200, packed, "Content-Encoding: gzip", "Content-Type: application/json", 'ETag: "x"'))
    answer = await exchange(stubbed.gateway, request_bytes("GET", DOWN, BEARER, "Accept-Encoding: gzip, br"))
    assert (answer.body, answer.header("Content-Encoding")) == (packed, "gzip")
    assert answer.header("ETag") == '"x"'
    assert stub.calls_to(DOWN)[0].header("accept-encoding") == "gzip, br"


async def test_a_client_that_takes_no_coding_gets_none(stubbed: World, stub: StubUpstream) -> None:
    await exchange(stubbed.gateway, request_bytes("GET", DOWN, BEARER, "Connection: close"))
    assert stub.calls_to(DOWN)[0].header("accept-encoding") == "identity"


@pytest.mark.parametrize(
    "status", [200, 201, 202, 204, 304, 400, 401, 402, 403, 404, 409, 422, 423, 429, 500, 503, 599]
)
async def test_cronofys_answer_passes_whatever_its_status(stubbed: World, stub: StubUpstream, status: int) -> None:
    body = b"" if status in {204, 304} else json.dumps({"errors": {"a": [status]}}).encode()
    stub.on(DOWN, reply(status, body, "Retry-After: 7", "X-RateLimit-Remaining: 0"))
    answer = await exchange(stubbed.gateway, request_bytes("GET", DOWN, BEARER, "Connection: close"))
    assert (answer.status, answer.body, answer.header("Gateway-Error")) == (status, body, None)
    assert (answer.header("Retry-After"), answer.header("X-RateLimit-Remaining")) == ("7", "0")
    assert answer.header("Cronofy-Access-Mode")


async def test_head_has_the_length_and_no_body(stubbed: World, stub: StubUpstream) -> None:
    async def head_only(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")

    for target in (DOWN, "/v1/events"):
        stub.on(target, head_only)
        async with connect(stubbed.gateway) as wire:
            await wire.send(request_bytes("HEAD", target, BEARER, "Connection: close"))
            status, headers = await wire.head()
            assert (status, dict(headers)["content-length"]) == (200, "1234")
            assert await wire.some() == b""


async def test_interim_answers_are_swallowed(stubbed: World, stub: StubUpstream) -> None:
    async def hinting(call: Call) -> None:
        await call.send(b"HTTP/1.1 103 Early Hints\r\nLink: </canary>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
        await call.send(reply(200, b"{}"))

    stub.on(DOWN, hinting)
    answer = await exchange(stubbed.gateway, request_bytes("GET", DOWN, BEARER, "Connection: close"))
    assert (answer.status, answer.body, answer.header("Link")) == (200, b"{}", None)


async def test_an_http_1_0_client_gets_its_answer_without_chunks(stubbed: World, stub: StubUpstream) -> None:
    async def chunked(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")

    stub.on(DOWN, chunked)
    raw = f"GET {DOWN} HTTP/1.0\r\n{BEARER}\r\n\r\n".encode()
    answer = await exchange(stubbed.gateway, raw)
    assert (answer.status, answer.body, answer.header("Transfer-Encoding")) == (200, b"{}", None)
