"""What Cronofy's token endpoint could answer, and what the client is told: nothing unusable is stored or passed on."""

import asyncio
import json
import resource
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.flows.refreshes import COOL_OFF
from tests.clock import FakeClock
from tests.journeys.conftest import IMPATIENT
from tests.journeys.records import bytes_stored, kinds_stored
from tests.journeys.stub_upstream import TOKENS, Call, Script, StubUpstream, answering, json_reply, never, reply
from tests.journeys.waiting import until
from tests.journeys.world import ADDING, CALLBACK, World, open_world

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


async def exchange(world: World) -> tuple[int, dict[str, Any], str]:
    """Redeem a code; return status, body and the gateway's code."""
    status, body, headers = await world.token(
        ADDING, grant_type="authorization_code", code="canary-code", redirect_uri=CALLBACK
    )
    return status, body, headers.get("Gateway-Error", "")


async def refresh(world: World, token: str) -> tuple[int, dict[str, Any], str]:
    status, body, headers = await world.token(ADDING, grant_type="refresh_token", refresh_token=token)
    return status, body, headers.get("Gateway-Error", "")


def without(*names: str, **changes: object) -> dict[str, Any]:
    return {**{key: value for key, value in TOKENS.items() if key not in names}, **changes}


async def endless(call: Call) -> None:
    await call.read()
    await call.send(CHUNKED + b'1\r\n"\r\n')
    while True:
        await call.send(b"10000\r\n" + b"a" * 65_536 + b"\r\n")


async def trickling(call: Call) -> None:
    """A byte now and then, each within the read timeout, for ever."""
    await call.read()
    await call.send(CHUNKED)
    while True:
        await call.send(b"1\r\n \r\n")
        await asyncio.sleep(0.05)


async def stalling(call: Call) -> None:
    await call.read()
    await call.send(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"access_')
    await call.wait_gone()


async def endless_head(call: Call) -> None:
    await call.read()
    await call.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await call.send(b"X-More: " + b"a" * 8_000 + b"\r\n")


async def cut(call: Call) -> None:
    await call.read()
    whole = json_reply(200, TOKENS)
    await call.send(whole[:-2])
    call.close()


async def cut_chunked(call: Call) -> None:
    """Everything is there but the end: a whole JSON document whose transfer broke off."""
    await call.read()
    body = json.dumps(TOKENS).encode()
    await call.send(CHUNKED + b"%x\r\n%s\r\n" % (len(body), body))
    call.close()


async def reset(call: Call) -> None:
    await call.read()
    call.reset()


async def hang_up(call: Call) -> None:
    await call.read()
    call.close()


async def garbage(call: Call) -> None:
    await call.read()
    await call.send(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
    call.close()


UNUSABLE: dict[str, tuple[Script | bytes, int, set[str]]] = {
    "endless": (endless, 502, {"upstream_reply_invalid"}),
    "endless head": (endless_head, 502, {"upstream_unreachable"}),
    "trickling": (trickling, 504, {"upstream_timeout"}),
    "stalling": (stalling, 504, {"upstream_timeout"}),
    "never": (never, 504, {"upstream_timeout"}),
    "cut": (cut, 502, {"upstream_unreachable"}),
    "cut chunked": (cut_chunked, 502, {"upstream_unreachable"}),
    "reset": (reset, 502, {"upstream_unreachable"}),
    "hang up": (hang_up, 502, {"upstream_unreachable"}),
    "garbage": (garbage, 502, {"upstream_unreachable"}),
    "too long": (reply(200, b'{"a":"' + b"a" * 70_000 + b'"}'), 502, {"upstream_reply_invalid"}),
    "empty": (reply(200), 502, {"upstream_reply_invalid"}),
    "no content": (reply(204), 502, {"upstream_reply_invalid"}),
    "html": (reply(200, b"<html>ok</html>"), 502, {"upstream_reply_invalid"}),
    "list": (reply(200, b"[]"), 502, {"upstream_reply_invalid"}),
    "deep": (reply(200, b"[" * 60_000), 502, {"upstream_reply_invalid"}),
    "not utf-8": (reply(200, b'{"access_token":"\xff"}'), 502, {"upstream_reply_invalid"}),
    "no access token": (json_reply(200, without("access_token")), 502, {"upstream_reply_invalid"}),
    "no refresh token": (json_reply(200, without("refresh_token")), 502, {"upstream_reply_invalid"}),
    "no lifetime": (json_reply(200, without("expires_in")), 502, {"upstream_reply_invalid"}),
    "lifetime of ever": (json_reply(200, without(expires_in=10**30)), 502, {"upstream_reply_invalid"}),
    "negative lifetime": (json_reply(200, without(expires_in=-1)), 502, {"upstream_reply_invalid"}),
    "token with a line end": (json_reply(200, without(access_token="a\r\nb")), 502, {"upstream_reply_invalid"}),
    "token is a number": (json_reply(200, without(access_token=5)), 502, {"upstream_reply_invalid"}),
    "redirect": (reply(302, b"", "Location: http://127.0.0.1:9/canary"), 502, {"upstream_reply_invalid"}),
    "created": (json_reply(201, TOKENS), 502, {"upstream_reply_invalid"}),
    "server error": (json_reply(500, {"error": "canary"}), 502, {"upstream_reply_invalid"}),
    "away": (json_reply(503, TOKENS), 502, {"upstream_reply_invalid"}),
    "invalid client": (json_reply(400, {"error": "invalid_client"}), 502, {"application_credentials_refused"}),
    "unauthorized client": (json_reply(401, {"error": "invalid_client"}), 502, {"application_credentials_refused"}),
    "unauthorized": (reply(401), 502, {"application_credentials_refused"}),
}


@pytest.mark.parametrize("how", UNUSABLE)
async def test_an_unusable_reply_is_told_apart_and_stores_nothing(stubbed: World, stub: StubUpstream, how: str) -> None:
    """Cronofy's trouble is 502 or 504 and temporary; the client must not take it for the end of its connection."""
    script, status, codes = UNUSABLE[how]
    stub.on("/oauth/token", script)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    answered, body, code = await exchange(stubbed)
    assert (answered, body["error"]) == (status, "temporarily_unavailable")
    assert code in codes
    assert "canary" not in json.dumps(body)
    assert time.monotonic() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB
    assert kinds_stored(stubbed) == []
    assert len(stub.calls_to("/oauth/token")) == 1  # a code is good for one try


@pytest.mark.parametrize("how", ["cut", "never", "server error", "no refresh token", "invalid client"])
async def test_an_unusable_reply_leaves_the_refresh_token_alone(
    tmp_path: Path, stub: StubUpstream, clock: FakeClock, how: str
) -> None:
    async with open_world(tmp_path, cronofy_url=stub.url, upstream=IMPATIENT, clock=clock) as stubbed:
        _, tokens, _ = await exchange(stubbed)
        stored = kinds_stored(stubbed)
        stub.on("/oauth/token", UNUSABLE[how][0])
        status, body, _ = await refresh(stubbed, tokens["refresh_token"])
        assert (status, body["error"]) == (UNUSABLE[how][1], "temporarily_unavailable")
        assert kinds_stored(stubbed) == sorted([*stored, "refresh"])

        stub.on("/oauth/token", json_reply(200, TOKENS))
        clock.pass_time(COOL_OFF)
        status, _, _ = await refresh(stubbed, tokens["refresh_token"])
        assert status == 200


async def test_cronofy_away_is_said_with_retry_after(stubbed: World, stub: StubUpstream) -> None:
    for script in (never, hang_up, endless, json_reply(500, {}), reply(200)):
        stub.on("/oauth/token", script)
        _, _, headers = await stubbed.token(
            ADDING, grant_type="authorization_code", code="canary-code", redirect_uri=CALLBACK
        )
        assert headers["Retry-After"].isdecimal()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error":"invalid_grant"}'),
        (400, b'{"error":"invalid_request","error_description":"code"}'),
        (422, b'{"errors":{"code":[]}}'),
        (429, b""),
    ],
)
async def test_cronofys_own_refusal_passes_untouched(
    stubbed: World, stub: StubUpstream, status: int, body: bytes
) -> None:
    stub.on("/oauth/token", reply(status, body))
    fields = {"client_id": ADDING, "client_secret": "adding-client-secret-0123456789abcdef"}
    fields |= {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK}
    async with stubbed.session.post(f"{stubbed.gateway}/oauth/token", json=fields) as answer:
        assert (answer.status, await answer.read()) == (status, body)
        assert "Gateway-Error" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("scope", ["read_events create_event", "", "read_free_busy_write", "FREE_BUSY_WRITE", None])
