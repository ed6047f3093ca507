"""A Bearer that the gateway never saw: its mode is learnt beside the call, and never at the call's cost."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.stub_upstream import (
    TOKENS,
    Call,
    Script,
    StubUpstream,
    answering,
    json_reply,
    never,
    reply,
    userinfo,
)
from tests.journeys.waiting import until, until_told
from tests.journeys.world import ADDING, CALLBACK, MODE, SECRETS, World, open_world

CALENDARS, USERINFO = "/v1/calendars", "/v1/userinfo"
EVENTS = "/v1/calendars/cal_stub/events"
TOKEN = "never-seen-before"
PROVIDERS = {"google": "read_write", "google_free_busy": "free_busy", "cronofy": "no_access"}


@pytest.fixture
async def timed(tmp_path: Path, stub: StubUpstream, clock: FakeClock) -> AsyncIterator[World]:
    """A world whose gateway takes the stub for Cronofy and the test's clock for the time."""
    async with open_world(tmp_path, clock=clock, cronofy_url=stub.url, upstream={"read_timeout": 5}) as opened:
        yield opened


async def mode_of(world: World, path: str = CALENDARS, token: str = TOKEN) -> str:
    status, _, headers = await world.call("GET", path, token)
    assert status == 200
    return headers[MODE]


async def is_read_write(world: World) -> bool:
    return await mode_of(world) == "read_write"


def held(data: bytes, go_on: asyncio.Event) -> Script:
    async def script(call: Call) -> None:
        await call.read()
        await go_on.wait()
        await call.send(data)

    return script


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_unseen_bearers_mode_is_learnt_once(timed: World, stub: StubUpstream, provider: str) -> None:
    stub.on(USERINFO, json_reply(200, userinfo(provider)))
    for _ in range(3):
        assert await mode_of(timed) == PROVIDERS[provider]
    (asked,) = stub.calls_to(USERINFO)
    assert asked.header("authorization") == f"Bearer {TOKEN}"


async def test_fifty_calls_at_once_share_one_look_up(timed: World, stub: StubUpstream) -> None:
    """Cronofy's rate limit is per application; a page that loads must not spend it on look-ups."""
    go_on = asyncio.Event()
    stub.on(USERINFO, held(json_reply(200, userinfo("google_free_busy")), go_on))
    calls = [asyncio.create_task(mode_of(timed)) for _ in range(50)]
    await stub.wait_for_call(CALENDARS, number=50)
    go_on.set()
    assert set(await asyncio.gather(*calls)) == {"free_busy"}
    assert len(stub.calls_to(USERINFO)) == 1


async def test_the_look_up_runs_beside_the_call(timed: World, stub: StubUpstream) -> None:
    """Each waits for the other to arrive: one after the other, neither would be answered."""
    call_came, look_up_came = asyncio.Event(), asyncio.Event()

    async def call(one: Call) -> None:
        call_came.set()
        await look_up_came.wait()
        await one.send(json_reply(200, {}))

    async def look_up(one: Call) -> None:
        look_up_came.set()
        await call_came.wait()
        await one.send(json_reply(200, userinfo()))

    stub.on(CALENDARS, call)
    stub.on(USERINFO, look_up)
    assert await mode_of(timed) == "read_write"


async def test_a_slow_look_up_holds_the_answer_for_a_second_at_most(timed: World, stub: StubUpstream) -> None:
    go_on = asyncio.Event()
    stub.on(USERINFO, held(json_reply(200, userinfo()), go_on))
    began = time.monotonic()
    assert await mode_of(timed) == "unknown"
    assert 0.9 < time.monotonic() - began < 3
    # It went on, and the next call has its mode.
    go_on.set()
    await until(lambda: len(stub.calls_to(USERINFO)) == 1 and stub.calls_to(USERINFO)[0].answered)
    assert await mode_of(timed) == "read_write"
    assert len(stub.calls_to(USERINFO)) == 1


