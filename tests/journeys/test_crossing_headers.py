"""Which header lines cross, each way: what is Cronofy's and the caller's to say, and nothing that is ours to say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.raw_http import RawReply, exchange, request_bytes
from tests.journeys.stub_upstream import Call, StubUpstream, reply
from tests.journeys.world import ADDING, SECRETS, STRICT, World, open_world, world_settings

TOKEN = "some-token"
BEARER = f"Authorization: Bearer {TOKEN}"
DOWN = "/v1/calendars"
OURS = {"host", "authorization", "accept-encoding", "via", "x-request-id"}


async def get(world: World, *lines: str, target: str = DOWN) -> RawReply:
    return await exchange(world.gateway, request_bytes("GET", target, "Connection: close", BEARER, *lines))


async def sent(world: World, stub: StubUpstream, *lines: str) -> Call:
    """Make a call with these lines and return what Cronofy saw."""
    assert (await get(world, *lines)).status == 200
    return stub.calls_to(DOWN)[-1]


@pytest.mark.parametrize(
    "line",
    [
        "Cookie: __Host-gateway-app=canary; __Host-gwflow-1=canary; gateway-app=canary; gwflow-1=canary",
        "Origin: https://canary.example",
        "Referer: https://canary.example/?code=canary",
        "Sec-Fetch-Site: canary",
        "Sec-CH-UA: canary",
        "Sec-WebSocket-Key: canary",
        "X-CSRF: canary",
        "baggage: user=canary",
        "Forwarded: for=canary",
        "X-Forwarded-For: canary",
        "X-Forwarded-Host: canary",
        "X-Forwarded-Proto: canary",
        "X-Forwarded-Client-Cert: canary",
        "X-Real-IP: canary",
        "X-Original-URL: /canary",
        "X-Rewrite-URL: /canary",
        "X-HTTP-Method-Override: CANARY",
        "X-HTTP-Method: CANARY",
        "X-Method-Override: CANARY",
        "Gateway-Client: canary",
        "Proxy-Authorization: Basic canary",
        "Proxy-Connection: canary",
        "Keep-Alive: canary",
        "TE: canary",
        "Trailer: canary",
        "Upgrade: canary",
        "Via: 1.1 canary",
        "Max-Forwards: 8",
        "HTTP2-Settings: canary",
    ],
)
async def test_a_line_that_is_not_for_cronofy_does_not_reach_it(stubbed: World, stub: StubUpstream, line: str) -> None:
    call = await sent(stubbed, stub, line)
    assert {name for name, _ in call.headers} == OURS
    assert b"canary" not in call.head.lower()


@pytest.mark.parametrize(
    "line",
    [
        "User-Agent: Cronofy Ruby 0.37.0",
        "Accept: application/json; q=0.5, */*",
        "Accept-Language: de",
        'If-None-Match: "etag"',
        "Range: bytes=0-9",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Idempotency-Key: abc",
        "Cronofy-Something: new",
        "X-Empty:",
        "Priority: u=1",
    ],
)
async def test_another_line_reaches_cronofy_as_it_is(stubbed: World, stub: StubUpstream, line: str) -> None:
    call = await sent(stubbed, stub, line)
    name, _, value = line.partition(":")
    assert (name.lower(), value.strip()) in call.headers
    assert len(call.headers) == len(OURS) + 1


@pytest.mark.parametrize(
    ("cookies", "left"),
    [
        ('a=1;b=2;  c="x y"', 'a=1;b=2;  c="x y"'),
        ("a=1; __Host-gateway-app=canary; b=2", "a=1; b=2"),
        ("a=canary-less; gateway_app=1; xgateway-=2", "a=canary-less; gateway_app=1; xgateway-=2"),
    ],
)
async def test_cookies_that_are_not_ours_reach_cronofy_byte_for_byte(
    stubbed: World, stub: StubUpstream, cookies: str, left: str
) -> None:
    call = await sent(stubbed, stub, f"Cookie: {cookies}")
    assert call.header("cookie") == left


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Request-Id", "Via", "Host", "Cronofy-Access-Mode", "Accept-Encoding"]
)
async def test_connection_cannot_delete_a_line_that_the_gateway_sets(
    stubbed: World, stub: StubUpstream, name: str
) -> None:
    """GHSA-w9mr-28mw-j8hg, CVE-2024-45410: hop-by-hop names are removed before ours are set, in both directions."""
    stub.on(DOWN, reply(200, b"{}", f"Connection: {name}, X-Other", "X-Other: canary"))
    raw = request_bytes("GET", DOWN, BEARER, f"Connection: close, {name}, X-Mine", "X-Mine: canary")
    answer = await exchange(stubbed.gateway, raw)
    (call,) = stub.calls_to(DOWN)
    assert {name for name, _ in call.headers} == OURS
    assert call.header("authorization") == f"Bearer {TOKEN}"
    assert call.header("host") == stub.url.removeprefix("http://")
    assert (answer.header("Cronofy-Access-Mode"), answer.header("Via")) == ("read_write", "1.1 cronofy-gateway")
    assert answer.header("X-Request-Id") == call.header("x-request-id")
    assert "canary" not in str(answer.headers)


@pytest.mark.parametrize(
    "line",
    [
        "Set-Cookie: a=canary; Domain=example.com",
        'Clear-Site-Data: "canary"',
        "Access-Control-Allow-Origin: canary",
        "Access-Control-Allow-Credentials: canary",
        "Strict-Transport-Security: max-age=0; canary",
        'Alt-Svc: h3="canary:443"',
        "Gateway-Error: canary",
        "gateway_error: canary",
        "Cronofy-Access-Mode: canary",
        "CRONOFY-ACCESS-MODE: canary",
        "cronofy_access_mode: canary",
        "X-Request-Id: canary",
        "Via: 1.1 canary",
        "X-Content-Type-Options: canary",
        "Proxy-Authenticate: Basic realm=canary",
        "Keep-Alive: timeout=canary",
        "Trailer: canary",
        "Upgrade: canary",
    ],
)
async def test_a_line_that_is_not_cronofys_to_say_does_not_reach_the_client(
    stubbed: World, stub: StubUpstream, line: str
) -> None:
    stub.on(DOWN, reply(200, b"{}", line))
    answer = await get(stubbed)
    assert (answer.status, answer.header("Cronofy-Access-Mode")) == (200, "read_write")
    assert "canary" not in str(answer.headers)


@pytest.mark.parametrize(
    "line",
    [
        "Status: 200 OK",
        "Content-Type: application/json; charset=utf-8",
        'ETag: W/"x"',
        "Cache-Control: max-age=0, private",
        "X-RateLimit-Limit: 50",
        'WWW-Authenticate: Bearer error="invalid_token"',
        "Link: <a>; rel=b",
        "Server: nginx",
        "X-Runtime: 0.01",
        "Location: https://api.cronofy.com/v1/things/1",
    ],
)
async def test_another_line_of_cronofys_reaches_the_client_as_it_is(
    stubbed: World, stub: StubUpstream, line: str
) -> None:
    stub.on(DOWN, reply(201, b"{}", line))
    answer = await get(stubbed)
    name, _, value = line.partition(": ")
    assert answer.header(name) == value


async def test_repeated_lines_stay_apart_and_in_order(stubbed: World, stub: StubUpstream) -> None:
    stub.on(DOWN, reply(200, b"{}", "X-A: 1", "X-B: 2", "X-A: 3"))
    raw = request_bytes("GET", DOWN, BEARER, "Connection: close", "X-C: 1", "X-D: 2", "X-C: 3")
    answer = await exchange(stubbed.gateway, raw)
    assert [pair for pair in answer.headers if pair[0] in {"x-a", "x-b"}] == [("x-a", "1"), ("x-b", "2"), ("x-a", "3")]
    (call,) = stub.calls_to(DOWN)
    assert [pair for pair in call.headers if pair[0] in {"x-c", "x-d"}] == [("x-c", "1"), ("x-d", "2"), ("x-c", "3")]


@pytest.mark.parametrize("raw", [b"caf\xe9", "caf\u00e9".encode(), b"\xff\xfe", b"a\tb"])
async def test_an_odd_byte_in_a_header_value_is_nobodys_500(stubbed: World, stub: StubUpstream, raw: bytes) -> None:
    """RFC 9110 section 5.5 lets obs-text stand in a value: it crosses byte for byte, or the line does not cross."""
    stub.on(DOWN, reply(200, b"{}", "X-Name: " + raw.decode("latin-1")))
    head = request_bytes("GET", DOWN, BEARER, "Connection: close")[:-2] + b"X-Mine: " + raw + b"\r\n\r\n"
    answer = await exchange(stubbed.gateway, head)
    assert answer.status == 200
    assert answer.header("X-Name") in {raw.decode("latin-1"), None}
    assert stub.calls_to(DOWN)[0].header("x-mine") in {raw.decode("latin-1"), None}


@pytest.mark.parametrize("offered", ["request-0001", "A.b_c-" + "d" * 50])
async def test_a_request_id_is_taken_over(stubbed: World, stub: StubUpstream, offered: str) -> None:
    answer = await get(stubbed, f"X-Request-Id: {offered}")
    assert answer.header("X-Request-Id") == stub.calls_to(DOWN)[0].header("x-request-id") == offered


@pytest.mark.parametrize(
    "offered", ["short", "a" * 65, "has blank here", "<script>alert(1)</script>", "a;b=canary-1", ""]
)
async def test_an_odd_request_id_is_replaced(stubbed: World, stub: StubUpstream, offered: str) -> None:
    answer = await get(stubbed, f"X-Request-Id: {offered}")
    made = answer.header("X-Request-Id")
    assert made == stub.calls_to(DOWN)[0].header("x-request-id")
    assert made != offered


async def test_gateway_account_is_refused_outside_the_service_door(stubbed: World, stub: StubUpstream) -> None:
    answer = await get(stubbed, "Gateway-Account: acc_victim")
    assert (answer.status, answer.header("Gateway-Error")) == (400, "account_header_refused")
    assert stub.calls == []


async def test_impersonation_is_for_clients_that_may(tmp_path: Path, stub: StubUpstream) -> None:
    clients = world_settings(store=tmp_path / "x", port=1, cronofy_url=stub.url)["clients"]
    clients[ADDING]["may_impersonate"] = True
    async with open_world(tmp_path, cronofy_url=stub.url, clients=clients) as world:
        lines = ("Connection: close", f"Authorization: Bearer {SECRETS[ADDING]}", "Cronofy-Impersonate: acc_one")
        await exchange(world.gateway, request_bytes("GET", "/v1/scheduling_requests", *lines))
        lines = ("Connection: close", f"Authorization: Bearer {SECRETS[STRICT]}", "Cronofy-Impersonate: acc_one")
        answer = await exchange(world.gateway, request_bytes("GET", "/v1/scheduling_requests", *lines))
    assert (answer.status, answer.header("Gateway-Error")) == (403, "impersonation_refused")
    (call,) = stub.calls_to("/v1/scheduling_requests")
    assert call.header("cronofy-impersonate") == "acc_one"


async def test_a_client_secret_becomes_the_applications(stubbed: World, stub: StubUpstream) -> None:
    """Cronofy's API key is the application's secret; a client never sees it, nor Cronofy the client's."""
    lines = (f"Authorization: bearer {SECRETS[ADDING]}", "Connection: close", "Content-Type: application/json")
    raw = request_bytes("POST", "/v1/application_verification", *lines, body=b"{}")
    answer = await exchange(stubbed.gateway, raw)
    assert (answer.status, answer.header("Cronofy-Access-Mode")) == (200, "not_applicable")
    (call,) = stub.calls
    assert (call.header("authorization") or "").startswith("Bearer CRN_emulator_first")
    assert SECRETS[ADDING].encode() not in call.head


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
async def test_the_mode_headers_name_can_be_chosen(
    tmp_path: Path, stub: StubUpstream, spell: Callable[[str], str]
) -> None:
    stub.on(DOWN, reply(200, b"{}", spell("X-Calendar-Mode") + ": canary"))
    async with open_world(tmp_path, cronofy_url=stub.url, proxy={"mode_header": "X-Calendar-Mode"}) as world:
        answer = await get(world)
    assert answer.header("X-Calendar-Mode") == "read_write"
    assert answer.header("Cronofy-Access-Mode") is None