async def test_a_grant_without_free_busy_write_hands_out_no_token(
    stubbed: World, stub: StubUpstream, scope: str | None
) -> None:
    """A link that was built past the gateway still ends here."""
    stub.on("/oauth/token", json_reply(200, without(scope=scope)))
    status, body, code = await exchange(stubbed)
    assert (status, body["error"], code) == (400, "invalid_scope", "invalid_scope")
    assert set(body) == {"error", "error_description"}
    assert TOKENS["access_token"] not in json.dumps(body)
    assert kinds_stored(stubbed) == []


async def test_a_good_reply_is_handed_on_byte_for_byte(stubbed: World, stub: StubUpstream) -> None:
    """What Cronofy adds one day must arrive; key order and spelling too."""
    raw = json.dumps(without(new_thing={"b": 1, "a": 2}, expires_in=10800.0), indent=1).encode().replace(b"/", b"\\/")
    stub.on("/oauth/token", reply(200, raw))
    fields = {"client_id": ADDING, "client_secret": "adding-client-secret-0123456789abcdef"}
    fields |= {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK}
    async with stubbed.session.post(f"{stubbed.gateway}/oauth/token", json=fields) as answer:
        assert (answer.status, await answer.read()) == (200, raw)


async def test_a_token_call_never_rides_on_a_kept_connection(stubbed: World, stub: StubUpstream) -> None:
    """A connection that went stale would leave it unclear whether the code was used."""
    await stubbed.call("GET", "/v1/calendars", "some-token")
    await exchange(stubbed)
    await stubbed.call("GET", "/v1/calendars", "some-token")
    (token_call,) = stub.calls_to("/oauth/token")
    others = {call.connection for call in stub.calls if call is not token_call}
    assert token_call.connection not in others
    assert token_call.header("connection") == "close"


async def test_an_exchange_is_finished_although_the_client_leaves(stubbed: World, stub: StubUpstream) -> None:
    """The code is used by then: without its binding nobody could ever refresh that token (CVE-2026-48090 is near)."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(call: Call) -> None:
        await call.read()
        arrived.set()
        await go_on.wait()
        await call.send(json_reply(200, TOKENS))

    stub.on("/oauth/token", slow)
    leaving = asyncio.create_task(exchange(stubbed))
    await arrived.wait()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    go_on.set()
    await until(lambda: kinds_stored(stubbed) == ["binding", "binding", "modes"])
    stub.on("/oauth/token", answering(json_reply(200, TOKENS)))
    status, _, _ = await refresh(stubbed, TOKENS["refresh_token"])
    assert status == 200
    assert b"canary-code" not in bytes_stored(stubbed)