@pytest.mark.parametrize(
    "script",
    [
        reply(500),
        reply(401),
        reply(403, b"{}"),
        reply(200, b"<html>"),
        reply(200, b"[]"),
        json_reply(200, {"sub": ""}),
        json_reply(200, {"sub": 5}),
        reply(302, b"", "Location: /v1/elsewhere"),
        reply(200, b'{"sub":"acc_stub","a":"' + b"a" * 5_000_000 + b'"}'),
        b"garbage\r\n\r\n",
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_failed_look_up_says_unknown_and_is_not_repeated_at_once(
    timed: World, stub: StubUpstream, clock: FakeClock, script: bytes
) -> None:
    stub.on(USERINFO, script)
    for _ in range(3):
        assert await mode_of(timed) == "unknown"
    assert len(stub.calls_to(USERINFO)) == 1

    stub.on(USERINFO, json_reply(200, userinfo()))
    clock.pass_time(31)
    await until_told(lambda: is_read_write(timed))
    assert len(stub.calls_to(USERINFO)) == 2
    assert stub.calls_to("/v1/elsewhere") == []


@pytest.mark.parametrize(
    "document", [{"cronofy.data": {}}, {"cronofy.data": {"profiles": [5, {}]}}, {"cronofy.data": None}]
)
async def test_an_account_without_profiles_is_unknown(
    timed: World, stub: StubUpstream, document: dict[str, Any]
) -> None:
    stub.on(USERINFO, json_reply(200, {"sub": "acc_stub", **document}))
    assert await mode_of(timed) == "unknown"


async def test_a_call_that_cronofy_refuses_does_not_wait_for_a_mode(timed: World, stub: StubUpstream) -> None:
    stub.on(USERINFO, never)
    stub.on(CALENDARS, reply(401))
    began = time.monotonic()
    status, _, headers = await timed.call("GET", CALENDARS, TOKEN)
    assert (status, headers[MODE]) == (401, "unknown")
    assert time.monotonic() - began < 0.9


async def test_an_api_key_has_no_mode(timed: World, stub: StubUpstream) -> None:
    status, _, headers = await timed.call("POST", "/v1/application_verification", SECRETS[ADDING], json={})
    assert (status, headers[MODE]) == (200, "not_applicable")
    assert stub.calls_to(USERINFO) == []


@pytest.mark.parametrize("account", ["ser_1", "apc_1"])
async def test_where_no_person_is_behind_it_there_is_no_mode(timed: World, stub: StubUpstream, account: str) -> None:
    stub.on(USERINFO, json_reply(200, userinfo("cronofy", account=account)))
    assert await mode_of(timed) == "not_applicable"


async def test_a_look_up_goes_on_when_its_first_caller_leaves(timed: World, stub: StubUpstream) -> None:
    go_on = asyncio.Event()
    stub.on(USERINFO, held(json_reply(200, userinfo("cronofy")), go_on))
    async with connect(timed.gateway) as wire:
        await wire.send(request_bytes("GET", CALENDARS, f"Authorization: Bearer {TOKEN}"))
        await stub.wait_for_call(USERINFO)
        waiting = asyncio.create_task(mode_of(timed))
        await stub.wait_for_call(CALENDARS, number=2)
        wire.leave()
    go_on.set()
    assert await waiting == "no_access"
    assert len(stub.calls_to(USERINFO)) == 1


async def test_another_tokens_mode_is_not_shared(timed: World, stub: StubUpstream) -> None:
    async def by_token(call: Call) -> None:
        name = (call.header("authorization") or "").removeprefix("Bearer ")
        provider = {"first": "google", "second": "cronofy"}[name]
        await answering(json_reply(200, userinfo(provider, account=f"acc_{name}")))(call)

    stub.on(USERINFO, by_token)
    tasks = [mode_of(timed, token=("first", "second")[number % 2]) for number in range(20)]
    assert await asyncio.gather(*tasks) == ["read_write", "no_access"] * 10


async def test_a_mode_older_than_an_hour_is_looked_up_beside_the_call(
    timed: World, stub: StubUpstream, clock: FakeClock
) -> None:
    assert await mode_of(timed) == "read_write"
    stub.on(USERINFO, json_reply(200, userinfo("google_free_busy")))
    clock.pass_time(3_601)
    assert await mode_of(timed) == "read_write"  # what is known is said; nobody waits
    await until(lambda: len(stub.calls_to(USERINFO)) == 2 and stub.calls_to(USERINFO)[1].answered)
    assert await mode_of(timed) == "free_busy"


async def integrated(world: World, token: str, profile_id: object = "integrated", path: str = EVENTS) -> Any:
    body = {"event_id": "e", "conferencing": {"profile_id": profile_id}}
    return await world.call("POST", path, token, json=body)


@pytest.mark.parametrize("provider", ["google_free_busy", "cronofy", "office365_free_busy", "new_thing_free_busy"])
async def test_integrated_conferencing_is_refused_where_the_mode_forbids_it(
    timed: World, stub: StubUpstream, provider: str
) -> None:
    stub.on(USERINFO, json_reply(200, userinfo(provider)))
    status, raw, headers = await integrated(timed, TOKEN)
    body = json.loads(raw)
    assert (status, headers["Gateway-Error"]) == (422, "integrated_conferencing_refused")
    assert list(body["errors"]) == ["conferencing.profile_id"]
    assert "conferencing_service_authorizations" in body["detail"]
    assert stub.calls_to(EVENTS) == []


@pytest.mark.parametrize("profile_id", ["default", "explicit", "none", "pro_U9uuErStTG@EAAAB", None, 5, ["integrated"]])
@pytest.mark.parametrize("provider", ["google_free_busy", "cronofy"])
async def test_other_conferencing_passes_in_every_mode(
    timed: World, stub: StubUpstream, provider: str, profile_id: object
) -> None:
    stub.on(USERINFO, json_reply(200, userinfo(provider)))
    status, _, headers = await integrated(timed, TOKEN, profile_id)
    assert (status, headers[MODE]) == (200, PROVIDERS[provider])
    assert len(stub.calls_to(EVENTS)) == 1


@pytest.mark.parametrize("script", [json_reply(200, userinfo()), reply(500), reply(200, b"{}")])
async def test_integrated_conferencing_passes_in_read_write_and_where_nothing_is_known(
    timed: World, stub: StubUpstream, script: bytes
) -> None:
    """Cronofy decides what the gateway does not know."""
    stub.on(USERINFO, script)
    status, _, _ = await integrated(timed, TOKEN)
    assert status == 200
    assert len(stub.calls_to(EVENTS)) == 1


async def test_a_mode_older_than_a_minute_is_looked_up_before_a_refusal(
    timed: World, stub: StubUpstream, clock: FakeClock
) -> None:
    """The person may have reconnected in the meantime, in a mode that allows it."""
    profile = {**TOKENS["linking_profile"], "provider_name": "google_free_busy"}
    stub.on("/oauth/token", json_reply(200, {**TOKENS, "linking_profile": profile}))
    stub.on(USERINFO, json_reply(200, userinfo("google_free_busy")))
    await timed.token(ADDING, grant_type="authorization_code", code="c", redirect_uri=CALLBACK)
    assert (await integrated(timed, TOKENS["access_token"]))[0] == 422
    asked = len(stub.calls_to(USERINFO))
    clock.pass_time(30)
    assert (await integrated(timed, TOKENS["access_token"]))[0] == 422
    assert len(stub.calls_to(USERINFO)) == asked

    stub.on(USERINFO, json_reply(200, userinfo("google")))
    clock.pass_time(31)
    assert (await integrated(timed, TOKENS["access_token"]))[0] == 200
    assert len(stub.calls_to(USERINFO)) == asked + 1


async def test_a_silent_look_up_does_not_hold_an_event_for_long(timed: World, stub: StubUpstream) -> None:
    """An event that the gateway cannot judge goes on; a look-up that never ends must not make it late."""
    stub.on(USERINFO, never)
    began = time.monotonic()
    status, _, _ = await integrated(timed, TOKEN)
    assert status == 200
    assert time.monotonic() - began < 4
