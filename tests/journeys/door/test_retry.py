"""A call that Cronofy refused with 401 is sent once more where it can be, with the newer token."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.flows.proxy import REPLAYED_BYTES
from tests.clock import FakeClock
from tests.journeys.door.browser import Browser, open_browser, open_door, page_headers, sign_in_at_stub
from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.stub_upstream import TOKENS, Call, StubUpstream, json_reply
from tests.journeys.waiting import until

PATH = "/v1/channels"


class Tokens:
    """A token endpoint that hands out numbered tokens, and API calls that take the newest only."""

    def __init__(self, stub: StubUpstream) -> None:
        self.issued = 0
        self.held = asyncio.Event()
        self.held.set()
        stub.on("/oauth/token", self.issue)
        stub.on(PATH, self.judge)

    async def issue(self, call: Call) -> None:
        fields = json.loads(await call.read())
        self.issued += 1
        number = self.issued
        if fields["grant_type"] == "refresh_token":
            await self.held.wait()
        await call.send(json_reply(200, self.numbered(number)))

    @staticmethod
    def numbered(number: int) -> dict[str, Any]:
        return {**TOKENS, "access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}

    async def judge(self, call: Call) -> None:
        await call.read()
        good = call.header("authorization") == f"Bearer access-{self.issued}"
        await call.send(json_reply(200 if good else 401, {"bearer": call.header("authorization")}))


@pytest.fixture
def tokens(stub: StubUpstream) -> Tokens:
    return Tokens(stub)


@pytest.fixture
async def guest(tmp_path: Path, stub: StubUpstream, tokens: Tokens, clock: FakeClock) -> AsyncIterator[Browser]:
    """A browser whose access token Cronofy does not take any more."""
    async with open_door(tmp_path, clock, cronofy_url=stub.url) as world, open_browser(world) as opened:
        await sign_in_at_stub(opened)
        clock.pass_time(120)
        tokens.issued += 1
        yield opened


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_a_body(guest: Browser, stub: StubUpstream, method: str) -> None:
    reply = await guest.fetch(method, f"{PATH}?a=%2e%2E&b")

    assert reply.status == 200
    assert [call.header("authorization") for call in stub.calls_to(PATH)] == ["Bearer access-1", "Bearer access-3"]
    assert {call.line for call in stub.calls_to(PATH)} == {f"{method} {PATH}?a=%2e%2E&b HTTP/1.1"}


@pytest.mark.parametrize("size", [1, 1_000, REPLAYED_BYTES])
async def test_a_small_body_arrives_intact_and_once_more(guest: Browser, stub: StubUpstream, size: int) -> None:
    body = hashlib.shake_256(b"a body").digest(size)
    reply = await guest.fetch("POST", PATH, data=body)
    calls = stub.calls_to(PATH)

    assert reply.status == 200
    assert [bytes(call.body) for call in calls] == [body, body]
    assert {call.header("content-length") for call in calls} == {str(size)}


@pytest.mark.parametrize("announced", [True, False])
async def test_a_large_body_is_asked_for_again(guest: Browser, stub: StubUpstream, *, announced: bool) -> None:
    """It was streamed and is gone; but the token is new, so that the same call works the next time."""
    body = b"x" * (REPLAYED_BYTES + 1)

    async def pieces() -> AsyncIterator[bytes]:
        yield body

    reply = await guest.fetch("POST", PATH, data=body if announced else pieces())
    assert (reply.status, reply.code) == (503, "token_renewed")
    assert int(reply.headers["Retry-After"]) >= 1
    assert reply.cookies == []
    again = await guest.fetch("POST", PATH, data=body if announced else pieces())

    assert again.status == 200
    assert [len(call.body) for call in stub.calls_to(PATH)] == [len(body)] * 2


async def test_a_second_401_is_passed_on_and_the_third_call_says_reconnect(
    guest: Browser, stub: StubUpstream, tokens: Tokens
) -> None:
    """A token that was refused when it was seconds old is not cured by another: no loop."""
    stub.on(PATH, json_reply(401, {"error": "no"}))
    first, second = [await guest.fetch("GET", PATH) for _ in range(2)]

    assert (first.status, first.json()) == (401, {"error": "no"})
    assert (second.status, second.code) == (401, "reconnect_required")
    assert len(stub.calls_to(PATH)) == 3
    assert tokens.issued == 3


def in_flight(browser: Browser) -> float:
    """Return how many requests the gateway is answering."""
    (family,) = browser.world.running.metrics.in_flight.collect()
    return family.samples[0].value


@pytest.mark.parametrize("seconds", [0, 10_800], ids=["told by a 401", "known by the clock"])
async def test_the_first_of_fifty_may_leave(
    guest: Browser, stub: StubUpstream, tokens: Tokens, clock: FakeClock, seconds: int
) -> None:
    """A lock that a caller holds refreshes twice when that caller goes; here nobody notices."""
    clock.pass_time(seconds)
    tokens.held.clear()
    lines = [f"{name}: {value}" for name, value in [*page_headers(), ("Cookie", guest.cookie_header)]]
    async with connect(guest.gateway) as first:
        await first.send(request_bytes("GET", PATH, *lines))
        await stub.wait_for_call("/oauth/token", number=2)
        rest = asyncio.gather(*(guest.fetch("GET", PATH) for _ in range(50)))
        await until(lambda: in_flight(guest) == 51)
        first.leave()
        await until(lambda: in_flight(guest) == 50)
    tokens.held.set()

    assert [reply.status for reply in await rest] == [200] * 50
    assert len(stub.calls_to("/oauth/token")) == 2


async def test_the_tokens_of_a_sign_in_during_a_refresh_win(guest: Browser, stub: StubUpstream, tokens: Tokens) -> None:
    """What the refresh brings is older than what the person has just granted, and is dropped."""
    tokens.held.clear()
    call = asyncio.create_task(guest.fetch("GET", PATH))
    await stub.wait_for_call("/oauth/token", number=2)
    async with open_browser(guest.world) as second:
        await sign_in_at_stub(second)  # number 4; the refresh is number 3
        tokens.held.set()
        assert (await call).status == 200
        assert (await second.fetch("GET", PATH)).status == 200

    assert [one.header("authorization") for one in stub.calls_to(PATH)] == [
        "Bearer access-1",
        "Bearer access-4",
        "Bearer access-4",
    ]


async def test_a_refresh_refused_during_a_sign_in_does_not_end_the_new_connection(
    guest: Browser, stub: StubUpstream, tokens: Tokens
) -> None:
    refused = asyncio.Event()

    async def refuse(call: Call) -> None:
        if json.loads(await call.read())["grant_type"] == "refresh_token":
            await refused.wait()
            await call.send(json_reply(400, {"error": "invalid_grant"}))
        else:
            tokens.issued += 1
            await call.send(json_reply(200, tokens.numbered(tokens.issued)))

    stub.on("/oauth/token", refuse)
    call = asyncio.create_task(guest.fetch("GET", PATH))
    await stub.wait_for_call("/oauth/token", number=2)
    async with open_browser(guest.world) as second:
        await sign_in_at_stub(second)
        refused.set()
        assert (await call).status == 200
        assert (await second.info())["reconnect_required"] is False
