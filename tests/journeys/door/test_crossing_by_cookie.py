"""What crosses to Cronofy and back in a call by cookie: neither our cookies nor other people's caching and CORS."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.door.browser import (
    ORIGIN,
    SESSION,
    WEB,
    Browser,
    open_browser,
    open_door,
    page_headers,
    send,
    sign_in_at_stub,
)
from tests.journeys.stub_upstream import Call, StubUpstream, json_reply, reply

CSRF = ("X-CSRF", "1")
OURS = [("Origin", ORIGIN[WEB])]


@pytest.fixture
async def guest(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[Browser]:
    """A browser that is signed in at a gateway whose Cronofy is the stub."""
    async with open_door(tmp_path, cronofy_url=stub.url) as world, open_browser(world) as opened:
        await sign_in_at_stub(opened)
        yield opened


async def test_pages_can_read_every_kind_of_answer(guest: Browser, stub: StubUpstream) -> None:
    """Without CORS headers on refusals a page sees «network error» instead of `login_url`."""
    stub.on("/v1/account", json_reply(422, {"errors": {}}))
    stub.on("/v1/profiles", json_reply(500, {}, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: PUT"))
    stub.on("/v1/resources", reply(302, b"", "Location: https://x"))
    as_json = [("Content-Type", "application/json")]
    answers = [
        (200, await guest.fetch("GET", "/v1/calendars")),
        (200, await guest.fetch("GET", "/auth/session")),
        (403, await guest.fetch("GET", "/v1/smart_invites")),
        (403, await send(guest.http, "GET", f"{guest.gateway}/v1/calendars", OURS)),
        (404, await guest.fetch("GET", "/v1/nothing")),
        (422, await guest.fetch("GET", "/v1/account")),
        (
            422,
            await guest.fetch(
                "POST", "/v1/calendars/c/events", data=b'{"conferencing": 1, "conferencing": 2}', headers=as_json
            ),
        ),
        (500, await guest.fetch("GET", "/v1/profiles")),
        (502, await guest.fetch("GET", "/v1/resources")),
        (401, await send(guest.world.session, "GET", f"{guest.gateway}/v1/calendars", page_headers())),
    ]
    for status, answer in answers:
        assert answer.status == status, answer.body
        assert answer.headers.getall("Access-Control-Allow-Origin") == [ORIGIN[WEB]]
        assert answer.headers.getall("Access-Control-Allow-Credentials") == ["true"]
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"Cronofy-Access-Mode", "Gateway-Error", "X-Request-Id", "Retry-After"} <= set(exposed)
        assert "Access-Control-Allow-Methods" not in answer.headers
        assert "Origin" in ", ".join(answer.headers.getall("Vary"))
        assert answer.headers["Cache-Control"] == "no-store"
    strange = await send(guest.http, "GET", f"{guest.gateway}/v1/calendars", [("Origin", "https://evil.example"), CSRF])
    assert not [name for name in strange.headers if name.startswith("Access-Control-")]


async def test_our_cookies_stay_here_and_others_cross_byte_for_byte(guest: Browser, stub: StubUpstream) -> None:
    """oauth2-proxy's users met the gateway's own cookie upstream (CVE-2026-48895 leaked it further)."""
    handle = guest.handle()
    mine = f"{SESSION[WEB]}={handle}; gwflow-6b-00=x; __Host-gateway-web=y; __Host-gwflow-6b-00=z"
    for others, sent in (
        ("", None),
        ('a=1; b="2 3";c', 'a=1; b="2 3";c'),
        ("weird==%20%; a=1; a=2", "weird==%20%; a=1; a=2"),
        ("gatewayx=1; xgateway-web=2", "gatewayx=1; xgateway-web=2"),
    ):
        lines = [("Cookie", f"{mine}; {others}" if others else mine), *page_headers(), ("Gateway-Client", WEB)]
        before = len(stub.calls_to("/v1/calendars"))
        answer = await send(guest.world.session, "GET", f"{guest.gateway}/v1/calendars", lines)
        call = stub.calls_to("/v1/calendars")[before]

        assert answer.status == 200
        assert call.header("cookie") == sent
        assert call.header("authorization") == "Bearer stub-access-token"
        assert handle.encode() not in call.head
        assert not {"origin", "x-csrf", "gateway-client", "referer"} & {name for name, _ in call.headers}


async def test_answers_by_cookie_are_not_to_be_kept(guest: Browser, stub: StubUpstream) -> None:
    """CVE-2025-64762: whatever Cronofy says of caching is for somebody else."""
    stub.on("/v1/calendars", json_reply(200, {}, "Cache-Control: public, max-age=60", "Vary: Accept", "Age: 3"))
    answer = await guest.fetch("GET", "/v1/calendars")

    assert answer.headers.getall("Cache-Control") == ["no-store"]
    assert "Cookie" in ", ".join(answer.headers.getall("Vary"))
    assert "Age" not in answer.headers


async def test_a_page_reads_a_stream_as_it_comes(guest: Browser, stub: StubUpstream) -> None:
    go_on = asyncio.Event()

    async def slowly(call: Call) -> None:
        await call.read()
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await go_on.wait()
        await call.send(b"6\r\nsecond\r\n0\r\n\r\n")

    stub.on("/v1/calendars", slowly)
    url = f"{guest.gateway}/v1/calendars"
    async with guest.http.get(url, headers=dict(page_headers())) as answer:
        assert await answer.content.readany() == b"first"
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN[WEB]
        go_on.set()
        assert await answer.content.read() == b"second"


async def test_a_page_sends_a_stream(guest: Browser, stub: StubUpstream) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"0123456789" * 1_000

    assert (await guest.fetch("POST", "/v1/channels", data=pieces())).status == 200
    assert len(stub.calls_to("/v1/channels")[0].body) == 500_000
