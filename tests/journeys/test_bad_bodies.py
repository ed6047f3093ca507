"""Bodies that a rule reads: what the rule understood is what Cronofy gets, or nobody gets anything."""

import gzip
import json
import zlib
from typing import Any

import pytest

from tests.journeys.raw_http import RawReply, exchange, request_bytes
from tests.journeys.stub_upstream import StubUpstream
from tests.journeys.world import ADDING, SECRETS, STRICT, World

BEARER = "Authorization: Bearer some-token"
JSON = "Content-Type: application/json"
EVENTS = "/v1/calendars/cal_stub/events"
BODY_KEYED = "/v1/add_to_calendar"
DELEGATED = "/v1/service_account_authorizations"
INTEGRATED = b'{"event_id":"e","conferencing":{"profile_id":"integrated"}}'
DEFAULT = b'{"event_id":"e","conferencing":{"profile_id":"default"}}'


async def post(world: World, path: str, body: bytes, *lines: str) -> RawReply:
    sent = [BEARER, JSON, *lines] if not any(line.startswith("Content-Type") for line in lines) else [BEARER, *lines]
    return await exchange(world.gateway, request_bytes("POST", path, "Connection: close", *sent, body=body))


def keyed(**fields: Any) -> bytes:
    return json.dumps({"client_id": ADDING, "client_secret": SECRETS[ADDING], **fields}).encode()


@pytest.mark.parametrize("path", [EVENTS, DELEGATED, BODY_KEYED])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[" * 100_000, 400, "invalid_json"),
        (b'{"a":' * 100_000, 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"{} {}", 400, "invalid_json"),
        (b"{'a':1}", 400, "invalid_json"),
        (b'{"a":NaN}', 400, "invalid_json"),
        (b'{"a":' + b"1" * 10_000 + b"}", 400, "invalid_json"),
        (b'{"a":1,"a":2}', 422, "duplicate_key"),
        (b'{"conferencing":{"profile_id":"default","profile_id":"integrated"}}', 422, "duplicate_key"),
        (b'{"conferencing":{"profile_id":"default","profile\\u005fid":"integrated"}}', 422, "duplicate_key"),
        (b'\xef\xbb\xbf{"a":1}', 415, "unsupported_media_type"),
        (b'{"a":"\xff"}', 415, "unsupported_media_type"),
        ('{"a":"ä"}'.encode("latin-1"), 415, "unsupported_media_type"),
        ('{"a":1}'.encode("utf-16"), 415, "unsupported_media_type"),
        (b'{"a":"\xed\xa0\x80"}', 415, "unsupported_media_type"),
        (b'{"a":"' + b"a" * 1_100_000 + b'"}', 413, "body_too_large"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_body_that_two_readers_would_understand_differently_is_refused(
    stubbed: World, stub: StubUpstream, path: str, body: bytes, status: int, code: str
) -> None:
    reply = await post(stubbed, path, body)
    assert (reply.status, reply.header("Gateway-Error")) == (status, code)
    assert ("errors" in json.loads(reply.body)) is (status == 422)
    assert stub.calls == []


@pytest.mark.parametrize("path", [EVENTS, DELEGATED, BODY_KEYED])
@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/json",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json, text/plain",
        "application/json;charset=utf-8;charset=utf-16",
        "application/vnd.api+json",
        "",
    ],
)
async def test_only_json_is_read_as_json(stubbed: World, stub: StubUpstream, path: str, content_type: str) -> None:
    """Rack reads a form into the same parameters, past the rule that looked for JSON."""
    reply = await post(stubbed, path, INTEGRATED, f"Content-Type: {content_type}")
    assert (reply.status, reply.header("Gateway-Error")) == (415, "unsupported_media_type")
    assert stub.calls == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_in_utf_8_is_read_however_it_is_written(
    stubbed: World, stub: StubUpstream, content_type: str
) -> None:
    reply = await post(stubbed, EVENTS, DEFAULT, f"Content-Type: {content_type}")
    assert reply.status == 200
    assert stub.calls_to(EVENTS)[0].body == DEFAULT


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (EVENTS, "conferencing[profile_id]=integrated"),
        (EVENTS, "conferencing%5Bprofile_id%5D=integrated"),
        (EVENTS, "a=1;conferencing[profile_id]=integrated"),
        (EVENTS, "conferencing="),
        (EVENTS, "c%6fnferencing[profile_id]=x"),
        (DELEGATED, "scope=read_only"),
        (DELEGATED, "callback_url=https://evil.example/"),
        (DELEGATED, "service_account_authorizations[][scope]=read_only"),
        (BODY_KEYED, "client_secret=x"),
        (BODY_KEYED, "client_id=x"),
    ],
)
async def test_a_ruled_field_in_the_query_is_refused(stubbed: World, stub: StubUpstream, path: str, query: str) -> None:
    reply = await post(stubbed, f"{path}?{query}", DEFAULT)
    assert (reply.status, reply.header("Gateway-Error")) == (400, "parameter_shadowed")
    assert stub.calls == []


