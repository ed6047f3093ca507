"""Request targets, framings and header lines that two readers could understand differently: 400, and nothing goes on.

Source: RFC 9112 sections 2.2, 3.2 and 6; CVE-2021-29492, CVE-2026-41059, CVE-2026-33494 and their kin.
"""

import asyncio
import json
import ssl

import pytest
from structlog.testing import capture_logs

from tests.journeys.raw_http import RawReply, connect, exchange, request_bytes
from tests.journeys.stub_upstream import StubUpstream
from tests.journeys.world import World

BEARER = "Authorization: Bearer canary-token"
CALENDARS = "/v1/calendars"
TARGETS = [
    "/v1/../v1/calendars",
    "/v1/calendars/..",
    "/v1/./calendars",
    "/v1/%2e%2e/v1/calendars",
    "/v1/%2E%2e/calendars",
    "/v1/.%2e/calendars",
    "/v1/calendars%2fcal%2fevents",
    "/v1%2Fcalendars",
    "/v1/calendars/cal%2F..%2F..%2Fuserinfo/events",
    "/v1/calendars%5c..%5cuserinfo",
    "/v1\\calendars",
    "/v1/..\\calendars",
    "//v1/calendars",
    "/v1//calendars",
    "/v1/calendars//",
    "//127.0.0.1/v1/calendars",
    "/v1/calendars#x",
    "/v1/calendars?x=1#y",
    "/v1/calendars%23x",
    "/v1/calendars%3Fx=1",
    "/v1/calendars%00",
    "/v1/calendars%0d%0aX:%20y",
    "/v1/calendars%20",
    "/v1/calendars%7f",
    "/v1/calendars;x=1",
    "/v1;x/calendars",
    "/v1/calendars%3bx",
    "/v1/%252e%252e/calendars",
    "/v1/calendars/%25/events",
    "/v1/calendars/%",
    "/v1/calendars/%2",
    "/v1/calendars/%zz/events",
    "/v1/calendars/%ff/events",
    "/v1/calendars/%c0%ae%c0%ae/events",
    "/v1/calendars/<x>/events",
    '/v1/calendars/"x"/events',
    "/v1/calendars/{x}|^`/events",
    "http://127.0.0.1:9/v1/calendars",
    "http://api.cronofy.com/v1/calendars",
    "https://canary.example/v1/calendars",
    "HTTP://canary.example",
    "canary.example:443",
    "*",
    "v1/calendars",
    "?/v1/calendars",
    "@canary.example/v1/calendars",
    "/@canary.example//v1/calendars",
    "/v1/calendars\u00e4",
]


def assert_refused(reply: RawReply, stub: StubUpstream, log: object = "") -> None:
    """A fixed 400 that quotes nothing of the request, in body or log; Cronofy saw nothing."""
    assert reply.status == 400, reply
    assert reply.header("Gateway-Error") in {"malformed_request", "bad_target", "authorization_repeated"}
    assert reply.header("Content-Type") == "application/problem+json"
    assert reply.header("Server") == "cronofy-gateway"
    body = json.loads(reply.body)
    assert (body["status"], body["code"]) == (400, reply.header("Gateway-Error"))
    assert body["request_id"] == reply.header("X-Request-Id")
    for told in (reply.body.decode(), str(reply.headers), str(log)):
        assert "canary" not in told
        assert "calendars" not in told
    assert stub.calls == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("target", TARGETS)
async def test_a_target_with_two_meanings_is_refused(
    stubbed: World, stub: StubUpstream, method: str, target: str
) -> None:
    with capture_logs() as log:
        reply = await exchange(stubbed.gateway, request_bytes(method, target, BEARER, "Connection: close"))
    assert_refused(reply, stub, log)


@pytest.mark.parametrize("byte", [0x00, 0x01, 0x09, 0x0B, 0x1F, 0x7F, 0x80, 0xFF])
async def test_a_raw_control_character_in_the_target_is_refused(stubbed: World, stub: StubUpstream, byte: int) -> None:
    with capture_logs() as log:
        reply = await exchange(
            stubbed.gateway, b"GET /v1/calendars%c HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (byte, BEARER.encode())
        )
    assert_refused(reply, stub, log)


@pytest.mark.parametrize("target", ["127.0.0.1:443", "api.cronofy.com:443", "/v1/calendars", "*"])
async def test_connect_is_refused_and_the_connection_with_it(stubbed: World, stub: StubUpstream, target: str) -> None:
    """CVE-2026-71324: what follows a CONNECT is a tunnel to one reader and a request to another."""
    async with connect(stubbed.gateway) as wire:
        await wire.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{BEARER}\r\n\r\n".encode())
        await wire.send(request_bytes("GET", CALENDARS, BEARER))
        reply = await wire.reply()
        assert await wire.some() == b""
    assert_refused(reply, stub)


