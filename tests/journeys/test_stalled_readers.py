"""A client that takes nothing of its answer keeps no connection to Cronofy from the others.

There are no more of those than `upstream.connections`: a few clients that never read could have them all.
"""

import json
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.journeys.raw_http import connect, exchange, request_bytes
from tests.journeys.stub_upstream import Call, StubUpstream, reply
from tests.journeys.waiting import until
from tests.journeys.world import World, open_world

BEARER = "Authorization: Bearer some-token"
BIG, SMALL = "/v1/calendars", "/v1/account"
CONNECTIONS = 2
PAGED = "/v1/events?tzid=Etc/UTC"
PIECE = b"0123456789abcdef" * 4096  # 64 KiB
PIECES = 1_000  # more than all buffers on the way hold


async def pouring(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (PIECES * len(PIECE)))
    for _ in range(PIECES):
        await call.send(PIECE)


def settings(*, lane: bool, lean: bool, timeout: float) -> dict[str, Any]:
    return {
        "proxy": {"lane": lane, "write_timeout": timeout},
        "upstream": {"lean": lean, "connections": CONNECTIONS, "connect_timeout": 20},
    }


async def stall(world: World, stack: AsyncExitStack) -> None:
    """Open a client that asks for much and reads nothing but the head."""
    wire = await stack.enter_async_context(connect(world.gateway, limit=1024))
    await wire.send(request_bytes("GET", BIG, BEARER))
    assert (await wire.head())[0] == 200


@pytest.mark.parametrize("lean", [True, False])
@pytest.mark.parametrize("lane", [True, False])
async def test_who_takes_nothing_is_cut_and_the_next_call_gets_its_connection(
    tmp_path: Path, stub: StubUpstream, *, lane: bool, lean: bool
) -> None:
    stub.on(BIG, pouring)
    changes = settings(lane=lane, lean=lean, timeout=0.5)
    async with open_world(tmp_path, cronofy_url=stub.url, **changes) as world, AsyncExitStack() as stack:
        with capture_logs() as lines:
            for _ in range(CONNECTIONS):
                await stall(world, stack)
            answer = await exchange(world.gateway, request_bytes("GET", SMALL, BEARER))
            await until(lambda: world.running.metrics.in_flight._value.get() == 0)
        stalled = [line for line in lines if line["event"] == "answer.stalled"]
        finished = [line for line in lines if line["event"] == "request.finished"]
        page = world.running.metrics.render().decode()
    assert answer.status == 200
    assert len(stalled) == CONNECTIONS
    assert f"gateway_stalled_answers_total {CONNECTIONS}.0" in page
    assert [line["status"] for line in finished if line["operation"] == "calendars"] == [0] * CONNECTIONS
    assert not any(call.answered for call in stub.calls_to(BIG))


@pytest.mark.parametrize("closing", [True, False])
async def test_a_whole_page_that_nobody_takes_is_not_kept(tmp_path: Path, stub: StubUpstream, *, closing: bool) -> None:
    """Up to 16 MiB wait to be written, also where the connection is to close after it."""
    stub.on("/v1/events", reply(200, json.dumps({"events": ["x" * 15_000_000]}).encode()))
    changes = settings(lane=True, lean=True, timeout=0.5)
    lines = (BEARER, "Connection: close") if closing else (BEARER,)
    async with (
        open_world(tmp_path, cronofy_url=stub.url, **changes) as world,
        connect(world.gateway, limit=4096) as wire,
    ):
        wire.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 262_144)
        await wire.send(request_bytes("GET", PAGED, *lines))
        assert (await wire.head())[0] == 200
        await until(lambda: world.running.metrics.stalled_answers._value.get() == 1)
        body = b""
        while piece := await wire.some():
            body += piece
    assert len(body) < 15_000_000