async def test_a_gzip_bomb_is_not_unpacked(stubbed: World, stub: StubUpstream) -> None:
    bomb = gzip.compress(b'{"a":"' + b"a" * 100_000_000 + b'"}', 9)
    assert len(bomb) < 200_000
    reply = await post(stubbed, EVENTS, bomb, "Content-Encoding: gzip")
    assert (reply.status, reply.header("Gateway-Error")) == (413, "body_too_large")
    assert stub.calls == []


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("GZip", gzip.compress), ("deflate", zlib.compress)]
)
async def test_a_packed_body_is_judged_and_sent_plain(
    stubbed: World, stub: StubUpstream, coding: str, pack: Any
) -> None:
    reply = await post(stubbed, EVENTS, pack(DEFAULT), f"Content-Encoding: {coding}")
    assert reply.status == 200
    (call,) = stub.calls_to(EVENTS)
    assert (bytes(call.body), call.header("content-encoding")) == (DEFAULT, None)


async def test_the_c_sharp_sdks_content_encoding_means_nothing(stubbed: World, stub: StubUpstream) -> None:
    """It sends an Accept-Encoding under the wrong name, on a plain body."""
    reply = await post(stubbed, EVENTS, DEFAULT, "Content-Encoding: gzip;q=1.0, deflate;q=0.6, identity;q=0.3")
    assert reply.status == 200
    (call,) = stub.calls_to(EVENTS)
    assert (bytes(call.body), call.header("content-encoding")) == (DEFAULT, None)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", DEFAULT),
        ("gzip", gzip.compress(DEFAULT)[:-4]),
        ("gzip", gzip.compress(DEFAULT) + b"more"),
        ("gzip", gzip.compress(DEFAULT) + gzip.compress(INTEGRATED)),
        ("gzip, gzip", gzip.compress(gzip.compress(DEFAULT))),
        ("gzip\r\nContent-Encoding: identity", gzip.compress(DEFAULT)),
        ("br", DEFAULT),
        ("zstd", DEFAULT),
        ("deflate", gzip.compress(DEFAULT)),
    ],
)
async def test_a_coding_that_does_not_fit_is_refused(
    stubbed: World, stub: StubUpstream, coding: str, body: bytes
) -> None:
    reply = await post(stubbed, EVENTS, body, f"Content-Encoding: {coding}")
    assert (reply.status, reply.header("Gateway-Error")) == (415, "unsupported_media_type")
    assert stub.calls == []


