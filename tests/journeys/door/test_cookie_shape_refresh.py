"""Refreshed tokens reach the browser's cookie on the very answer that needed them, streamed ones and refusals too."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.flows.cookie_sessions import MOST_COOKIE_BYTES
from tests.clock import FakeClock
from tests.journeys.door.browser import (
    HOME,
    SESSION,
    WEB,
    Browser,
    control,
    open_browser,
    page_headers,
    sign_in_at_stub,
    statuses,
)
from tests.journeys.door.cookie_shape import open_cookie_door, read_cookie, restarted, sessions_set
from tests.journeys.stub_upstream import TOKENS, Call, StubUpstream, json_reply, reply
from tests.journeys.world import World

TOKEN, PATH = "/oauth/token", "/v1/calendars"
HOUR = 3_600.0


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with open_cookie_door(tmp_path, clock) as opened:
        await control(opened, "tokens/rotate", on=True)
        yield opened


async def go_stale(world: World, clock: FakeClock, how: str) -> None:
    """Let the access token die: only at Cronofy, or by the clock, so that the gateway knows it as well."""
    clock.pass_time(HOUR if how == "clock" else 50)
    if how == "cronofy":
        clock.pass_time(70)
        await control(world, "tokens/expire")
    await world.forget_seen()


@pytest.mark.parametrize("how", ["cronofy", "clock"])
async def test_fifty_calls_are_one_refresh_and_the_session_outlives_the_process(
    world: World, browser: Browser, clock: FakeClock, how: str
) -> None:
    """With rotation the old refresh token is dead, so the new one has to be in the browser before the process ends."""
    await browser.sign_in()
    for _ in range(2):
        before = await read_cookie(browser.handle(), clock)
        await go_stale(world, clock, how)
        replies = await asyncio.gather(*(browser.fetch("GET", PATH) for _ in range(50)))
        after = await read_cookie(browser.handle(), clock)

        assert [one.status for one in replies] == [200] * 50
        assert await statuses(world, TOKEN) == [200]
        assert all(len(sessions_set(one)) == 1 for one in replies)
        assert before.connection.refresh_token != after.connection.refresh_token
        assert (before.id, before.created_at) == (after.id, after.created_at)

    async with restarted(browser, clock) as later:
        await world.forget_seen()
        assert (await later.fetch("GET", PATH)).status == 200
        assert await statuses(world, TOKEN) == []
        await go_stale(world, clock, how)
        replies = await asyncio.gather(*(later.fetch("GET", PATH) for _ in range(50)))
        assert [one.status for one in replies] == [200] * 50
        assert await statuses(world, TOKEN) == [200]


async def test_a_cookie_from_before_a_refresh_still_works_until_a_restart(
    world: World, browser: Browser, clock: FakeClock
) -> None:
    """The newest copy that this process knows counts; a process that knows none has to believe the old one."""
    await browser.sign_in()
    old = browser.handle()
    await go_stale(world, clock, "clock")
    await browser.fetch("GET", PATH)
    new = browser.handle()
    browser.plant(SESSION[WEB], old)
    again = await browser.fetch("GET", PATH)

    assert again.status == 200
    assert await statuses(world, TOKEN) == [200]
    healed = await read_cookie(sessions_set(again)[0], clock)
    assert healed.connection == (await read_cookie(new, clock)).connection
    browser.plant(SESSION[WEB], old)
    async with restarted(browser, clock) as later:
        lost = await later.fetch("GET", PATH)
        assert (lost.status, lost.code) == (401, "reconnect_required")
        later.plant(SESSION[WEB], new)
        assert (await later.fetch("GET", PATH)).status == 200


async def test_the_persons_other_browser_gets_the_new_tokens_too(
    world: World, browser: Browser, other: Browser, clock: FakeClock
) -> None:
    for one in (browser, other):
        await one.sign_in(email="ada@example.com")
    await go_stale(world, clock, "clock")
    assert (await browser.fetch("GET", PATH)).status == 200
    assert (await other.fetch("GET", PATH)).status == 200

    assert await statuses(world, TOKEN) == [200]
    found = [await read_cookie(one.handle(), clock) for one in (browser, other)]
    assert found[0].connection == found[1].connection
    assert found[0].id != found[1].id


async def test_an_early_refresh_is_waited_for_and_may_fail(world: World, browser: Browser, clock: FakeClock) -> None:
    """Its outcome has to be on the answer; but the token that is there still works."""
    await browser.sign_in()
    clock.pass_time(HOUR - 120)
    await control(world, "faults", path=TOKEN, status=500)
    await world.forget_seen()
    failed = await browser.fetch("GET", PATH)
    assert (failed.status, await statuses(world, TOKEN)) == (200, [500])

    clock.pass_time(5)
    before = await read_cookie(browser.handle(), clock)
    assert (await browser.fetch("GET", PATH)).status == 200
    assert await statuses(world, TOKEN) == [500, 200]
    after = await read_cookie(browser.handle(), clock)
    assert after.connection.obtained_at > before.connection.obtained_at


async def test_a_lost_connection_is_told_and_cured_by_a_sign_in(
    world: World, browser: Browser, clock: FakeClock
) -> None:
    await browser.sign_in(email="ada@example.com")
    old = browser.handle()
    await go_stale(world, clock, "clock")
    await browser.fetch("GET", PATH)
    browser.plant(SESSION[WEB], old)
    async with restarted(browser, clock) as later:
        for _ in range(2):
            assert (await later.fetch("GET", PATH)).code == "reconnect_required"
        assert await statuses(world, TOKEN) == [200, 400]
        assert (await later.info())["reconnect_required"] is True
        async with restarted(later, clock) as latest:  # the cookie says so as well, and nobody is asked
            assert (await latest.info())["reconnect_required"] is True
        await world.consent(email="ada@example.com")
        await later.go(await world.location(await later.begin()))
        assert (await later.info())["reconnect_required"] is False
        assert (await later.fetch("GET", PATH)).status == 200


class Tokens:
    """A token endpoint that hands out numbered tokens, of a size."""

    def __init__(self, stub: StubUpstream) -> None:
        self.issued = 0
        self.size = 0
        stub.on(TOKEN, self.issue)

    async def issue(self, call: Call) -> None:
        await call.read()
        self.issued += 1
        pair = {name: f"{name}-{self.issued}-{'x' * self.size}" for name in ("access_token", "refresh_token")}
        await call.send(json_reply(200, {**TOKENS, **pair}))


@pytest.fixture
def tokens(stub: StubUpstream) -> Tokens:
    return Tokens(stub)


@pytest.fixture
async def guest(tmp_path: Path, stub: StubUpstream, tokens: Tokens, clock: FakeClock) -> AsyncIterator[Browser]:
    """A browser whose Cronofy is the stub; its token has expired."""
    async with open_cookie_door(tmp_path, clock, cronofy_url=stub.url) as world, open_browser(world) as opened:
        await sign_in_at_stub(opened)
        clock.pass_time(3 * HOUR)
        yield opened


async def held(browser: Browser, clock: FakeClock) -> str:
    """Return the access token in the browser's cookie, without its stuffing."""
    return (await read_cookie(browser.handle(), clock)).connection.access_token[: len("access_token-1")]


