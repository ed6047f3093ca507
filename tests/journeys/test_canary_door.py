"""The browser door's secrets are never said either: no token, code, state, handle, ticket, flow, key or client secret.

Excepted is what hands them out: Set-Cookie, the redirect to Cronofy, and the bodies that hold a ticket or a login_url.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.key_ring import generate_key
from tests.clock import FakeClock
from tests.journeys.canaries import Ears, ears
from tests.journeys.conftest import IMPATIENT
from tests.journeys.door.browser import (
    SECRET,
    SESSION,
    SIDE,
    WEB,
    Browser,
    Reply,
    open_browser,
    open_door,
    page_headers,
    query_of,
    send,
)
from tests.journeys.raw_http import request_bytes
from tests.journeys.stub_upstream import TOKENS, StubUpstream, json_reply, never, reply
from tests.journeys.test_canary import APPLICATION_SECRET, assert_silence, canary, raw

EXPECTED = {
    "client_ambiguous",
    "client_unknown",
    "cookie_repeated",
    "credentials_unknown",
    "csrf_missing",
    "duplicate_key",
    "invalid_grant",
    "invalid_scope",
    "not_signed_in",
    "origin_refused",
    "parameter_repeated",
    "reconnect_required",
    "return_target_refused",
    "session_unknown",
    "state_refused",
    "ticket_invalid",
    "token_renewed",
    "upstream_reply_invalid",
    "upstream_timeout",
}


@pytest.fixture
def listening() -> Iterator[Ears]:
    with ears() as opened:
        opened.keep(application_secret=APPLICATION_SECRET, web=SECRET[WEB], side=SECRET[SIDE])
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(time.time())


class Listener:
    """A browser whose every answer is listened to."""

    def __init__(self, heard: Ears, browser: Browser, stub: StubUpstream) -> None:
        self.heard, self.browser, self.stub = heard, browser, stub
        self.rounds = 0
        self.codes: set[str] = set()

    def note(self, answer: Reply, *, hands_out: bool = False) -> Reply:
        """Keep what an answer said; 302 is the redirect to Cronofy, which has to carry the state."""
        self.codes.add(answer.code or (answer.told if answer.status == 303 else {}).get("gateway_error", ""))
        unheard = {"set-cookie", "location"} if answer.status == 302 else {"set-cookie"}
        self.heard.told += [f"{name}: {value}" for name, value in answer.headers.items() if name.lower() not in unheard]
        if not hands_out:
            self.heard.told.append(answer.body.decode("utf-8", "replace"))
        return answer

    def keep(self, **secrets: str) -> None:
        self.heard.keep(**{f"{name} {self.rounds}": value for name, value in secrets.items()})

    def tokens(self) -> dict[str, Any]:
        """Return a token set of canaries."""
        access, refresh = canary("access"), canary("refresh")
        self.keep(**{f"access {len(self.heard.secrets)}": access, f"refresh {len(self.heard.secrets)}": refresh})
        return {**TOKENS, "access_token": access, "refresh_token": refresh}

    async def begin(self, client: str = WEB) -> str:
        """Begin a sign-in and return its callback's URL, with a code that is a canary."""
        begun = self.note(await self.browser.go(f"/auth/login?client={client}"))
        state, code = query_of(begun.location)["state"], canary("code")
        name = self.browser.flows[-1]
        self.keep(state=state.partition(".")[2], code=code, flow=self.browser.cookies[name])
        return f"{self.browser.gateway}/auth/callback?code={code}&state={state}"

    async def sign_in(self, client: str = WEB) -> str:
        """Sign in with tokens that are canaries; return the callback's URL, used up."""
        self.rounds += 1
        self.stub.on("/oauth/token", json_reply(200, self.tokens()))
        url = await self.begin(client)
        self.note(await self.browser.go(url))
        self.keep(handle=self.browser.handle(client))
        return url

    async def call(self, path: str = "/v1/calendars", method: str = "GET", **more: Any) -> Reply:
        return self.note(await self.browser.fetch(method, path, **more))


@pytest.mark.parametrize(("shape", "library"), [("record", "aiosqlite"), ("cookie", "")])
async def test_the_door_says_no_secret(
    tmp_path: Path,
    stub: StubUpstream,
    listening: Ears,
    clock: FakeClock,
    capfd: pytest.CaptureFixture[str],
    shape: str,
    library: str,
) -> None:
    key = generate_key()
    listening.keep(key=key)
    impatient = {**IMPATIENT, "read_timeout": 0.2}
    settings: dict[str, Any] = {
        "cronofy_url": stub.url,
        "keys": {"ring": key},
        "upstream": impatient,
        "sessions": {"shape": shape},
    }
    async with open_door(tmp_path, clock, **settings) as world, open_browser(world) as browser:
        ear = Listener(listening, browser, stub)
        await good_journeys(ear)
        await refused_callbacks(ear)
        await refused_calls(ear)
        await troubled_refreshes(ear, clock)
        await stub.stop()
        await assert_silence(listening, world, capfd, library=library)
    assert len(listening.secrets) > 60
    assert ear.codes >= EXPECTED


