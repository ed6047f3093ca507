"""A client that leaves in the middle of its request: what the log and the counts say of it.

With a whole head it is a request, which ends with status 0 like any other whose client left: somebody who looks for a
call that an app says it made finds it. With half a head it is none.
"""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.journeys.raw_http import connect, exchange, request_bytes
from tests.journeys.stub_upstream import StubUpstream
from tests.journeys.waiting import until
from tests.journeys.world import open_world

BEARER = "Authorization: Bearer some-token"
TYPED = "Content-Type: application/json"
PATH = "/v1/attachments"
HALF = request_bytes("POST", PATH, BEARER, TYPED, "X-Request-Id: half-a-body", "Content-Length: 10") + b'{"a"'


@pytest.mark.parametrize("half", [HALF, HALF[:-4]], ids=["half a body", "no body"])
async def test_who_leaves_in_the_middle_of_a_body_has_a_line_and_is_counted(
    tmp_path: Path, stub: StubUpstream, half: bytes
) -> None:
    async with open_world(tmp_path, cronofy_url=stub.url, proxy={"lane": False}) as world:
        with capture_logs() as lines:
            async with connect(world.gateway) as wire:
                await wire.send(half)
                await until(lambda: world.running.metrics.in_flight._value.get() == 1)
            await until(lambda: any(line["event"] == "request.finished" for line in lines))
        (line,) = [line for line in lines if line["event"] == "request.finished"]
        page = world.running.metrics.render().decode()
    assert (line["status"], line["method"], line["request_id"]) == (0, "POST", "half-a-body")
    assert (line["operation"], line["error"]) == ("create_attachment", "")
    assert 'status="0"} 1.0\n' in page
    assert "gateway_requests_in_flight 0.0\n" in page


@pytest.mark.parametrize("lane", [True, False])
async def test_who_leaves_in_the_middle_of_a_head_has_made_no_request(
    tmp_path: Path, stub: StubUpstream, *, lane: bool
) -> None:
    async with open_world(tmp_path, cronofy_url=stub.url, proxy={"lane": lane}) as world:
        with capture_logs() as lines:
            async with connect(world.gateway) as wire:
                await wire.send(HALF[:40])
            assert (await exchange(world.gateway, request_bytes("GET", "/v1/account", BEARER))).status == 200
            await until(lambda: any(line["event"] == "request.finished" for line in lines))
    assert [line["operation"] for line in lines if line["event"] == "request.finished"] == ["account"]
    assert stub.calls_to(PATH) == []