@pytest.mark.parametrize("target", ["/v1/calendars", "/v1/calendars/"])
async def test_a_plain_target_goes_on_as_it_came(stubbed: World, stub: StubUpstream, target: str) -> None:
    """The matrix above would also be green in front of a gateway that refuses everything."""
    query = "?a=%2e%2e/%2F;x&b[]=1&c=%c3%a4&d='(*)!&=&&e"
    reply = await exchange(stubbed.gateway, request_bytes("GET", target + query, BEARER, "Connection: close"))
    assert reply.status == 200
    assert [call.line for call in stub.calls_to(target)] == [f"GET {target}{query} HTTP/1.1"]


@pytest.mark.parametrize(
    "calendar", ["cal_n%40me", "cal_a@b", "cal_%7E~", "cal_U+n,1", "cal_%C3%A4", "cal_%c3%a4", "c:1"]
)
async def test_a_calendar_id_goes_on_in_its_own_spelling(stubbed: World, stub: StubUpstream, calendar: str) -> None:
    """What the rule saw is what is sent: `%40` stays `%40`, `@` stays `@`, lower-case hex stays lower case."""
    path = f"/v1/calendars/{calendar}/events"
    reply = await exchange(stubbed.gateway, request_bytes("DELETE", path, BEARER, "Connection: close"))
    assert reply.status == 200
    assert [call.line for call in stub.calls_to(path)] == [f"DELETE {path} HTTP/1.1"]


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/", 404, "not_found"),
        ("/nothing", 404, "not_found"),
        ("/oauth", 404, "not_found"),
        ("/oauth/token/", 404, "not_found"),
        ("/OAUTH/token", 404, "not_found"),
        ("/metrics", 404, "not_found"),
        ("/healthz", 404, "not_found"),
        ("/v1", 404, "not_found"),
        ("/v1/", 404, "operation_unknown"),
        ("/v2/calendars", 404, "not_found"),
        ("/V1/calendars", 404, "not_found"),
        ("/v1/nothing", 404, "operation_unknown"),
        ("/v1/Calendars", 404, "operation_unknown"),
        ("/v1/c%61lendars", 404, "operation_unknown"),
        ("/v1/calendars.json", 404, "operation_unknown"),
        ("/v1/calendars/x/y/z", 404, "operation_unknown"),
        ("/v1/smart_invites/x", 404, "operation_unknown"),
    ],
)
async def test_an_unknown_path_is_a_404_in_json(
    stubbed: World, stub: StubUpstream, target: str, status: int, code: str
) -> None:
    reply = await exchange(stubbed.gateway, request_bytes("GET", target, BEARER, "Connection: close"))
    assert (reply.status, reply.header("Gateway-Error")) == (status, code)
    assert json.loads(reply.body)["code"] == code
    assert stub.calls == []


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("PATCH", "/v1/calendars", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/calendars", "GET, HEAD, POST"),
        ("TRACE", "/v1/userinfo", "GET, HEAD"),
        ("PUT", "/v1/calendars/cal/events", "DELETE, POST"),
        ("HEAD", "/v1/batch", "POST"),
        ("PROPFIND", "/v1/events", "DELETE, GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_a_405_that_names_the_right_ones(
    stubbed: World, stub: StubUpstream, method: str, target: str, allow: str
) -> None:
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes(method, target, BEARER, "X-HTTP-Method-Override: GET"))
        reply = await wire.reply(to_head=method == "HEAD")
    assert (reply.status, reply.header("Allow"), reply.header("Gateway-Error")) == (405, allow, "method_not_allowed")
    assert stub.calls == []


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03canary" + b"\x00" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00\x01\x02\x03\xff\xfe\r\n\r\n",
        b"GET /v1/calendars\r\n\r\n",
        b"GET /v1/calendars HTTP/0.9\r\n\r\n",
        b"GET /v1/calendars HTTP/1.1 canary\r\n\r\n",
        b"GET /v1/calendars HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET /v1/calendars HTTP/1.10\r\nHost: x\r\n\r\n",
        b"GET /v1/calendars http/1.1\r\nHost: x\r\n\r\n",
        b"get /v1/calendars HTTP/1.1\r\nHost: x\r\n\r\n",
        b"G\x00T /v1/calendars HTTP/1.1\r\nHost: x\r\n\r\n",
        b"canary\r\n\r\n",
        b"*1\r\n$4\r\nINFO\r\n",
    ],
)
async def test_what_is_no_http_gets_the_fixed_answer(stubbed: World, stub: StubUpstream, raw: bytes) -> None:
    with capture_logs() as log:
        reply = await exchange(stubbed.gateway, raw)
    assert_refused(reply, stub, log)


async def test_a_tls_client_at_the_plain_port_gets_no_hang(stubbed: World, stub: StubUpstream) -> None:
    host, port = "127.0.0.1", int(stubbed.gateway.rpartition(":")[2])
    context = ssl.create_default_context()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.wait_for(asyncio.open_connection(host, port, ssl=context), 5)
    assert stub.calls == []