async def good_journeys(ear: Listener) -> None:
    world = ear.browser.world
    for client in (WEB, SIDE, WEB):
        await ear.sign_in(client)
        ear.note(await ear.browser.fetch("GET", "/auth/session", client=client))
        ear.note(await ear.browser.fetch("GET", "/auth/sessions", client=client))
        ear.note(await ear.browser.fetch("DELETE", f"/auth/sessions/{ear.browser.handle(client)}", client=client))
        await ear.call(client=client)
        ticket = ear.note(await ear.browser.post("/auth/ticket", client=client), hands_out=True).json()["ticket"]
        ear.keep(ticket=ticket)
        url = f"{world.gateway}/auth/tickets/redeem"
        for bearer in (canary("bearer"), SECRET[client], SECRET[client]):
            ear.keep(bearer=bearer)
            lines = [("Authorization", f"Bearer {bearer}")]
            ear.note(await send(world.session, "POST", url, lines, json={"ticket": ticket}))
        login_url = ear.note(await ear.browser.post("/auth/reconnect", client=client), hands_out=True).json()
        ear.keep(permission=login_url["login_url"].partition("reconnect=")[2])
        for _ in range(2):
            ear.note(await ear.browser.go(login_url["login_url"]))
        await ear.sign_in(client)
        for body in ({"revoke": True}, {}):
            ear.note(await ear.browser.post("/auth/logout", body, client=client))


async def refused_callbacks(ear: Listener) -> None:
    used = await ear.sign_in()
    open_one = await ear.begin()
    name = ear.browser.flows[-1]
    for url in (used, f"{used}x", f"{open_one}&state=x", f"{open_one}&code={canary('code')}", f"{open_one}x"):
        ear.note(await ear.browser.go(url))
    ear.browser.plant(name, ear.browser.cookies[name][:-9])
    ear.note(await ear.browser.go(open_one))
    for answer in (
        reply(400, b'{"error":"invalid_grant"}'),
        reply(500, canary("body").encode()),
        reply(200, b'{"access_token": "x"}'),
        json_reply(200, {**ear.tokens(), "scope": "read_events"}),
        json_reply(200, {**ear.tokens(), "sub": "", "account_id": ""}),
        json_reply(200, {**ear.tokens(), "expires_in": "soon"}),
    ):
        ear.rounds += 1
        ear.stub.on("/oauth/token", answer)
        ear.note(await ear.browser.go(await ear.begin()))
    ear.rounds += 1
    ear.stub.on("/oauth/token", never)
    ear.note(await ear.browser.go(await ear.begin()))
    spoken = canary("spoken")
    ear.keep(spoken=spoken)
    for query in (
        f"error={spoken}&state={query_of(await ear.begin())['state']}",
        f"state={spoken}",
        f"state={spoken}.{spoken}&code={spoken}",
    ):
        ear.note(await ear.browser.go(f"/auth/callback?{query}"))
    for query in (
        f"client={spoken}",
        f"client={WEB}&reconnect={spoken}",
        f"client={WEB}&return_to=//{spoken}",
        f"client={WEB}&mode={spoken}",
        f"client={WEB}&connect={spoken}&{spoken}",
    ):
        ear.note(await ear.browser.go(f"/auth/login?{query}"))


async def refused_calls(ear: Listener) -> None:
    await ear.sign_in()
    world, handle, junk = ear.browser.world, ear.browser.handle(), canary("junk")
    ear.keep(junk=junk)
    own = ("Cookie", f"{SESSION[WEB]}={handle}")
    for lines in (
        [own],
        [own, ("X-CSRF", junk)],
        [own, ("Origin", f"https://{junk}"), ("X-CSRF", "1")],
        [own, own, *page_headers()],
        [own, ("Cookie", f"{SESSION[WEB]}={junk}"), *page_headers()],
        [("Cookie", f"{SESSION[WEB]}={junk}"), *page_headers()],
        [("Cookie", f"{SESSION[SIDE]}={handle}"), *page_headers(SIDE)],
        [own, ("Gateway-Client", junk), *page_headers()],
        [own, ("Cookie", f"{SESSION[SIDE]}={junk}"), ("X-CSRF", "1")],
        [own, ("Authorization", f"Bearer {junk}")],
    ):
        for method, path in (("GET", f"/v1/{junk}"), ("GET", "/v1/calendars"), ("POST", "/auth/logout")):
            if (method, lines) != ("POST", [own]):
                ear.note(await send(world.session, method, world.gateway + path, lines))
    for spoilt in (f"Cookie: {SESSION[WEB]}={handle}\x01", f"Cookie {SESSION[WEB]}={handle}", f"{handle}: x\ry"):
        await raw(ear.heard, world, request_bytes("GET", "/v1/calendars", "Connection: close", spoilt))
        await raw(ear.heard, world, request_bytes("GET", f"/auth/callback?state={junk}#", "Connection: close", spoilt))
    for body in (junk.encode(), f'{{"{junk}": 1, "{junk}": 2}}'.encode(), f'{{"return_to": "//{junk}"}}'.encode()):
        for path in ("/auth/logout", "/auth/reconnect", "/auth/tickets/redeem"):
            as_json = [("Content-Type", "application/json")]
            await ear.call(path, "POST", data=body, headers=as_json)


async def troubled_refreshes(ear: Listener, clock: FakeClock) -> None:
    for answer in (
        json_reply(200, ear.tokens()),
        json_reply(500, {"error": canary("body")}),
        reply(200, b"no json"),
        json_reply(400, {"error": "invalid_grant"}),
    ):
        await ear.sign_in()
        clock.pass_time(120)
        for path in ("/v1/calendars", "/v1/channels"):
            ear.stub.on(path, json_reply(401, {}))
        ear.stub.on("/oauth/token", answer)
        await ear.call("/v1/channels", "POST", data=b"x" * 100_000)
        for _ in range(2):
            await ear.call()
            await ear.call("/auth/session")
        ear.stub.on("/v1/calendars", json_reply(200, {}))
