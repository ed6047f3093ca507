"""Calls through Envoy, Caddy and Traefik with the shipped files: what they carry, and what the gateway answers."""

import asyncio
import re

import pytest

from gateway.rules.engine_calls import is_for_engines
from gateway.rules.operations import OPERATIONS
from tests.journeys.door.browser import ORIGIN, SIDE, WEB, Browser, page_headers, send
from tests.journeys.engines.others.binaries import KEY
from tests.journeys.engines.others.scene import Scene
from tests.journeys.raw_http import connect, exchange, request_bytes
from tests.journeys.stub_upstream import Call, json_reply
from tests.journeys.waiting import until
from tests.journeys.world import ADDING, MODE, SECRETS

pytestmark = pytest.mark.asyncio(loop_scope="module")

CSRF = ("X-CSRF", "1")
OURS = ("Origin", ORIGIN[WEB])
DIRECT = "/v1/calendars"
Lines = list[tuple[str, str]]


async def test_a_page_gets_its_persons_data_past_the_gateway(scene: Scene, browser: Browser) -> None:
    """The engine carries the call with the person's token, and the mode, the id and CORS are on the answer."""
    await browser.sign_in(email="ada@example.com")
    scene.forget()
    answer = await browser.fetch("GET", "/v1/userinfo")

    assert (answer.status, answer.json()["email"]) == (200, "ada@example.com")
    assert answer.headers.getall(MODE) == ["read_write"]
    assert len(answer.headers.getall("X-Request-Id")) == 1
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN[WEB]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert MODE in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers.getall("Cache-Control") == ["no-store"]
    assert answer.headers.getall("Vary") == ["Cookie, Origin"]
    (call,) = scene.cronofy.calls
    assert call.line == "GET /v1/userinfo HTTP/1.1"
    assert call.header("x-request-id") == answer.headers["X-Request-Id"]
    assert call.header("authorization") not in {None, ""}
    assert browser.handle() not in call.head.decode("latin-1")


async def test_each_person_gets_their_own(browser: Browser, other: Browser) -> None:
    """Beside each other, over the same connections of the engine, and with nothing kept between calls."""
    await browser.sign_in("read_write", email="ada@example.com")
    await other.sign_in("free_busy", email="bob@example.com")
    answers = await asyncio.gather(*(one.fetch("GET", "/v1/userinfo") for one in (browser, other) * 5))

    assert [(one.json()["email"], one.headers[MODE]) for one in answers] == [
        ("ada@example.com", "read_write"),
        ("bob@example.com", "free_busy"),
    ] * 5


@pytest.mark.parametrize(
    ("cookie", "lines", "answer"),
    [
        ("", [OURS, CSRF], (401, "not_signed_in")),
        ("", [CSRF], (401, "credentials_missing")),
        ("gateway-web=x", [OURS, CSRF], (401, "not_signed_in")),
        ("{own}; {own}", [OURS, CSRF], (400, "cookie_repeated")),
        ("{own}; gateway-side=other", [CSRF], (400, "client_ambiguous")),
        ("{own}", [OURS], (403, "csrf_missing")),
        ("{own}", [OURS, ("X-CSRF", "0")], (403, "csrf_missing")),
        ("{own}", [("Origin", "https://evil.example"), CSRF], (403, "origin_refused")),
        ("{own}", [("Origin", "null"), CSRF], (403, "origin_refused")),
        ("{own}", [OURS, CSRF, ("Sec-Fetch-Site", "cross-site")], (403, "origin_refused")),
        ("{own}", [OURS, CSRF, ("Gateway-Client", SIDE)], (403, "origin_refused")),
        ("{own}", [OURS, CSRF, ("Gateway-Client", "nobody")], (400, "client_unknown")),
        ("{own}", [OURS, CSRF, ("Gateway-Account", "acc_1")], (400, "account_header_refused")),
        ("{own}", [OURS, CSRF, ("Cronofy-Impersonate", "acc_1")], (403, "impersonation_refused")),
        ("{own}", [OURS, CSRF, ("Authorization", "Basic YTpi")], (401, "credentials_missing")),
        ("", [("Authorization", f"Bearer {SECRETS[ADDING]}")], (400, "account_required")),
    ],
)
async def test_what_the_gateway_refuses_reaches_the_client_as_it_is(
    scene: Scene, browser: Browser, cookie: str, lines: Lines, answer: tuple[int, str]
) -> None:
    """Status, body and headers are those of the public listener, and Cronofy sees nothing."""
    await browser.sign_in()
    scene.forget()
    given = [*lines, *([("Cookie", cookie.format(own=browser.cookie_header))] if cookie else [])]
    reply = await send(scene.world.session, "GET", scene.url + DIRECT, given)
    direct = await send(scene.world.session, "GET", scene.world.gateway + DIRECT, given)

    assert (reply.status, reply.code) == (direct.status, direct.code) == answer
    told = [{**one.json(), "request_id": ""} for one in (reply, direct)]
    assert told[0] == told[1]
    for name in ("WWW-Authenticate", "Access-Control-Allow-Origin", "Content-Type"):
        assert reply.headers.getall(name, []) == direct.headers.getall(name, []), name
    assert scene.carried == []


