"""Where does a request end? Whatever leaves a doubt is refused, so that nothing can be smuggled past a rule.

Source: RFC 9112 sections 2.2, 5 and 6; CVE-2026-48743, CVE-2024-23326, CVE-2021-32777, CVE-2025-64484.
"""

import pytest
from structlog.testing import capture_logs

from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.stub_upstream import StubUpstream
from tests.journeys.test_bad_targets import BEARER, CALENDARS, assert_refused
from tests.journeys.waiting import until
from tests.journeys.world import World

POST = "POST /v1/calendars HTTP/1.1\r\nHost: x\r\n" + BEARER + "\r\n"
SMUGGLED = "GET /v1/userinfo HTTP/1.1\r\nHost: x\r\n" + BEARER + "\r\n\r\n"
NAMED = "Content-Type: application/json\r\n"

FRAMINGS = {
    "length and chunked": POST + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
    "chunked and length": POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "length twice, different": POST + "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SMUGGLED,
    "length twice, equal": POST + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "length list": POST + "Content-Length: 2, 2\r\n\r\n{}",
    "length plus": POST + "Content-Length: +2\r\n\r\n{}",
    "length minus": POST + "Content-Length: -2\r\n\r\n{}",
    "length hex": POST + "Content-Length: 0x2\r\n\r\n{}",
    "length underscore": POST + "Content-Length: 1_0\r\n\r\n{}",
    "length empty": POST + "Content-Length:\r\n\r\n{}",
    "length float": POST + "Content-Length: 2.0\r\n\r\n{}",
    "length huge": POST + "Content-Length: " + "9" * 30 + "\r\n\r\n{}",
    "length in other digits": POST + "Content-Length: \u0662\r\n\r\n{}",
    "length with a blank before the colon": POST + "Content-Length : 2\r\n\r\n{}",
    "xchunked": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked twice": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": POST + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked and identity": POST + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "identity": POST + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked in a folded line": POST + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "chunked with a blank before the colon": POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunked with a vertical tab": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked quoted": POST + 'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "folded header": POST + "X-One: a\r\n b\r\n\r\n",
    "bare line feeds": POST.replace("\r\n", "\n") + "\n",
    "bare line feed at the end": POST + "X: y\n\r\n",
    "bare carriage return": POST + "X: y\rZ: w\r\n\r\n",
    "blank before the first header": "GET /v1/calendars HTTP/1.1\r\n Host: x\r\n" + BEARER + "\r\n\r\n",
    "header without colon": POST + "canary\r\n\r\n",
    "header without name": POST + ": canary\r\n\r\n",
    "blank in a header name": POST + "X Canary: a\r\n\r\n",
    "non-ASCII header name": POST + "X-\u00e4: a\r\n\r\n",
    "NUL in a header": POST + "X: canary\x00\r\n\r\n",
    "control in a header": POST + "X: canary\x01\x7f\r\n\r\n",
    "content type twice": POST + NAMED + NAMED.replace("json", "x-www-form-urlencoded") + "Content-Length: 2\r\n\r\n{}",
    "host twice": POST + "Host: canary\r\n\r\n",
    "no host": "GET /v1/calendars HTTP/1.1\r\n" + BEARER + "\r\n\r\n",
    "authorization twice": POST + "Authorization: Bearer other-canary\r\n\r\n",
    "authorization twice, once in an odd case": POST + "aUTHORIZATION: Basic Y2FuYXJ5\r\n\r\n",
    "header line too long": POST + "X: " + "canary" * 4_000 + "\r\n\r\n",
    "header name too long": POST + "X" * 20_000 + ": canary\r\n\r\n",
    "request line too long": "GET /v1/calendars?" + "canary" * 4_000 + " HTTP/1.1\r\nHost: x\r\n\r\n",
    "a thousand headers": POST + "X: canary\r\n" * 1_000 + "\r\n",
    "headers without end": POST + "X: canary\r\n" * 40_000,
}