async def test_the_cookie_is_on_the_head_of_a_streamed_answer(
    guest: Browser, stub: StubUpstream, clock: FakeClock
) -> None:
    """aiohttp-session loses what changes on streamed answers."""
    go_on = asyncio.Event()

    async def slowly(call: Call) -> None:
        await call.read()
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await go_on.wait()
        await call.send(b"6\r\nsecond\r\n0\r\n\r\n")

    stub.on("/v1/channels", slowly)
    async with guest.http.get(f"{guest.gateway}/v1/channels", headers=dict(page_headers())) as answer:
        assert await answer.content.readany() == b"first"
        assert len(answer.headers.getall("Set-Cookie")) == 1
        assert await held(guest, clock) == "access_token-2"
        go_on.set()
        assert await answer.content.read() == b"second"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (json_reply(422, {"errors": {}}), 422),
        (reply(204), 204),
        (reply(302, b"", "Location: https://x"), 502),
        (json_reply(200, {}, "Set-Cookie: gateway-web=planted"), 200),
    ],
)
async def test_the_cookie_is_on_whatever_answer_comes(
    guest: Browser, stub: StubUpstream, clock: FakeClock, answer: bytes, status: int
) -> None:
    """A call may fail after the refresh that it was the reason for."""
    stub.on(PATH, answer)
    answered = await guest.fetch("GET", PATH)

    assert (answered.status, len(answered.cookies)) == (status, 1)
    assert answered.headers["Cache-Control"] == "no-store"
    assert await held(guest, clock) == "access_token-2"


