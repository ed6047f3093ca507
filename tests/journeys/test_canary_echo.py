"""A Cronofy that repeats what it was sent: no credential of the gateway's comes back to a client that way.

Servers do so in validation errors, pages for developers and `WWW-Authenticate`. What Cronofy says is passed on, except
where it holds the application's secret or a token that the gateway keeps.
"""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.clock import FakeClock
from tests.journeys.canaries import Ears, ears
from tests.journeys.stub_upstream import TOKENS, Call, Script, StubUpstream, json_reply, reply
from tests.journeys.test_canary import APPLICATION_SECRET, assert_silence
from tests.journeys.test_canary_custody import App, Cronofy
from tests.journeys.test_custody import KEEPING
from tests.journeys.world import ADDING, SECRETS, World, open_world

SERVING = {**KEEPING, ADDING: {**KEEPING[ADDING], "service_door": True}}


def spelled(call: Call) -> dict[str, bytes]:
    """Return what came, as servers repeat it."""
    bearer, body = call.header("authorization") or "", call.body.decode()
    sent = f"{bearer} {body}"
    return {
        "plain": json.dumps({"error": "invalid_request", "error_description": sent}).encode(),
        "escaped": json.dumps({"errors": {"x": [sent]}}).replace("-", "\\u002d").encode(),
        "form": f"error=x&{quote(sent, safe='')}".encode(),
        "base64": base64.b64encode(sent.encode()),
        "page": f"<html><pre>{sent}</pre>".encode(),
    }


def echoing(status: int, how: str, *, coding: str = "") -> Script:
    async def script(call: Call) -> None:
        await call.read()
        said = spelled(call)[how]
        lines = [f'WWW-Authenticate: Bearer error_description="{call.header("authorization")}"', "Status: 422"]
        if coding == "gzip":
            said = gzip.compress(said)
        if coding:
            lines.append(f"Content-Encoding: {coding}")
        await call.send(reply(status, said, "Content-Type: application/json", *lines))

    return script


@pytest.fixture
def listening() -> Iterator[Ears]:
    with ears() as opened:
        opened.keep(application_secret=APPLICATION_SECRET)
        yield opened


async def everything(app: App, world: World, held: dict[str, Any]) -> None:
    """Call every way in."""
    handle, account = held["access_token"], {"Gateway-Account": "acc_stub"}
    for coding in ("identity", "gzip, br"):
        more = {"Accept-Encoding": coding}
        for path in ("/v1/calendars", "/v1/events?tzid=Etc/UTC"):
            await app.send("GET", path, handle, headers=more)
            await app.send("GET", path, SECRETS[ADDING], headers={**account, **more})
        await app.send("POST", "/v1/calendars/c/events", handle, json={"event_id": "1"}, headers=more)
        await app.send("GET", "/v1/smart_invites?smart_invite_id=1", SECRETS[ADDING], headers=more)
        query = f"/v1/bookable_events/1?bearer_token={SECRETS[ADDING]}"
        await app.send("GET", query, headers=more)
        body = {"client_id": ADDING, "client_secret": SECRETS[ADDING], "oauth": {}, "availability": {}, "event": {}}
        await app.send("POST", "/v1/real_time_scheduling", json=body, headers=more)
    await app.ask_for_calendar()


@pytest.mark.parametrize("how", ["plain", "escaped", "form", "base64", "page"])
@pytest.mark.parametrize("status", [400, 403, 422, 500])
async def test_what_the_gateway_sent_does_not_come_back(
    tmp_path: Path, stub: StubUpstream, listening: Ears, capfd: pytest.CaptureFixture[str], how: str, status: int
) -> None:
    clock = FakeClock(1_800_000_000.0)
    async with open_world(tmp_path, cronofy_url=stub.url, clients=SERVING, clock=clock) as world:
        app, cronofy = App(world, listening), Cronofy(stub, listening)
        cronofy.mend()
        held = await app.sign_in()
        stub._otherwise = echoing(status, how)
        stub._scripts.clear()
        await everything(app, world, held)
        stub._otherwise = echoing(status, how, coding="gzip")
        await everything(app, world, held)
        stub._otherwise = echoing(status, how)
        await app.sign_in()
        await app.oauth("/oauth/token/revoke", token=held["access_token"])
        clock.pass_time(TOKENS["expires_in"])
        await app.refresh(held["refresh_token"])
        await app.call(held["access_token"])
        assert len(stub.calls) > 25
        await assert_silence(listening, world, capfd)


async def test_an_error_that_repeats_nothing_is_passed_on_as_it_came(tmp_path: Path, stub: StubUpstream) -> None:
    said = b'{"errors" : {"tzid":[{"key":"errors.required"}]}}'
    async with open_world(tmp_path, cronofy_url=stub.url, clients=SERVING) as world:
        app = App(world, Ears())
        held = await app.sign_in()
        stub.on("/v1/events", reply(422, said, "Content-Type: application/json", "ETag: x", "Status: 422"))
        status, body, headers = await world.call("GET", "/v1/events", held["access_token"])
        assert (status, body, headers["ETag"], headers["Status"]) == (422, said, "x", "422")
        stub.on("/oauth/token", json_reply(400, {"error": "invalid_grant", "error_description": "used"}))
        assert await app.sign_in() == {"error": "invalid_grant", "error_description": "used"}


async def test_the_code_of_an_error_is_told_where_its_description_is_not(tmp_path: Path, stub: StubUpstream) -> None:
    """An app must still learn that its code is dead."""
    stub.on("/oauth/token", json_reply(400, {"error": "invalid_grant", "error_description": APPLICATION_SECRET}))
    application = {"client_id": "x", "client_secret": APPLICATION_SECRET, "emulator_url": stub.url}
    async with open_world(tmp_path, cronofy_url=stub.url, clients=SERVING, applications={"main": application}) as world:
        assert await App(world, Ears()).sign_in() == {"error": "invalid_grant"}


async def test_a_success_that_repeats_the_tokens_holds_handles_alone(
    tmp_path: Path, stub: StubUpstream, listening: Ears
) -> None:
    async with open_world(tmp_path, cronofy_url=stub.url, clients=SERVING) as world:
        app, cronofy = App(world, listening), Cronofy(stub, listening)
        tokens = cronofy.tokens()
        stub.on("/oauth/token", json_reply(200, {**tokens, "debug": {"was": [tokens["access_token"]]}, "new": 1}))
        held = await app.sign_in()
        assert held["new"] == 1
        assert held["access_token"].startswith("cga_")
        assert listening.heard() == []