CHUNKS = {
    "size not hex": "zz\r\n{}\r\n0\r\n\r\n",
    "size signed": "+2\r\n{}\r\n0\r\n\r\n",
    "size with 0x": "0x2\r\n{}\r\n0\r\n\r\n",
    "size underscore": "0_2\r\n{}\r\n0\r\n\r\n",
    "size too large": "f" * 20 + "\r\n{}\r\n0\r\n\r\n",
    "no line end after data": "2\r\n{}X0\r\n\r\n",
    "bare line feeds": "2\n{}\n0\n\n",
    "extension with a line feed": "2;a\nb\r\n{}\r\n0\r\n\r\n",
    "negative": "-1\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("how", FRAMINGS)
async def test_a_doubtful_framing_is_refused(stubbed: World, stub: StubUpstream, how: str) -> None:
    with capture_logs() as log:
        async with connect(stubbed.gateway) as wire:
            await wire.send(FRAMINGS[how].encode("utf-8"))
            reply = await wire.reply()
    assert_refused(reply, stub, log)


@pytest.mark.parametrize("how", [*FRAMINGS, "TLS"])
async def test_nothing_behind_a_doubtful_framing_is_read(stubbed: World, stub: StubUpstream, how: str) -> None:
    """Where one request ended is not known any more, so the connection is over."""
    if how.startswith("authorization twice"):
        return  # well framed: only what it says is refused
    async with connect(stubbed.gateway) as wire:
        await wire.send(FRAMINGS.get(how, "\x16\x03\x01\x02\x00\r\n\r\n").encode("utf-8"))
        await wire.reply()
        try:
            await wire.send(SMUGGLED.encode())
            rest = await wire.some()
        except ConnectionError:
            rest = b""
        assert rest == b""
    assert stub.calls == []


@pytest.mark.parametrize("how", CHUNKS)
@pytest.mark.parametrize("target", ["/v1/calendars", "/v1/calendars/cal/events", "/oauth/token"])
async def test_a_damaged_chunk_is_never_a_whole_body(stubbed: World, stub: StubUpstream, how: str, target: str) -> None:
    head = request_bytes("POST", target, BEARER, "Content-Type: application/json", "Transfer-Encoding: chunked")
    async with connect(stubbed.gateway) as wire:
        await wire.send(head + CHUNKS[how].encode())
        reply = await wire.reply()
        assert (reply.status, reply.header("Gateway-Error")) == (400, "malformed_request")
        assert await wire.some() == b""
    # A streamed call may have begun at Cronofy before the damage came; it must have been broken off there.
    for call in stub.calls_to(target):
        await until(call.reader.at_eof)
        assert not call.body.endswith(b"{}") or not call.answered


async def test_a_body_that_ends_early_is_never_a_whole_body(stubbed: World, stub: StubUpstream) -> None:
    for framing, body in (("Content-Length: 100", b"{}"), ("Transfer-Encoding: chunked", b"2\r\n{}\r\n")):
        async with connect(stubbed.gateway) as wire:
            await wire.send(request_bytes("POST", CALENDARS, BEARER, NAMED.strip(), framing) + body)
            call = await stub.wait_for_call(CALENDARS, number=len(stub.calls_to(CALENDARS)) + 1)
        await until(call.reader.at_eof)
        assert not call.answered


@pytest.mark.parametrize(
    "line",
    ["X_Forwarded_Email: canary", "Cronofy_Other: canary", "Authorization_: canary", "_: canary"],
)
async def test_an_underscored_header_does_not_go_on(stubbed: World, stub: StubUpstream, line: str) -> None:
    """Behind CGI-style servers it would read like the one with `-` (CVE-2025-64484)."""
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("GET", CALENDARS, BEARER, line))
        assert (await wire.reply()).status == 200
    (call,) = stub.calls_to(CALENDARS)
    assert b"canary\r\n" not in call.head.replace(BEARER.encode(), b"")
    assert "_" not in call.head.decode().replace("canary-token", "")


@pytest.mark.parametrize("target", [CALENDARS, "/oauth/token", "/oauth/authorize", "/nothing", "*"])
@pytest.mark.parametrize("value", ["200-ok", "canary", "100-continue, canary", '"100-continue"'])
async def test_an_unknown_expectation_is_refused_without_an_echo(
    stubbed: World, stub: StubUpstream, target: str, value: str
) -> None:
    """RFC 9110 section 10.1.1 allows 417; aiohttp's would quote the header."""
    with capture_logs() as log:
        async with connect(stubbed.gateway) as wire:
            await wire.send(request_bytes("POST", target, BEARER, f"Expect: {value}", body=b"{}"))
            reply = await wire.reply()
    assert_refused(reply, stub, log)


@pytest.mark.parametrize("token", ["websocket", "h2c", "TLS/1.0", "canary"])
async def test_an_upgrade_is_not_taken(stubbed: World, stub: StubUpstream, token: str) -> None:
    """RFC 9110 section 7.8: a server may ignore it; no tunnel is opened and Cronofy is not asked for one."""
    lines = ["Connection: Upgrade, HTTP2-Settings", f"Upgrade: {token}", "HTTP2-Settings: AAMAAABk"]
    async with connect(stubbed.gateway) as wire:
        await wire.send(request_bytes("GET", CALENDARS, BEARER, *lines))
        reply = await wire.reply()
    assert reply.status == 200
    (call,) = stub.calls_to(CALENDARS)
    assert {"upgrade", "http2-settings", "connection"}.isdisjoint(name for name, _ in call.headers)