@pytest.mark.parametrize(
    "value",
    [
        "18446744073709551616",
        "-9223372036854775809",
        "1" * 400,
        "1e400",
        "-1e999",
        '"\\ud800"',
        '{"\\udfff":1}',
        "0.1e1",
        "1E2",
    ],
    ids=lambda value: value[:24],
)
@pytest.mark.parametrize("path", [BODY_KEYED, DELEGATED])
async def test_a_value_at_the_edge_of_json_arrives_as_it_was_or_is_refused(
    stubbed: World, stub: StubUpstream, path: str, value: str
) -> None:
    """Where the gateway writes the body anew, no number may turn into null and nothing may be a 500."""
    fields = keyed(scope="free_busy_write read_events") if path == BODY_KEYED else b'{"scope":"read_events"}'
    body = fields[:-1] + b',"value":' + value.encode() + b"}"
    reply = await post(stubbed, path, body)
    if reply.status == 200:
        (call,) = stub.calls_to(path)
        assert json.loads(call.body)["value"] == json.loads(value)
    else:
        assert reply.status in {400, 422}
        assert stub.calls == []


async def test_credentials_in_the_body_are_translated(stubbed: World, stub: StubUpstream) -> None:
    raw = request_bytes("POST", BODY_KEYED, JSON, "Connection: close", body=keyed(event={"summary": "ä"}))
    reply = await exchange(stubbed.gateway, raw)
    assert (reply.status, reply.header("Cronofy-Access-Mode")) == (200, "not_applicable")
    (call,) = stub.calls_to(BODY_KEYED)
    sent = json.loads(call.body)
    assert (sent["client_id"], sent["event"]) == ("emulator-application", {"summary": "ä"})
    assert SECRETS[ADDING] not in call.body.decode()
    assert call.header("authorization") is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "credentials_missing"),
        (b"{}", "credentials_missing"),
        (b"[]", "credentials_missing"),
        (b'{"client_id":"app-adding"}', "credentials_missing"),
        (b'{"client_id":["app-adding"],"client_secret":{}}', "credentials_missing"),
        (keyed(client_secret="wrong"), "credentials_unknown"),
        (keyed(client_secret=SECRETS[STRICT]), "credentials_unknown"),
        (keyed(client_id="emulator-application"), "credentials_unknown"),
    ],
)
async def test_wrong_credentials_in_the_body_are_a_401(
    stubbed: World, stub: StubUpstream, body: bytes, code: str
) -> None:
    reply = await exchange(stubbed.gateway, request_bytes("POST", BODY_KEYED, JSON, "Connection: close", body=body))
    assert (reply.status, reply.header("Gateway-Error")) == (401, code)
    assert (reply.header("WWW-Authenticate") or "").startswith("Bearer")
    assert stub.calls == []


@pytest.mark.parametrize(
    "value", ["None", "Bearer", "Bearer ", "Bearer None", "Bearer a b", "Basic YTpi", "Token x", "Bearer \u00e4"]
)
async def test_without_a_usable_bearer_nothing_is_sent(stubbed: World, stub: StubUpstream, value: str) -> None:
    raw = request_bytes("GET", "/v1/calendars", f"Authorization: {value}", "Connection: close")
    reply = await exchange(stubbed.gateway, raw)
    assert (reply.status, reply.header("Gateway-Error")) == (401, "credentials_missing")
    assert (reply.header("WWW-Authenticate") or "").startswith("Bearer")
    assert stub.calls == []


async def test_a_delegated_accounts_scope_is_judged_for_the_client_behind_the_token(world: World) -> None:
    """free_busy_write is asked for in each delegated account's scope too; `add` completes it, `reject` refuses."""
    for client, expected in ((ADDING, 202), (STRICT, 422)):
        tokens = await world.sign_in(
            client=client,
            path="/enterprise_connect/oauth/authorize",
            scope="service_account/accounts/manage",
            delegated_scope="free_busy_write",
        )
        body = {"email": "a@example.com", "callback_url": "https://app.example.com/cb", "scope": "read_events"}
        status, raw, headers = await world.call("POST", DELEGATED, tokens["access_token"], json=body)
        assert status == expected, raw
        if status == 422:
            assert headers["Gateway-Error"] == "scope_required"
            assert list(json.loads(raw)["errors"]) == ["scope"]
