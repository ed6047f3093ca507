"""The lane and aiohttp's handler give one and the same answer, whatever Cronofy answers and whoever asks."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.lean.exchanges import BY_HAND, Exchange, generated
from tests.journeys.raw_http import RawReply, connect, request_bytes
from tests.journeys.world import World
from tests.web.lane.surroundings import lean_and_plain

EXCHANGES = [*BY_HAND, *generated()]
# How a body is framed is for either to choose, since the body itself is compared.
NOT_COMPARED = {"date", "x-request-id", "transfer-encoding"}
BEARER = "Authorization: Bearer some-token"


async def cronofy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the call with `n=N` in its query by exchange N; nobody is known to userinfo."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ")[1]
        if b"n=" not in target:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            continue
        exchange = EXCHANGES[int(target.rpartition(b"n=")[2])]
        for piece in exchange.pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if exchange.closes:
            return


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[World, World]]:
    """One gateway whose calls take the lean path, and one where aiohttp does everything."""
    async with lean_and_plain(tmp_path, cronofy) as worlds:
        yield worlds


def told(reply: RawReply, *, to_head: bool) -> object:
    """Return what a client makes of an answer."""
    ignored = NOT_COMPARED if to_head or reply.status in {204, 304} else NOT_COMPARED | {"content-length"}
    headers = sorted(pair for pair in reply.headers if pair[0] not in ignored)
    # How far a body got that broke off is a matter of timing; each problem has an id of its own.
    body = re.sub(rb'"request_id": "[0-9a-f]+"', b"", reply.body) if reply.whole else b""
    return reply.status, headers, body, reply.whole


async def ask(world: World, raw: bytes, *, to_head: bool) -> object:
    async with connect(world.gateway) as line:
        await line.send(raw)
        return told(await line.reply(to_head=to_head), to_head=to_head)


def request_of(exchange: Exchange, number: int) -> bytes:
    return request_bytes(exchange.method, f"/v1/calendars?n={number}", BEARER, "Connection: close")


async def test_several_hundred_answers_reach_the_client_as_they_do_through_aiohttp(
    both: tuple[World, World],
) -> None:
    lean, plain = both
    differing = {}
    for number, exchange in enumerate(EXCHANGES):
        raw, to_head = request_of(exchange, number), exchange.method == "HEAD"
        one, other = await ask(lean, raw, to_head=to_head), await ask(plain, raw, to_head=to_head)
        if one != other and not exchange.fails:
            differing[exchange.name] = (one, other)
    assert differing == {}


ASKED = {
    "no credentials": ("GET", "/v1/calendars?n=3", ()),
    "two credentials": ("GET", "/v1/calendars?n=3", (BEARER, BEARER)),
    "no operation": ("GET", "/v1/nothing", (BEARER,)),
    "another method": ("DELETE", "/v1/calendars?n=3", (BEARER,)),
    "a bad path": ("GET", "/v1/calendars/%2e%2e", (BEARER,)),
    "a fragment": ("GET", "/v1/calendars?n=3#x", (BEARER,)),
    "an origin that nobody registered": ("GET", "/v1/calendars?n=3", (BEARER, "Origin: https://x.example")),
    "cross-site": ("GET", "/v1/calendars?n=3", ("Cookie: gateway-app=x", "Sec-Fetch-Site: cross-site")),
    "an account in a header": ("GET", "/v1/calendars?n=3", (BEARER, "Gateway-Account: acc_1")),
    "an id of its own": ("GET", "/v1/nothing", (BEARER, "X-Request-Id: an-id-of-my-own")),
    "a body that is no JSON": (
        "POST",
        "/v1/batch?n=3",
        (BEARER, "Content-Type: application/json", "Content-Length: 1"),
    ),
    "a form": (
        "POST",
        "/v1/channels?n=3",
        (BEARER, "Content-Type: application/x-www-form-urlencoded", "Content-Length: 1"),
    ),
    "a body that is streamed": (
        "POST",
        "/v1/channels?n=3",
        (BEARER, "Content-Type: application/json", "Content-Length: 1"),
    ),
}


@pytest.mark.parametrize("name", ASKED)
async def test_every_refusal_is_worded_and_framed_alike(both: tuple[World, World], name: str) -> None:
    method, target, lines = ASKED[name]
    body = b"x" if any(line.startswith("Content-Length") for line in lines) else b""
    raw = request_bytes(method, target, *(one for one in lines if not one.startswith("Content-Length")), body=body)
    one, other = [await ask(world, raw, to_head=False) for world in both]
    assert one == other


async def test_calls_one_after_the_other_on_one_connection_cross_between_the_two(both: tuple[World, World]) -> None:
    """The lane first, then aiohttp, which keeps the connection."""
    for world in both:
        async with connect(world.gateway) as line:
            statuses = []
            for target in (
                "/v1/calendars?n=10",
                "/v1/calendars?n=10",
                "/auth/session",
                "/v1/calendars?n=10",
                "/robots.txt",
            ):
                await line.send(request_bytes("GET", target, BEARER))
                statuses.append((await line.reply()).status)
            assert statuses == [200] * 5


async def test_requests_in_one_piece_are_answered_in_order(both: tuple[World, World]) -> None:
    for world in both:
        async with connect(world.gateway) as line:
            await line.send(
                request_bytes("GET", "/v1/calendars?n=10", BEARER)
                + request_bytes("GET", "/v1/nothing", BEARER)
                + request_bytes("GET", "/robots.txt")
            )
            assert [(await line.reply()).status for _ in range(3)] == [200, 404, 200]
