"""In custody gateway no Cronofy token and no application secret leaves: not in an answer, header, log or metric.

Unlike in the other canary tests the bodies of successes are listened to as well: where the gateway keeps the tokens,
they may hold none. The named exceptions are link tokens and element tokens, which are made to be given away.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.journeys.canaries import Ears, ears
from tests.journeys.conftest import IMPATIENT
from tests.journeys.stub_upstream import (
    TOKENS,
    Script,
    StubUpstream,
    answering,
    json_reply,
    never,
    reply,
    userinfo,
)
from tests.journeys.test_canary import APPLICATION_SECRET, assert_silence, canary
from tests.journeys.test_custody import KEEPING
from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World, open_world

JSON = {"Content-Type": "application/json"}
CALENDAR = "/v1/application_calendars"
BROKEN: dict[str, Script] = {
    "refused": answering(json_reply(401, {"error": "invalid_client"})),
    "ended": answering(json_reply(400, {"error": "invalid_grant"})),
    "unauthorized": answering(reply(401)),
    "away": answering(reply(503, b"<html>")),
    "failed": answering(json_reply(500, {"error": "server_error"})),
    "garbage": answering(reply(200, b"<html>")),
    "nothing": answering(json_reply(200, {})),
    "elsewhere": answering(reply(302, b"", "Location: https://elsewhere.example.com/")),
    "late": never,
}


@pytest.fixture
def listening() -> Iterator[Ears]:
    with ears() as opened:
        opened.keep(application_secret=APPLICATION_SECRET, application="emulator-application")
        yield opened


class Cronofy:
    """The stub, whose every token is another canary."""

    def __init__(self, stub: StubUpstream, heard: Ears) -> None:
        self.stub, self.heard, self.rounds = stub, heard, 0

    def tokens(self, **changes: Any) -> dict[str, Any]:
        self.rounds += 1
        pair = {name: canary(name) for name in ("access_token", "refresh_token")}
        self.heard.keep(**{f"{name} {self.rounds}": value for name, value in pair.items()})
        return {**TOKENS, **pair, **changes}

    def mend(self) -> None:
        """Answer everything well, with tokens that were never seen before."""
        self.stub.on("/oauth/token", json_reply(200, self.tokens()))
        self.stub.on(CALENDAR, json_reply(200, self.tokens(sub="apc_1", application_calendar_id="apc_1")))
        self.stub.on("/v1/userinfo", json_reply(200, userinfo()))
        for path in ("/oauth/token/revoke", "/v1/calendars", "/v1/events"):
            self.stub.on(path, json_reply(200, {}))

    def break_(self, path: str, script: Script) -> None:
        self.stub.on(path, script)


class App:
    """A client's app, whose every answer is listened to, body and all."""

    def __init__(self, world: World, heard: Ears) -> None:
        self.world, self.heard = world, heard
        self.codes: set[str] = set()

    async def send(self, method: str, path: str, token: str | None = None, **more: Any) -> tuple[int, bytes]:
        status, body, headers = await self.world.call(method, path, token, **more)
        self.heard.told += [f"{name}: {value}" for name, value in headers.items()]
        self.heard.told.append(body.decode("utf-8", "replace"))
        self.codes.add(headers.get("Gateway-Error", ""))
        return status, body

    async def oauth(self, path: str, client: str = ADDING, **fields: str) -> dict[str, Any]:
        body = {"client_id": client, "client_secret": SECRETS[client], **fields}
        _, raw = await self.send("POST", path, json=body)
        answer: dict[str, Any] = json.loads(raw) if raw.startswith(b"{") else {}  # a page passes as it came
        return answer

    async def sign_in(self) -> dict[str, Any]:
        fields = {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK}
        return await self.oauth("/oauth/token", **fields)

    async def refresh(self, token: str, client: str = ADDING) -> dict[str, Any]:
        return await self.oauth("/oauth/token", client, grant_type="refresh_token", refresh_token=token)

    async def ask_for_calendar(self) -> dict[str, Any]:
        return await self.oauth(CALENDAR, application_calendar_id="rooms")

    async def call(self, token: str) -> None:
        for path in ("/v1/calendars", "/v1/events?tzid=Etc/UTC", "/v1/nothing"):
            await self.send("GET", path, token)
        event = {"event_id": "1", "conferencing": {"profile_id": "integrated"}}
        await self.send("POST", "/v1/calendars/cal_1/events", token, json=event)


async def test_no_token_and_no_application_secret_leaves(
    tmp_path: Path, stub: StubUpstream, listening: Ears, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = FakeClock(1_800_000_000.0)
    impatient = {**IMPATIENT, "read_timeout": 0.2}
    async with open_world(tmp_path, cronofy_url=stub.url, upstream=impatient, clients=KEEPING, clock=clock) as world:
        app, cronofy = App(world, listening), Cronofy(stub, listening)
        for script in BROKEN.values():
            cronofy.mend()
            held = await app.sign_in()
            made = await app.ask_for_calendar()
            cronofy.mend()
            fresh = await app.refresh(held["refresh_token"])
            for handle in (held["access_token"], fresh["access_token"], made["access_token"], "cga_unknown"):
                await app.call(handle)
            # Cronofy fails at each step.
            for path in ("/oauth/token", CALENDAR, "/v1/calendars", "/v1/events", "/v1/userinfo"):
                cronofy.break_(path, script)
            clock.pass_time(100)
            await app.call(fresh["access_token"])
            await app.sign_in()
            await app.ask_for_calendar()
            clock.pass_time(TOKENS["expires_in"])
            await app.refresh(held["refresh_token"])
            await app.call(held["access_token"])
            cronofy.mend()
            clock.pass_time(10)
            held = await app.sign_in()
            # Another client, another kind, the wrong place.
            await app.refresh(held["refresh_token"], STRICT)
            await app.refresh(held["access_token"])
            await app.call(held["refresh_token"])
            await app.oauth("/oauth/token/revoke", STRICT, token=held["refresh_token"])
            cronofy.break_("/oauth/token/revoke", script)
            cronofy.break_("/v1/profiles/pro_stub/revoke", script)
            await app.oauth("/oauth/token/revoke", token=held["access_token"])
            cronofy.mend()
            await app.oauth("/oauth/token/revoke", token=held["refresh_token"])
            await app.call(held["access_token"])
            await app.refresh(held["refresh_token"])
        held = await app.sign_in()
        cronofy.break_("/v1/calendars", BROKEN["unauthorized"])
        await app.call(held["access_token"])  # refused right after it was given: no other token will help
        await app.refresh(held["refresh_token"])
        await stub.stop()
        expected = {"credentials_unknown", "invalid_grant", "upstream_timeout", "upstream_reply_invalid", ""}
        assert app.codes >= expected | {"operation_unknown", "reconnect_required", "upstream_redirected"}
        assert cronofy.rounds > 40
        await assert_silence(listening, world, capfd)


async def test_the_ears_hear_a_token_in_the_body_of_a_success(
    tmp_path: Path, stub: StubUpstream, listening: Ears
) -> None:
    """Else the test above could not fail: in custody client the same answer holds both tokens."""
    clients = {**KEEPING, ADDING: {**KEEPING[ADDING], "custody": "client"}}
    async with open_world(tmp_path, cronofy_url=stub.url, clients=clients) as world:
        app, cronofy = App(world, listening), Cronofy(stub, listening)
        cronofy.mend()
        await app.sign_in()
    assert {one.split(" in ")[0] for one in listening.heard()} == {"access_token 1", "refresh_token 1"}
