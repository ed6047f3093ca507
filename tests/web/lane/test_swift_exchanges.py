"""Whatever Cronofy answers, a call without a task ends as it does where aiohttp does everything."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.web.lane.protocol import Lane
from gateway.web.lane.swift import Swift, SwiftCall
from tests.adapters.lean.exchanges import BY_HAND, Exchange, generated
from tests.clock import FakeClock
from tests.journeys.raw_http import RawReply, Wire, connect, request_bytes
from tests.journeys.stub_upstream import json_reply, userinfo
from tests.journeys.world import World
from tests.web.lane.surroundings import lean_and_plain
from tests.web.lane.test_calls import told

PLAIN = Exchange("plain", (b"HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Length: 2\r\n\r\n{}",))
PAGE = json.dumps({"pages": {"next_page": "https://api.cronofy.com/v1/events/pages/1"}, "events": []}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_BEHIND = (
    b"Set-Cookie: a=b",
    b"Access-Control-Allow-Origin: *",
    b"Via: x",
    b"Alt-Svc: h3",
    b"Cronofy_Access_Mode: x",
    b"Keep-Alive: timeout=5",
    b"X-Request-Id: theirs",
    b"Gateway-Error: x",
    b"Age: 1",
)
MORE = (
    Exchange("a page", (HEAD + b"ETag: 1\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE,)),
    Exchange("no page", (HEAD + b"Content-Length: 1\r\n\r\n{",)),
    Exchange("varies", (HEAD + b"Vary: Accept\r\nContent-Length: 2\r\n\r\n{}",)),
    Exchange("varies by origin", (HEAD + b"Vary: accept, ORIGIN\r\nContent-Length: 2\r\n\r\n{}",)),
    Exchange(
        "its own server", (HEAD + b"Server: x\r\nDate: Wed, 25 Nov 2026 04:50:00 GMT\r\nContent-Length: 0\r\n\r\n",)
    ),
    Exchange("lines that stay behind", (HEAD + b"\r\n".join(_BEHIND) + b"\r\nContent-Length: 2\r\n\r\n{}",)),
)
EXCHANGES = [PLAIN, *MORE, *(one for one in (*BY_HAND, *generated()) if one.method == "GET")]
BEARER = "Authorization: Bearer some-token"


async def cronofy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the call with `from=N` in its query by exchange N."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ")[1]
        if b"from=" not in target:
            writer.write(json_reply(200, userinfo()))
            continue
        exchange = EXCHANGES[int(target.rpartition(b"from=")[2])]
        for piece in exchange.pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if exchange.closes:
            return


@pytest.fixture
async def both(tmp_path: Path, clock: FakeClock) -> AsyncIterator[tuple[World, World]]:
    """One gateway whose calls take the lean path, and one where aiohttp does everything; time stands still."""
    async with lean_and_plain(tmp_path, cronofy, clock) as worlds:
        yield worlds


@pytest.fixture
def swift_calls(monkeypatch: pytest.MonkeyPatch) -> list[SwiftCall]:
    """Every call that goes without a task."""
    seen: list[SwiftCall] = []
    begin = Swift.begin

    def noting(self: Swift, data: bytes, lane: Lane) -> SwiftCall | None:
        call = begin(self, data, lane)
        if call is not None:
            seen.append(call)
        return call

    monkeypatch.setattr(Swift, "begin", noting)
    return seen


async def prime(line: Wire, path: str, swift_calls: list[SwiftCall]) -> None:
    """Call until a call goes without a task: the next one will as well."""
    before = len(swift_calls)
    for _ in range(20):
        await line.send(request_bytes("GET", f"{path}?from=0", BEARER))
        await line.reply()
        if len(swift_calls) > before:
            return
    raise AssertionError("no call went without a task")


def at_any(world: World, reply: RawReply) -> object:
    """Return what a client makes of an answer, wherever the gateway is."""
    body = reply.body.replace(world.gateway.encode(), b"https://gw")
    return told(replace(reply, body=body), to_head=False), len(reply.body) > 0 and body != reply.body


@pytest.mark.parametrize("path", ["/v1/calendars", "/v1/events"])
async def test_every_answer_reaches_the_client_as_it_does_through_aiohttp(
    both: tuple[World, World], swift_calls: list[SwiftCall], path: str
) -> None:
    """The answers to `/v1/events` are read and their link is changed."""
    lean, plain = both
    differing = {}
    for number, exchange in enumerate(EXCHANGES):
        raw = request_bytes("GET", f"{path}?from={number}", BEARER)
        async with connect(lean.gateway) as line, connect(plain.gateway) as other_line:
            await prime(line, path, swift_calls)
            before = len(swift_calls)
            await line.send(raw)
            one = at_any(lean, await line.reply())
            assert len(swift_calls) == before + 1
            await other_line.send(raw)
            other = at_any(plain, await other_line.reply())
        if one != other and not exchange.fails:
            differing[exchange.name] = (one, other)
    assert differing == {}
