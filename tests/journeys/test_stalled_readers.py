"""A client that takes nothing of its answer keeps no connection to Cronofy from the others.

There are no more of those than `upstream.connections`: a few clients that never read could have them all.
"""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.journeys.raw_http import connect, exchange, request_bytes
from tests.journeys.stub_upstream import Call, StubUpstream
from tests.journeys.waiting import until
from tests.journeys.world import World, open_world

BEARER = "Authorization: Bearer some-token"
BIG, SMALL = "/v1/calendars", "/v1/account"
CONNECTIONS = 2
LANES = [False]
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
@pytest.mark.parametrize("lane", LANES)
async def test_who_takes_nothing_is_cut_and_the_next_call_gets_its_connection(
    tmp_path: Path, stub: StubUpstream, *, lane: bool, lean: bool
) -> None:
    stub.on(BIG, pouring)
    changes = settings(lane=lane, lean=lean, timeout=0.5)
    async with open_world(tmp_path, cronofy_url=stub.url, **changes) as world, AsyncExitStack() as stack:
        with capture_logs() as lines:
            for _ in range(CONNECTIONS):
                await stall(world, stack)
            reply = await exchange(world.gateway, request_bytes("GET", SMALL, BEARER))
            await until(lambda: world.running.metrics.in_flight._value.get() == 0)
        stalled = [line for line in lines if line["event"] == "answer.stalled"]
        finished = [line for line in lines if line["event"] == "request.finished"]
        page = world.running.metrics.render().decode()
    assert reply.status == 200
    assert len(stalled) == CONNECTIONS
    assert f"gateway_stalled_answers_total {CONNECTIONS}.0" in page
    assert [line["status"] for line in finished if line["operation"] == "calendars"] == [0] * CONNECTIONS
    assert not any(call.answered for call in stub.calls_to(BIG))