async def test_a_401_is_one_refresh_and_one_retry(
    guest: Browser, stub: StubUpstream, tokens: Tokens, clock: FakeClock
) -> None:
    async def judge(call: Call) -> None:
        await call.read()
        await call.send(json_reply(200 if call.header("authorization") == "Bearer access_token-3-" else 401, {}))

    await guest.fetch("GET", PATH)
    clock.pass_time(120)
    stub.on("/v1/channels", judge)
    small, large = await guest.fetch("POST", "/v1/channels", data=b"x"), b"x" * 100_000
    assert (small.status, tokens.issued, await held(guest, clock)) == (200, 3, "access_token-3")

    clock.pass_time(120)
    stub.on("/v1/channels", json_reply(401, {}))
    refused = await guest.fetch("POST", "/v1/channels", data=large)
    assert (refused.code, await held(guest, clock)) == ("token_renewed", "access_token-4")


async def test_our_cookie_stays_here(guest: Browser, stub: StubUpstream) -> None:
    lines = [("Cookie", f"{guest.cookie_header}; theirs=1"), ("Cookie", f"__Host-{guest.cookie_header}")]
    value = guest.handle().encode()
    async with guest.world.session.get(guest.gateway + PATH, headers=[*page_headers(), *lines]) as answer:
        assert answer.status == 200

    assert stub.calls_to(PATH)[0].header("cookie") == "theirs=1"
    assert not any(value in call.head + call.body for call in stub.calls)


async def test_a_session_that_does_not_fit_is_told_at_the_sign_in(
    guest: Browser, tokens: Tokens, clock: FakeClock
) -> None:
    """The person comes back with a code, and what they were signed in to before goes on."""
    before, tokens.size = guest.handle(), 2_000
    back = await sign_in_at_stub(guest)

    assert back.location.startswith(HOME[WEB])
    assert (back.told["error"], back.told["gateway_error"]) == ("server_error", "session_too_large")
    assert guest.handle() == before
    async with open_browser(guest.world) as fresh:
        assert (await sign_in_at_stub(fresh)).told["gateway_error"] == "session_too_large"
        assert fresh.cookies == {}
    assert (await guest.fetch("GET", PATH)).status == 200


async def test_tokens_that_outgrow_the_cookie_leave_the_old_one(
    guest: Browser, stub: StubUpstream, tokens: Tokens, clock: FakeClock
) -> None:
    """The answer is given, and the operator is told."""
    tokens.size = 2_000
    with capture_logs() as log:
        answered = await guest.fetch("GET", PATH)
        again = await guest.fetch("GET", PATH)

    assert [(one.status, one.cookies) for one in (answered, again)] == [(200, [])] * 2
    assert tokens.issued == 2  # memory goes on
    assert await held(guest, clock) == "access_token-1"
    (told, _) = [line for line in log if line["event"] == "session.outgrown"]
    assert (told["log_level"], told["client"], told["code"]) == ("warning", WEB, "session_too_large")
    assert int(told["detail"].split()[0]) > MOST_COOKIE_BYTES
    assert "x" * 100 not in json.dumps(log, default=str)