async def test_who_has_signed_out_is_out_at_once(scene: Scene, browser: Browser) -> None:
    """Nothing that the gateway said is kept."""
    await browser.sign_in()
    assert (await browser.fetch("GET", DIRECT)).status == 200
    lines = [("Cookie", browser.cookie_header), *page_headers()]
    assert (await browser.post("/auth/logout")).status == 200
    scene.forget()
    answer = await send(scene.world.session, "GET", scene.url + DIRECT, lines)

    assert (answer.status, answer.code) == (401, "not_signed_in")
    assert scene.carried == []


async def test_an_authorization_header_wins_over_the_cookie(scene: Scene, browser: Browser) -> None:
    """As at the gateway: the token is judged and carried, and the session behind the cookie counts for nothing."""
    await browser.sign_in(email="ada@example.com")
    token = (await scene.world.sign_in("free_busy", email="bob@example.com"))["access_token"]
    scene.forget()
    bearer = [("Authorization", f"Bearer {token}"), *page_headers()]
    answer = await send(browser.http, "GET", f"{scene.url}/v1/userinfo", bearer)
    unusable = await send(browser.http, "GET", f"{scene.url}/v1/userinfo", [("Authorization", "Basic eDp5"), CSRF])

    assert (answer.json()["email"], answer.headers[MODE]) == ("bob@example.com", "free_busy")
    assert (unusable.status, unusable.code != "not_signed_in") == (401, True)
    assert [one.header("authorization") for one in scene.cronofy.calls] == [f"Bearer {token}"]


async def test_the_engine_carries_what_it_may_and_nothing_else(scene: Scene) -> None:
    """Each row of the route table, tried: the gateway is asked about those that stream, and gets all others itself."""
    carried = set()
    for one in OPERATIONS:
        for method in (one.method, *(["HEAD"] if one.method == "GET" else [])):
            scene.forget()
            path = re.sub(r"\{\w+\}", "x-1", one.template)
            lines, body = ("Content-Type: application/json", "Connection: close"), b"{}" if method != "GET" else b""
            raw = request_bytes(method, path, *lines, body=b"" if method == "HEAD" else body)
            async with connect(scene.url) as wire:
                await wire.send(raw)
                assert (await wire.reply(to_head=method == "HEAD")).status >= 400, path
            if scene.asked():
                assert scene.asked() == [(method, path)]
                carried.add((one.name, method))

    wanted = [one for one in OPERATIONS if is_for_engines(one)]
    assert carried == {(one.name, one.method) for one in wanted} | {
        (one.name, "HEAD") for one in wanted if one.method == "GET"
    }


async def test_what_has_to_be_read_goes_through_the_gateway(scene: Scene, browser: Browser) -> None:
    """Pages lead back to the gateway's public URL, and a body that a rule judges is judged."""
    await browser.sign_in("free_busy")
    scene.forget()
    page = (await browser.fetch("GET", "/v1/free_busy?tzid=Etc/UTC")).json()["pages"]
    assert page["next_page"].startswith(f"{scene.url}/v1/free_busy/pages/")
    assert (await browser.fetch("GET", page["next_page"].removeprefix(scene.url))).status == 200
    calendar = (await browser.fetch("GET", DIRECT)).json()["calendars"][0]["calendar_id"]
    event = {"event_id": "e", "summary": "Tea", "start": "2030-01-01T10:00:00Z", "end": "2030-01-01T11:00:00Z"}
    path = f"/v1/calendars/{calendar}/events"
    refused = await browser.fetch("POST", path, json={**event, "conferencing": {"profile_id": "integrated"}})

    assert (refused.status, refused.code) == (422, "integrated_conferencing_refused")
    assert scene.carried == [f"GET {DIRECT} HTTP/1.1"]


@pytest.mark.parametrize(
    ("target", "lines"),
    [
        (f"{DIRECT}?et=some-token", []),
        (f"{DIRECT}?a=b&et=some-token", []),
        (DIRECT, [("Gateway-Account", "acc_1")]),
        (DIRECT, [("Cronofy-Impersonate", "acc_1")]),
        (f"{DIRECT}/", []),
        ("/auth/session", []),
        ("/oauth/authorize", []),
        ("/v1/nothing", []),
    ],
)
async def test_what_only_the_gateway_can_answer_goes_there(
    scene: Scene, browser: Browser, target: str, lines: Lines
) -> None:
    """No question is asked, so it is the public listener that answers."""
    answer = await send(browser.http, "GET", scene.url + target, [CSRF, *lines])
    assert answer.headers["X-Request-Id"]
    assert (scene.asked(), scene.carried) == ([], [])


async def test_a_body_streams_up(scene: Scene, browser: Browser) -> None:
    await browser.sign_in()
    profile = (await browser.fetch("GET", DIRECT)).json()["calendars"][0]["profile_id"]
    scene.forget()
    answer = await browser.fetch("POST", DIRECT, json={"profile_id": profile, "name": "Behind an engine"})

    assert answer.status == 200, answer.body
    assert answer.json()["calendar"]["calendar_name"] == "Behind an engine"
    (call,) = scene.cronofy.calls
    assert b"Behind an engine" in call.body


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_a_form_is_not_carried(scene: Scene, browser: Browser, kind: str) -> None:
    """Rack would take `_method` in it for the call's method."""
    await browser.sign_in()
    scene.forget()
    lines = [("Content-Type", kind)] if kind else []
    answer = await browser.fetch(
        "POST", DIRECT, data=b"_method=DELETE", headers=lines, skip_auto_headers=["Content-Type"]
    )

    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert scene.carried == []


async def test_cronofys_refusal_of_a_token(scene: Scene, browser: Browser) -> None:
    """Caddy lets the gateway have the call, which renews; the others can only pass the refusal on."""
    await browser.sign_in()
    refused = json_reply(401, {"error": "invalid_token"}, f"{MODE}: forged")
    scene.forget()
    with scene.cronofy.answers("/v1/userinfo", refused):
        answer = await browser.fetch("GET", "/v1/userinfo")

    assert answer.status == (200 if scene.name == "caddy" else 401)
    assert answer.headers.getall(MODE) == ["read_write"]
    assert len(scene.carried) == 1


async def test_without_the_gateway_nothing_is_carried(scene: Scene, browser: Browser) -> None:
    await browser.sign_in()
    scene.forget()
    with scene.gate.shut():
        answer = await browser.fetch("GET", DIRECT)
    assert answer.status >= 500
    assert MODE not in answer.headers
    assert scene.carried == []
    assert (await browser.fetch("GET", DIRECT)).status == 200


async def broken(call: Call) -> None:
    """Break off before there is an answer."""
    await call.read()
    call.reset()


async def test_no_log_holds_a_credential(scene: Scene, browser: Browser) -> None:
    """Not even of a call that went wrong; a query can hold an element token."""
    await browser.sign_in()
    written = scene.log.stat().st_size
    with scene.gate.shut():
        await browser.fetch("GET", f"{DIRECT}?a=query-canary")
    with scene.cronofy.answers(DIRECT, broken):
        assert (await browser.fetch("GET", f"{DIRECT}?a=query-canary")).status >= 500
    if scene.name == "caddy":  # which writes each of them
        await until(lambda: scene.log.stat().st_size > written)

    log = scene.log.read_text(encoding="utf-8")
    assert "query-canary" not in log
    assert browser.handle() not in log
    assert KEY not in log


async def test_a_call_waits_for_the_gateways_word(scene: Scene, browser: Browser) -> None:
    """While the gateway is slow nothing goes to Cronofy."""
    await browser.sign_in()
    scene.forget()
    with scene.gate.held():
        call = asyncio.create_task(browser.fetch("GET", DIRECT))
        await until(lambda: bool(scene.asked()))
        assert scene.carried == []
        assert not call.done()
    assert (await call).status == 200


async def test_the_operations_of_the_drop_in_door_work_through_it(scene: Scene) -> None:
    """Tokens are got and used at one address."""
    tokens = await scene.world.sign_in(client=ADDING)
    raw = request_bytes("GET", DIRECT, f"Authorization: Bearer {tokens['access_token']}", "Connection: close")
    answer = await exchange(scene.url, raw)
    assert (answer.status, answer.header(MODE)) == (200, "read_write")
    assert len(scene.carried) == 1
